//! `lariat ftp`: an FTP client; one command, or a session.

mod advice;
mod commands;
mod copying;
mod glob;
mod halves;
mod login;
mod matching;
mod mirroring;
mod session;

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::time::Duration;

use lariat_client::ftp::{Error, Options, REPLY_TIMEOUT, Site};
use lariat_protocol::Endpoint;
use lariat_protocol::ftp::{Encoding, FtpUrl, Security};
use tokio::time::timeout;

use self::halves::Halves;
use self::session::{Next, Session};
use crate::client::{self, seconds};
use crate::failure::{FAILED, Failure, INTERRUPTED, USAGE};
use crate::line_editor::{Completion, LineEditor, Settings, Typed};
use crate::output::note;
use crate::serve::state;
use crate::signals;
use crate::words;

/// Where the lines are remembered that were typed, in the state directory.
const HISTORY: &str = "history/ftp";

/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(2);

/// Fetch and send files by FTP, by one command or in a session
///
/// With a command, carries it out on the folder that the URL names. Without one, fetches the file that the URL
/// names; or, if it names a folder, takes commands from a prompt or from standard input. A file that
/// is fetched or sent has .part behind its name until all of it is there.
///
/// Without a name anybody logs in, as anonymous. A password is asked for, or taken from LARIAT_FTP_PASSWORD or
/// ~/.netrc.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The server and a path on it: ftp://HOST/PATH, ftpes:// for TLS by AUTH, ftps:// for TLS at once; or
    /// name:SERVICE
    #[arg(value_name = "URL|HOST")]
    url: String,
    /// The command and what it is about; help shows all of them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<String>,
    /// Log in as this user [default: that of the URL, else that of ~/.netrc, else anonymous]
    #[arg(short, long, value_name = "NAME")]
    user: Option<String>,
    /// The account, for servers that ask for one; lists of processes show it, so one that is secret stands in
    /// LARIAT_FTP_ACCOUNT
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// Have the server connect to this machine for each transfer
    #[arg(long)]
    active: bool,
    /// Transfer text, with each side's line ends
    #[arg(long)]
    ascii: bool,
    /// Go on with what an earlier get or put has left
    #[arg(short = 'c', long = "continue")]
    resume: bool,
    /// Send files under their names from the first byte on, for servers that rename nothing; ^C leaves half a file then
    #[arg(long)]
    in_place: bool,
    /// How many files a mirror transfers at once, from 1 to 32
    #[arg(long, value_name = "NUMBER", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=32))]
    transfers: u8,
    /// Trust the authorities of this file alone, instead of the system's
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Do not check who the server is: whoever is on the way can read and change everything
    #[arg(long, conflicts_with = "ca")]
    insecure: bool,
    /// Names on the server are in ISO 8859-1, and not in UTF-8
    #[arg(long)]
    latin1: bool,
    /// Say nothing on the control connection during a transfer, for servers that answer it wrongly
    #[arg(long)]
    no_keep_alive: bool,
    /// How long connecting (30 s), and then each answer and each piece of a transfer (60 s), may take
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,
    /// Show results as lines of JSON
    #[arg(long)]
    json: bool,
    /// Show results alone: no progress, and nothing of what was done
    #[arg(short, long)]
    quiet: bool,
}

const EXAMPLES: &str = "\
Examples:
  lariat ftp ftp://example.org/pub/file.iso
  lariat ftp ftp://example.org/pub ls
  lariat ftp ftp://example.org/pub mget '*.txt'
  lariat ftp -c ftp://example.org/pub get large.iso
  lariat ftp ftpes://anna@example.org put notes.txt
  lariat ftp ftps://anna@example.org:990/backup mirror -R photos
  lariat ftp example.org
  printf 'cd pub\\nls\\n' | lariat ftp example.org

Commands: ls, nlist, cd, pwd, get, reget, mget, cat, put, reput, mput, mirror, rm, mkdir, rmdir, mv, size, date, lcd,
passive, active, binary, ascii, quote, help, quit.";

/// Runs the command.
pub fn run(args: Args) -> Result<(), Failure> {
    check_words(&args.command)?;
    let url = match named(&args.url)? {
        Some(place) => FtpUrl::of_host(place.service().unwrap_or_default(), Security::Plain),
        None => args.url.parse().map_err(Failure::from)?,
    };
    signals::endable(|interrupted| async move {
        tokio::pin!(interrupted);
        let mut session = tokio::select! {
            biased;
            Ok(_) = &mut interrupted => return Err(Failure::quiet(INTERRUPTED)),
            opened = open(&url, &args) => opened?,
        };
        let served = tokio::select! {
            biased;
            Ok(_) = &mut interrupted => None,
            outcome = serve(&mut session, &url, &args) => Some(outcome),
        };
        let outcome = match served {
            Some(outcome) => outcome,
            None => {
                // What the server makes of it changes nothing either.
                let _ = timeout(GOODBYE, session.break_off()).await;
                Err(Failure::quiet(INTERRUPTED))
            }
        };
        // Everything was done; how the server takes the goodbye changes nothing.
        let _ = timeout(GOODBYE, session.client.quit()).await;
        outcome
    })
}

/// Refuses an option behind the URL, which would be taken for a file's name.
fn check_words(words: &[String]) -> Result<(), Failure> {
    let is_known = |at: usize, word: &str| match words[0].as_str() {
        // What the server makes of its words is for the person to know.
        "quote" => at > 0,
        "mirror" => at == 1 && word == "-R",
        _ => false,
    };
    let is_option = |(at, word): &(usize, &String)| {
        word.len() > 1 && word.starts_with('-') && !is_known(*at, word)
    };
    match words.iter().enumerate().find(is_option) {
        Some((_, word)) => Err(Failure::usage(format!(
            "{word} stands behind the URL, and options stand before it; a file that is called so is ./{word}"
        ))),
        None => Ok(()),
    }
}

/// Connects and logs in.
async fn open(url: &FtpUrl, args: &Args) -> Result<Session, Failure> {
    let host = url.host().to_string();
    let user = args.user.as_deref().or(url.user());
    let login = login::login(&host, user, args.account.clone()).await?;
    let site = Site {
        endpoint: endpoint(url, args)?,
        options: Options {
            connect: client::options(args.timeout),
            security: url.security(),
            active: args.active,
            timeout: args.timeout.unwrap_or(REPLY_TIMEOUT),
            encoding: match args.latin1 {
                true => Encoding::Latin1,
                false => Encoding::Utf8,
            },
            keep_alive: match args.no_keep_alive {
                true => None,
                false => Options::default().keep_alive,
            },
        },
        login,
    };
    let client = site.connect().await?;
    Ok(Session {
        client,
        site,
        as_json: args.json,
        is_quiet: args.quiet,
        as_text: args.ascii || url.kind() == Some('a'),
        resume: args.resume,
        in_place: args.in_place,
        transfers: args.transfers.into(),
        printer: None,
        halves: Halves::default(),
        folder: None,
    })
}

/// What stands in the place of a URL for a server that the name server knows: one without TLS, which a
/// URL alone says how to begin.
fn named(text: &str) -> Result<Option<Endpoint>, Failure> {
    if !text.starts_with("name:") {
        return Ok(None);
    }
    let place: Endpoint = text.parse()?;
    match &place.options().over[..] {
        [] => Ok(Some(place.with_option("over", "tcp")?)),
        [over] if over == "tcp" => Ok(Some(place)),
        _ => Err(Failure::usage(format!(
            "{place}: an FTP server is found by its name over tcp alone; leave out over="
        ))),
    }
}

fn endpoint(url: &FtpUrl, args: &Args) -> Result<Endpoint, Failure> {
    let endpoint = named(&args.url)?.unwrap_or_else(|| url.endpoint());
    if url.security() == Security::Plain && (args.ca.is_some() || args.insecure) {
        return Err(Failure::usage(format!(
            "{url} is without TLS; write ftpes:// or ftps://, or leave out --ca and --insecure"
        )));
    }
    Ok(match (&args.ca, args.insecure) {
        // The connections of a mirror are made later, when `lcd` may have gone elsewhere.
        (Some(ca), _) => {
            let ca = std::path::absolute(ca)?;
            endpoint.with_option("ca", &ca.to_string_lossy())?
        }
        (None, true) => endpoint.with_option("verify", "none")?,
        (None, false) => endpoint,
    })
}

async fn serve(session: &mut Session, url: &FtpUrl, args: &Args) -> Result<(), Failure> {
    let path = url.path().trim_end_matches('/');
    let path = match url.path().starts_with('/') && path.is_empty() {
        true => "/",
        false => path,
    };
    if !path.is_empty() {
        match session.client.cwd(path).await {
            Ok(_) => {}
            Err(Error::Refused { .. }) if args.command.is_empty() && !url.is_directory() => {
                return session
                    .carry_out(&["get".into(), path.into()])
                    .await
                    .map(drop);
            }
            Err(error) => return Err(error.into()),
        }
    }
    if !args.command.is_empty() {
        return session.carry_out(&args.command).await.map(drop);
    }
    if url.kind() == Some('d') {
        return session.carry_out(&["nlist".into()]).await.map(drop);
    }
    match io::stdin().is_terminal() {
        true => converse(session).await,
        false => all(session).await,
    }
}

/// Carries out what is piped in, line by line. The first that fails ends it: what stands behind may rely on it.
async fn all(session: &mut Session) -> Result<(), Failure> {
    let mut editor = LineEditor::open(settings())?;
    while let Typed::Line(line) = editor.next().await? {
        let words = typed(line)?;
        if session.carry_out(&words).await? == Next::Quit {
            break;
        }
    }
    Ok(())
}

/// Carries out what is typed. One that fails is told of, and the next is taken.
async fn converse(session: &mut Session) -> Result<(), Failure> {
    if !session.is_quiet {
        note(&session.client.welcome().text());
    }
    let mut editor = LineEditor::open(Settings {
        history: state::path(None).ok().map(|state| state.join(HISTORY)),
        ..settings()
    })?;
    session.printer = Some(editor.printer());
    let outcome = exchange(session, &mut editor).await;
    session.printer = None;
    let shown = editor.close().await;
    outcome.and(shown)
}

async fn exchange(session: &mut Session, editor: &mut LineEditor) -> Result<(), Failure> {
    let printer = editor.printer();
    loop {
        let line = match editor.next().await? {
            Typed::Line(line) => line,
            Typed::End => return Ok(()),
            Typed::Interrupted => return Err(Failure::quiet(INTERRUPTED)),
        };
        let interrupted = editor.interrupted();
        let carried_out = match typed(line) {
            Ok(words) => tokio::select! {
                biased;
                () = interrupted => None,
                done = session.carry_out(&words) => Some(done),
            },
            Err(failure) => Some(Err(failure)),
        };
        match carried_out {
            Some(Ok(Next::GoOn)) => {}
            Some(Ok(Next::Quit)) => return Ok(()),
            Some(Err(failure)) => {
                if let Some(message) = failure.message() {
                    printer.print(message).await?;
                }
                if failure.code() != FAILED && failure.code() != USAGE {
                    return Err(failure);
                }
                look_after(session).await?;
            }
            None => {
                // The key stands among the lines as well, behind those that were typed before it and are given up with
                // what was running.
                while matches!(editor.next().await?, Typed::Line(_)) {}
                printer.print("broken off").await?;
                recover(session).await?;
            }
        }
    }
}

/// Looks whether the connection is of use behind a command that failed. One that is not, as after the server's time for idle
/// ones, ends the session.
async fn look_after(session: &mut Session) -> Result<(), Failure> {
    let was_of_use = session.client.is_idle();
    match session.client.noop().await {
        Ok(_) => Ok(()),
        // Said when the prompt is gone, behind which no more is shown than there is time for.
        Err(error) if was_of_use => Err(Failure::from(error).with_code(FAILED)),
        Err(_) => Err(Failure::quiet(FAILED)),
    }
}

/// Makes a connection of use again whose command was broken off.
async fn recover(session: &mut Session) -> Result<(), Failure> {
    match timeout(GOODBYE, session.break_off()).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(failure)) => Err(failure),
        Err(_) => Err(Failure::new(
            "the server does not say that it has broken off as well",
        )),
    }
}

fn settings() -> Settings {
    let names = commands::names();
    Settings {
        prompt: "ftp> ".into(),
        is_secret: commands::is_secret,
        complete: Box::new(move |line| {
            let words = names.iter().filter(|name| name.starts_with(line));
            Completion {
                start: 0,
                words: words.cloned().collect(),
            }
        }),
        ..Settings::default()
    }
}

fn typed(line: Vec<u8>) -> Result<Vec<String>, Failure> {
    let line = String::from_utf8(line);
    let line = line.map_err(|_| Failure::usage("a line of the input is not UTF-8"))?;
    words::split(&line).map_err(Failure::usage)
}

impl From<lariat_protocol::ftp::UrlError> for Failure {
    fn from(error: lariat_protocol::ftp::UrlError) -> Self {
        Failure::from_error(&error).into_usage()
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    #[test]
    fn the_authorities_are_found_wherever_the_session_goes() {
        let line = Line::try_parse_from(["ftp", "--ca", "ca.pem", "ftpes://localhost/"]);
        let args = line.expect("arguments").args;
        let url: FtpUrl = args.url.parse().expect("a URL");
        let endpoint = endpoint(&url, &args).expect("an endpoint");
        let ca = endpoint.options().ca.as_deref().expect("a file");
        assert!(ca.is_absolute() && ca.ends_with("ca.pem"), "{ca:?}");
    }
}

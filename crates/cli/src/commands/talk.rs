//! `lariat talk`: two people, and a line at a time.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lariat_client::talk::Conversation;
use lariat_net::{Connection, ListenOptions, Reactor};
use lariat_protocol::chat::Name;
use lariat_protocol::talk::{BUSY, DEFAULT_PORT, Heard, MAXIMUM_LINE, Mode, Side, Talk};
use lariat_protocol::{Deadlines, Endpoint};
use lariat_tls::{Directory, Identity, fingerprint};
use tokio::io::AsyncWriteExt;
use tokio::sync::oneshot;

use crate::client::{self, seconds};
use crate::failure::{Failure, INTERRUPTED};
use crate::line_editor::{LineEditor, Settings, Typed};
use crate::output::note;
use crate::serve::state;
use crate::signals;

/// Talk with one other person
///
/// One side listens, the other connects. Half-duplex is in turn, a line each, and the side that
/// connected begins; full-duplex is as both like. Over TLS both sides show the same number, which
/// they read out to each other to be sure that nobody is between them.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Where: an endpoint, or a host alone
    #[arg(value_name = "ENDPOINT|HOST", default_value = "tcp://localhost")]
    endpoint: String,
    /// The port, if it is not in the endpoint
    port: Option<u16>,
    /// Wait there for the other side
    #[arg(short, long)]
    listen: bool,
    /// Speak in turn, a line each
    #[arg(long, required_unless_present = "full", conflicts_with = "full")]
    half: bool,
    /// Speak whenever you like
    #[arg(long)]
    full: bool,
    /// What the other side is to call you [default: the name of the account]
    #[arg(short, long, value_name = "NAME")]
    nick: Option<Name>,
    /// Where a certificate is kept for listening over TLS without one
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// How long connecting may take
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "30")]
    timeout: Duration,
}

const EXAMPLES: &str = "\
The default port is 21580. Over tls without a certificate of a known authority, connect with
?verify=none and compare the numbers.

Examples:
  lariat talk --full --listen tcp://0.0.0.0
  lariat talk --full example.org
  lariat talk --half --listen 'tls://[::]'
  lariat talk --half 'tls://example.org?verify=none'
  nc example.org 21580";

/// Runs the command.
pub fn run(args: Args) -> Result<(), Failure> {
    let endpoint = client::endpoint_at(&args.endpoint, "tcp", args.port)?;
    let endpoint = endpoint.with_default_port(DEFAULT_PORT);
    check(&endpoint)?;
    let account = || std::env::var("USER").ok()?.parse().ok();
    let mode = if args.half { Mode::Half } else { Mode::Full };
    let name = args.nick.clone().or_else(account);
    match args.listen {
        false => signals::interruptible(call(endpoint, mode, name, args.timeout)),
        true => listen(endpoint, mode, name, args.state),
    }
}

/// Datagrams may be lost or come twice, and nothing says that who sent them has gone.
fn check(endpoint: &Endpoint) -> Result<(), Failure> {
    match endpoint.is_datagram() {
        true => Err(Failure::usage(format!(
            "{endpoint} carries datagrams, of which some may be lost; a talk needs tcp, tls, unix, ws or wss"
        ))),
        false => Ok(()),
    }
}

async fn call(
    endpoint: Endpoint,
    mode: Mode,
    name: Option<Name>,
    timeout: Duration,
) -> Result<(), Failure> {
    let options = client::options(Some(timeout));
    let (found, connection) = lariat_net::find(&endpoint, options).await?;
    // A name may lead anywhere.
    check(&found)?;
    let shown = connection
        .tls()
        .and_then(|tls| tls.peer_certificates.first());
    let number = shown.map(number);
    converse(connection, Talk::new(mode, Side::Caller, name), number).await
}

/// Where the connection that was waited for is handed over.
type Handover = Arc<Mutex<Option<oneshot::Sender<Connection>>>>;

fn listen(
    endpoint: Endpoint,
    mode: Mode,
    name: Option<Name>,
    folder: Option<PathBuf>,
) -> Result<(), Failure> {
    let endpoint = with_certificate(endpoint, folder)?;
    let options = endpoint.options();
    let number = match (&options.cert, &options.key) {
        (Some(certificate), Some(key)) if endpoint.is_tls() => {
            let identity = Identity::from_files(certificate, key)?;
            identity.certificates().next().map(number)
        }
        _ => None,
    };
    let reactor = Reactor::builder().threads(1).build()?;
    let (sender, receiver) = oneshot::channel();
    let handover: Handover = Arc::new(Mutex::new(Some(sender)));
    let service = move |connection| hand_over(connection, Arc::clone(&handover));
    // Somebody who talks may think for as long as he likes.
    let options = ListenOptions {
        deadlines: Some(Deadlines::NONE),
        ..ListenOptions::default()
    };
    // Only who hears ^C takes a socket away that is a file.
    signals::interruptible(async {
        let listening = reactor.handle().listen_with(&endpoint, options, service)?;
        for endpoint in listening.endpoints() {
            note(&format!("Waiting at {endpoint}; ^C ends it."));
        }
        let connection = receiver
            .await
            .map_err(|_| Failure::new("the reactor has ended"))?;
        converse(connection, Talk::new(mode, Side::Called, name), number).await
    })
}

/// Hands the first connection over, and tells all others that they are too late.
async fn hand_over(mut connection: Connection, handover: Handover) -> std::io::Result<()> {
    let first = handover
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    match first {
        // Its end is waited for elsewhere: what is dropped there comes back to be closed.
        Some(first) => drop(first.send(connection)),
        None => connection.write_all(format!("{BUSY}\n").as_bytes()).await?,
    }
    Ok(())
}

/// Listening over TLS needs a certificate; the one in the state directory will do.
fn with_certificate(endpoint: Endpoint, folder: Option<PathBuf>) -> Result<Endpoint, Failure> {
    if !endpoint.is_tls() || endpoint.options().cert.is_some() {
        return Ok(endpoint);
    }
    let directory = Directory::open(&state::path(folder)?)?;
    state::certify(&directory, &[])?;
    let endpoint = endpoint.with_option("cert", state::text(&directory.server_certificate())?)?;
    Ok(endpoint.with_option("key", state::text(&directory.server_key())?)?)
}

/// The listening side's certificate as a number that can be read out: whoever is between the two has
/// another certificate, since he has not the key of this one. Twenty digits are 66 bits, which
/// nobody finds a second certificate for.
fn number(certificate: impl AsRef<[u8]>) -> String {
    let digest = fingerprint(certificate.as_ref());
    let groups = digest.chunks_exact(8).map(|eight| {
        let eight = eight
            .iter()
            .fold(0_u64, |all, byte| all << 8 | u64::from(*byte));
        format!("{:05}", eight % 100_000)
    });
    groups.collect::<Vec<_>>().join(" ")
}

async fn converse(
    connection: Connection,
    talk: Talk,
    number: Option<String>,
) -> Result<(), Failure> {
    let settings = Settings {
        maximum: MAXIMUM_LINE - 1,
        ..Settings::default()
    };
    let mut editor = LineEditor::open(settings)?;
    let interrupted = editor.interrupted();
    let mut person = Person {
        other: connection.peer().to_string(),
        talk: Conversation::begin(connection, talk),
        is_shown_ours: true,
        is_renamed: false,
        held: None,
        is_done: false,
    };
    let outcome = tokio::select! {
        biased;
        () = interrupted => Err(Failure::quiet(INTERRUPTED)),
        outcome = person.converse(&mut editor, number) => outcome,
    };
    // What was said is sent, whatever ended the talk; and how the other side takes it changes
    // nothing.
    let ended = tokio::time::timeout(Duration::from_secs(2), person.talk.end());
    drop(ended.await);
    let shown = editor.close().await;
    outcome.and(shown)
}

/// This side's person, and the one at the other end.
struct Person {
    talk: Conversation,
    /// What the other one is called.
    other: String,
    /// Whether the prompt says that it is this side's turn.
    is_shown_ours: bool,
    /// Whether the prompt has the other one's address still.
    is_renamed: bool,
    /// A line that was typed before its turn.
    held: Option<String>,
    /// Whether a pipe has said everything: what is answered is still shown.
    is_done: bool,
}

impl Person {
    async fn converse(
        &mut self,
        editor: &mut LineEditor,
        number: Option<String>,
    ) -> Result<(), Failure> {
        let printer = editor.printer();
        if let Some(number) = number {
            let told = format!(
                "* The number of this connection is {number}. Who sees another is not connected to you alone."
            );
            printer.print(told).await?;
        }
        loop {
            if self.talk.talk().may_speak() != self.is_shown_ours || self.is_renamed {
                self.is_renamed = false;
                self.is_shown_ours = self.talk.talk().may_speak();
                let waiting = format!("({}'s turn) ", self.other);
                let prompt = if self.is_shown_ours { "> " } else { &waiting };
                printer.set_prompt(prompt).await?;
            }
            if self.is_shown_ours
                && let Some(held) = self.held.take()
            {
                if let Err(error) = self.talk.say(&held) {
                    printer.print(format!("! {error}")).await?;
                }
                continue;
            }
            let listens = self.held.is_none() && self.talk.has_room() && !self.is_done;
            tokio::select! {
                biased;
                typed = editor.next(), if listens => match typed? {
                    Typed::Line(line) => self.held = Some(String::from_utf8_lossy(&line).into_owned()),
                    Typed::Interrupted => return Err(Failure::quiet(INTERRUPTED)),
                    Typed::End if editor.is_interactive() => return Ok(()),
                    Typed::End => {
                        self.is_done = true;
                        // Why it cannot be spoken to is what it says next, or its end.
                        drop(self.talk.end().await);
                    }
                },
                heard = self.talk.next() => {
                    let shown = match heard {
                        Ok(Some(heard)) => self.show(heard),
                        Ok(None) => {
                            printer.print(format!("* {} has gone.", self.other)).await?;
                            return Ok(());
                        }
                        Err(error) => return Err(Failure::from_error(&error)),
                    };
                    printer.print(shown).await?;
                }
            }
        }
    }

    /// What is shown of what was heard.
    fn show(&mut self, heard: Heard) -> String {
        match heard {
            Heard::Hello(name) => {
                if let Some(name) = name {
                    self.other = name.to_string();
                    self.is_renamed = true;
                }
                format!("* {} is there.", self.other)
            }
            Heard::Said(text) => format!("<{}> {text}", self.other),
            Heard::Told(text) => format!("! {text}"),
            Heard::OutOfTurn(_) => format!("* {} spoke out of turn, and was told so.", self.other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_has_a_number_that_can_be_read_out() {
        // The SHA-256 of nothing: e3b0c442 98fc1c14 9afbf4c8 996fb924 27ae41e4 649b934c a495991b 7852b855.
        assert_eq!(number(b""), "61652 49284 09964 23029");
        assert_ne!(number(b"x"), number(b""));
    }
}

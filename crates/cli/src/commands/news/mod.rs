//! `lariat news`: a news reader; one command, an article's first lines, or a reader at the terminal.

mod advice;
mod asking;
mod browse;
mod draft;
mod encoded;
mod message;
mod newsrc;
mod overviews;
mod place;
mod shown;
mod since;
mod site;

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::time::Duration;

use lariat_client::nntp::Watch;
use tokio::time::timeout;

use self::asking::Asking;
use self::newsrc::NewsrcFile;
use self::shown::{Bar, Shown};
use crate::client::seconds;
use crate::failure::{Failure, INTERRUPTED};
use crate::signals;

/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(2);

/// What is said where an article was sent and nobody waited for the server's word on it.
const UNCONFIRMED: &str =
    "it is not known whether the article has arrived; look before you post it again";

/// Read and post news (NNTP), by one command or at the terminal
///
/// With a command, carries it out; what the URL names, a group or an article, need not be said again. Without one,
/// shows the article that the URL names, or reads at the terminal. A server that is not named is that of
/// NNTPSERVER.
///
/// A password is asked for, or taken from LARIAT_NEWS_PASSWORD or ~/.netrc, for servers that want one.
#[derive(Debug, clap::Args)]
#[command(after_help = after_help())]
pub struct Args {
    /// The server and what is to be read: nntp://HOST/GROUP/NUMBER, nntps:// for TLS at once, news:GROUP or
    /// news:ID on the usual server; may be left out
    #[arg(value_name = "URL|HOST")]
    url: Option<String>,
    /// The command and what it is about
    command: Vec<String>,
    /// Log in as this user [default: that of the URL, else, over TLS and without --insecure, that of ~/.netrc, else
    /// nobody]
    #[arg(short, long, value_name = "NAME")]
    user: Option<String>,
    /// Begin TLS on the usual port, by STARTTLS
    #[arg(long)]
    starttls: bool,
    /// Trust the authorities of this file alone, instead of the system's
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Do not check who the server is: whoever is on the way can read and change everything
    #[arg(long, conflicts_with = "ca")]
    insecure: bool,
    /// Have the server compress what it sends, if it can
    #[arg(long)]
    compress: bool,
    /// Show articles as they came, and not decoded
    #[arg(long)]
    raw: bool,
    /// How many lines read shows, without empty ones
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    lines: usize,
    /// With read: tell prompts of interpreters (>>>) from what is quoted three times, which is left out then
    #[arg(long)]
    prompts: bool,
    /// With browse: who writes, such as 'Anna <anna@example.org>' [default: $LARIAT_NEWS_FROM]
    #[arg(long, value_name = "NAME")]
    from: Option<String>,
    /// Where read and browse remember what was read [default: ~/.newsrc-HOST if there is one, else ~/.newsrc]
    #[arg(long, value_name = "FILE")]
    newsrc: Option<PathBuf>,
    /// Remember nothing of what is read
    #[arg(long, conflicts_with = "newsrc")]
    no_newsrc: bool,
    /// How long connecting (30 s), and then each answer (60 s), may take
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,
    /// Show results as lines of JSON
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  lariat news nntp://news.example.org/comp.lang.python read
  lariat news nntp://news.example.org/comp.lang.python over 1200-
  lariat news nntp://news.example.org list 'comp.lang.*'
  lariat news nntp://news.example.org newnews 'comp.*' 3d
  lariat news nntps://anna@news.example.org post article.txt
  lariat news nntp://news.example.org browse
  lariat news --newsrc ~/.newsrc-work nntp://news.work.example browse
  NNTPSERVER=news.example.org lariat news read comp.lang.python
  lariat news news:comp.lang.python";

/// The examples, and all commands.
fn after_help() -> String {
    let commands = place::help();
    format!("{EXAMPLES}\n\nCommands:\n{commands}\nRanges are 5, 5- and 5-9.")
}

/// Runs the command.
pub fn run(args: Args) -> Result<(), Failure> {
    let usual = std::env::var(place::SERVER)
        .ok()
        .filter(|server| !server.is_empty());
    let is_person = io::stdin().is_terminal() && io::stdout().is_terminal();
    let words: Vec<String> = args.url.iter().chain(&args.command).cloned().collect();
    let order = place::order(&words, usual.as_deref(), is_person)?;
    if order.command == "browse" && !is_person {
        return Err(Failure::usage(
            "browse is for a terminal; read and over show news elsewhere",
        ));
    }
    signals::endable(|interrupted| async move {
        tokio::pin!(interrupted);
        let mut site = tokio::select! {
            biased;
            Ok(_) = &mut interrupted => return Err(Failure::quiet(INTERRUPTED)),
            site = site::of(&order.url, &args) => site?,
        };
        let host = order.url.host().map(ToString::to_string);
        let newsrc = match args.no_newsrc {
            true => None,
            false => NewsrcFile::find(args.newsrc.as_deref(), &host.unwrap_or_default()),
        };
        if order.command == "browse" {
            let from = from(args.from);
            let group = order.arguments.into_iter().next();
            return tokio::select! {
                biased;
                Ok(_) = interrupted => Err(Failure::quiet(INTERRUPTED)),
                outcome = browse::run(site, group, from, newsrc) => outcome,
            };
        }
        let bar = Bar::new(order.command);
        let told = bar.clone();
        let watch = Watch::new(move |bytes| told.came(bytes));
        site.options.watch = Some(watch);
        let ready = async {
            let article = asking::to_send(order.command, &order.arguments).await?;
            Ok::<_, Failure>((article, site.connect().await?))
        };
        let (article, client) = tokio::select! {
            biased;
            Ok(_) = &mut interrupted => return Err(Failure::quiet(INTERRUPTED)),
            ready = ready => ready?,
        };
        let mut asking = Asking {
            client,
            shown: Shown {
                as_json: args.json,
                bar: bar.clone(),
            },
            is_raw: args.raw,
            lines: args.lines,
            tells_prompts: args.prompts,
            newsrc,
            article,
        };
        let outcome = tokio::select! {
            biased;
            Ok(_) = interrupted => None,
            outcome = asking.carry_out(order.command, &order.arguments) => Some(outcome),
        };
        let outcome = outcome.unwrap_or_else(|| match asking.client.is_unconfirmed() {
            true => Err(Failure::new(UNCONFIRMED).with_code(INTERRUPTED)),
            false => Err(Failure::quiet(INTERRUPTED)),
        });
        bar.clear();
        // Everything was done; how the server takes the goodbye changes nothing.
        let _ = timeout(GOODBYE, asking.client.quit()).await;
        outcome
    })
}

/// Who writes, if it is said anywhere.
fn from(said: Option<String>) -> String {
    let variable = || std::env::var("LARIAT_NEWS_FROM").ok();
    said.or_else(variable).unwrap_or_default()
}

//! The commands: a file and a line in each table below for each of them.

mod ask;
mod bench;
mod cert;
mod chargen;
mod chat;
mod completions;
mod connect;
mod ctl;
mod daytime;
mod discard;
mod echo;
mod fetch;
mod ftp;
mod get_raw;
mod man;
mod names;
mod news;
mod qotd;
mod rdate;
mod re;
mod serve;
mod sleep;
mod talk;
mod timestamp;

use clap::{CommandFactory, Parser, Subcommand};

use crate::client;
use crate::failure::Failure;
use crate::log::{self, Audience};

/// A network engine: one binary that serves and speaks its protocols over TCP, TLS, UDP,
/// Unix sockets and WebSocket.
#[derive(Debug, Parser)]
#[command(name = "lariat", version, after_help = EXIT_CODES)]
pub struct Lariat {
    /// Ask this name server for services that are named as name:SERVICE [default: $LARIAT_NAMES,
    /// else tcp://localhost:21579]
    // Under a name of its own: it is among the arguments of every command.
    #[arg(long = "names", global = true, value_name = "ENDPOINT")]
    name_server: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Ask(ask::Args),
    Bench(bench::Args),
    Cert(cert::Args),
    Chargen(chargen::Args),
    Chat(chat::Args),
    Completions(completions::Args),
    Connect(connect::Args),
    Ctl(ctl::Args),
    Daytime(daytime::Args),
    Discard(discard::Args),
    Echo(echo::Args),
    Fetch(Box<fetch::Args>),
    Ftp(Box<ftp::Args>),
    GetRaw(get_raw::Args),
    Man(man::Args),
    Names(Box<names::Args>),
    News(Box<news::Args>),
    Qotd(qotd::Args),
    Rdate(rdate::Args),
    Re(Box<re::Args>),
    Serve(Box<serve::Args>),
    Sleep(sleep::Args),
    Talk(talk::Args),
    Timestamp(timestamp::Args),
}

const EXIT_CODES: &str = "\
Endpoints are URLs, the same for serving and connecting:
  tcp://localhost:21567  tls://localhost:21568?ca=FILE  udp://localhost:21567
  ws://localhost:21569   unix:///run/x.sock             stdio:
The client of a service that a name server knows takes name:SERVICE as well.

Exit codes:
  0      done; also a server that was asked to stop and drained
  1      failed; fetch has curl's codes, and re grep's
  2      wrong usage
  130    a client that was interrupted
  128+n  ended at once by a second signal, of number n";

impl Lariat {
    /// Runs the command that the arguments name.
    ///
    /// # Errors
    ///
    /// Why it ended other than by being done.
    pub fn run(self) -> Result<(), Failure> {
        log::start(self.command.audience());
        client::set_name_server(self.name_server.as_deref())?;
        match self.command {
            Command::Ask(args) => ask::run(args),
            Command::Bench(args) => bench::run(args),
            Command::Cert(args) => cert::run(args),
            Command::Chargen(args) => chargen::run(args),
            Command::Chat(args) => chat::run(args),
            Command::Completions(args) => completions::run(args),
            Command::Connect(args) => connect::run(args),
            Command::Ctl(args) => ctl::run(args),
            Command::Daytime(args) => daytime::run(args),
            Command::Discard(args) => discard::run(args),
            Command::Echo(args) => echo::run(args),
            Command::Fetch(args) => fetch::run(*args),
            Command::Ftp(args) => ftp::run(*args),
            Command::GetRaw(args) => get_raw::run(args),
            Command::Man(args) => man::run(args),
            Command::Names(args) => names::run(*args),
            Command::News(args) => news::run(*args),
            Command::Qotd(args) => qotd::run(args),
            Command::Rdate(args) => rdate::run(args),
            Command::Re(args) => re::run(*args),
            Command::Serve(args) => serve::run(*args),
            Command::Sleep(args) => sleep::run(args),
            Command::Talk(args) => talk::run(args),
            Command::Timestamp(args) => timestamp::run(args),
        }
    }
}

impl Command {
    fn audience(&self) -> Audience {
        match self {
            Command::Bench(_) => Audience::Measuring,
            Command::Serve(_) => Audience::Server,
            Command::Names(args) if args.serves() => Audience::Server,
            _ => Audience::Client,
        }
    }
}

/// The arguments of `lariat serve`, from its command line without the two words.
fn serving(words: Vec<String>) -> Result<serve::Args, Failure> {
    let line = ["lariat".to_owned(), "serve".to_owned()];
    let parsed = Lariat::try_parse_from(line.into_iter().chain(words));
    match parsed.map(|parsed| parsed.command) {
        Ok(Command::Serve(args)) => Ok(*args),
        Ok(_) => Err(Failure::usage("this cannot be served")),
        Err(error) => Err(Failure::usage(error.to_string())),
    }
}

/// The whole command line, as `completions` and `man` describe it.
fn definition() -> clap::Command {
    Lariat::command()
}

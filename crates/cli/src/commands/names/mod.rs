//! `lariat names`: a name server's clients, one subcommand for each thing that can be asked, and
//! the server itself.

mod asking;
mod filter;
mod register;
mod shown;
mod tokens;
mod watch;

use std::time::Duration;

use clap::Subcommand;
use lariat_client::names::{Client, Query};

use crate::client::{self, seconds};
use crate::commands::serve;
use crate::failure::Failure;
use crate::signals;

/// Look services up, register them, and follow what changes: a name server and its clients
///
/// A service is registered by a name, an endpoint, and what there is to say about it; whatever
/// connects takes name:SERVICE as an endpoint then.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Which name server is asked says --names ENDPOINT, else the variable LARIAT_NAMES, else it is that of
this machine, tcp://localhost:21579.

Examples:
  lariat names serve
  lariat names register print printer:9100 --tag laser
  lariat names find print
  lariat names list --names tcp://names.example.org
  lariat connect name:print?tag=laser";

#[derive(Debug, Subcommand)]
enum Command {
    Serve(Serve),
    Register(register::Args),
    Find(asking::Find),
    List(asking::List),
    Watch(watch::Args),
    Log(asking::Log),
    Remove(register::Remove),
}

/// Serve a name server
///
/// The same as `lariat serve names`, which has more options and serves others beside it.
#[derive(Debug, clap::Args)]
#[command(after_help = SERVE_EXAMPLES)]
struct Serve {
    /// Where, if not on tcp://localhost:21579; HOST:PORT is TCP's
    #[arg(value_name = "ENDPOINT")]
    endpoints: Vec<String>,
    /// Keep what is registered in this folder [default: $LARIAT_STATE, else
    /// $XDG_STATE_HOME/lariat, else ~/.local/state/lariat]
    #[arg(long, value_name = "DIR")]
    state: Option<String>,
    /// Serve on every address of the machine
    #[arg(long)]
    public: bool,
    /// Print JSON, one object a line: each address bound, then {"ready":true}
    #[arg(long)]
    json: bool,
}

const SERVE_EXAMPLES: &str = "\
Examples:
  lariat names serve
  lariat names serve --public
  lariat names serve tcp://localhost:7000 --state ./names";

/// What the commands that ask have in common.
#[derive(Clone, Copy, Debug, clap::Args)]
struct Asking {
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// How long connecting (30 s), and then an answer (10 s), may take
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,
}

impl Asking {
    fn client(self) -> Client {
        client::name_server(self.timeout)
    }
}

/// Which services are meant.
#[derive(Clone, Debug, clap::Args)]
struct Wanted {
    /// The name of the service
    name: Option<String>,
    /// Those whose names begin like this
    #[arg(long)]
    prefix: Option<String>,
    /// Those with this tag
    #[arg(long)]
    tag: Option<String>,
    /// Those over this scheme: tcp, tls, udp, ws or wss
    #[arg(long)]
    scheme: Option<String>,
}

impl Wanted {
    fn query(&self) -> Result<Query, Failure> {
        Ok(Query {
            name: self.name.as_deref().map(str::parse).transpose()?,
            prefix: self.prefix.as_deref().map(str::parse).transpose()?,
            tag: self.tag.as_deref().map(str::parse).transpose()?,
            scheme: self.scheme.as_deref().map(str::parse).transpose()?,
        })
    }
}

impl Args {
    /// Whether it is a server.
    pub fn serves(&self) -> bool {
        matches!(self.command, Command::Serve(_))
    }
}

/// Runs the command.
pub fn run(args: Args) -> Result<(), Failure> {
    match args.command {
        Command::Serve(args) => serve::run(super::serving(args.words())?),
        Command::Register(args) => register::run(args),
        Command::Find(args) => signals::interruptible(args.run()),
        Command::List(args) => signals::interruptible(args.run()),
        Command::Watch(args) => signals::interruptible(args.run()),
        Command::Log(args) => signals::interruptible(args.run()),
        Command::Remove(args) => signals::interruptible(args.run()),
    }
}

impl Serve {
    /// As `lariat serve` is told the same.
    fn words(self) -> Vec<String> {
        let mut words: Vec<String> = match self.endpoints.is_empty() {
            true => vec!["names".to_owned()],
            false => {
                let named = self.endpoints.iter();
                named.map(|endpoint| format!("names={endpoint}")).collect()
            }
        };
        words.extend(self.state.map(|state| format!("--state={state}")));
        words.extend(self.public.then(|| "--public".to_owned()));
        words.extend(self.json.then(|| "--json".to_owned()));
        words
    }
}

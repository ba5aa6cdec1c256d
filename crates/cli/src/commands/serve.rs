//! `lariat serve`: services on endpoints, until the process is asked to stop.

use std::path::PathBuf;
use std::time::Duration;

use lariat_net::{DrainReport, Handle, Reactor};
use lariat_protocol::endpoint::Base;
use serde_json::json;

use crate::failure::Failure;
use crate::output::{note, print};
use crate::serve::listen::{self, Served};
use crate::serve::plan::{self, Defaults};
use crate::serve::services::Wanted;
use crate::serve::{config, listing, state};
use crate::signals;

/// Serve services on endpoints
///
/// Without arguments, every service on its default endpoints, for this machine only. Prints
/// where it listens and a line to try for each. A first ^C or SIGTERM lets the connections
/// finish, a second ends at once.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// What to serve, and where if not where it is by default; ENDPOINT may be HOST:PORT
    #[arg(value_name = "SERVICE[=ENDPOINT]")]
    services: Vec<Wanted>,
    /// Read what is not on the command line from a TOML file, in the same words
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Keep certificates and Unix sockets in this folder [default: $LARIAT_STATE, else
    /// $XDG_STATE_HOME/lariat, else ~/.local/state/lariat]
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Count the default ports from N instead of 21567; 0 takes any that are free
    #[arg(long, value_name = "N")]
    port_base: Option<u16>,
    /// Serve the default endpoints on every address of the machine
    #[arg(long)]
    public: bool,
    /// Print JSON, one object a line: each address bound, then {"ready":true}
    #[arg(long)]
    json: bool,
    /// Say who connects and what is answered
    #[arg(short, long)]
    verbose: bool,
}

const EXAMPLES: &str = "\
Examples:
  lariat serve
  lariat serve --public --port-base 30000
  lariat serve 'timestamp=tcp://[::]:21567' 'timestamp=unix:/run/time.sock?mode=660'
  lariat serve 'timestamp=tls://[::]:21568?cert=server.pem&key=server.key'
  lariat serve 'timestamp=tcp://localhost:7000?one_request=true&quiet_ms=0'
  lariat serve --config lariat.toml

A configuration file:
  state = \"/var/lib/lariat\"
  public = true
  timestamp = [\"tcp://[::]:21567\", \"udp://[::]:21567\"]";

/// How often it is looked whether a server of standard input has nothing left to serve.
const LOOK: Duration = Duration::from_millis(20);

/// How long a server may take to stop before it says what it is waiting for.
const PATIENCE: Duration = Duration::from_millis(250);

/// Runs the command.
pub fn run(args: Args) -> Result<(), Failure> {
    let file = args.config.as_deref().map(config::read).transpose()?;
    let args = args.over(file.unwrap_or_default());
    let state = state::path(args.state)?;
    let defaults = Defaults {
        port_base: args.port_base,
        public: args.public,
        state: &state,
    };
    let mut planned = plan::plan(&args.services, defaults)?;
    listen::prepare(&mut planned, &state)?;
    let reactor = Reactor::builder().build()?;
    // From here on a signal ends the process in order, also while it begins to listen.
    let handle = reactor.handle();
    let stopping = handle.clone();
    signals::watch(move |_| {
        let waiting = stopping.clone();
        stopping.call_later(PATIENCE, move || say_who_is_waited_for(&waiting));
        stopping.stop();
    })?;
    let served = listen::listen(&handle, planned, args.verbose)?;
    let authority = state.join("ca.pem");
    let say = Speech::of(&served);
    if args.json {
        say.line(&listing::json(&served, &authority)?)?;
        say.line(&format!("{}\n", json!({ "ready": true })))?;
    } else {
        say.line(&listing::table(&served, &authority)?)?;
        say.line("\nReady; ^C stops it.\n")?;
    }
    if args.verbose {
        note("waiting for connection...");
    }
    if served
        .iter()
        .all(|served| served.endpoint.base() == &Base::Stdio)
    {
        stop_when_idle(handle);
    }
    let report = reactor.run();
    match args.json {
        true => say.line(&format!("{}\n", stopped_json(report))),
        false => say.line(&stopped(report)),
    }
}

impl Args {
    /// What the command line says goes before what the file says.
    fn over(self, file: config::Config) -> Self {
        Args {
            services: match self.services.is_empty() {
                true => file.services,
                false => self.services,
            },
            config: self.config,
            state: self.state.or(file.state),
            port_base: self.port_base.or(file.port_base),
            public: self.public || file.public,
            json: self.json || file.json,
            verbose: self.verbose || file.verbose,
        }
    }
}

/// Where the server speaks: on standard output, unless that is what it serves.
enum Speech {
    Output,
    Error,
}

impl Speech {
    fn of(served: &[Served]) -> Self {
        let mut bases = served.iter().map(|served| served.endpoint.base());
        match bases.any(|base| matches!(base, Base::Stdio | Base::Fd(0..=2))) {
            true => Speech::Error,
            false => Speech::Output,
        }
    }

    fn line(&self, text: &str) -> Result<(), Failure> {
        match self {
            Speech::Output => print(text),
            Speech::Error => {
                text.lines().for_each(note);
                Ok(())
            }
        }
    }
}

/// A server of standard input has one connection, which is there by now, and ends with it.
fn stop_when_idle(handle: Handle) {
    let again = handle.clone();
    handle.call_later(LOOK, move || match again.connections() {
        0 => again.stop(),
        _ => stop_when_idle(again),
    });
}

fn say_who_is_waited_for(handle: &Handle) {
    let count = handle.connections();
    if count > 0 {
        let connections = connections(count);
        note(&format!(
            "stopping when {connections} ended; once more stops at once"
        ));
    }
}

fn connections(count: usize) -> String {
    match count {
        1 => "1 connection has".into(),
        count => format!("{count} connections have"),
    }
}

fn stopped(report: DrainReport) -> String {
    let ended = report.finished + report.said_goodbye;
    match (ended, report.forced) {
        (0, 0) => "Stopped.\n".into(),
        (ended, 0) => format!("Stopped; {} ended.\n", connections(ended)),
        (ended, forced) => format!(
            "Stopped; {} ended, {} been cut off.\n",
            connections(ended),
            connections(forced)
        ),
    }
}

fn stopped_json(report: DrainReport) -> serde_json::Value {
    json!({
        "stopped": true,
        "finished": report.finished,
        "said_goodbye": report.said_goodbye,
        "forced": report.forced,
    })
}

//! `lariat serve`: services on endpoints, until the process is asked to stop.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use lariat_net::{DrainReport, Handle, Reactor};
use lariat_protocol::Endpoint;
use lariat_protocol::endpoint::Base;
use serde_json::json;
use tracing::subscriber::{NoSubscriber, with_default};

use crate::control::{self, Drained};
use crate::failure::Failure;
use crate::log::{self, Form};
use crate::output::{note, print};
use crate::platform;
use crate::serve::listen::{self, Served};
use crate::serve::plan::{self, Defaults, Planned};
use crate::serve::server::{File, Server};
use crate::serve::services::Wanted;
use crate::serve::settings::{DeadlineChange, LimitChange, Setting, Settings};
use crate::serve::{book, config, listing, rereading, state};
use crate::signals;

/// Serve services on endpoints
///
/// Without arguments, every service on its default endpoints, for this machine only. Prints
/// where it listens and a line to try for each. A first ^C or SIGTERM lets the connections
/// finish, a second ends at once. `lariat ctl` looks at it while it runs; SIGHUP, or a change of
/// the files, has it read certificates, limits and deadlines again.
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
    /// Write the log for people (text) or for programs (json) [default: text]
    #[arg(long, value_name = "FORM")]
    log: Option<Form>,
    /// Serve counters for Prometheus here, at /metrics; whoever reaches it can read them
    #[arg(long, value_name = "ENDPOINT", value_parser = config::metrics_endpoint)]
    metrics: Option<Endpoint>,
    /// Limit who may come: connections, per-address, per-network, prefix-v4, prefix-v6,
    /// accept-rate, accept-burst, handshakes, memory, allow, deny, exempt; of one service by
    /// SERVICE.NAME; may be repeated
    #[arg(long = "limit", value_name = "NAME=VALUE")]
    limits: Vec<Setting<LimitChange>>,
    /// Limit how long clients may take: proxy-header, handshake, first-message, message,
    /// idle, write, life, minimum-rate, keep-alive, user-timeout, drain; of one service by
    /// SERVICE.NAME; may be repeated
    #[arg(long = "deadline", value_name = "NAME=DURATION")]
    deadlines: Vec<Setting<DeadlineChange>>,
}

const EXAMPLES: &str = "\
Examples:
  lariat serve
  lariat serve --public --port-base 30000
  lariat serve 'timestamp=tcp://[::]:21567' 'timestamp=unix:/run/time.sock?mode=660'
  lariat serve 'timestamp=tls://[::]:21568?cert=server.pem&key=server.key'
  lariat serve 'timestamp=tcp://localhost:7000?one_request=true&quiet_ms=0'
  lariat serve --metrics tcp://localhost:9464 --log json
  lariat serve --limit per-address=50 --deadline timestamp.idle=60s --deadline drain=10s
  lariat serve 'qotd=tcp://[::]:17?file=/etc/quotes.txt' 'daytime=udp://[::]:13'
  lariat serve 'command=tcp://localhost:21576?root=/srv/files'
  lariat serve --config lariat.toml

chargen and qotd are served over UDP only where that is named (chargen=udp://HOST): a small
datagram in somebody else's name has them send that one a large answer. Even then nobody but this
machine and NETWORKs in ?amplify_to=NETWORK,... is sent more than three times what came.

A configuration file:
  state = \"/var/lib/lariat\"
  public = true
  log = \"json\"
  metrics = \"tcp://localhost:9464\"
  timestamp = [\"tcp://[::]:21567\", \"udp://[::]:21567\"]

  [limits]
  per-address = 50
  deny = [\"192.0.2.0/24\"]
  timestamp.connections = 1000

  [deadlines]
  idle = \"10m\"
  timestamp.first-message = \"5s\"

  [commands.disk]
  run = [\"df\", \"-h\", \"/\"]
  help = \"free space\"
  time-limit = \"5s\"
  output-limit = \"16K\"";

/// How often it is looked whether a server of standard input has nothing left to serve.
const LOOK: Duration = Duration::from_millis(20);

/// How long a server may take to stop before it says what it is waiting for.
const PATIENCE: Duration = Duration::from_millis(250);

/// Runs the command.
pub fn run(args: Args) -> Result<(), Failure> {
    let read = |path: &PathBuf| {
        let first = config::read(path)?;
        // The folder may be another one when it is read again.
        let path = std::path::absolute(path)?;
        Ok::<_, Failure>(File { path, first })
    };
    let file = args.config.as_ref().map(read).transpose()?;
    let line = Settings {
        limits: args.limits.clone(),
        deadlines: args.deadlines.clone(),
    };
    let first = file.as_ref().map(|file| file.first.clone());
    let first = first.unwrap_or_default();
    let settings = line.clone().over(first.settings.clone());
    let commands = first.commands.clone();
    let args = args.over(first);
    log::set_form(args.log.unwrap_or_default());
    raise_descriptor_limit();
    let state = state::path(args.state.clone())?;
    let Plan { services, metrics } = plan(&args, &state)?;
    let reactor = Reactor::builder()
        .limits(settings.limits())
        .drain_time(settings.drain_time());
    let reactor = reactor.build()?;
    // From here on a signal ends the process in order, also while it begins to listen.
    let handle = reactor.handle();
    stop_at_signal(&handle)?;
    let are_named = |planned: &Planned| planned.entry.name == book::SERVICE;
    let names = match services.iter().any(are_named) {
        true => Some(book::open(&state, &handle)?),
        false => None,
    };
    let mut served = listen::listen(
        &handle,
        services,
        &settings,
        &commands,
        names.as_ref(),
        args.verbose,
    )?;
    if let Some(names) = &names {
        book::register(names, &served, &handle);
    }
    let control = control::server::reactor()?;
    if let Some(metrics) = metrics {
        let watching = listen::listen_watching(&control.handle(), &handle, metrics)?;
        served.push(watching);
    }
    let say = Speech::of(&served);
    let listing = Listing::of(&served, &state, args.json)?;
    let only_input = is_only_input(&served);
    let server = Arc::new(Server::new(handle.clone(), served, line, file));
    control::server::listen(&control.handle(), &control::socket(&state), &server);
    rereading::begin(&control.handle(), Arc::clone(&server))?;
    say.line(&listing.0)?;
    if args.verbose {
        note("waiting for connection...");
    }
    if only_input {
        stop_when_idle(handle);
    }
    let report = reactor.run();
    if let Some(names) = &names {
        names.remove_inside();
    }
    let said = match args.json {
        true => say.line(&format!("{}\n", stopped_json(report))),
        false => say.line(&stopped(report)),
    };
    // Who waits for the report hears it before the process ends.
    server.has_drained(report);
    control.handle().stop();
    // How those ended who only looked on is nobody's affair.
    with_default(NoSubscriber::new(), || control.run());
    said
}

/// What is to be listened on.
struct Plan {
    services: Vec<Planned>,
    metrics: Option<Planned>,
}

fn plan(args: &Args, state: &Path) -> Result<Plan, Failure> {
    let defaults = Defaults {
        port_base: args.port_base,
        public: args.public,
        state,
    };
    let mut all = plan::plan(&args.services, defaults)?;
    let services = all.len();
    if let Some(endpoint) = &args.metrics {
        all.push(plan::metrics(endpoint, defaults)?);
    }
    listen::prepare(&mut all, state)?;
    let metrics = all.split_off(services).pop();
    Ok(Plan {
        services: all,
        metrics,
    })
}

fn raise_descriptor_limit() {
    if let Some((before, now)) = platform::raise_descriptor_limit() {
        tracing::debug!(before, now, "descriptors that this process may have");
    }
}

fn stop_at_signal(handle: &Handle) -> Result<(), Failure> {
    let stopping = handle.clone();
    signals::watch(move |_| {
        let waiting = stopping.clone();
        stopping.call_later(PATIENCE, move || say_who_is_waited_for(&waiting));
        stopping.stop();
    })
}

/// What is said when the server is ready.
struct Listing(String);

impl Listing {
    fn of(served: &[Served], state: &Path, json: bool) -> Result<Self, Failure> {
        let authority = state.join("ca.pem");
        Ok(Listing(match json {
            true => {
                let ready = json!({ "ready": true });
                format!("{}{ready}\n", listing::json(served, &authority)?)
            }
            false => {
                let table = listing::table(served, &authority)?;
                format!("{table}\nReady; ^C stops it.\n")
            }
        }))
    }
}

/// Whether nothing is left to be served when standard input has ended.
fn is_only_input(served: &[Served]) -> bool {
    let mut bases = served.iter().map(|served| served.endpoint.base());
    bases.all(|base| base == &Base::Stdio)
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
            log: self.log.or(file.log),
            metrics: self.metrics.or(file.metrics),
            limits: self.limits,
            deadlines: self.deadlines,
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
        let connections = match count {
            1 => "1 connection has".into(),
            count => format!("{count} connections have"),
        };
        note(&format!(
            "stopping when {connections} ended; once more stops at once"
        ));
    }
}

fn stopped(report: DrainReport) -> String {
    match Drained::from(report).in_words() {
        None => "Stopped.\n".into(),
        Some(words) => format!("Stopped; {words}.\n"),
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

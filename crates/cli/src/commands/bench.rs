//! `lariat bench`: a load generator; how many answers a server gives, how soon, and whether they
//! are right.

use std::time::Duration;

use crate::bench::plan::{Amount, Manner, rate, some_time, time};
use crate::bench::script::Expect;
use crate::bench::{Bench, Outcome, Plan, report};
use crate::client;
use crate::failure::{FAILED, Failure, INTERRUPTED};
use crate::output::print;

/// Measure a server: open connections, send messages, check and time every answer
///
/// Each connection sends its next message when the last one was answered; --pipeline, --rate,
/// --churn and --idle do otherwise. On streams a message is a line. TIME is a number of seconds, or
/// has a unit: 500ms, 10s, 2m.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// What to connect to; a host and port alone are TCP's
    endpoint: String,
    /// How many connections to keep open
    #[arg(short, long, value_name = "N", default_value = "64",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    connections: u32,
    /// How long to measure [default: 10s]
    #[arg(short, long, value_name = "TIME", value_parser = some_time)]
    duration: Option<Duration>,
    /// Send so many messages in all instead
    #[arg(short = 'n', long, value_name = "N", conflicts_with = "duration",
        value_parser = clap::value_parser!(u64).range(1..))]
    requests: Option<u64>,
    /// How many bytes each message has, on streams with its line end
    #[arg(short, long, value_name = "BYTES", default_value = "64")]
    size: usize,
    /// How many messages each connection has in flight
    #[arg(short, long, value_name = "N", default_value = "1",
        value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pipeline: u32,
    /// Send so many messages a second in all, whether answers come or not; latency then counts from
    /// when each should have been sent, to about 1 ms
    #[arg(long, value_name = "N", value_parser = rate, conflicts_with = "pipeline")]
    rate: Option<f64>,
    /// Open a connection for each message; latency then counts from its beginning
    #[arg(long, conflicts_with_all = ["pipeline", "rate"])]
    churn: bool,
    /// Send nothing; hold the connections open, and count those that the server ends
    #[arg(long, conflicts_with_all = ["churn", "pipeline", "rate", "requests", "size", "expect",
        "warmup"])]
    idle: bool,
    /// What the server answers
    #[arg(long, value_name = "WHAT", default_value = "timestamp")]
    expect: Expect,
    /// How long to send before measuring [default: 1s]
    #[arg(long, value_name = "TIME", value_parser = time, conflicts_with = "requests")]
    warmup: Option<Duration>,
    /// How long connecting, and each answer, may take
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = some_time)]
    timeout: Duration,
    /// How many threads to use [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Print JSON: one object with all figures
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
It exits with 0 if every message had its right answer, with 1 if any was wrong or missing (a
datagram may just be lost) or a connection could not be made, and with 130 if it was interrupted.
The server should not share its cores with it; whoever measures on one machine measures both.

Examples:
  lariat bench tcp://localhost:21567
  lariat bench tcp://localhost:21567 -c 256 -p 16 -d 30s
  lariat bench udp://localhost:21567 -n 100000 --json
  lariat bench 'tls://localhost:21568?ca=ca.pem' --churn
  lariat bench ws://localhost:21569 --rate 20000
  lariat bench unix:///run/timestamp.sock --idle -c 1000
  lariat bench tcp://localhost:7 --expect echo -s 1024";

/// Runs the command.
pub fn run(args: Args) -> Result<(), Failure> {
    let bench = Bench::prepare(plan(&args)?)?;
    let outcome = bench.conduct()?;
    let shown = show(&outcome, args.json);
    bench.close();
    shown?;
    match outcome {
        outcome if outcome.interrupted => Err(Failure::quiet(INTERRUPTED)),
        outcome if !outcome.is_good() => Err(Failure::quiet(FAILED)),
        _ => Ok(()),
    }
}

fn plan(args: &Args) -> Result<Plan, Failure> {
    const DURATION: Duration = Duration::from_secs(10);
    const WARMUP: Duration = Duration::from_secs(1);
    let endpoint = client::located(client::endpoint(&args.endpoint)?)?;
    let manner = match (args.churn, args.idle, args.rate) {
        (true, ..) => Manner::Churn,
        (_, true, _) => Manner::Idle,
        (.., Some(per_second)) => Manner::Paced { per_second },
        _ => Manner::Closed {
            pipeline: args.pipeline as usize,
        },
    };
    let amount = match args.requests {
        Some(requests) => Amount::Requests(requests),
        None => Amount::Time(args.duration.unwrap_or(DURATION)),
    };
    let counts_at_once = args.idle || args.requests.is_some();
    let warmup = args.warmup.unwrap_or(match counts_at_once {
        true => Duration::ZERO,
        false => WARMUP,
    });
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    let plan = Plan {
        connections: args.connections as usize,
        threads: args.threads.map_or_else(cores, usize::from),
        manner,
        amount,
        warmup,
        timeout: args.timeout,
        expect: args.expect,
        script: Plan::script(&endpoint, args.expect, args.size)?,
        endpoint,
    };
    plan.check()?;
    Ok(plan)
}

fn show(outcome: &Outcome, json: bool) -> Result<(), Failure> {
    match json {
        true => print(format!("{}\n", report::json(outcome))),
        false => print(report::summary(outcome)),
    }
}

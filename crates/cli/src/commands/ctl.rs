//! `lariat ctl`: looks at a server that runs, and tells it what to do.

use std::path::PathBuf;

use clap::Subcommand;
use lariat_net::observe::ConnectionKey;
use serde::Serialize;
use serde_json::json;

use crate::control::client::{Answers, unexpected};
use crate::control::stats::{Counted, Stats};
use crate::control::{Connection, Killed, Reply, Request};
use crate::failure::{FAILED, Failure};
use crate::output::{complain, escape_json, one_line, print};
use crate::serve::server::Reloaded;
use crate::serve::state;
use crate::signals;
use crate::table::{self, age, size};

/// Look at a server that runs, and tell it what to do
///
/// Speaks with the `lariat serve` of the same state directory, over the socket control.sock
/// in it, which only that user can open.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    order: Order,
    /// The server's state directory [default: as of serve]
    #[arg(long, value_name = "DIR", global = true)]
    state: Option<PathBuf>,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Order {
    /// List the connections, the oldest of each service first
    ///
    /// Those that a callback holds up for more than a second are missing. With --json, one
    /// object a line.
    Connections,
    /// End connections at once; exits with 1 if one is not there
    Kill {
        /// As they are listed
        #[arg(value_name = "ID", required = true)]
        ids: Vec<ConnectionKey>,
    },
    /// Show what was counted since the start
    Stats,
    /// Stop the server: let its connections finish, and wait until they have
    Drain,
    /// Read certificates, limits and deadlines again; exits with 1 if something is wrong
    Reload,
}

const EXAMPLES: &str = "\
Examples:
  lariat ctl connections
  lariat ctl kill 0-17-4
  lariat ctl stats --json
  lariat ctl reload
  lariat ctl drain --state /var/lib/lariat";

/// Runs the command.
pub fn run(args: Args) -> Result<(), Failure> {
    let state = state::path(args.state)?;
    let request = args.order.request();
    let json = args.json;
    signals::interruptible(async move {
        let mut answers = Answers::to(&request, &state).await?;
        match answers.next().await? {
            Reply::Connections(all) => show_connections(all, json),
            Reply::Killed(killed) => show_killed(&killed, json),
            Reply::Stats(stats) => show_stats(&stats, json),
            Reply::Reloaded(reloaded) => show_reloaded(&reloaded, json),
            Reply::Draining(count) => {
                if !json {
                    let connections = if count == 1 {
                        "connection"
                    } else {
                        "connections"
                    };
                    print(format!("Draining {count} {connections}.\n"))?;
                }
                show_drained(&answers.next().await?, json)
            }
            other => Err(unexpected(&format!("{other:?}"))),
        }
    })
}

impl Order {
    fn request(&self) -> Request {
        match self {
            Order::Connections => Request::Connections,
            Order::Kill { ids } => Request::Kill {
                ids: ids.iter().map(ToString::to_string).collect(),
            },
            Order::Stats => Request::Stats,
            Order::Drain => Request::Drain,
            Order::Reload => Request::Reload,
        }
    }
}

fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let line = serde_json::to_string(value).map_err(|error| Failure::from_error(&error))?;
    print(escape_json(&line) + "\n")
}

fn show_connections(mut all: Vec<Connection>, json: bool) -> Result<(), Failure> {
    all.sort_by(|one, other| {
        let by_age = other.age_seconds.total_cmp(&one.age_seconds);
        one.service.cmp(&other.service).then(by_age)
    });
    if json {
        return all.iter().try_for_each(print_json);
    }
    let head = [
        "ID", "SERVICE", "PEER", "PHASE", "AGE", "IN", "OUT", "MESSAGES", "HELD",
    ];
    let rows = all.iter().map(|connection| {
        [
            connection.id.clone(),
            connection.service.clone(),
            connection.peer.clone(),
            connection.phase.clone(),
            age(connection.age_seconds),
            size(connection.received),
            size(connection.sent),
            connection.messages.to_string(),
            size(connection.held as u64),
        ]
    });
    print(table::of(head, rows, 4))
}

fn show_killed(killed: &Killed, json: bool) -> Result<(), Failure> {
    if json {
        print_json(killed)?;
    } else {
        for ended in &killed.ended {
            let whose = match (&ended.service, &ended.peer) {
                (Some(service), Some(peer)) => format!(" ({service}, {peer})"),
                _ => String::new(),
            };
            print(one_line(&format!("Ended {}{whose}", ended.id)) + "\n")?;
        }
        for missing in &killed.missing {
            complain(&format!("there is no connection {missing}"));
        }
    }
    match killed.missing.is_empty() {
        true => Ok(()),
        false => Err(Failure::quiet(FAILED)),
    }
}

fn show_stats(stats: &Stats, json: bool) -> Result<(), Failure> {
    if json {
        return print_json(stats);
    }
    let head = [
        "SERVICE",
        "LISTENS ON",
        "OPEN",
        "ACCEPTED",
        "REFUSED",
        "MESSAGES",
        "IN",
        "OUT",
        "P50",
        "P99",
    ];
    let total = (stats.services.len() != 1).then_some(&stats.total);
    let rows = stats.services.iter().chain(total).map(|counted| {
        let latency = |bound| table::latency(counted.latency.count, bound);
        [
            counted.service.clone(),
            counted.endpoint.clone(),
            sum(&counted.active).to_string(),
            counted.accepted.to_string(),
            sum(&counted.refused).to_string(),
            counted.messages.to_string(),
            size(counted.received),
            size(counted.sent),
            latency(counted.latency.p50_seconds),
            latency(counted.latency.p99_seconds),
        ]
    });
    let mut text = table::of(head, rows, 2);
    text += &details(stats);
    print(text)
}

/// What is not of every day, where there is some of it.
fn details(stats: &Stats) -> String {
    let Counted {
        active,
        refused,
        ended,
        deadlines,
        handshakes,
        handshakes_failed,
        slow_callbacks,
        datagrams_dropped,
        ..
    } = &stats.total;
    let mut text = String::from("\n");
    let mut line = |what: &str, value: String| {
        if !value.is_empty() {
            text += &format!("{what:12}{value}\n");
        }
    };
    line("open", words(active));
    line("ended", words(ended));
    line("refused", words(refused));
    line("deadlines", words(deadlines));
    if *handshakes > 0 {
        let under_way = stats.handshakes;
        let words = format!("{handshakes}, {handshakes_failed} failed, {under_way} under way");
        line("handshakes", words);
    }
    line("buffered", format!("{} bytes", size(stats.buffered as u64)));
    if *slow_callbacks > 0 {
        let words = format!("{slow_callbacks} callbacks held their thread for over 50 ms");
        line("slow", words);
    }
    if *datagrams_dropped > 0 {
        line("dropped", format!("{datagrams_dropped} datagrams"));
    }
    if stats.draining {
        line("draining", "yes".into());
    }
    text
}

fn sum(counts: &std::collections::BTreeMap<String, u64>) -> u64 {
    counts.values().sum()
}

/// `idle 3, message 1`: those that are not zero.
fn words(counts: &std::collections::BTreeMap<String, u64>) -> String {
    let counts = counts.iter().filter(|(_, count)| **count > 0);
    let words: Vec<String> = counts
        .map(|(name, count)| format!("{name} {count}"))
        .collect();
    one_line(&words.join(", "))
}

fn show_drained(reply: &Reply, json: bool) -> Result<(), Failure> {
    let Reply::Drained(drained) = reply else {
        return Err(unexpected(&format!("{reply:?}")));
    };
    if json {
        return print_json(&json!(drained));
    }
    match drained.in_words() {
        None => print("Drained.\n"),
        Some(words) => print(format!("Drained; {words}.\n")),
    }
}

fn show_reloaded(reloaded: &Reloaded, json: bool) -> Result<(), Failure> {
    if json {
        print_json(reloaded)?;
    } else {
        let nothing = Reloaded::default() == *reloaded;
        if nothing {
            print("There is nothing to reload: no configuration file and no certificate.\n")?;
        }
        for what in &reloaded.reloaded {
            print(format!("Reloaded {}\n", one_line(what)))?;
        }
        for what in &reloaded.needs_restart {
            print(format!("Not yet: {}\n", one_line(what)))?;
        }
        for what in &reloaded.wrong {
            complain(what);
        }
    }
    match reloaded.wrong.is_empty() {
        true => Ok(()),
        false => Err(Failure::quiet(FAILED)),
    }
}

//! What servers do when they have no descriptors left: 60, and 120 connections.
//!
//! Counted is what becomes of each connection, what the server's processor does meanwhile,
//! and how soon a new connection is served when the others have gone.

use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::runtime::Runtime;
use tokio::time::{sleep, timeout};

use crate::load::dial::Stream;
use crate::load::exchange::ask;
use crate::load::{self, Carrier, Form};
use crate::platform::process;
use crate::servers::{self, Given, Running, Server, lariat};

const DESCRIPTORS: u64 = 60;
const CONNECTIONS: usize = 120;

/// How long a connection may be without an answer or an end.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long a server that has recovered may take.
const RECOVERY: Duration = Duration::from_secs(20);

/// How often somebody new comes while the server is watched, who is not heard either.
const KNOCK: Duration = Duration::from_millis(50);

/// What became of a connection. Those that are open stay so while this is kept.
enum Fate {
    Served(#[expect(dead_code, reason = "kept open")] Box<dyn Stream>),
    /// Closed after so long, with words or without.
    Refused {
        words: bool,
        after: Duration,
    },
    /// Nothing came and nothing ended.
    Silent(#[expect(dead_code, reason = "kept open")] Option<Box<dyn Stream>>),
}

/// Measures each server, and prints a row for it.
pub fn measure(quick: bool) -> io::Result<()> {
    let (for_server, for_load) = process::two_processors()?;
    process::raise_open_files()?;
    process::stay_on(for_load)?;
    let watched = Duration::from_secs(if quick { 2 } else { 10 });
    println!(
        "{DESCRIPTORS} descriptors, {CONNECTIONS} connections, then {} a second for {} s, in which the processor is watched",
        1000 / KNOCK.as_millis(),
        watched.as_secs()
    );
    println!();
    println!(
        "{:<24}{:>8}{:>9}{:>10}{:>9}{:>8}{:>11}{:>14}",
        "", "served", "refused", "within", "in words", "silent", "processor", "served again"
    );
    let given = Given {
        processor: Some(for_server),
        open_files: Some(DESCRIPTORS),
        ..Given::default()
    };
    let names = [
        "lariat serve",
        "tokio, usual loop",
        "Go",
        "Node",
        "asyncio + uvloop",
        "Twisted",
        "Python threads",
    ];
    let mut rows: Vec<(Server, Carrier)> = names
        .map(|name| (servers::timestamp(name), Carrier::Plain))
        .into();
    let tls = Server {
        name: "lariat serve, TLS",
        start: lariat::tls,
    };
    rows.insert(1, (tls, Carrier::tls()?));
    for (server, carrier) in rows {
        let measured = (server.start)(given).and_then(|running| row(&running, &carrier, watched));
        match measured {
            Ok(row) => println!("{:<24}{row}", server.name),
            Err(error) => println!("{:<24}{error}", server.name),
        }
    }
    Ok(())
}

fn row(running: &Running, carrier: &Carrier, watched: Duration) -> io::Result<String> {
    let runtime = load::runtime()?;
    let connections = (0..CONNECTIONS).map(|index| fate(running, carrier, index));
    let fates = runtime.block_on(join_all(connections));
    let count = |which: fn(&Fate) -> bool| fates.iter().filter(|fate| which(fate)).count();
    let served = count(|fate| matches!(fate, Fate::Served(_)));
    let refusals: Vec<(bool, Duration)> = fates
        .iter()
        .filter_map(|fate| match fate {
            Fate::Refused { words, after } => Some((*words, *after)),
            _ => None,
        })
        .collect();
    let in_words = refusals.iter().filter(|(words, _)| *words).count();
    let within = refusals.iter().map(|(_, after)| *after).max();
    let silent = count(|fate| matches!(fate, Fate::Silent(_)));
    let before = running.process.processor_time()?;
    let begin = Instant::now();
    // It goes on for as long as it is let.
    let _ = runtime.block_on(async { timeout(watched, knock(running, carrier)).await });
    let used = running.process.processor_time()?.saturating_sub(before);
    let share = used.as_secs_f64() / begin.elapsed().as_secs_f64() * 100.0;
    drop(fates);
    let again = match served_again(&runtime, running, carrier) {
        Some(after) => in_milliseconds(after),
        None => "never".to_owned(),
    };
    Ok(format!(
        "{served:>8}{:>9}{:>10}{in_words:>9}{silent:>8}{:>11}{again:>14}",
        refusals.len(),
        within.map_or("-".into(), in_milliseconds),
        format!("{share:.1} %")
    ))
}

/// Connects and asks.
async fn fate(running: &Running, carrier: &Carrier, index: usize) -> Fate {
    let begin = Instant::now();
    let refused = |words| Fate::Refused {
        words,
        after: begin.elapsed(),
    };
    let dialed = timeout(PATIENCE, carrier.dial(running.address, index)).await;
    let mut stream = match dialed {
        Ok(Ok(stream)) => stream,
        // Inside TLS a refusal is an end in the middle of the handshake.
        Ok(Err(_)) => return refused(false),
        Err(_) => return Fate::Silent(None),
    };
    let (question, body) = Form::Line.question(64, index);
    match timeout(PATIENCE, ask(&mut stream, &question, &body)).await {
        Ok(Ok(_)) => Fate::Served(stream),
        Ok(Err(error)) => refused(error.kind() == ErrorKind::ConnectionRefused),
        Err(_) => Fate::Silent(Some(stream)),
    }
}

/// Connects again and again, and does not wait for what becomes of it.
async fn knock(running: &Running, carrier: &Carrier) {
    let mut kept = Vec::new();
    for index in CONNECTIONS.. {
        sleep(KNOCK).await;
        let dialed = timeout(KNOCK, carrier.dial(running.address, index)).await;
        kept.extend(dialed);
    }
}

fn in_milliseconds(time: Duration) -> String {
    format!("{:.0} ms", time.as_secs_f64() * 1e3)
}

/// How long until a new connection has an answer, now that the others are gone.
fn served_again(runtime: &Runtime, running: &Running, carrier: &Carrier) -> Option<Duration> {
    let begin = Instant::now();
    runtime.block_on(async {
        while begin.elapsed() < RECOVERY {
            if let Fate::Served(_) = fate(running, carrier, CONNECTIONS).await {
                return Some(begin.elapsed());
            }
            sleep(Duration::from_millis(5)).await;
        }
        None
    })
}

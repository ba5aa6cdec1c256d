//! Whether a stop or a reload under load loses a reply.
//!
//! Each connection has two bursts of lines on the way. A burst is one write of a kilobyte,
//! which a server reads whole; so one that is answered in part was read, and the replies
//! that did not come are lost. Lost is too what was sent a while before the signal and has
//! no reply.

mod bursts;

use std::cell::Cell;
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use crate::load::latency::{Latency, Milliseconds};
use crate::load::{self, Carrier, Form, Plan, churn};
use crate::platform::process;
use crate::servers::lariat::Serve;
use crate::servers::{Ask, Given};
use bursts::{Ending, Outcome};

const CONNECTIONS: usize = 64;

/// How long the load runs before a signal, so that it has settled.
const SETTLED: Duration = Duration::from_millis(700);

/// How long a server may take to end: longer than the deadline for its drain.
const PATIENCE: Duration = Duration::from_secs(40);

/// Measures stops and reloads, so many of each.
pub fn measure(quick: bool, times: usize) -> io::Result<()> {
    let (for_server, for_load) = process::two_processors()?;
    process::raise_open_files()?;
    process::stay_on(for_load)?;
    let times = if quick { times.min(2) } else { times };
    println!(
        "{CONNECTIONS} connections, each two bursts of {} lines of 64 bytes on the way; {times} times each",
        bursts::LINES
    );
    println!();
    println!(
        "{:<14}{:>10}{:>10}{:>8}{:>8}{:>8}{:>13}{:>13}{:>10}",
        "",
        "replies",
        "cut off",
        "lost",
        "resets",
        "forced",
        "p99.9 before",
        "p99.9 during",
        "took"
    );
    let given = Given {
        processor: Some(for_server),
        ..Given::default()
    };
    for time in 1..=times {
        println!("{:<14}{}", format!("SIGTERM {time}"), stop(given)?);
    }
    println!();
    reload(given, times)
}

/// One stop under load, as a row.
fn stop(given: Given) -> io::Result<String> {
    let mut serve = Serve::start(given, &["tcp://127.0.0.1:0"])?;
    let runtime = load::runtime()?;
    let over = Rc::new(Cell::new(false));
    let address = serve.running.address;
    let (outcomes, asked) = load::run(&runtime, async {
        let signal = async {
            tokio::time::sleep(SETTLED).await;
            let asked = Instant::now();
            serve.running.process.ask(Ask::Terminate).map(|()| asked)
        };
        futures_util::future::try_join(bursts::run_all(address, CONNECTIONS, &over), signal).await
    })?;
    let ended = serve.running.process.wait(PATIENCE)?;
    let took = asked.elapsed();
    let forced = match ended {
        Some(_) => forced(&mut serve)?,
        None => None,
    };
    let mut sum = Sum::default();
    for outcome in &outcomes {
        sum.add(outcome, asked);
    }
    Ok(format!(
        "{sum}{:>8}{:>13}{:>13}{:>10}",
        forced.map_or("?".into(), |it| it.to_string()),
        Milliseconds(Latency::of(sum.before.clone()).p999),
        Milliseconds(Latency::of(sum.during.clone()).p999),
        match ended {
            Some(_) => format!("{:.2} s", took.as_secs_f64()),
            None => "never".into(),
        }
    ))
}

/// How many connections a server that has ended says it cut off.
fn forced(serve: &mut Serve) -> io::Result<Option<u64>> {
    loop {
        let line = serve.running.process.line()?;
        if line.is_empty() {
            return Ok(None);
        }
        let said = serde_json::from_str::<serde_json::Value>(&line).unwrap_or_default();
        if let Some(forced) = said["forced"].as_u64() {
            return Ok(Some(forced));
        }
    }
}

/// Reloads under load, a row for all of them; new connections are made meanwhile.
fn reload(given: Given, times: usize) -> io::Result<()> {
    let endpoints = ["tcp://127.0.0.1:0", "tls://127.0.0.1:0?{identity}"];
    let mut serve = Serve::start(given, &endpoints)?;
    let runtime = load::runtime()?;
    let over = Rc::new(Cell::new(false));
    let asked = signal_while_loaded(&runtime, &serve, times, &over);
    let (outcomes, asked, plain, tls) = asked?;
    let mut sum = Sum::default();
    for outcome in &outcomes {
        sum.add(outcome, asked);
    }
    println!(
        "{:<14}{sum}{:>8}{:>13}{:>13}{:>10}",
        format!("SIGHUP x{times}"),
        "-",
        Milliseconds(Latency::of(sum.before.clone()).p999),
        Milliseconds(Latency::of(sum.during.clone()).p999),
        match serve.running.process.runs()? {
            true => "runs on",
            false => "it ended",
        }
    );
    for (name, churned) in [("plain", plain), ("TLS", tls)] {
        println!(
            "new connections meanwhile, {name}: {} served, {} refused{}; p99.9 {} ms",
            churned.times.len(),
            churned.failures.len(),
            churned
                .failures
                .first()
                .map_or(String::new(), |first| format!(" ({first})")),
            Milliseconds(Latency::of(churned.times.clone()).p999)
        );
    }
    Ok(())
}

type Reloaded = (Vec<Outcome>, Instant, churn::Churned, churn::Churned);

fn signal_while_loaded(
    runtime: &Runtime,
    serve: &Serve,
    times: usize,
    over: &Rc<Cell<bool>>,
) -> io::Result<Reloaded> {
    /// How far the reloads lie apart.
    const APART: Duration = Duration::from_millis(300);
    let [plain, tls] = serve.addresses[..] else {
        return Err(io::Error::other("lariat serve named no two addresses"));
    };
    let end = Instant::now() + SETTLED + APART * u32::try_from(times).unwrap_or(1);
    let plan = Plan {
        carrier: Carrier::Plain,
        form: Form::Line,
        size: 64,
        connections: 2,
    };
    let secret = Plan {
        carrier: Carrier::tls()?,
        ..plan.clone()
    };
    load::run(runtime, async {
        let all = bursts::run_all(plain, CONNECTIONS, over);
        let signals = async {
            tokio::time::sleep(SETTLED).await;
            let first = Instant::now();
            for _ in 0..times {
                serve.write_identity()?;
                serve.running.process.ask(Ask::Reload)?;
                tokio::time::sleep(APART).await;
            }
            over.set(true);
            Ok::<_, io::Error>(first)
        };
        let new = churn::until(plain, &plan, end);
        let new_tls = churn::until(tls, &secret, end);
        futures_util::future::try_join4(all, signals, new, new_tls).await
    })
}

/// What all connections saw.
#[derive(Default)]
struct Sum {
    replies: u64,
    cut_off: u64,
    lost: u64,
    resets: u64,
    before: Vec<Duration>,
    during: Vec<Duration>,
}

impl Sum {
    /// What one saw, when the server was asked at `asked`.
    fn add(&mut self, outcome: &Outcome, asked: Instant) {
        for (at, took) in &outcome.answered {
            self.replies += bursts::LINES as u64;
            match *at < asked {
                true => self.before.push(*took),
                false => self.during.push(*took),
            }
        }
        let lost = outcome.lost(asked);
        self.replies += lost.replies_of_the_rest;
        self.cut_off += lost.cut_off;
        self.lost += lost.without_reply;
        self.resets += u64::from(outcome.ending == Ending::Reset);
    }
}

impl std::fmt::Display for Sum {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Sum {
            replies,
            cut_off,
            lost,
            resets,
            ..
        } = self;
        write!(out, "{replies:>10}{cut_off:>10}{lost:>8}{resets:>8}")
    }
}

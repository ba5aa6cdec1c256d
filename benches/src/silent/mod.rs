//! How long servers keep a peer that says nothing, or a byte now and then.
//!
//! All probes run at the same time, so the whole takes as long as the longest is kept, or
//! the cap.

mod probe;

use std::io;
use std::time::Duration;

use futures_util::future::join_all;

use crate::load::{self, dial};
use crate::platform::process;
use crate::servers::lariat::Serve;
use crate::servers::{Given, Running, daemons, nginx, scripts};
pub use probe::half_hello;
use probe::{Dialect, Manner, Probe, Stage};

/// What is measured.
pub struct Wanted {
    /// When a peer counts as kept for ever.
    pub cap: Duration,
    /// How often a dripping peer sends a byte.
    pub drip: Duration,
    /// Short deadlines for the peers.
    pub quick: bool,
    /// What is added to Lariat's endpoints, each `KEY=VALUE`.
    pub options: Vec<String>,
}

/// A server that is probed.
struct Column {
    name: &'static str,
    started: io::Result<Running>,
    tls: bool,
    dialect: Dialect,
}

const ROWS: [(&str, Stage, Manner); 7] = [
    ("silent from the start", Stage::Connected, Manner::Silent),
    ("drips from the start", Stage::Connected, Manner::Drips),
    ("silent in the handshake", Stage::HalfHello, Manner::Silent),
    ("drips in the handshake", Stage::HalfHello, Manner::Drips),
    ("silent after the handshake", Stage::Open, Manner::Silent),
    ("drips after the handshake", Stage::Open, Manner::Drips),
    ("silent after an answer", Stage::Answered, Manner::Silent),
];

/// Probes all servers, and prints when each gave each peer up.
pub fn measure(wanted: &Wanted) -> io::Result<()> {
    process::raise_open_files()?;
    let given = Given {
        hurried: wanted.quick,
        ..Given::default()
    };
    let columns = columns(given, wanted);
    let connector = dial::connector()?;
    let hello = probe::hello(&connector)?;
    let mut probes = Vec::new();
    for (row, (_, stage, manner)) in ROWS.iter().enumerate() {
        for (place, column) in columns.iter().enumerate() {
            let Ok(running) = &column.started else {
                continue;
            };
            if !stage.exists(column.tls, column.dialect) {
                continue;
            }
            let probe = Probe {
                server: running.address,
                connector: column.tls.then_some(&connector),
                hello: &hello,
                dialect: column.dialect,
                stage: *stage,
                manner: *manner,
                drip: wanted.drip,
                cap: wanted.cap,
            };
            probes.push(async move { (row, place, probe.run().await) });
        }
    }
    let (cap, drip) = (wanted.cap.as_secs(), wanted.drip.as_secs());
    println!(
        "seconds until a peer is given up; a drip is one byte every {drip} s, for at most {cap} s"
    );
    println!();
    let found = load::runtime()?.block_on(join_all(probes));
    print(&columns, &found, wanted);
    Ok(())
}

fn columns(given: Given, wanted: &Wanted) -> Vec<Column> {
    let serve = |scheme: &str, options: &[&str]| {
        let own = wanted.options.iter().map(String::as_str);
        let options: Vec<&str> = ["quiet_ms=0"]
            .iter()
            .chain(options)
            .copied()
            .chain(own)
            .collect();
        let endpoint = format!("{scheme}://127.0.0.1:0?{}", options.join("&"));
        Serve::start(given, &[&endpoint]).map(|serve| serve.running)
    };
    let column = |name, tls, dialect, started| Column {
        name,
        started,
        tls,
        dialect,
    };
    vec![
        column("lariat", false, Dialect::Lines, serve("tcp", &[])),
        column(
            "lariat TLS",
            true,
            Dialect::Lines,
            serve("tls", &["{identity}"]),
        ),
        column("nginx", false, Dialect::Http, nginx::plain(given)),
        column("nginx TLS", true, Dialect::Http, nginx::tls(given)),
        column("ngircd", false, Dialect::Other, daemons::ngircd(given)),
        column("sshd", false, Dialect::Other, daemons::sshd(given)),
        column("Twisted", false, Dialect::Lines, scripts::twisted(given)),
        column(
            "Twisted TLS",
            true,
            Dialect::Lines,
            scripts::twisted_tls(given),
        ),
        column(
            "socketserver",
            false,
            Dialect::Lines,
            scripts::threads(given),
        ),
    ]
}

fn print(
    columns: &[Column],
    found: &[(usize, usize, io::Result<Option<Duration>>)],
    wanted: &Wanted,
) {
    print!("{:<28}", "");
    for column in columns {
        print!("{:>13}", column.name);
    }
    println!();
    for (row, (name, ..)) in ROWS.iter().enumerate() {
        print!("{name:<28}");
        for place in 0..columns.len() {
            let cell = found.iter().find(|it| (it.0, it.1) == (row, place));
            let text = match cell.map(|it| &it.2) {
                None => "-".to_owned(),
                Some(Ok(Some(kept))) => format!("{:.1}", kept.as_secs_f64()),
                Some(Ok(None)) => format!("> {}", wanted.cap.as_secs()),
                Some(Err(error)) => format!("{:?}", error.kind()),
            };
            print!("{text:>13}");
        }
        println!();
    }
    for column in columns {
        if let Err(error) = &column.started {
            println!("{}: {error}", column.name);
        }
    }
}

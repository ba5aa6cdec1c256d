//! Ten thousand who sleep at once: how late each is, and what one costs.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::spawn_local;

use crate::load::latency::{Latency, Milliseconds};
use crate::load::{self, dial};
use crate::platform::process;
use crate::servers::{Given, Running, Server, lariat, scripts};

/// The calls begin within this time, and none ends before all have begun.
const BEGIN: Duration = Duration::from_secs(1);

/// How many calls are sent in one write, so that sending holds up nobody.
const PORTION: usize = 20;

const SERVERS: [Server; 2] = [
    Server {
        name: "lariat serve",
        start: lariat::sleep,
    },
    Server {
        name: "asyncio",
        start: scripts::sleep_asyncio,
    },
];

/// Measures so many sleepers, on one connection and on a tenth as many as there are sleepers.
pub fn measure(quick: bool, sleepers: usize) -> io::Result<()> {
    let (for_server, for_load) = process::two_processors()?;
    process::raise_open_files()?;
    process::stay_on(for_load)?;
    let sleepers = if quick { sleepers.min(1_000) } else { sleepers };
    println!("{sleepers} calls under way at once, of 2 to 4 s each; how late their answers are");
    println!();
    println!(
        "{:<16}{:>12}{:>10}{:>10}{:>10}{:>14}{:>14}",
        "", "connections", "p50 ms", "p99 ms", "max ms", "us each", "bytes each"
    );
    for connections in [1, sleepers.div_ceil(10)] {
        for server in SERVERS {
            let given = Given {
                processor: Some(for_server),
                ..Given::default()
            };
            let row =
                (server.start)(given).and_then(|running| row(&running, connections, sleepers));
            match row {
                Ok(row) => println!("{:<16}{connections:>12}{row}", server.name),
                Err(error) => println!("{:<16}{connections:>12}  {error}", server.name),
            }
        }
    }
    Ok(())
}

fn row(running: &Running, connections: usize, sleepers: usize) -> io::Result<String> {
    let runtime = load::runtime()?;
    let work = async {
        let mut open = Vec::new();
        for index in 0..connections {
            open.push(connect(running.address, index).await?);
        }
        let used = running.process.processor_time()?;
        let memory = running.process.private_memory()?;
        let (told, mut heard) = mpsc::unbounded_channel();
        let each = sleepers.div_ceil(connections);
        let begin = Instant::now();
        for (index, stream) in open.into_iter().enumerate() {
            spawn_local(sleep(stream, index, each, connections, begin, told.clone()));
        }
        drop(told);
        tokio::time::sleep_until((begin + BEGIN + BEGIN / 2).into()).await;
        let memory = running.process.private_memory()?.saturating_sub(memory);
        let mut late = Vec::new();
        while let Some(one) = heard.recv().await {
            late.push(one?);
        }
        let used = running.process.processor_time()? - used;
        io::Result::Ok((late, used, memory))
    };
    let (late, used, memory) = load::run(&runtime, work)?;
    let count = late.len();
    if count < sleepers {
        let words = format!("{count} of {sleepers} calls were answered");
        return Err(io::Error::other(words));
    }
    let latency = Latency::of(late);
    Ok(format!(
        "{:>10}{:>10}{:>10}{:>14.1}{:>14.0}",
        Milliseconds(latency.median),
        Milliseconds(latency.p99),
        Milliseconds(latency.most),
        used.as_secs_f64() * 1e6 / count as f64,
        memory as f64 / count as f64
    ))
}

/// A connection on which something has been slept already.
async fn connect(server: SocketAddr, index: usize) -> io::Result<BufReader<TcpStream>> {
    let mut stream = BufReader::new(dial::tcp(server, index).await?);
    stream.get_mut().write_all(call(0, 0.0).as_bytes()).await?;
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    Ok(stream)
}

fn call(id: usize, seconds: f64) -> String {
    format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"sleep\",\"params\":[{seconds}]}}\n")
}

/// Begins the calls of one connection, portion by portion, and tells how late each answer is.
async fn sleep(
    mut stream: BufReader<TcpStream>,
    index: usize,
    count: usize,
    connections: usize,
    begin: Instant,
    told: mpsc::UnboundedSender<io::Result<Duration>>,
) {
    let mut due = Vec::with_capacity(count);
    let asleep = async {
        for from in (0..count).step_by(PORTION) {
            // The portions of all connections follow each other evenly.
            let own = PORTION.min(count) as f64 * index as f64 / connections as f64;
            let part = (from as f64 + own) / count as f64;
            tokio::time::sleep_until((begin + BEGIN.mul_f64(part)).into()).await;
            let mut lines = String::new();
            for id in from..count.min(from + PORTION) {
                // Different for each, without chance: 2 s and a fraction of two more.
                let spread = (id * connections + index) * 7919 % (count * connections);
                let length = 2.0 + 2.0 * spread as f64 / (count * connections) as f64;
                lines += &call(id, length);
                due.push(Duration::from_secs_f64(length));
            }
            let sent = begin.elapsed();
            for due in &mut due[from..] {
                *due += sent;
            }
            stream.get_mut().write_all(lines.as_bytes()).await?;
        }
        let mut line = String::new();
        for _ in 0..count {
            line.clear();
            stream.read_line(&mut line).await?;
            let at = begin.elapsed();
            let answer: serde_json::Value = serde_json::from_str(&line)?;
            let id = answer["id"]
                .as_u64()
                .and_then(|id| usize::try_from(id).ok());
            let due = id.and_then(|id| due.get(id)).ok_or_else(|| {
                io::Error::other(format!("an answer to nothing: {}", line.trim()))
            })?;
            let late = at.checked_sub(*due);
            let late = late.ok_or_else(|| io::Error::other("an answer came too early"))?;
            // Nobody listens any more once something has gone wrong.
            let _ = told.send(Ok(late));
        }
        io::Result::Ok(())
    };
    if let Err(error) = asleep.await {
        let _ = told.send(Err(error));
    }
}

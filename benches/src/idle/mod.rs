//! What connections cost that do nothing: memory for each, and the processor at rest.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use futures_util::stream::{StreamExt, TryStreamExt};
use tokio::net::TcpStream;

use crate::load::exchange::ask;
use crate::load::{self, Carrier, Form, dial};
use crate::platform::process;
use crate::servers::{Given, Running, lariat};

/// How many are opened at the same time.
const OPENING: usize = 64;

/// Measures `wanted` connections, or as many as may be open, on each carrier.
pub fn measure(quick: bool, wanted: usize) -> io::Result<()> {
    let (for_server, for_load) = process::two_processors()?;
    let open_files = process::raise_open_files()?;
    process::stay_on(for_load)?;
    let wanted = if quick { wanted.min(2_000) } else { wanted };
    let count = wanted.min(
        usize::try_from(open_files)
            .unwrap_or(wanted)
            .saturating_sub(500),
    );
    let rest = Duration::from_secs(if quick { 2 } else { 10 });
    println!(
        "{count} connections from as many addresses as there are, each idle behind one exchange; at rest for {} s",
        rest.as_secs()
    );
    println!();
    println!(
        "{:<12}{:>12}{:>12}{:>24}",
        "", "bytes each", "still open", "processor at rest"
    );
    let given = Given {
        processor: Some(for_server),
        ..Given::default()
    };
    type Start = fn(Given) -> io::Result<Running>;
    let carriers: [(&str, Start, Carrier); 3] = [
        ("tcp", lariat::tcp, Carrier::Plain),
        ("tls", lariat::tls, Carrier::tls()?),
        ("ws", lariat::websocket, Carrier::WebSocket),
    ];
    for (name, start, carrier) in carriers {
        let row = start(given).and_then(|running| row(&running, &carrier, count, rest));
        match row {
            Ok(row) => println!("{name:<12}{row}"),
            Err(error) => println!("{name:<12}{error}"),
        }
    }
    Ok(())
}

fn row(running: &Running, carrier: &Carrier, count: usize, rest: Duration) -> io::Result<String> {
    let runtime = load::runtime()?;
    let open = |range: std::ops::Range<usize>| {
        let all = range.map(|index| open(running.address, carrier, index));
        let all = futures_util::stream::iter(all).buffer_unordered(OPENING);
        runtime.block_on(all.try_collect::<Vec<TcpStream>>())
    };
    // As many at once as later, so that what opening takes is there already.
    let first = open(0..OPENING)?;
    let before = running.process.private_memory()?;
    let idle = open(OPENING..OPENING + count)?;
    thread::sleep(Duration::from_millis(500));
    let after = running.process.private_memory()?;
    let used = running.process.processor_time()?;
    thread::sleep(rest);
    let used = running.process.processor_time()? - used;
    // Whatever has ended tells it when it is looked at.
    runtime.block_on(async { tokio::task::yield_now().await });
    let still = idle.iter().filter(|socket| is_open(socket)).count();
    drop(first);
    Ok(format!(
        "{:>12.0}{still:>12}{:>24}",
        after.saturating_sub(before) as f64 / count as f64,
        format!("{:.2} ms/s", used.as_secs_f64() * 1e3 / rest.as_secs_f64())
    ))
}

/// Opens a connection, exchanges a message, and keeps its socket, not what TLS knows of it.
async fn open(server: SocketAddr, carrier: &Carrier, index: usize) -> io::Result<TcpStream> {
    let mut socket = dial::tcp(server, index).await?;
    let (question, body) = match carrier {
        Carrier::WebSocket => Form::Frame.question(64, index),
        _ => Form::Line.question(64, index),
    };
    match carrier {
        Carrier::Plain => ask(&mut socket, &question, &body).await.map(drop)?,
        Carrier::WebSocket => {
            socket = dial::upgrade(socket).await?;
            ask(&mut socket, &question, &body).await.map(drop)?;
        }
        Carrier::Tls(connector) => {
            let mut stream = dial::handshake(connector, socket).await?;
            ask(&mut stream, &question, &body).await?;
            socket = stream.into_inner().0;
        }
    }
    Ok(socket)
}

fn is_open(socket: &TcpStream) -> bool {
    match socket.try_read(&mut [0]) {
        Err(error) => error.kind() == ErrorKind::WouldBlock,
        Ok(count) => count > 0,
    }
}

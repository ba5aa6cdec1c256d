//! The name server: look-ups on one processor, how evenly it probes, and registrations under
//! `kill -9`.

mod kills;
mod lookups;
mod probes;

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use lariat::names::{Incoming, NamesClient, Refused, Reply};

use crate::platform::child::{Given, Process};
use crate::servers::lariat::names;

/// How long an answer may take before the server counts as hung.
const PATIENCE: Duration = Duration::from_secs(20);

/// Measures all three.
///
/// # Errors
///
/// When the server cannot be started, or an acknowledged registration is lost.
pub fn measure(quick: bool, rounds: usize) -> io::Result<()> {
    lookups::measure(quick)?;
    println!();
    probes::measure(quick)?;
    println!();
    kills::measure(if quick { rounds.min(5) } else { rounds })
}

/// A name server with its state in this folder, and a connection to it.
struct Served {
    process: Process,
    address: SocketAddr,
}

impl Served {
    fn start(given: Given, state: &Path) -> io::Result<Served> {
        let (process, address) = names(given, state)?;
        Ok(Served { process, address })
    }

    fn connect(&self) -> io::Result<Asking> {
        let stream = TcpStream::connect(self.address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Asking {
            stream,
            client: NamesClient::default(),
            buffer: vec![0; 256 * 1024],
        })
    }
}

/// One connection that sends many requests at once.
struct Asking {
    stream: TcpStream,
    client: NamesClient,
    buffer: Vec<u8>,
}

impl Asking {
    fn send(&mut self, lines: &[u8]) -> io::Result<()> {
        self.stream.write_all(lines)
    }

    /// The next answer; none when the server is gone.
    fn answer(&mut self) -> io::Result<Option<Result<Reply, Refused>>> {
        loop {
            match self.client.next() {
                Some(Incoming::Answer(answer)) => return Ok(Some(answer)),
                Some(Incoming::Event(_)) => continue,
                None => {}
            }
            let count = match self.stream.read(&mut self.buffer) {
                Ok(0) => return Ok(None),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(None),
                Err(error) => return Err(error),
            };
            let received = self.client.data_received(&self.buffer[..count]);
            received.map_err(io::Error::other)?;
        }
    }
}

/// Sends lines, and takes so many answers, none of which may be a refusal.
fn exchange(asking: &mut Asking, lines: &str, count: usize) -> io::Result<()> {
    let mut connection = asking.stream.try_clone()?;
    // Written beside reading: neither side's buffer holds all of it.
    let text = lines.to_owned();
    let writing =
        std::thread::spawn(move || std::io::Write::write_all(&mut connection, text.as_bytes()));
    for _ in 0..count {
        let answer = asking
            .answer()?
            .ok_or_else(|| io::Error::other("the server has gone"))?;
        answer.map_err(io::Error::other)?;
    }
    writing
        .join()
        .map_err(|_| io::Error::other("writing panicked"))?
}

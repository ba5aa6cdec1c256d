//! Datagrams: from many sockets, one each on the way, and all answers awaited.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use super::dial;

/// How long an answer may take before it counts as lost.
const PATIENCE: Duration = Duration::from_millis(200);

/// Sockets that each have something to ask.
pub struct Datagrams {
    sockets: Vec<(UdpSocket, Vec<u8>)>,
    /// How many questions had no answer.
    pub lost: u64,
}

impl Datagrams {
    /// Opens them.
    pub fn open(server: SocketAddr, count: usize, size: usize) -> io::Result<Datagrams> {
        let open = |index: usize| {
            let socket = UdpSocket::bind((dial::source(index), 0))?;
            socket.connect(server)?;
            socket.set_read_timeout(Some(PATIENCE))?;
            let text = format!("socket {index} ");
            let question = text
                .bytes()
                .chain((b'a'..=b'z').cycle())
                .take(size)
                .collect();
            Ok((socket, question))
        };
        let sockets: io::Result<Vec<_>> = (0..count).map(open).collect();
        Ok(Datagrams {
            sockets: sockets?,
            lost: 0,
        })
    }

    /// Asks for so long. Returns how many were answered.
    pub fn run(&mut self, duration: Duration) -> io::Result<u64> {
        let end = Instant::now() + duration;
        let mut answer = [0; 2048];
        let mut answered = 0;
        while Instant::now() < end {
            for (socket, question) in &self.sockets {
                socket.send(question)?;
            }
            for (socket, question) in &self.sockets {
                match socket.recv(&mut answer) {
                    Ok(count) if answer[..count].ends_with(question) => answered += 1,
                    Ok(_) => return Err(io::Error::other("an answer has another message")),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => self.lost += 1,
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(answered)
    }
}

//! The load: connections that each send lines, wait for all their answers, and go on.
//!
//! A closed loop over epoll, by hand, so that it costs little and is nobody's engine. Each
//! answer is compared with what it must be, byte by byte.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use lariat::timestamp::Ctime;
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use socket2::{Domain, Protocol, Socket, Type};

/// The length of a line, its end included.
pub const LINE: usize = 64;

/// The length of `[`, the time and `] `.
const STAMP: usize = 1 + size_of::<Ctime>() + 2;

const ANSWER: usize = STAMP + LINE;

/// How long an answer may take before the measurement is given up.
const PATIENCE: u16 = 10_000;

/// How many connections come from one loopback address.
const PER_ADDRESS: usize = 2_500;

/// Connections to one server.
pub struct Load {
    epoll: Epoll,
    connections: Vec<Connection>,
    events: Vec<EpollEvent>,
    /// The time in the last answer, known to be well-formed.
    time: Ctime,
}

struct Connection {
    socket: TcpStream,
    /// The lines that are sent at once.
    lines: Vec<u8>,
    answers: Vec<u8>,
    /// How much of `answers` has come.
    filled: usize,
    round: u64,
}

impl Load {
    /// Opens `count` connections that send `depth` lines at once, and lets each exchange
    /// its lines once.
    ///
    /// # Errors
    ///
    /// When one cannot be opened, or is answered wrongly.
    pub fn open(server: SocketAddr, count: usize, depth: usize) -> io::Result<Load> {
        let mut load = Load {
            epoll: Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?,
            connections: Vec::with_capacity(count),
            events: vec![EpollEvent::empty(); 1024],
            time: [0; 24],
        };
        for index in 0..count {
            let mut connection = Connection::open(server, index, depth)?;
            connection.exchange(&mut load.time)?;
            connection.socket.set_nonblocking(true)?;
            let flags = EpollFlags::EPOLLIN | EpollFlags::EPOLLET;
            load.epoll
                .add(&connection.socket, EpollEvent::new(flags, index as u64))?;
            load.connections.push(connection);
        }
        Ok(load)
    }

    /// Keeps all connections busy for so long, and waits until each has its answers, so
    /// that the server is idle before and after. Returns how many lines were answered.
    ///
    /// # Errors
    ///
    /// When an answer is wrong or does not come, or a connection ends.
    pub fn run(&mut self, duration: Duration) -> io::Result<u64> {
        let end = Instant::now() + duration;
        for connection in &mut self.connections {
            connection.send()?;
        }
        let mut waiting = self.connections.len();
        let mut answered = 0;
        while waiting > 0 {
            let count = match self
                .epoll
                .wait(&mut self.events, EpollTimeout::from(PATIENCE))
            {
                Ok(0) => return Err(wrong("an answer did not come")),
                Ok(count) => count,
                Err(Errno::EINTR) => continue,
                Err(error) => return Err(error.into()),
            };
            let over = Instant::now() >= end;
            for event in &self.events[..count] {
                let connection = &mut self.connections[event.data() as usize];
                if !connection.receive()? {
                    continue;
                }
                answered += connection.check(&mut self.time)?;
                if over {
                    waiting -= 1;
                } else {
                    connection.send()?;
                }
            }
        }
        Ok(answered)
    }
}

impl Connection {
    fn open(server: SocketAddr, index: usize, depth: usize) -> io::Result<Connection> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
        // From several addresses, since one has not ports enough for everything that is
        // open or has been a minute ago.
        let host = 2 + u8::try_from(index / PER_ADDRESS).unwrap_or(u8::MAX - 2);
        let source = IpAddr::V4(Ipv4Addr::new(127, 0, 0, host));
        socket.bind(&SocketAddr::new(source, 0).into())?;
        socket.connect(&server.into())?;
        socket.set_tcp_nodelay(true)?;
        let lines = (0..depth).flat_map(|line| {
            let text = format!("connection {index:5} line {line:2} round {:0>16} ", "");
            let mut text = format!("{text:.<width$}", width = LINE - 1);
            text.truncate(LINE - 1);
            text.push('\n');
            text.into_bytes()
        });
        Ok(Connection {
            socket: socket.into(),
            lines: lines.collect(),
            answers: vec![0; depth * ANSWER],
            filled: 0,
            round: 0,
        })
    }

    /// Sends the lines, with a number that they have not had before.
    fn send(&mut self) -> io::Result<()> {
        /// Where the round stands in a line: behind `connection 12345 line 12 round `.
        const ROUND: usize = 31;
        self.round += 1;
        let mut round = [b'0'; 16];
        for (place, digit) in round.iter_mut().rev().zip(0..) {
            *place = b"0123456789abcdef"[(self.round >> (4 * digit) & 15) as usize];
        }
        for line in self.lines.chunks_exact_mut(LINE) {
            line[ROUND..ROUND + 16].copy_from_slice(&round);
        }
        self.filled = 0;
        // At most a kilobyte into an empty socket: it is taken whole.
        match self.socket.write(&self.lines) {
            Ok(count) if count == self.lines.len() => Ok(()),
            Ok(_) => Err(wrong("an empty socket did not take all lines")),
            Err(error) => Err(error),
        }
    }

    /// Takes what has come. Returns whether all answers are there.
    fn receive(&mut self) -> io::Result<bool> {
        match self.socket.read(&mut self.answers[self.filled..]) {
            Ok(0) => Err(wrong("the server closed a connection")),
            Ok(count) => {
                self.filled += count;
                Ok(self.filled == self.answers.len())
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Compares every answer with its line. Returns how many there are.
    fn check(&self, time: &mut Ctime) -> io::Result<u64> {
        let mut count = 0;
        for (answer, line) in self
            .answers
            .chunks_exact(ANSWER)
            .zip(self.lines.chunks_exact(LINE))
        {
            let (stamp, message) = answer.split_at(STAMP);
            if message != line {
                let message = String::from_utf8_lossy(message);
                return Err(wrong(&format!(
                    "an answer has another message: {message:?}"
                )));
            }
            if stamp[0] != b'[' || &stamp[STAMP - 2..] != b"] " {
                return Err(wrong("an answer has no time in front"));
            }
            let shown = &stamp[1..STAMP - 2];
            if shown != time {
                if !is_ctime(shown) {
                    let shown = String::from_utf8_lossy(shown);
                    return Err(wrong(&format!("this is no time: {shown:?}")));
                }
                time.copy_from_slice(shown);
            }
            count += 1;
        }
        Ok(count)
    }

    /// Sends the lines and waits for their answers, on a socket that blocks.
    fn exchange(&mut self, time: &mut Ctime) -> io::Result<()> {
        let patience = Duration::from_millis(PATIENCE.into());
        self.socket.set_read_timeout(Some(patience))?;
        self.send()?;
        while !self.receive()? {}
        self.check(time).map(drop)
    }
}

/// Whether this looks as C's `ctime` writes it.
fn is_ctime(text: &[u8]) -> bool {
    let form = b"Aaa Aaa 99 99:99:99 9999";
    text.len() == form.len()
        && text
            .iter()
            .zip(form)
            .enumerate()
            .all(|(place, (byte, kind))| match kind {
                b'A' => byte.is_ascii_uppercase(),
                b'a' => byte.is_ascii_lowercase(),
                b'9' => byte.is_ascii_digit() || (place == 8 && *byte == b' '),
                other => byte == other,
            })
}

fn wrong(what: &str) -> io::Error {
    io::Error::other(what.to_owned())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;
    use crate::platform::epoll_server;

    #[test]
    fn answers_are_counted() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        thread::spawn(move || epoll_server::serve(listener));
        let mut load = Load::open(address, 5, 16).expect("open");
        let answered = load.run(Duration::ZERO).expect("answers");
        assert_eq!(answered, 5 * 16);
    }

    #[test]
    fn a_wrong_answer_is_noticed() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let echo = thread::spawn(move || {
            let (mut socket, _) = listener.accept().expect("a connection");
            let mut line = [0; LINE];
            socket.read_exact(&mut line).expect("a line");
            line[40] ^= 1;
            let answer = [b"[Sat Jun 17 17:27:21 2006] ", &line[..]].concat();
            socket.write_all(&answer).expect("sent");
        });
        let error = Load::open(address, 1, 1)
            .map(drop)
            .expect_err("it is wrong");
        assert!(error.to_string().contains("another message"), "{error}");
        echo.join().expect("the server is done");
    }

    #[test]
    fn times_are_told_from_other_text() {
        assert!(is_ctime(b"Sat Jun 17 17:27:21 2006"));
        assert!(is_ctime(b"Wed Jun  7 17:27:21 2006"));
        assert!(!is_ctime(b"Sat Jun 17 17.27:21 2006"));
        assert!(!is_ctime(b"2006-06-17 17:27:21 +000"));
    }
}

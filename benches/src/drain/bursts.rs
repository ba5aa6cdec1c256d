//! A connection with two bursts of lines on the way, until it or the measurement ends.

use std::cell::Cell;
use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::load::{dial, each_in_a_task};

/// How many lines a burst has.
pub const LINES: usize = 16;

const LINE: usize = 64;

/// The length of `[`, the time and `] `.
const STAMP: usize = 27;

const REPLY: usize = STAMP + LINE;

/// How long before the signal a burst was sent that must have been read: a server under this
/// load reads within milliseconds.
const SURELY_READ: Duration = Duration::from_millis(200);

/// How long the server may be silent before the connection is given up.
const PATIENCE: Duration = Duration::from_secs(40);

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// We stopped, with everything answered.
    Ours,
    /// The server ended it in order.
    Closed,
    /// The server threw it away.
    Reset,
}

/// What a connection saw.
pub struct Outcome {
    /// When each whole burst was answered, and how long it took.
    pub answered: Vec<(Instant, Duration)>,
    pub ending: Ending,
    /// How many bytes of replies came behind the last whole burst.
    rest: usize,
    /// When the bursts were sent that are not wholly answered.
    on_the_way: VecDeque<Instant>,
}

/// What was lost on a connection.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Lost {
    /// Whole replies of a burst that was not answered to its end.
    pub replies_of_the_rest: u64,
    /// Replies that end in their middle.
    pub cut_off: u64,
    /// Lines that were read and have no reply.
    pub without_reply: u64,
}

impl Outcome {
    /// What was lost, when the server was asked to stop at `asked`.
    pub fn lost(&self, asked: Instant) -> Lost {
        let replies = self.rest / REPLY;
        let cut_off = u64::from(!self.rest.is_multiple_of(REPLY));
        let mut lost = Lost {
            replies_of_the_rest: replies as u64,
            cut_off,
            without_reply: 0,
        };
        for (place, sent) in self.on_the_way.iter().enumerate() {
            let begun = place == 0 && self.rest > 0;
            if begun {
                lost.without_reply += (LINES - replies) as u64 - cut_off;
            } else if *sent + SURELY_READ < asked {
                lost.without_reply += LINES as u64;
            }
        }
        lost
    }
}

/// As many connections, each until its server ends it or `over` is set.
///
/// # Errors
///
/// When one cannot be opened, or a reply is wrong.
pub async fn run_all(
    server: SocketAddr,
    count: usize,
    over: &Rc<Cell<bool>>,
) -> io::Result<Vec<Outcome>> {
    let all = (0..count).map(|index| run(server, index, Rc::clone(over)));
    each_in_a_task(all).await?.into_iter().collect()
}

/// Sends and reads until the server ends the connection, or until `over` is set.
async fn run(server: SocketAddr, index: usize, over: Rc<Cell<bool>>) -> io::Result<Outcome> {
    let mut socket = dial::tcp(server, index).await?;
    let mut outcome = Outcome {
        answered: Vec::new(),
        ending: Ending::Ours,
        rest: 0,
        on_the_way: VecDeque::new(),
    };
    let mut replies = [0; LINES * REPLY];
    let mut sent = 0;
    let mut writable = true;
    loop {
        while writable && outcome.on_the_way.len() < 2 && !over.get() {
            // A server that is closing does not read, and may still answer.
            writable = socket.write_all(&burst(index, sent)).await.is_ok();
            if writable {
                outcome.on_the_way.push_back(Instant::now());
                sent += 1;
            }
        }
        if outcome.on_the_way.is_empty() {
            outcome.ending = ending_of(writable, &mut socket).await;
            return Ok(outcome);
        }
        let read = timeout(PATIENCE, socket.read(&mut replies[outcome.rest..])).await;
        match read {
            Ok(Ok(0)) => outcome.ending = Ending::Closed,
            Ok(Ok(count)) => {
                outcome.rest += count;
                if outcome.rest < replies.len() {
                    continue;
                }
                outcome.rest = 0;
                check(&replies, &burst(index, sent - outcome.on_the_way.len()))?;
                if let Some(begin) = outcome.on_the_way.pop_front() {
                    outcome.answered.push((Instant::now(), begin.elapsed()));
                }
                continue;
            }
            Ok(Err(error)) if error.kind() == ErrorKind::ConnectionReset => {
                outcome.ending = Ending::Reset;
            }
            Ok(Err(error)) => return Err(error),
            Err(_) => return Err(io::Error::other("the server neither replied nor closed")),
        }
        return Ok(outcome);
    }
}

/// All is answered: either we are done, or nothing more could be written.
async fn ending_of(writable: bool, socket: &mut TcpStream) -> Ending {
    if writable {
        return Ending::Ours;
    }
    match socket.read(&mut [0]).await {
        Ok(_) => Ending::Closed,
        Err(_) => Ending::Reset,
    }
}

fn burst(index: usize, number: usize) -> Vec<u8> {
    let line = |line| {
        let text = format!("connection {index} burst {number} line {line} ");
        let mut text = format!("{text:.<width$}", width = LINE - 1);
        text.push('\n');
        text
    };
    (0..LINES).map(line).collect::<String>().into_bytes()
}

fn check(replies: &[u8], lines: &[u8]) -> io::Result<()> {
    let mut pairs = replies.chunks_exact(REPLY).zip(lines.chunks_exact(LINE));
    match pairs.all(|(reply, line)| reply.ends_with(line)) {
        true => Ok(()),
        false => Err(io::Error::other("a reply has another message")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(rest: usize, on_the_way: &[Instant]) -> Outcome {
        Outcome {
            answered: Vec::new(),
            ending: Ending::Closed,
            rest,
            on_the_way: on_the_way.iter().copied().collect(),
        }
    }

    #[test]
    fn a_burst_that_nobody_read_is_not_lost() {
        let now = Instant::now();
        assert_eq!(outcome(0, &[now, now]).lost(now), Lost::default());
    }

    #[test]
    fn a_burst_that_is_answered_in_part_was_read() {
        let now = Instant::now();
        let lost = outcome(3 * REPLY + 5, &[now, now]).lost(now);
        let expected = Lost {
            replies_of_the_rest: 3,
            cut_off: 1,
            without_reply: 12,
        };
        assert_eq!(lost, expected);
    }

    #[test]
    fn an_old_burst_was_read() {
        let now = Instant::now();
        let old = now.checked_sub(Duration::from_secs(1)).unwrap_or(now);
        assert_eq!(outcome(0, &[old, now]).lost(now).without_reply, 16);
    }
}

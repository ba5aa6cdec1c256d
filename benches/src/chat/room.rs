//! The people of one room: connections that hear, and some that speak.

use std::cell::{Cell, RefCell};
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::runtime::Runtime;
use tokio::sync::Notify;
use tokio::task::{LocalSet, spawn_local};

use crate::load::{self, dial};
use crate::peers::rounds::Work;

/// How long all may take to hear a line before the server counts as having lost it.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long coming in may take.
const ARRIVAL: Duration = Duration::from_secs(60);

/// Stands once in every line that is said, and in nothing else that comes.
const MARK: u8 = b'%';

/// What is said: as long as what people say.
const WORDS: &str = "% how is the weather where you are? here it rains since noon";

/// What the server speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speech {
    /// Lariat's plain lines.
    Lines,
    /// RFC 1459.
    Irc,
}

impl Speech {
    /// What somebody says to arrive, and what the answer to it has in it; in order.
    fn arriving(self, index: usize) -> Vec<(String, &'static str)> {
        match self {
            Speech::Lines => vec![(format!("user{index} room\r\n"), "[room] = you joined")],
            Speech::Irc => vec![
                (
                    format!("NICK user{index}\r\nUSER user 0 * :user\r\n"),
                    " 001 ",
                ),
                ("JOIN #room\r\n".into(), " 366 "),
            ],
        }
    }

    fn line(self) -> String {
        match self {
            Speech::Lines => format!("{WORDS}\r\n"),
            Speech::Irc => format!("PRIVMSG #room :{WORDS}\r\n"),
        }
    }
}

/// What all have heard together.
#[derive(Default)]
struct Heard {
    lines: Cell<u64>,
    awaited: Cell<u64>,
    /// Who is not connected any more, and why.
    gone: RefCell<Option<io::Error>>,
    bell: Notify,
}

/// A room, whose people have all arrived.
pub struct Room {
    runtime: Runtime,
    tasks: LocalSet,
    speakers: Vec<OwnedWriteHalf>,
    /// Whoever does not speak would leave if this were dropped.
    _others: Vec<OwnedWriteHalf>,
    heard: Rc<Heard>,
    line: String,
    /// How many hear each line: all but who says it.
    listeners: u64,
}

impl Room {
    /// Lets so many people come, all at once since some servers look at new ones once a second; some
    /// of them will speak.
    ///
    /// # Errors
    ///
    /// When the server does not let them.
    pub fn fill(
        server: SocketAddr,
        speech: Speech,
        people: usize,
        speakers: usize,
    ) -> io::Result<Room> {
        let runtime = load::runtime()?;
        let tasks = LocalSet::new();
        let heard = Rc::new(Heard::default());
        let came = tasks.block_on(&runtime, async {
            let all = (0..people).map(|index| {
                let heard = Rc::clone(&heard);
                async move {
                    let arriving = tokio::time::timeout(ARRIVAL, arrive(server, speech, index));
                    let came = arriving.await?;
                    let named = |error| io::Error::other(format!("user{index}: {error}"));
                    let (read, write) = came.map_err(named)?.into_split();
                    spawn_local(hear(read, heard));
                    io::Result::Ok(write)
                }
            });
            let came = load::each_in_a_task(all).await?;
            came.into_iter().collect::<io::Result<Vec<_>>>()
        });
        let mut speaking = came?;
        let others = speaking.split_off(speakers.min(people));
        Ok(Room {
            runtime,
            tasks,
            speakers: speaking,
            _others: others,
            heard,
            line: speech.line(),
            listeners: people.saturating_sub(1) as u64,
        })
    }
}

impl Work for Room {
    fn run(&mut self, duration: Duration) -> io::Result<u64> {
        let before = self.heard.lines.get();
        let begin = Instant::now();
        let (heard, speakers) = (Rc::clone(&self.heard), &mut self.speakers);
        let (line, listeners) = (self.line.as_bytes(), self.listeners);
        self.tasks.block_on(&self.runtime, async {
            while begin.elapsed() < duration {
                let all = listeners * speakers.len() as u64;
                heard.awaited.set(heard.awaited.get() + all);
                for speaker in speakers.iter_mut() {
                    speaker.write_all(line).await?;
                }
                heard.all().await?;
            }
            io::Result::Ok(())
        })?;
        Ok(self.heard.lines.get() - before)
    }
}

impl Heard {
    fn hear(&self, lines: usize) {
        self.lines.set(self.lines.get() + lines as u64);
        if self.lines.get() >= self.awaited.get() {
            self.bell.notify_one();
        }
    }

    /// Waits until all have heard all that was said.
    async fn all(&self) -> io::Result<()> {
        while self.lines.get() < self.awaited.get() {
            if let Some(error) = self.gone.take() {
                return Err(error);
            }
            let heard = tokio::time::timeout(PATIENCE, self.bell.notified()).await;
            heard.map_err(|_| {
                let missing = self.awaited.get() - self.lines.get();
                let words = format!("{missing} deliveries are missing after {PATIENCE:?}");
                io::Error::other(words)
            })?;
        }
        Ok(())
    }
}

/// Connects and enters the room.
async fn arrive(server: SocketAddr, speech: Speech, index: usize) -> io::Result<TcpStream> {
    let mut stream = dial::tcp(server, index).await?;
    let mut said = Vec::new();
    for (line, answer) in speech.arriving(index) {
        stream.write_all(line.as_bytes()).await?;
        said.clear();
        while !String::from_utf8_lossy(&said).contains(answer) {
            if stream.read_buf(&mut said).await? == 0 {
                let words = String::from_utf8_lossy(&said);
                let last = words.lines().last().unwrap_or("nothing");
                return Err(io::Error::other(format!("was put out: {last}")));
            }
        }
    }
    Ok(stream)
}

/// Counts what comes, until the connection ends.
async fn hear(mut read: OwnedReadHalf, heard: Rc<Heard>) {
    let mut buffer = [0; 4096];
    let why = loop {
        match read.read(&mut buffer).await {
            Ok(0) => break io::Error::other("the server closed a connection"),
            Ok(count) => heard.hear(memchr::memchr_iter(MARK, &buffer[..count]).count()),
            Err(error) => break error,
        }
    };
    heard.gone.replace(Some(why));
    heard.bell.notify_one();
}

//! What an async service's connection is at: told by its reads and writes, and by marks.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::task::Context;

use futures_util::task::AtomicWaker;
use lariat_protocol::Deadline;
use lariat_protocol::contract::Moved;

/// Marks where a peer's messages begin and end, for the deadlines of an async service.
///
/// Without marks, each read that brings something is a message of its own, so a peer that sends
/// a byte now and then is not idle. With them, a message that has begun must be whole within
/// [`Deadlines::message`](lariat_protocol::Deadlines::message), whatever is read meanwhile.
///
/// ```
/// use lariat_net::Connection;
/// use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
///
/// async fn shout(connection: Connection) -> std::io::Result<()> {
///     let progress = connection.progress();
///     let mut stream = BufReader::new(connection);
///     let mut line = String::new();
///     loop {
///         // The first byte begins a message, the line's end ends it.
///         if stream.fill_buf().await?.is_empty() {
///             return Ok(());
///         }
///         progress.message_begun();
///         stream.read_line(&mut line).await?;
///         progress.message_done();
///         stream.write_all(line.to_uppercase().as_bytes()).await?;
///         line.clear();
///     }
/// }
/// # let reactor = lariat_net::Reactor::builder().threads(1).build()?;
/// # reactor.listen("tcp://localhost:0", shout)?;
/// # Ok::<(), lariat_net::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Progress(pub(crate) Arc<Activity>);

impl Progress {
    /// A message of the peer's has begun.
    pub fn message_begun(&self) {
        self.0.in_message.store(true, Ordering::Relaxed);
    }

    /// The message is whole.
    pub fn message_done(&self) {
        self.0.in_message.store(false, Ordering::Relaxed);
        self.0.messages.fetch_add(1, Ordering::Relaxed);
    }
}

/// No deadline has passed.
const NONE: u8 = u8::MAX;

/// The connection was cut off.
const CUT: u8 = NONE - 1;

/// What the tasks that use a connection and the one that keeps its time share.
#[derive(Debug)]
pub(crate) struct Activity {
    received: AtomicU64,
    sent: AtomicU64,
    messages: AtomicU32,
    marked: AtomicBool,
    in_message: AtomicBool,
    /// The carrier has the begin of a message, which is given when it is whole.
    in_carrier: AtomicBool,
    /// Somebody waits for the peer to send.
    reading: AtomicBool,
    /// Somebody waits for the peer to read.
    writing: AtomicBool,
    /// The deadline that has passed, by its place in `Deadline::ALL`.
    passed: AtomicU8,
    reader: AtomicWaker,
    writer: AtomicWaker,
    /// Who keeps the connection's time, and whether it looks by itself after what is going on.
    keeper: AtomicWaker,
    looking: AtomicBool,
}

impl Default for Activity {
    fn default() -> Self {
        Activity {
            received: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            messages: AtomicU32::new(0),
            marked: AtomicBool::new(false),
            in_message: AtomicBool::new(false),
            in_carrier: AtomicBool::new(false),
            reading: AtomicBool::new(false),
            writing: AtomicBool::new(false),
            passed: AtomicU8::new(NONE),
            reader: AtomicWaker::new(),
            writer: AtomicWaker::new(),
            keeper: AtomicWaker::new(),
            looking: AtomicBool::new(false),
        }
    }
}

/// What has moved in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) received: u64,
    pub(crate) sent: u64,
    pub(crate) messages: u32,
}

impl Activity {
    /// A read is about to be tried.
    pub(crate) fn begin_read(&self, context: &Context<'_>) -> io::Result<()> {
        self.reader.register(context.waker());
        self.check()
    }

    /// A read brought so many bytes, or nothing yet. So many arrived, and may be the begin of
    /// a message that is given when it is whole.
    pub(crate) fn end_read(&self, brought: Option<usize>, arrived: u64, in_carrier: bool) {
        let waits = brought.is_none();
        let waited = self.reading.swap(waits, Ordering::Relaxed);
        self.in_carrier.store(in_carrier, Ordering::Relaxed);
        self.received.fetch_add(arrived, Ordering::Relaxed);
        let whole = brought.is_some_and(|count| count > 0);
        if whole && !self.marked.load(Ordering::Relaxed) {
            self.messages.fetch_add(1, Ordering::Relaxed);
        }
        if waits != waited {
            self.tell_keeper();
        }
    }

    /// A write is about to be tried.
    pub(crate) fn begin_write(&self, context: &Context<'_>) -> io::Result<()> {
        self.writer.register(context.waker());
        self.check()
    }

    /// So many bytes were taken, or none yet.
    pub(crate) fn end_write(&self, taken: Option<usize>) {
        let waits = taken.is_none();
        let waited = self.writing.swap(waits, Ordering::Relaxed);
        if let Some(count) = taken {
            self.sent.fetch_add(count as u64, Ordering::Relaxed);
        }
        if waits != waited {
            self.tell_keeper();
        }
    }

    /// Who is to be told when another task than its own uses the connection.
    pub(crate) fn kept_by(&self, context: &Context<'_>) {
        self.keeper.register(context.waker());
    }

    /// Does what may use the connection, and is looked after when it is done.
    pub(crate) fn looked_after<T>(&self, work: impl FnOnce() -> T) -> T {
        self.looking.store(true, Ordering::Relaxed);
        let done = work();
        self.looking.store(false, Ordering::Relaxed);
        done
    }

    fn tell_keeper(&self) {
        if !self.looking.load(Ordering::Relaxed) {
            self.keeper.wake();
        }
    }

    fn check(&self) -> io::Result<()> {
        match self.passed.load(Ordering::Acquire) {
            NONE => Ok(()),
            CUT => Err(io::ErrorKind::ConnectionAborted.into()),
            place => {
                let deadline = Deadline::ALL[usize::from(place)];
                Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    deadline.to_string(),
                ))
            }
        }
    }

    /// From now on reading and writing fail, also for those who wait for either.
    pub(crate) fn expire(&self, deadline: Deadline) {
        let place = Deadline::ALL.iter().position(|other| *other == deadline);
        let place = place.and_then(|place| u8::try_from(place).ok());
        self.stop(place.unwrap_or(0));
    }

    /// The same, since the server has ended the connection.
    pub(crate) fn cut(&self) {
        self.stop(CUT);
    }

    fn stop(&self, why: u8) {
        self.passed.store(why, Ordering::Release);
        self.reader.wake();
        self.writer.wake();
    }

    /// From now on messages are what is marked, and no longer what a read brings.
    pub(crate) fn expect_marks(&self) {
        self.marked.store(true, Ordering::Relaxed);
    }

    pub(crate) fn totals(&self) -> Totals {
        Totals {
            received: self.received.load(Ordering::Relaxed),
            sent: self.sent.load(Ordering::Relaxed),
            messages: self.messages.load(Ordering::Relaxed),
        }
    }

    /// What has moved since it was so much, and how it stands.
    pub(crate) fn since(&self, before: Totals) -> Moved {
        let now = self.totals();
        let less = |now: u64, before: u64| usize::try_from(now - before).unwrap_or(usize::MAX);
        let reading = self.reading.load(Ordering::Relaxed);
        let writing = self.writing.load(Ordering::Relaxed);
        Moved {
            received: less(now.received, before.received),
            sent: less(now.sent, before.sent),
            completed: now.messages != before.messages,
            in_message: reading
                && (self.in_message.load(Ordering::Relaxed)
                    || self.in_carrier.load(Ordering::Relaxed)),
            unsent: writing,
            // Who waits for nothing from the peer is at work.
            working: !reading && !writing,
        }
    }
}

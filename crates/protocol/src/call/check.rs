//! What holds of any line and of any bytes that a peer sends, as functions of them.
//!
//! The tests and fuzz targets call them; nothing else has a use for them.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use crate::call::{Allowance, Context, Id, Limits, Malformed, Message, Methods, Peer, Tasks};
use crate::contract::{Protocol, Transport};

crate::remote! {
    /// What the peers of tests can be asked for.
    pub trait Asked, client AskedClient {
        /// The sum, at once, unless it is too large.
        async fn add(one: u64, other: u64) -> Result<u64, String>;
        /// What was said, at once.
        async fn echo(what: String) -> Result<String, String>;
        /// Never comes back.
        async fn wait() -> Result<(), String>;
        /// Breaks down.
        async fn panic() -> Result<(), String>;
    }
}

/// What does what [`Asked`] says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Answering;

impl Asked for Answering {
    async fn add(&self, _: Context, one: u64, other: u64) -> Result<u64, String> {
        one.checked_add(other).ok_or_else(|| "too large".into())
    }

    async fn echo(&self, _: Context, what: String) -> Result<String, String> {
        Ok(what)
    }

    async fn wait(&self, _: Context) -> Result<(), String> {
        std::future::pending().await
    }

    async fn panic(&self, _: Context) -> Result<(), String> {
        // As a panic does it, without the words of the panic hook.
        std::panic::resume_unwind(Box::new("a method that breaks down"))
    }
}

/// Runs nothing any further: what is not done at once is never done.
#[derive(Clone, Copy, Debug, Default)]
pub struct Never;

impl Tasks for Never {
    type Task = ();

    fn spawn(&self, _: impl Future<Output = ()> + Send + 'static) {}

    fn sleep(&self, _: Duration) -> impl Future<Output = ()> + Send + 'static {
        std::future::pending()
    }
}

/// A side that can be asked, with limits that are soon reached.
pub fn answering() -> impl Protocol {
    let methods: Arc<dyn Methods> = Arc::new(AskedClient::methods(Answering));
    let limits = Limits {
        message: 1024,
        calls: 8,
        ..Limits::default()
    };
    Peer::new(methods, Never, Arc::new(Allowance::new(limits))).framed()
}

/// Checks both of any bytes.
///
/// # Panics
///
/// When something is wrong, which is what fuzzing looks for.
pub fn any(input: &[u8]) {
    for line in input.split(|byte| *byte == b'\n') {
        message(line);
    }
    conversation(input);
}

/// Checks that a line is read or refused in words that can be read, and that what is read can be
/// written.
///
/// # Panics
///
/// When something is wrong, which is what fuzzing looks for.
pub fn message(line: &[u8]) {
    match Message::read(line) {
        Ok(Message::Call(call)) => {
            let written = Message::write_call(1, &call.method, call.params, call.timeout);
            let Ok(Message::Call(again)) = Message::read(&written) else {
                panic!("what was read is written: {call:?}");
            };
            assert_eq!(again.method, call.method);
            assert_eq!(again.timeout, call.timeout);
            // A null and nothing are the same.
            let text = |call: &super::Call<'_>| call.params.map(|raw| raw.get().to_owned());
            assert_eq!(text(&again), text(&call));
        }
        Ok(Message::Answer { id, outcome }) => answer(id.as_ref(), &outcome),
        Err(Malformed::Call { id, error }) => {
            assert!(!error.message.is_empty() && error.message.len() < 400);
            answer(id.as_ref(), &Err(error));
        }
        Ok(Message::Cancel(_) | Message::Nothing) | Err(Malformed::Answer(_)) => {}
    }
}

fn answer(id: Option<&Id>, outcome: &super::Outcome) {
    let written = Message::write_answer(id, outcome);
    let read = Message::read(&written);
    let Ok(Message::Answer {
        id: again,
        outcome: read,
    }) = read
    else {
        panic!("what is answered can be read: {read:?}");
    };
    assert_eq!(again.as_ref(), id);
    assert_eq!(read.is_ok(), outcome.is_ok());
}

/// Checks that whatever a peer sends, each line is answered at most once, by lines that are
/// answers; but for calls that are ended together at the end.
///
/// # Panics
///
/// When something is wrong, which is what fuzzing looks for.
pub fn conversation(input: &[u8]) {
    let mut transport = Transport::unconnected();
    let mut peer = answering();
    peer.connection_made(&mut transport);
    let mut answers = 0;
    for piece in input.chunks(700) {
        if transport.is_closing() {
            break;
        }
        peer.data_received(&mut transport, piece);
        let written = transport.take_written();
        for line in written.split_inclusive(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\n").expect("whole lines are written");
            assert!(matches!(Message::read(line), Ok(Message::Answer { .. })));
            answers += 1;
        }
    }
    let lines = input.iter().filter(|byte| **byte == b'\n').count() + 1;
    assert!(answers <= lines, "{answers} answers to {lines} lines");
}

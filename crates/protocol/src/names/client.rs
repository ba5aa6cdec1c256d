//! The client's side: lines to answers and events.

use std::collections::VecDeque;

use crate::contract::Error;
use crate::framing::{Framing, Lines};
use crate::names::{
    Entry, Event, FieldError, FirstLine, Head, LogRow, MAXIMUM_LINE, MAXIMUM_PAGE, Refused,
};

/// The most lines of one answer: a page rounded up to whole names.
const MAXIMUM_LINES: usize = 2 * MAXIMUM_PAGE;

/// What came from a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// The answer to the oldest request that has none.
    Answer(Result<Reply, Refused>),
    /// A change, to a connection that watches.
    Event(Event),
}

/// An answer that is no refusal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// What its first line says.
    pub head: Head,
    /// The lines behind it.
    pub lines: Vec<String>,
}

impl Reply {
    /// The lines as entries, which those of `find` and `list` are.
    ///
    /// # Errors
    ///
    /// The first line that is none.
    pub fn entries(&self) -> Result<Vec<Entry>, FieldError> {
        self.lines.iter().map(|line| line.parse()).collect()
    }

    /// The lines as rows of the log, which those of `log` are.
    ///
    /// # Errors
    ///
    /// The first line that is none.
    pub fn rows(&self) -> Result<Vec<LogRow>, FieldError> {
        self.lines.iter().map(|line| line.parse()).collect()
    }
}

/// Reads what a server sends, cut anywhere.
///
/// Answers come in the order of the requests, so whoever sends several at once keeps a queue of
/// who waits; events come between answers and never within one.
///
/// ```
/// use lariat_protocol::names::{Incoming, NamesClient};
///
/// let mut client = NamesClient::default();
/// client.data_received(b"ok 1\nprint tcp://print:9100 ttl=60 sta")?;
/// assert_eq!(client.next(), None);
/// client.data_received(b"te=up weight=100\nerror unknown nobody offers scan\n")?;
/// let Some(Incoming::Answer(Ok(reply))) = client.next() else {
///     panic!("no answer");
/// };
/// assert_eq!(reply.entries().expect("entries")[0].place.as_str(), "tcp://print:9100");
/// assert!(matches!(client.next(), Some(Incoming::Answer(Err(_)))));
/// # Ok::<(), lariat_protocol::Error>(())
/// ```
#[derive(Debug)]
pub struct NamesClient {
    lines: Lines,
    /// The beginning of a line.
    held: Vec<u8>,
    /// An answer of which lines are missing.
    unfinished: Option<Reply>,
    whole: VecDeque<Incoming>,
}

impl Default for NamesClient {
    fn default() -> Self {
        NamesClient {
            lines: Lines::new(MAXIMUM_LINE),
            held: Vec::new(),
            unfinished: None,
            whole: VecDeque::new(),
        }
    }
}

impl NamesClient {
    /// Takes bytes that came.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] or [`Error::Limit`] when they are not what a name server sends; there
    /// is nothing to go on with then.
    pub fn data_received(&mut self, data: &[u8]) -> Result<(), Error> {
        let mut input = std::mem::take(&mut self.held);
        input.extend_from_slice(data);
        let mut rest = &input[..];
        loop {
            let (line, used) = self.lines.decode(rest)?;
            let Some(line) = line else {
                break;
            };
            let text = std::str::from_utf8(line.content())
                .map_err(|_| Error::invalid("the name server sent bytes that are no text"))?;
            self.line(text)?;
            rest = &rest[used..];
        }
        self.held = rest.to_vec();
        Ok(())
    }

    /// The next answer or event that is whole.
    #[allow(
        clippy::should_implement_trait,
        reason = "more may follow behind a None"
    )]
    pub fn next(&mut self) -> Option<Incoming> {
        self.whole.pop_front()
    }

    fn line(&mut self, text: &str) -> Result<(), Error> {
        if let Some(mut reply) = self.unfinished.take() {
            reply.lines.push(text.to_owned());
            self.keep(reply);
            return Ok(());
        }
        let first = text.parse::<FirstLine>();
        let first = first.map_err(|error| {
            Error::invalid(format!("this is not what a name server says ({error})"))
        })?;
        match first {
            FirstLine::Ok(head) if head.lines > MAXIMUM_LINES => {
                let lines = head.lines;
                return Err(Error::limit(format!(
                    "the answer has {lines} lines; at most {MAXIMUM_LINES} are read"
                )));
            }
            FirstLine::Ok(head) => self.keep(Reply {
                head,
                lines: Vec::new(),
            }),
            FirstLine::Refused(refused) => self.whole.push_back(Incoming::Answer(Err(refused))),
            FirstLine::Event(event) => self.whole.push_back(Incoming::Event(event)),
        }
        Ok(())
    }

    /// Keeps an answer where it belongs: whole, or not yet.
    fn keep(&mut self, reply: Reply) {
        match reply.lines.len() < reply.head.lines {
            true => self.unfinished = Some(reply),
            false => self.whole.push_back(Incoming::Answer(Ok(reply))),
        }
    }
}

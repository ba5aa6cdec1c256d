//! A talk of two over a connection, whichever side made it.

use lariat_net::Connection;
use lariat_protocol::Address;
use lariat_protocol::talk::{Heard, MAXIMUM_LINE, Talk, TalkError};

use crate::asking;
use crate::line_stream::LineStream;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no talk, or no more of it.
    #[error(transparent)]
    Talk(#[from] TalkError),
    /// The connection broke.
    #[error(transparent)]
    Connection(#[from] asking::Error),
}

/// A talk with somebody.
///
/// ```no_run
/// use lariat_client::talk::Conversation;
/// use lariat_protocol::talk::{Heard, Mode, Side, Talk};
///
/// # async fn f() -> Result<(), Box<dyn std::error::Error>> {
/// let endpoint = "tcp://localhost:21580".parse()?;
/// let connection = lariat_net::connect(&endpoint).await?;
/// let mut talk = Conversation::begin(connection, Talk::new(Mode::Full, Side::Caller, None));
/// talk.say("hello")?;
/// while let Some(heard) = talk.next().await? {
///     if let Heard::Said(text) = heard {
///         println!("{text}");
///     }
/// }
/// # Ok(()) }
/// ```
pub struct Conversation {
    lines: LineStream,
    talk: Talk,
}

impl Conversation {
    /// Begins to talk. What is said is sent while [`next`](Self::next) waits.
    pub fn begin(connection: Connection, talk: Talk) -> Self {
        let mut lines = LineStream::new(connection, MAXIMUM_LINE);
        lines.send(&talk.hello());
        Conversation { lines, talk }
    }

    /// The other end.
    pub fn peer(&self) -> &Address {
        self.lines.peer()
    }

    /// How the two talk, and whose turn it is.
    pub fn talk(&self) -> &Talk {
        &self.talk
    }

    /// Whether so little waits to be sent that more may be said.
    pub fn has_room(&self) -> bool {
        self.lines.has_room()
    }

    /// Says something.
    ///
    /// # Errors
    ///
    /// [`TalkError::NotYet`] and [`TalkError::NoLine`].
    pub fn say(&mut self, text: &str) -> Result<(), TalkError> {
        let line = self.talk.say(text)?;
        self.lines.send(&line);
        Ok(())
    }

    /// What comes next; nothing when the other side has gone. Meanwhile sends what waits. May be
    /// dropped and called again without losing anything.
    ///
    /// # Errors
    ///
    /// When there is no talk with the other side, or the connection breaks.
    pub async fn next(&mut self) -> Result<Option<Heard>, Error> {
        let Some(line) = self.lines.next().await? else {
            return Ok(None);
        };
        let heard = self.talk.heard(&line)?;
        // Who speaks out of turn and does not read what he is told of it is told no more.
        if let Heard::OutOfTurn(told) = &heard
            && self.lines.has_room()
        {
            self.lines.send(told);
        }
        Ok(Some(heard))
    }

    /// Sends what waits, and says that nothing more comes. What the other side still says can be
    /// heard.
    ///
    /// # Errors
    ///
    /// When the connection breaks before.
    pub async fn end(&mut self) -> Result<(), Error> {
        Ok(self.lines.end().await?)
    }
}

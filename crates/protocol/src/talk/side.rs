//! One side of a talk: whose turn it is, and what a line means.

use std::fmt;

use crate::chat::Name;

/// When each may speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// In turn, a line each.
    Half,
    /// Whenever they like.
    Full,
}

impl fmt::Display for Mode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Mode::Half => "half",
            Mode::Full => "full",
        })
    }
}

/// Who began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The side that connected, which has the first turn.
    Caller,
    /// The side that was connected to.
    Called,
}

/// What a line means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// The other side is there and talks in the same way; by this name, if it has one.
    Hello(Option<Name>),
    /// The other person said this.
    Said(String),
    /// The program at the other end said this.
    Told(String),
    /// The other person spoke out of turn. It was not heard, and this line tells it so.
    OutOfTurn(&'static str),
}

/// Why there is no talk, or no more of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TalkError {
    /// The other side talks in the other way.
    #[error(
        "the other side talks {theirs}-duplex, and this one {ours}-duplex; start both with --{theirs}, or both with --{ours}"
    )]
    Mode {
        /// How this side talks.
        ours: Mode,
        /// How the other does.
        theirs: Mode,
    },
    /// The other side does not want to talk.
    #[error("{0}")]
    Refused(String),
    /// The other side has a version of this that is not known here.
    #[error("the other side says {0:?}, and talk/1 is what is known here")]
    Version(String),
    /// It is not this side's turn.
    #[error("it is the other side's turn")]
    NotYet,
    /// What is to be said has a line end or another control character in it, or is too long.
    #[error(
        "only a line of text of at most {} bytes can be said, without control characters",
        super::MAXIMUM_LINE
    )]
    NoLine,
}

/// What who speaks out of turn is told.
const OUT_OF_TURN: &str = "! it is not your turn; that line was not heard";

/// One side of a talk.
///
/// ```
/// use lariat_protocol::talk::{Heard, Mode, Side, Talk};
///
/// let mut ann = Talk::new(Mode::Half, Side::Caller, Some("ann".parse().expect("a name")));
/// let mut bob = Talk::new(Mode::Half, Side::Called, None);
/// assert!(matches!(bob.heard(&ann.hello()), Ok(Heard::Hello(Some(_)))));
/// assert_eq!(ann.heard(&bob.hello()), Ok(Heard::Hello(None)));
/// assert!(ann.may_speak() && !bob.may_speak());
/// let line = ann.say("hello").expect("her turn");
/// assert_eq!(bob.heard(&line), Ok(Heard::Said("hello".into())));
/// assert!(!ann.may_speak() && bob.may_speak());
/// ```
#[derive(Clone, Debug)]
pub struct Talk {
    mode: Mode,
    name: Option<Name>,
    /// Whether the other side's first line has come.
    is_met: bool,
    /// Whether it is this side's turn, in half-duplex.
    is_ours: bool,
}

impl Talk {
    /// A side, and what its person is called.
    pub fn new(mode: Mode, side: Side, name: Option<Name>) -> Self {
        Talk {
            mode,
            name,
            is_met: false,
            is_ours: side == Side::Caller,
        }
    }

    /// How it talks.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The line to begin with, without its end.
    pub fn hello(&self) -> String {
        match &self.name {
            None => format!("talk/1 {}", self.mode),
            Some(name) => format!("talk/1 {} {name}", self.mode),
        }
    }

    /// Whether this side may say something now.
    pub fn may_speak(&self) -> bool {
        self.mode == Mode::Full || self.is_ours
    }

    /// The line that says this, without its end. In half-duplex, the turn is the other's then.
    ///
    /// # Errors
    ///
    /// [`TalkError::NotYet`] and [`TalkError::NoLine`].
    pub fn say(&mut self, text: &str) -> Result<String, TalkError> {
        if !self.may_speak() {
            return Err(TalkError::NotYet);
        }
        let controls = text.chars().any(|one| one.is_control() && one != '\t');
        if controls || text.len() >= super::MAXIMUM_LINE {
            return Err(TalkError::NoLine);
        }
        self.is_ours = false;
        Ok(match text.starts_with('!') {
            true => format!("!{text}"),
            false => text.to_owned(),
        })
    }

    /// Takes a line of the other side's, without its end.
    ///
    /// # Errors
    ///
    /// Why there is no talk.
    pub fn heard(&mut self, line: &str) -> Result<Heard, TalkError> {
        if !self.is_met {
            self.is_met = true;
            if let Some(why) = line.strip_prefix("! ") {
                return Err(TalkError::Refused(why.to_owned()));
            }
            if let Some(hello) = line.strip_prefix("talk/") {
                return self.met(line, hello);
            }
        }
        if let Some(told) = line.strip_prefix("! ") {
            return Ok(Heard::Told(told.to_owned()));
        }
        if self.mode == Mode::Half && std::mem::replace(&mut self.is_ours, true) {
            return Ok(Heard::OutOfTurn(OUT_OF_TURN));
        }
        let said = match line.starts_with("!!") {
            true => &line[1..],
            false => line,
        };
        Ok(Heard::Said(said.to_owned()))
    }

    fn met(&self, line: &str, hello: &str) -> Result<Heard, TalkError> {
        let mut words = hello.split(' ');
        let theirs = match (words.next(), words.next()) {
            (Some("1"), Some("half")) => Mode::Half,
            (Some("1"), Some("full")) => Mode::Full,
            _ => return Err(TalkError::Version(line.chars().take(40).collect())),
        };
        if theirs != self.mode {
            return Err(TalkError::Mode {
                ours: self.mode,
                theirs,
            });
        }
        Ok(Heard::Hello(
            words.next().and_then(|name| name.parse().ok()),
        ))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn pair(mode: Mode) -> (Talk, Talk) {
        let name = |text: &str| Some(text.parse().unwrap());
        let mut ann = Talk::new(mode, Side::Caller, name("ann"));
        let mut bob = Talk::new(mode, Side::Called, name("bob"));
        assert_eq!(ann.heard(&bob.hello()), Ok(Heard::Hello(name("bob"))));
        assert_eq!(bob.heard(&ann.hello()), Ok(Heard::Hello(name("ann"))));
        (ann, bob)
    }

    #[test]
    fn half_duplex_goes_in_turn_and_the_caller_begins() {
        let (mut ann, mut bob) = pair(Mode::Half);
        assert_eq!(bob.say("me first"), Err(TalkError::NotYet));
        for _ in 0..3 {
            let line = ann.say("over").unwrap();
            assert_eq!(ann.say("and more"), Err(TalkError::NotYet));
            assert_eq!(bob.heard(&line), Ok(Heard::Said("over".into())));
            let line = bob.say("back").unwrap();
            assert_eq!(ann.heard(&line), Ok(Heard::Said("back".into())));
        }
        // Who speaks out of turn is told so, and not heard.
        assert!(
            matches!(ann.heard("me too"), Ok(Heard::OutOfTurn(words)) if words.contains("not your turn"))
        );
        assert!(ann.may_speak());
        // A program's words are nobody's turn.
        assert_eq!(bob.heard("! hm"), Ok(Heard::Told("hm".into())));
        assert!(!bob.may_speak());
    }

    #[test]
    fn full_duplex_goes_as_it_likes() {
        let (mut ann, mut bob) = pair(Mode::Full);
        for text in ["one", "! two", "!!", "talk/1 half", "", "\tthree"] {
            let line = ann.say(text).unwrap();
            assert_eq!(bob.heard(&line), Ok(Heard::Said(text.into())));
            assert!(bob.may_speak() && ann.may_speak());
        }
        for wrong in ["two\nlines", "a\x1b[2J"] {
            assert_eq!(ann.say(wrong), Err(TalkError::NoLine));
        }
        assert_eq!(ann.say(&"x".repeat(4096)), Err(TalkError::NoLine));
    }

    #[test]
    fn who_talks_otherwise_is_told_how() {
        let mut ann = Talk::new(Mode::Half, Side::Caller, None);
        let said = ann
            .clone()
            .heard("talk/1 full bob")
            .unwrap_err()
            .to_string();
        assert!(
            said.contains("talks full-duplex, and this one half-duplex; start both"),
            "{said}"
        );
        let said = ann.clone().heard("talk/2 half").unwrap_err().to_string();
        assert!(said.contains("talk/2 half"), "{said}");
        let busy = ann
            .clone()
            .heard(super::super::BUSY)
            .unwrap_err()
            .to_string();
        assert!(busy.starts_with("busy: "), "{busy}");
        // And nc just talks.
        ann.say("hello").unwrap();
        assert_eq!(ann.heard("hi"), Ok(Heard::Said("hi".into())));
    }
}

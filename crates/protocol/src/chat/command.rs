//! What a person types: a line that is said, or one that begins with `/`.

use std::fmt;

use crate::chat::{MAXIMUM_LINE, Name, NameError};
use crate::endpoint::nearest;

/// What a person wants.
///
/// ```
/// use lariat_protocol::chat::Command;
///
/// assert_eq!(Command::parse(b"hello"), Ok(Some(Command::Say("hello".into()))));
/// assert_eq!(Command::parse(b"/me waves"), Ok(Some(Command::Act("waves".into()))));
/// assert_eq!(Command::parse(b"//me"), Ok(Some(Command::Say("/me".into()))));
/// assert_eq!(Command::parse(b""), Ok(None));
/// assert!(Command::parse(b"/jion lobby").unwrap_err().to_string().contains("/join"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command {
    /// `TEXT`: to the current room. A `/` in front is written twice.
    Say(String),
    /// `/say ROOM TEXT`: to a room.
    SayIn {
        /// Which.
        room: Name,
        /// What.
        text: String,
    },
    /// `/me TEXT`: what one does, in the current room.
    Act(String),
    /// `/msg NAME TEXT`: to one person.
    Message {
        /// Whom.
        to: Name,
        /// What.
        text: String,
    },
    /// `/nick NAME`: be called so.
    Nick(Name),
    /// `/join ROOM`: enter a room, or go back to it; what is said goes there from now on.
    Join(Name),
    /// `/leave [ROOM]`: leave a room, the current one if none is named.
    Leave(Option<Name>),
    /// `/rooms`: which rooms there are.
    Rooms,
    /// `/who [ROOM]`: who is in a room, the current one if none is named.
    Who(Option<Name>),
    /// `/help`: what can be typed.
    Help,
    /// `/quit [TEXT]`: leave.
    Quit(Option<String>),
}

/// What is wrong with a line, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// It has bytes that are no text.
    #[error("that line is not UTF-8 text, so it was not taken")]
    NotText,
    /// It is longer than a line may be.
    #[error("that line has {length} bytes, and at most {MAXIMUM_LINE} are taken")]
    TooLong {
        /// How many it has.
        length: usize,
    },
    /// It has a character that could steer a terminal.
    #[error("that line has the control character {} in it, so it was not taken", .0.escape_default())]
    Control(char),
    /// There is no such command.
    #[error(
        "there is no /{word}{hint}; /help lists what there is, and // says a line that begins with /"
    )]
    Unknown {
        /// What was typed.
        word: String,
        /// What may have been meant.
        hint: String,
    },
    /// Something is missing behind the command.
    #[error("write {0}")]
    Missing(&'static str),
    /// There is something behind the command that is not for it.
    #[error("nothing stands behind /{0}")]
    TooMuch(&'static str),
    /// Something in the place of a name is none.
    #[error("{0}")]
    Name(#[from] NameError),
}

/// The commands and how each is written, in the order in which help shows them.
const COMMANDS: [(&str, &str, &str); 10] = [
    (
        "join",
        "/join ROOM",
        "enter a room, or go back to it; what you type goes there",
    ),
    ("leave", "/leave [ROOM]", "leave a room"),
    ("rooms", "/rooms", "which rooms there are"),
    ("who", "/who [ROOM]", "who is in a room"),
    (
        "say",
        "/say ROOM TEXT",
        "say something in another of your rooms",
    ),
    ("msg", "/msg NAME TEXT", "say something to one person"),
    ("me", "/me TEXT", "tell what you do: /me waves"),
    ("nick", "/nick NAME", "change your name"),
    ("help", "/help", "this"),
    ("quit", "/quit [TEXT]", "leave, with a last word"),
];

impl Command {
    /// The commands' words, without the `/`.
    pub fn words() -> impl Iterator<Item = &'static str> {
        COMMANDS.iter().map(|(word, _, _)| *word)
    }

    /// What can be typed, a line each.
    pub fn help() -> impl Iterator<Item = String> {
        COMMANDS
            .iter()
            .map(|(_, form, what)| format!("{form:<16} {what}"))
    }

    /// Reads a line, without its end; nothing of a blank one.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(line: &[u8]) -> Result<Option<Self>, CommandError> {
        let line = checked(line)?;
        if line.trim().is_empty() {
            return Ok(None);
        }
        let Some(rest) = line.strip_prefix('/') else {
            return Ok(Some(Command::Say(line.to_owned())));
        };
        if rest.starts_with('/') {
            return Ok(Some(Command::Say(rest.to_owned())));
        }
        let (word, rest) = split(rest);
        command(&word.to_lowercase(), rest).map(Some)
    }
}

/// The line as text that can be shown.
fn checked(line: &[u8]) -> Result<&str, CommandError> {
    if line.len() > MAXIMUM_LINE {
        return Err(CommandError::TooLong { length: line.len() });
    }
    let line = std::str::from_utf8(line).map_err(|_| CommandError::NotText)?;
    // Those that end lines in some programs would let one write lines that look like the server's.
    let steers =
        |one: &char| one.is_control() && *one != '\t' || matches!(one, '\u{2028}' | '\u{2029}');
    line.chars()
        .find(steers)
        .map_or(Ok(line), |one| Err(CommandError::Control(one)))
}

fn command(word: &str, rest: &str) -> Result<Command, CommandError> {
    let known = COMMANDS.iter().find(|(known, _, _)| *known == word);
    let (word, form, _) = *known.ok_or_else(|| unknown(word))?;
    let text = |text: &str| match text {
        "" => Err(CommandError::Missing(form)),
        text => Ok(text.to_owned()),
    };
    let optional = |rest: &str| (!rest.is_empty()).then(|| rest.to_owned());
    let nothing = |command: Command| match rest {
        "" => Ok(command),
        _ => Err(CommandError::TooMuch(word)),
    };
    let one = |rest: &str| match rest {
        "" => Err(CommandError::Missing(form)),
        rest => Ok(room_or_name(rest)?),
    };
    let maybe_one = |rest: &str| match rest {
        "" => Ok(None),
        rest => room_or_name(rest).map(Some).map_err(CommandError::Name),
    };
    Ok(match word {
        "join" => Command::Join(one(rest)?),
        "leave" => Command::Leave(maybe_one(rest)?),
        "rooms" => nothing(Command::Rooms)?,
        "who" => Command::Who(maybe_one(rest)?),
        "say" => {
            let (room, said) = split(rest);
            Command::SayIn {
                room: one(room)?,
                text: text(said)?,
            }
        }
        "msg" => {
            let (to, said) = split(rest);
            Command::Message {
                to: one(to)?,
                text: text(said)?,
            }
        }
        "me" => Command::Act(text(rest)?),
        "nick" => Command::Nick(one(rest)?),
        "help" => nothing(Command::Help)?,
        _ => Command::Quit(optional(rest)),
    })
}

fn unknown(word: &str) -> CommandError {
    let words: Vec<&str> = Command::words().collect();
    let hint =
        nearest(word, &words).map_or(String::new(), |near| format!(" (did you mean /{near}?)"));
    CommandError::Unknown {
        word: word.to_owned(),
        hint,
    }
}

/// Those who know IRC write rooms with `#`.
fn room_or_name(text: &str) -> Result<Name, NameError> {
    text.strip_prefix('#').unwrap_or(text).parse()
}

/// The first word, and what stands behind it.
fn split(text: &str) -> (&str, &str) {
    let text = text.trim_end();
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (word, rest.trim_start())
}

impl fmt::Display for Command {
    /// As a line, without its end.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Command::Say(text) if text.starts_with('/') => write!(out, "/{text}"),
            Command::Say(text) => out.write_str(text),
            Command::SayIn { room, text } => write!(out, "/say {room} {text}"),
            Command::Act(text) => write!(out, "/me {text}"),
            Command::Message { to, text } => write!(out, "/msg {to} {text}"),
            Command::Nick(name) => write!(out, "/nick {name}"),
            Command::Join(room) => write!(out, "/join {room}"),
            Command::Leave(None) => out.write_str("/leave"),
            Command::Leave(Some(room)) => write!(out, "/leave {room}"),
            Command::Rooms => out.write_str("/rooms"),
            Command::Who(None) => out.write_str("/who"),
            Command::Who(Some(room)) => write!(out, "/who {room}"),
            Command::Help => out.write_str("/help"),
            Command::Quit(None) => out.write_str("/quit"),
            Command::Quit(Some(text)) => write!(out, "/quit {text}"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_command_is_written_as_it_is_read() {
        for line in [
            "hello  there ",
            "//me",
            "/say lobby hi  you",
            "/me waves",
            "/msg ann /x",
            "/nick ann",
            "/join lobby",
            "/leave",
            "/leave lobby",
            "/rooms",
            "/who",
            "/who lobby",
            "/help",
            "/quit",
            "/quit so long",
        ] {
            let command = Command::parse(line.as_bytes()).unwrap().unwrap();
            assert_eq!(command.to_string(), line);
        }
        let room = |text: &str| Command::Join(text.parse().unwrap());
        assert_eq!(Command::parse(b"/JOIN  #Lobby "), Ok(Some(room("lobby"))));
        assert_eq!(Command::parse(b" \t"), Ok(None));
    }

    #[test]
    fn what_is_wrong_is_said_with_what_would_be_right() {
        let said = |line: &[u8]| Command::parse(line).unwrap_err().to_string();
        for (line, words) in [
            (&b"/"[..], "there is no /"),
            (b"/wh", "did you mean /who?"),
            (b"/frobnicate", "/help lists what there is"),
            (b"/join", "write /join ROOM"),
            (b"/join a b", "a space is not for names"),
            (b"/msg ann", "write /msg NAME TEXT"),
            (b"/msg", "write /msg NAME TEXT"),
            (b"/me ", "write /me TEXT"),
            (b"/rooms x", "nothing stands behind /rooms"),
            (b"\xff\xfd\x01", "not UTF-8"),
            (b"a\x1b[2J", "the control character \\u{1b}"),
            ("a\u{2028}".as_bytes(), "the control character \\u{2028}"),
            (&[b'x'; 1025], "has 1025 bytes, and at most 1024"),
        ] {
            assert!(said(line).contains(words), "{}", said(line));
        }
        assert!(Command::parse(&[b'x'; 1024]).is_ok());
    }
}

//! What a server says: one line each, which people read and programs tell apart.

use std::fmt;

use crate::chat::{Moment, Name};

/// A line of the server's.
///
/// Its first character tells its kind; what concerns a room has that in brackets in front. As a
/// line it is written by `Display`, without a line end:
///
/// ```
/// use lariat_protocol::chat::Event;
///
/// let event = Event::read("[lobby] <ann> hello");
/// assert!(matches!(&event, Event::Said { room, from, text, .. }
///     if room.as_str() == "lobby" && from.as_str() == "ann" && text == "hello"));
/// assert_eq!(event.to_string(), "[lobby] <ann> hello");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// `* TEXT`: something for a person to know.
    Told(String),
    /// `! TEXT`: what was asked for is not done, and why.
    Refused(String),
    /// `? TEXT`: the next line is to be a name.
    Asked(String),
    /// `= you are NAME`.
    Named(Name),
    /// `. TEXT`: the last line, and why.
    Goodbye(String),
    /// `# ROOM PEOPLE`: a room that is there, and how many are in it.
    Room {
        /// Which.
        room: Name,
        /// How many.
        people: usize,
    },
    /// `[to you] <NAME> TEXT`: to this person alone.
    Private {
        /// Who said it.
        from: Name,
        /// What.
        text: String,
    },
    /// `[ROOM] = you joined; PEOPLE are here`: this person with them.
    Entered {
        /// Where.
        room: Name,
        /// How many.
        people: usize,
    },
    /// `[ROOM] = you left`.
    Exited {
        /// Where.
        room: Name,
    },
    /// `[ROOM] : NAME NAME…`: some of who is there; more may be in the next line.
    Names {
        /// Where.
        room: Name,
        /// Who.
        names: Vec<Name>,
    },
    /// `[ROOM] <NAME> TEXT`, or `[ROOM TIME] <NAME> TEXT` of what was said before one came.
    Said {
        /// Where.
        room: Name,
        /// When, if not now.
        at: Option<Moment>,
        /// Who.
        from: Name,
        /// What.
        text: String,
    },
    /// `[ROOM] * NAME TEXT`: what somebody does, as `ann waves`.
    Did {
        /// Where.
        room: Name,
        /// When, if not now.
        at: Option<Moment>,
        /// Who.
        from: Name,
        /// What.
        text: String,
    },
    /// `[ROOM] + NAME joined`.
    Joined {
        /// Where.
        room: Name,
        /// Who.
        name: Name,
    },
    /// `[ROOM] - NAME left`, or `[ROOM] - NAME left: WHY`.
    Left {
        /// Where.
        room: Name,
        /// Who.
        name: Name,
        /// Why, if anything is known of it.
        why: Option<String>,
    },
    /// `[ROOM] = NAME is now NAME`.
    Renamed {
        /// Where.
        room: Name,
        /// Who it was.
        from: Name,
        /// Who it is.
        to: Name,
    },
    /// Any other line, as a server of another version may say.
    Other(String),
}

impl Event {
    /// Reads a line, without its end.
    pub fn read(line: &str) -> Self {
        read(line).unwrap_or_else(|| Event::Other(line.to_owned()))
    }

    /// The room that it is about, if it is about one.
    pub fn room(&self) -> Option<&Name> {
        match self {
            Event::Room { room, .. }
            | Event::Entered { room, .. }
            | Event::Exited { room }
            | Event::Names { room, .. }
            | Event::Said { room, .. }
            | Event::Did { room, .. }
            | Event::Joined { room, .. }
            | Event::Left { room, .. }
            | Event::Renamed { room, .. } => Some(room),
            _ => None,
        }
    }

    /// The same with the time at which it was said, where that can be shown.
    pub fn with_time(mut self, moment: Moment) -> Self {
        if let Event::Said { at, .. } | Event::Did { at, .. } = &mut self {
            *at = Some(moment);
        }
        self
    }
}

/// Reads a line of one of the known kinds.
fn read(line: &str) -> Option<Event> {
    if let Some(rest) = line.strip_prefix('[') {
        let (head, rest) = rest.split_once("] ")?;
        return match head {
            "to you" => {
                let (from, text) = speech(rest.strip_prefix('<')?)?;
                Some(Event::Private { from, text })
            }
            _ => in_room(head, rest),
        };
    }
    let (kind, text) = line.split_at_checked(2)?;
    let owned = || text.to_owned();
    match kind {
        "* " => Some(Event::Told(owned())),
        "! " => Some(Event::Refused(owned())),
        "? " => Some(Event::Asked(owned())),
        ". " => Some(Event::Goodbye(owned())),
        "= " => name(text.strip_prefix("you are ")?).map(Event::Named),
        "# " => {
            let (room, people) = text.split_once(' ')?;
            Some(Event::Room {
                room: name(room)?,
                people: number(people)?,
            })
        }
        _ => None,
    }
}

fn in_room(head: &str, rest: &str) -> Option<Event> {
    let (room, at) = match head.split_once(' ') {
        None => (name(head)?, None),
        Some((room, at)) => (name(room)?, Some(at.parse().ok()?)),
    };
    let said = |action: bool, (from, text): (Name, String)| match action {
        false => Event::Said {
            room: room.clone(),
            at,
            from,
            text,
        },
        true => Event::Did {
            room: room.clone(),
            at,
            from,
            text,
        },
    };
    if let Some(rest) = rest.strip_prefix('<') {
        return Some(said(false, speech(rest)?));
    }
    let (kind, rest) = rest.split_at_checked(2)?;
    if kind == "* " {
        let (from, text) = rest.split_once(' ')?;
        return Some(said(true, (name(from)?, text.to_owned())));
    }
    if at.is_some() {
        return None;
    }
    match kind {
        "+ " => Some(Event::Joined {
            name: name(rest.strip_suffix(" joined")?)?,
            room,
        }),
        "- " => {
            let (who, rest) = rest.split_once(" left")?;
            let why = match rest {
                "" => None,
                rest => Some(rest.strip_prefix(": ")?.to_owned()),
            };
            Some(Event::Left {
                room,
                name: name(who)?,
                why,
            })
        }
        ": " => {
            let names = rest.split(' ').map(name).collect::<Option<Vec<_>>>()?;
            Some(Event::Names { room, names })
        }
        "= " => own(room, rest),
        _ => None,
    }
}

/// What happens to this person, or to a name.
fn own(room: Name, rest: &str) -> Option<Event> {
    if rest == "you left" {
        return Some(Event::Exited { room });
    }
    if let Some(rest) = rest.strip_prefix("you joined; ") {
        let people = number(rest.strip_suffix(" are here")?)?;
        return Some(Event::Entered { room, people });
    }
    let (from, to) = rest.split_once(" is now ")?;
    Some(Event::Renamed {
        room,
        from: name(from)?,
        to: name(to)?,
    })
}

/// `NAME> TEXT`.
fn speech(rest: &str) -> Option<(Name, String)> {
    let (from, text) = rest.split_once("> ")?;
    Some((name(from)?, text.to_owned()))
}

/// A name as it is written, and in no other way: a line that is read is written alike.
fn name(text: &str) -> Option<Name> {
    text.parse()
        .ok()
        .filter(|name: &Name| name.as_str() == text)
}

fn number(text: &str) -> Option<usize> {
    text.parse()
        .ok()
        .filter(|number: &usize| number.to_string() == text)
}

/// A room's name as it stands in front of a line.
struct Head<'a>(&'a Name, Option<Moment>);

impl fmt::Display for Head<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.1 {
            None => write!(out, "[{}]", self.0),
            Some(at) => write!(out, "[{} {at}]", self.0),
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Event::Told(text) => write!(out, "* {text}"),
            Event::Refused(text) => write!(out, "! {text}"),
            Event::Asked(text) => write!(out, "? {text}"),
            Event::Named(name) => write!(out, "= you are {name}"),
            Event::Goodbye(text) => write!(out, ". {text}"),
            Event::Room { room, people } => write!(out, "# {room} {people}"),
            Event::Private { from, text } => write!(out, "[to you] <{from}> {text}"),
            Event::Entered { room, people } => {
                write!(out, "[{room}] = you joined; {people} are here")
            }
            Event::Exited { room } => write!(out, "[{room}] = you left"),
            Event::Names { room, names } => {
                write!(out, "[{room}] :")?;
                names.iter().try_for_each(|name| write!(out, " {name}"))
            }
            Event::Said {
                room,
                at,
                from,
                text,
            } => {
                write!(out, "{} <{from}> {text}", Head(room, *at))
            }
            Event::Did {
                room,
                at,
                from,
                text,
            } => {
                write!(out, "{} * {from} {text}", Head(room, *at))
            }
            Event::Joined { room, name } => write!(out, "[{room}] + {name} joined"),
            Event::Left {
                room,
                name,
                why: None,
            } => write!(out, "[{room}] - {name} left"),
            Event::Left {
                room,
                name,
                why: Some(why),
            } => {
                write!(out, "[{room}] - {name} left: {why}")
            }
            Event::Renamed { room, from, to } => write!(out, "[{room}] = {from} is now {to}"),
            Event::Other(line) => out.write_str(line),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn each_kind_is_told_from_the_others() {
        for line in [
            "* hello",
            "! no",
            "? name",
            "= you are ann",
            ". bye",
            "# lobby 12",
            "[to you] <ann> psst",
            "[lobby] = you joined; 3 are here",
            "[lobby] = you left",
            "[lobby] : ann bob",
            "[lobby] <ann> [x] <y> z",
            "[lobby] * ann waves",
            "[lobby 2006-06-17T17:27:21Z] <ann> hi",
            "[lobby 2006-06-17T17:27:21Z] * ann waves",
            "[lobby] + ann joined",
            "[lobby] - ann left",
            "[lobby] - ann left: gone: home",
            "[lobby] = ann is now you",
            "[to] <you> x",
        ] {
            let event = Event::read(line);
            assert!(!matches!(event, Event::Other(_)), "{line}");
            assert_eq!(event.to_string(), line);
        }
    }

    #[test]
    fn any_other_line_is_kept_as_it_is() {
        for line in [
            "",
            "*",
            "hello",
            "[lobby]",
            "[lobby] ",
            "[a b] <c> d",
            "[lobby] <> x",
            "[lobby] <ann>",
            "= you are",
            "= you are -",
            "# lobby",
            "# lobby -1",
            "# lobby 012",
            "[lobby] :",
            "[lobby 2006-06-17T17:27:21Z] + ann joined",
            "[lobby] - ann left:",
            "é",
            "[lobby] é",
            "[lobby] <a b> c",
            "[to you] ann",
        ] {
            assert_eq!(Event::read(line), Event::Other(line.to_owned()));
        }
    }

    #[test]
    fn what_was_said_before_has_its_time() {
        let event = Event::read("[lobby] <ann> hi").with_time(Moment(0));
        assert_eq!(event.to_string(), "[lobby 1970-01-01T00:00:00Z] <ann> hi");
        let event = Event::read("[lobby] + ann joined");
        assert_eq!(event.clone().with_time(Moment(0)), event);
    }
}

//! What a server says: answers to requests, and events between them.

use std::fmt;
use std::str::FromStr;

use crate::names::registration::{parse_tags, write_about};
use crate::names::words::{Word, split, write_pair};
use crate::names::{
    Change, Description, ErrorCode, FieldError, LogKind, Name, Place, State, Tag, Token, Ttl,
    Weight, number,
};

/// A service as it is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is called.
    pub name: Name,
    /// Where it is.
    pub place: Place,
    /// How many seconds the answer may be kept: what is left of its time to live.
    pub ttl: u32,
    /// Whether it answers.
    pub state: State,
    /// How much of what is asked for goes there.
    pub weight: Weight,
    /// What it is found by beside its name.
    pub tags: Vec<Tag>,
    /// What it is, for people.
    pub description: Description,
}

/// A change, as watchers are told: `event CHANGE ENTRY`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub change: Change,
    /// The entry behind it; if it is gone, as it was last.
    pub entry: Entry,
}

/// A row of the log: `ROW time=… what=… who=… [name=…] [about=…] [count=…]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRow {
    /// Its number; later rows have higher ones.
    pub row: u64,
    /// When: seconds since 1970, by the server's clock.
    pub time: u64,
    /// What happened.
    pub what: LogKind,
    /// By whom: an address without its port, or a word.
    pub who: String,
    /// The name that it is about, if it is about one.
    pub name: Option<Name>,
    /// The place that it is about, or the request as it was asked.
    pub about: String,
    /// How often, since many look-ups are one row.
    pub count: u64,
}

/// A request that was refused: `error CODE SENTENCE`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{sentence}")]
pub struct Refused {
    /// Why, for programs.
    pub code: ErrorCode,
    /// Why, for people: one line.
    pub sentence: String,
}

impl Refused {
    /// A refusal in these words.
    pub fn new(code: ErrorCode, sentence: impl Into<String>) -> Self {
        Refused {
            code,
            sentence: sentence.into(),
        }
    }

    /// The line, with its end.
    pub fn line(&self) -> String {
        // What a sentence quotes of others' text must not become a line of its own.
        let sentence = self.sentence.replace(char::is_control, " ");
        format!("error {} {sentence}\n", self.code)
    }
}

impl From<FieldError> for Refused {
    fn from(error: FieldError) -> Self {
        Refused::new(ErrorCode::Invalid, error.to_string())
    }
}

/// The first line of an answer that is no refusal: `ok COUNT …`, with so many lines behind it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// How many lines follow.
    pub lines: usize,
    /// The name's token, behind a registration.
    pub token: Option<Token>,
    /// The seconds to the next renewal at the latest, behind a registration or a renewal.
    pub ttl: Option<Ttl>,
    /// Where the next page begins: the last name, or the last row, that came.
    pub more: Option<String>,
}

impl Head {
    /// One before so many lines.
    pub fn of(lines: usize) -> Self {
        Head {
            lines,
            ..Head::default()
        }
    }

    /// Writes the line with its end.
    pub fn write(&self, out: &mut String) {
        out.push_str("ok ");
        out.push_str(&self.lines.to_string());
        if let Some(token) = &self.token {
            write_pair(out, "token", token.as_str().as_bytes());
        }
        if let Some(ttl) = self.ttl {
            write_pair(out, "ttl", ttl.seconds().to_string().as_bytes());
        }
        if let Some(more) = &self.more {
            write_pair(out, "more", more.as_bytes());
        }
        out.push('\n');
    }

    fn parse(words: &[Word<'_>]) -> Result<Self, FieldError> {
        let (count, words) = words
            .split_first()
            .ok_or_else(|| FieldError::new("ok", "the number of lines is missing"))?;
        let lines = number(&count.text()?).and_then(|lines| usize::try_from(lines).ok());
        let mut head = Head::of(lines.ok_or_else(|| FieldError::new("ok", "it has no number"))?);
        for word in words {
            let text = word.text()?;
            match word.key {
                Some("token") => head.token = Some(text.parse()?),
                Some("ttl") => head.ttl = Some(text.parse()?),
                Some("more") => head.more = Some(text.into_owned()),
                // Later servers may say more.
                _ => {}
            }
        }
        Ok(head)
    }
}

/// The first line of an answer, or an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FirstLine {
    /// An answer, of which more lines may follow.
    Ok(Head),
    /// A refusal.
    Refused(Refused),
    /// No answer to anything.
    Event(Event),
}

impl FromStr for FirstLine {
    type Err = FieldError;

    fn from_str(line: &str) -> Result<Self, FieldError> {
        let (kind, rest) = line.split_once(' ').unwrap_or((line, ""));
        match kind {
            "ok" => Head::parse(&split(rest)?).map(FirstLine::Ok),
            "error" => {
                let (code, sentence) = rest.split_once(' ').unwrap_or((rest, ""));
                Ok(FirstLine::Refused(Refused::new(code.parse()?, sentence)))
            }
            "event" => {
                let (change, entry) = rest.split_once(' ').unwrap_or((rest, ""));
                let (change, entry) = (change.parse()?, entry.parse()?);
                Ok(FirstLine::Event(Event { change, entry }))
            }
            _ => Err(FieldError::new(
                "answer",
                "it begins with none of ok, error and event",
            )),
        }
    }
}

impl Entry {
    /// Writes what does not change from one look-up to the next, with a space before it.
    pub fn write_rest(out: &mut String, about: (&Description, &[Tag], Weight)) {
        let (description, tags, weight) = about;
        write_about(out, description, tags, weight);
    }
}

impl fmt::Display for Entry {
    /// The line without its end: `NAME ENDPOINT ttl=… state=… weight=… [tags=…]
    /// [description=…]`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = String::new();
        Entry::write_rest(&mut rest, (&self.description, &self.tags, self.weight));
        let (name, place) = (&self.name, &self.place);
        write!(
            out,
            "{name} {place} ttl={} state={}{rest}",
            self.ttl, self.state
        )
    }
}

impl FromStr for Entry {
    type Err = FieldError;

    fn from_str(line: &str) -> Result<Self, FieldError> {
        let words = split(line)?;
        let [name, place, words @ ..] = &words[..] else {
            return Err(FieldError::new("entry", "it has no name and endpoint"));
        };
        let mut entry = Entry {
            name: name.text()?.parse()?,
            place: place.text()?.parse()?,
            ttl: 0,
            state: State::Unprobed,
            weight: Weight::default(),
            tags: Vec::new(),
            description: Description::default(),
        };
        for word in words {
            let text = word.text()?;
            match word.key {
                Some("ttl") => {
                    let ttl = number(&text).and_then(|ttl| u32::try_from(ttl).ok());
                    entry.ttl = ttl.ok_or_else(|| FieldError::new("ttl", "it is no number"))?;
                }
                Some("state") => entry.state = text.parse()?,
                Some("weight") => entry.weight = text.parse()?,
                Some("tags") => entry.tags = parse_tags(&text)?,
                Some("description") => entry.description = text.parse()?,
                // Later servers may say more.
                _ => {}
            }
        }
        Ok(entry)
    }
}

impl fmt::Display for Event {
    /// The line without its end.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "event {} {}", self.change, self.entry)
    }
}

impl fmt::Display for LogRow {
    /// The line without its end.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = self.row.to_string();
        write_pair(&mut line, "time", self.time.to_string().as_bytes());
        write_pair(&mut line, "what", self.what.word().as_bytes());
        write_pair(&mut line, "who", self.who.as_bytes());
        if let Some(name) = &self.name {
            write_pair(&mut line, "name", name.as_str().as_bytes());
        }
        write_pair(&mut line, "about", self.about.as_bytes());
        write_pair(&mut line, "count", self.count.to_string().as_bytes());
        out.write_str(&line)
    }
}

impl FromStr for LogRow {
    type Err = FieldError;

    fn from_str(line: &str) -> Result<Self, FieldError> {
        let wrong = || FieldError::new("row", "it is no row of a log");
        let words = split(line)?;
        let (first, words) = words.split_first().ok_or_else(wrong)?;
        let mut row = LogRow {
            row: number(&first.text()?).ok_or_else(wrong)?,
            time: 0,
            what: LogKind::Asked,
            who: String::new(),
            name: None,
            about: String::new(),
            count: 1,
        };
        for word in words {
            let text = word.text()?;
            match word.key {
                Some("time") => row.time = number(&text).ok_or_else(wrong)?,
                Some("what") => row.what = text.parse()?,
                Some("who") => row.who = text.into_owned(),
                Some("name") => row.name = Some(text.parse()?),
                Some("about") => row.about = text.into_owned(),
                Some("count") => row.count = number(&text).ok_or_else(wrong)?,
                _ => {}
            }
        }
        Ok(row)
    }
}

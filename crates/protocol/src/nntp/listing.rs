//! Lines of lists: groups, what they are about, and values of header fields.

use crate::contract::Error;
use crate::nntp::text::shown;
use crate::nntp::{GroupName, MessageId, Reply, decode, parsing};

/// A group in a list (`LIST ACTIVE`, `NEWGROUPS`): `misc.test 3002322 3000234 y`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActiveGroup {
    /// Its name.
    pub name: GroupName,
    /// The highest number of an article.
    pub last: u64,
    /// The lowest one.
    pub first: u64,
    /// Whether one may post there: `y`, `n`, `m` (a moderator looks first), `=NAME` (elsewhere), and others.
    pub status: String,
}

/// What a group is about (`LIST NEWSGROUPS`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// Its name.
    pub name: GroupName,
    /// In words.
    pub text: String,
}

/// The value of one header field of one article (`HDR`, `XHDR`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Valued {
    /// The article's number, 0 if it was asked for by its name.
    pub number: u64,
    /// The value as it stands in the article, unfolded: RFC 2047 is not decoded.
    pub value: String,
}

/// Where an article is (`STAT`, `NEXT`, `LAST`, and the first line of `ARTICLE`, `HEAD` and `BODY`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// Its number in the group that is selected, 0 if it was asked for by its name.
    pub number: u64,
    /// Its name, as the server has it.
    pub id: String,
}

impl ActiveGroup {
    /// Reads a line.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for what is none.
    pub fn parse(line: &[u8]) -> Result<Self, Error> {
        let read = || {
            let text = decode(line);
            let mut words = text.split_ascii_whitespace();
            let name = GroupName::new(words.next()?).ok()?;
            let last = parsing::number(words.next()?)?;
            let first = parsing::number(words.next()?)?;
            let status = words.next()?.to_owned();
            Some(ActiveGroup {
                name,
                last,
                first,
                status,
            })
        };
        read().ok_or_else(|| {
            Error::invalid(format!(
                "{} is no line about a group, as misc.test 9 1 y is one",
                shown(line)
            ))
        })
    }

    /// The line as it is sent, without its end.
    pub fn print(&self) -> String {
        format!("{} {} {} {}", self.name, self.last, self.first, self.status)
    }

    /// Whether anybody may post there, if only to a moderator.
    pub fn may_post(&self) -> bool {
        matches!(self.status.as_str(), "y" | "m")
    }
}

impl Description {
    /// Reads a line, whose parts stand between a tab, or spaces.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for what is none.
    pub fn parse(line: &[u8]) -> Result<Self, Error> {
        let text = decode(line);
        let (name, about) = text.split_once(['\t', ' ']).unwrap_or((&text, ""));
        match GroupName::new(name) {
            Ok(name) => Ok(Description {
                name,
                text: about.trim().to_owned(),
            }),
            Err(_) => Err(Error::invalid(format!(
                "{} is no line that says what a group is about",
                shown(line)
            ))),
        }
    }
}

impl Valued {
    /// Reads a line. By its name an article has the number 0, or, in old answers, its name in front.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for what is none.
    pub fn parse(line: &[u8]) -> Result<Self, Error> {
        let text = decode(line);
        let (which, value) = text.split_once(' ').unwrap_or((&text, ""));
        let number = match which.starts_with('<') {
            true => Some(0),
            false => parsing::number(which),
        };
        match number {
            Some(number) => Ok(Valued {
                number,
                value: value.to_owned(),
            }),
            None => Err(Error::invalid(format!(
                "{} is no value of a header field, which has a number in front",
                shown(line)
            ))),
        }
    }
}

impl Located {
    /// Reads a reply to `STAT` and its likes.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if it says something else.
    pub fn of(reply: &Reply) -> Result<Self, Error> {
        let mut words = reply.text().split_ascii_whitespace();
        let number = words.next().and_then(parsing::number);
        match (number, words.next()) {
            (Some(number), Some(id)) if id.starts_with('<') => Ok(Located {
                number,
                id: id.to_owned(),
            }),
            _ => Err(Error::invalid(format!(
                "{} is no answer about an article, which has its number and its message-id",
                reply.shown()
            ))),
        }
    }

    /// The article's name, if it is one by today's rules.
    pub fn message_id(&self) -> Option<MessageId> {
        MessageId::new(self.id.as_str()).ok()
    }
}

/// The name of a header field, or of a metadata item with its colon: what `HDR` is asked for.
///
/// # Errors
///
/// [`Error::Misuse`] for what is none.
pub fn parse_header_name(name: &str) -> Result<crate::nntp::Word, Error> {
    let bare = name.strip_prefix(':').unwrap_or(name);
    let is_of_name = |byte: u8| byte.is_ascii_graphic() && byte != b':';
    match !bare.is_empty() && bare.bytes().all(is_of_name) {
        true => crate::nntp::Word::new(name),
        false => Err(Error::misuse(format!(
            "{name:?} is no name of a header field, which is written like Subject, without a colon behind it"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_lists_are_read() {
        let group = ActiveGroup::parse(b"misc.test 0000000009 0000000001 m").expect("a group");
        assert_eq!((group.last, group.first, group.may_post()), (9, 1, true));
        assert_eq!(group.print(), "misc.test 9 1 m");
        let moved = ActiveGroup::parse(b"a 1 2 =b").expect("a group");
        assert!(!moved.may_post());
        for wrong in [
            &b""[..],
            b"a",
            b"a 1 2",
            b"a x 1 y",
            b"a -1 1 y",
            b"a*b 2 1 y",
        ] {
            assert!(ActiveGroup::parse(wrong).is_err());
        }
        let about = Description::parse(b"misc.test\t\t For \xe9preuves ").expect("a description");
        assert_eq!(
            (about.name.as_str(), about.text.as_str()),
            ("misc.test", "For épreuves")
        );
        assert_eq!(Description::parse(b"a").expect("no words").text, "");
        assert!(Description::parse(b"\tx").is_err());
    }

    #[test]
    fn values_and_places_are_read() {
        let valued = |line: &[u8]| Valued::parse(line).map(|valued| (valued.number, valued.value));
        assert_eq!(valued(b"12 a  b ").expect("a value"), (12, "a  b ".into()));
        assert_eq!(valued(b"0 x").expect("a value"), (0, "x".into()));
        assert_eq!(valued(b"<a@b> x").expect("a value"), (0, "x".into()));
        assert_eq!(valued(b"7").expect("an empty one"), (7, String::new()));
        assert!(valued(b"").is_err() && valued(b"x y").is_err());

        let reply = |text: &str| Reply::new(223, text).expect("a reply");
        let place = Located::of(&reply("7 <a@b> selected")).expect("a place");
        assert_eq!((place.number, place.id.as_str()), (7, "<a@b>"));
        for wrong in ["", "7", "<a@b>", "7 a@b", "x <a@b>"] {
            assert!(Located::of(&reply(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn names_of_header_fields_are_checked() {
        for right in ["Subject", "X-No-Archive", ":bytes"] {
            assert!(parse_header_name(right).is_ok());
        }
        for wrong in ["", ":", "Subject:", "a b", "a\r\nQUIT", "ü"] {
            assert!(parse_header_name(wrong).is_err(), "{wrong:?}");
        }
    }
}

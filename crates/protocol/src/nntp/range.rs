//! Which article is meant, or which of them.

use std::fmt;
use std::ops::{RangeFrom, RangeInclusive};

use crate::contract::Error;
use crate::nntp::{MessageId, parsing};

/// One article.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Article {
    /// The one that was selected last.
    #[default]
    Current,
    /// That of this number in the group that is selected.
    Number(u64),
    /// The one of this name, in whichever group.
    Id(MessageId),
}

/// Articles in a row, by their numbers: `5`, `5-` or `5-9`. The last may be before the first: then there are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Range {
    /// One alone.
    One(u64),
    /// From one on.
    From(u64),
    /// From one to another one, both meant.
    Between(u64, u64),
}

/// What `OVER`, `HDR` and their likes are asked about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Articles {
    /// The article that was selected last.
    #[default]
    Current,
    /// Those of these numbers in the group that is selected.
    Numbers(Range),
    /// The one of this name, in whichever group.
    Id(MessageId),
}

impl Range {
    /// Reads a range.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] for what is none.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let read = || match text.split_once('-') {
            None => Some(Range::One(parsing::number(text)?)),
            Some((first, "")) => Some(Range::From(parsing::number(first)?)),
            Some((first, last)) => Some(Range::Between(
                parsing::number(first)?,
                parsing::number(last)?,
            )),
        };
        read().ok_or_else(|| {
            let shown: String = text.chars().take(40).collect();
            Error::misuse(format!(
                "{shown:?} is no range of articles; write 5, 5- or 5-9"
            ))
        })
    }

    /// Whether an article of this number is meant.
    pub fn contains(self, number: u64) -> bool {
        match self {
            Range::One(one) => number == one,
            Range::From(first) => number >= first,
            Range::Between(first, last) => (first..=last).contains(&number),
        }
    }
}

impl Article {
    /// Reads a number or a message-id; no text is the current article.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] for anything else.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.is_empty() {
            return Ok(Article::Current);
        }
        if let Some(number) = parsing::number(text) {
            return Ok(Article::Number(number));
        }
        MessageId::new(text).map(Article::Id).map_err(|_| {
            let shown: String = text.chars().take(60).collect();
            Error::misuse(format!(
                "{shown:?} is no article; write its number, or its message-id with its brackets"
            ))
        })
    }
}

impl Articles {
    /// Reads a range or a message-id; no text is the current article.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] for anything else.
    pub fn parse(text: &str) -> Result<Self, Error> {
        match text {
            "" => Ok(Articles::Current),
            id if id.starts_with('<') => MessageId::new(id).map(Articles::Id),
            range => Range::parse(range).map(Articles::Numbers),
        }
    }
}

impl fmt::Display for Range {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Range::One(one) => write!(out, "{one}"),
            Range::From(first) => write!(out, "{first}-"),
            Range::Between(first, last) => write!(out, "{first}-{last}"),
        }
    }
}

impl fmt::Display for Article {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Article::Current => Ok(()),
            Article::Number(number) => write!(out, "{number}"),
            Article::Id(id) => id.fmt(out),
        }
    }
}

impl fmt::Display for Articles {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Articles::Current => Ok(()),
            Articles::Numbers(range) => range.fmt(out),
            Articles::Id(id) => id.fmt(out),
        }
    }
}

impl From<u64> for Article {
    fn from(number: u64) -> Self {
        Article::Number(number)
    }
}

impl From<MessageId> for Article {
    fn from(id: MessageId) -> Self {
        Article::Id(id)
    }
}

impl From<u64> for Range {
    fn from(number: u64) -> Self {
        Range::One(number)
    }
}

impl From<RangeFrom<u64>> for Range {
    fn from(range: RangeFrom<u64>) -> Self {
        Range::From(range.start)
    }
}

impl From<RangeInclusive<u64>> for Range {
    fn from(range: RangeInclusive<u64>) -> Self {
        Range::Between(*range.start(), *range.end())
    }
}

impl From<Range> for Articles {
    fn from(range: Range) -> Self {
        Articles::Numbers(range)
    }
}

impl From<u64> for Articles {
    fn from(number: u64) -> Self {
        Articles::Numbers(number.into())
    }
}

impl From<RangeFrom<u64>> for Articles {
    fn from(range: RangeFrom<u64>) -> Self {
        Articles::Numbers(range.into())
    }
}

impl From<RangeInclusive<u64>> for Articles {
    fn from(range: RangeInclusive<u64>) -> Self {
        Articles::Numbers(range.into())
    }
}

impl From<MessageId> for Articles {
    fn from(id: MessageId) -> Self {
        Articles::Id(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_and_written() {
        for (text, range, has, has_not) in [
            ("7", Range::from(7), 7, 8),
            ("7-", Range::from(7..), 700, 6),
            ("7-9", Range::from(7..=9), 9, 10),
            ("9-7", Range::Between(9, 7), 0, 8),
        ] {
            assert_eq!(Range::parse(text).expect(text), range);
            assert_eq!(range.to_string(), text);
            assert!(text == "9-7" || range.contains(has), "{text}");
            assert!(!range.contains(has_not), "{text}");
        }
        for wrong in [
            "",
            "-",
            "-7",
            "a",
            "7-a",
            "+7",
            "7--9",
            "7 9",
            "99999999999999999999",
        ] {
            assert!(Range::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_article_is_a_number_or_a_name() {
        assert_eq!(Article::parse("").expect("current"), Article::Current);
        assert_eq!(Article::parse("12").expect("a number"), Article::Number(12));
        assert_eq!(
            Article::parse("<a@b>").expect("a name").to_string(),
            "<a@b>"
        );
        assert!(Article::parse("a@b").is_err() && Article::parse("7-").is_err());
        assert_eq!(Articles::parse("7-").expect("a range"), Articles::from(7..));
    }
}

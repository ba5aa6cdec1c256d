//! What `LIST` is asked for.

use std::fmt;

use super::command::reading::{at_most_one, told, wildmat, wrong};
use super::{CommandError, Text, Wildmat, Word};

/// What is to be listed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum List {
    /// Groups, their numbers, and whether one may post there.
    Active(Option<Wildmat>),
    /// Groups, and when and by whom they were made.
    ActiveTimes(Option<Wildmat>),
    /// Which value of `Distribution` a group suggests.
    DistribPats,
    /// Which header fields `HDR` can be asked for: at all, for `MSGID` or for `RANGE`.
    Headers(Option<Word>),
    /// Groups, and what they are about.
    Newsgroups(Option<Wildmat>),
    /// Which fields an overview has.
    OverviewFmt,
    /// Another one, of which nothing is known here.
    Other(Word, Option<Text>),
}

impl fmt::Display for List {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (keyword, argument) = match self {
            List::Active(wildmat) => ("ACTIVE", wildmat.as_ref().map(Wildmat::as_str)),
            List::ActiveTimes(wildmat) => ("ACTIVE.TIMES", wildmat.as_ref().map(Wildmat::as_str)),
            List::DistribPats => ("DISTRIB.PATS", None),
            List::Headers(which) => ("HEADERS", which.as_ref().map(Word::as_str)),
            List::Newsgroups(wildmat) => ("NEWSGROUPS", wildmat.as_ref().map(Wildmat::as_str)),
            List::OverviewFmt => ("OVERVIEW.FMT", None),
            List::Other(keyword, text) => (keyword.as_str(), text.as_ref().map(Text::as_str)),
        };
        match argument {
            Some(argument) => write!(out, "{keyword} {argument}"),
            None => out.write_str(keyword),
        }
    }
}

/// What stands behind `LIST`, read.
pub(super) fn list(rest: &[&str]) -> Result<List, CommandError> {
    let Some((keyword, rest)) = rest.split_first() else {
        return Ok(List::Active(None));
    };
    let pattern = || match at_most_one("LIST", rest)? {
        Some(pattern) => wildmat("LIST", pattern).map(Some),
        None => Ok(None),
    };
    let word = |word: &str| Word::new(word).map_err(|error| told("LIST", &error));
    Ok(match (keyword.to_ascii_uppercase().as_str(), rest) {
        ("ACTIVE", _) => List::Active(pattern()?),
        ("ACTIVE.TIMES", _) => List::ActiveTimes(pattern()?),
        ("NEWSGROUPS", _) => List::Newsgroups(pattern()?),
        ("DISTRIB.PATS", []) => List::DistribPats,
        ("OVERVIEW.FMT", []) => List::OverviewFmt,
        ("DISTRIB.PATS" | "OVERVIEW.FMT", _) => {
            return Err(wrong("LIST", "nothing stands behind the keyword"));
        }
        ("HEADERS", []) => List::Headers(None),
        ("HEADERS", [which]) => List::Headers(Some(word(which)?)),
        (keyword, []) => List::Other(word(keyword)?, None),
        (keyword, rest) => {
            let text = Text::new(rest.join(" ")).map_err(|error| told("LIST", &error))?;
            List::Other(word(keyword)?, Some(text))
        }
    })
}

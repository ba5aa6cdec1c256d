//! Groups: their names, and what a server says of one that is selected.

use std::fmt;

use crate::contract::Error;
use crate::nntp::{Reply, argument};

/// The name of a group, as `comp.lang.rust`: no space, no control character, and nothing that has a meaning in a
/// pattern.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GroupName(String);

impl GroupName {
    /// A name.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] for what is none.
    pub fn new(name: impl Into<String>) -> Result<Self, Error> {
        let name = name.into();
        if let Some(problem) = argument::problem(&name) {
            return Err(Error::misuse(format!("the name of a group: {problem}")));
        }
        match name.chars().find(|c| "!*?[]\\,<>".contains(*c)) {
            None => Ok(GroupName(name)),
            Some(wrong) => Err(Error::misuse(format!(
                "{wrong:?} stands in no name of a group, which is written like comp.lang.rust"
            ))),
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a server says of the group that it has selected (`GROUP`, 211).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// All that it says.
    pub response: Reply,
    /// How many articles there may be; servers guess.
    pub count: u64,
    /// The lowest number that an article may have.
    pub first: u64,
    /// The highest one; one below `first` in an empty group.
    pub last: u64,
    /// Its name.
    pub name: GroupName,
}

impl Group {
    /// Reads a reply to `GROUP` or `LISTGROUP`.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if it says something else.
    pub fn of(response: Reply) -> Result<Self, Error> {
        let read = || {
            let mut words = response.text().split_ascii_whitespace();
            let mut number = || crate::nntp::parsing::number(words.next()?);
            let (count, first, last) = (number()?, number()?, number()?);
            let name = GroupName::new(words.next()?).ok()?;
            Some((count, first, last, name))
        };
        match read() {
            Some((count, first, last, name)) => Ok(Group {
                count,
                first,
                last,
                name,
                response,
            }),
            None => Err(Error::invalid(format!(
                "{} is no answer about a group, which has three numbers and its name",
                response.shown()
            ))),
        }
    }

    /// What a server says of a group.
    pub fn new(count: u64, first: u64, last: u64, name: GroupName) -> Self {
        let text = format!("{count} {first} {last} {name}");
        Group {
            response: Reply::read(211, text),
            count,
            first,
            last,
            name,
        }
    }

    /// Whether there is no article.
    pub fn is_empty(&self) -> bool {
        // RFC 3977, 6.1.1.2, allows three ways to say so.
        self.count == 0 || self.last < self.first
    }
}

impl fmt::Display for GroupName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl fmt::Debug for GroupName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(text: &str) -> Result<Group, Error> {
        Group::of(Reply::new(211, text).expect("a reply"))
    }

    #[test]
    fn a_group_is_read_and_written() {
        let known = group("1234 3000234 3002322 misc.test").expect("a group");
        assert_eq!(
            (known.count, known.first, known.last),
            (1234, 3_000_234, 3_002_322)
        );
        assert_eq!(known.name.as_str(), "misc.test");
        assert_eq!(
            Group::new(1234, 3_000_234, 3_002_322, known.name.clone()),
            known
        );
        // Some say more behind the name.
        assert!(
            group("0 5 4 a.b group selected")
                .expect("a group")
                .is_empty()
        );
        assert!(group("0 0 0 a").expect("a group").is_empty());
    }

    #[test]
    fn what_is_no_group_is_refused() {
        for text in [
            "",
            "1 2 3",
            "a b c d",
            "-1 2 3 a",
            "1 2 99999999999999999999 a",
            "1 2 3 a*b",
        ] {
            assert!(group(text).is_err(), "{text}");
        }
        for name in ["", "a b", "a\r\nQUIT", "a*", "a,b", "<a>", "a?"] {
            assert!(GroupName::new(name).is_err(), "{name:?}");
        }
        assert!(GroupName::new("de.überall").is_ok());
    }
}

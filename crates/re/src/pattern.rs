//! A compiled pattern and what can be done with it.

use std::fmt;
use std::ops::{Bound, RangeBounds};
use std::sync::Arc;

use crate::error::{Error, Fault, PatternError};
use crate::flags::Flags;
use crate::iterate::{FindIter, Scanner, Walk};
use crate::linear::Linear;
use crate::matched::Match;
use crate::matcher::{Goal, How, Limits, Steering};
use crate::program::{self, Program};
use crate::syntax::{self, Sequence};
use crate::template::{Fill, Replacement};
use crate::text::{Growing, Text};

/// So many groups a pattern may have, since each match has a span for every one of them: 160 KB then.
const MOST_GROUPS: usize = 10_000;

/// A compiled pattern: what `re.compile` returns.
///
/// A `Pattern` is of text, a `Pattern<[u8]>` of bytes. It is cheap to clone and may be used from
/// many threads at once. Every search may end with [`Error::Limit`]; see [`Limits`].
///
/// ```
/// use lariat_re::Pattern;
///
/// let date = Pattern::new(r"(?P<day>\d{1,2})/(?P<month>\d{1,2})")?;
/// let found = date.search("due on 24/12, not 25/12")?.unwrap();
/// assert_eq!(found.text(), "24/12");
/// assert_eq!(found.group("month")?, Some("12"));
/// assert_eq!(found.span(), (7, 12));
///
/// let magic = Pattern::new(&b"\x7fELF"[..])?;
/// assert!(magic.match_(b"\x7fELF\x02\x01")?.is_some());
/// # Ok::<(), lariat_re::Error>(())
/// ```
pub struct Pattern<T: Text + ?Sized = str> {
    pub(crate) inner: Arc<Inner<T>>,
    limits: Limits,
    pub(crate) steering: Steering,
}

/// What all clones share.
pub(crate) struct Inner<T: Text + ?Sized> {
    pub source: T::Owned,
    pub flags: Flags,
    pub names: Vec<(String, u32)>,
    pub groups: usize,
    pub tree: Sequence,
    pub warnings: Vec<String>,
    pub program: Program,
}

impl<T: Text + ?Sized> Pattern<T> {
    /// Compiles a pattern (`re.compile`).
    ///
    /// # Errors
    ///
    /// [`Error::Pattern`] says what is wrong in it and where.
    ///
    /// ```
    /// let error = lariat_re::Pattern::new("(?P<day>..)/(?P<day>..)").unwrap_err();
    /// let says = "redefinition of group name 'day' as group 2; was group 1 at position 16";
    /// assert_eq!(error.to_string(), says);
    /// ```
    pub fn new(pattern: &T) -> Result<Self, Error> {
        Self::with_flags(pattern, Flags::NONE)
    }

    /// Compiles a pattern with flags (`re.compile(pattern, flags)`).
    ///
    /// # Errors
    ///
    /// As [`Pattern::new`].
    pub fn with_flags(pattern: &T, flags: Flags) -> Result<Self, Error> {
        let parsed = syntax::parse(pattern.characters(), T::IS_TEXT, flags)?;
        let (parts, sets) = program::resolve(&parsed, T::IS_TEXT)?;
        let groups = parsed.widths.len() - 1;
        if groups > MOST_GROUPS {
            let message = format!("the pattern has more than {MOST_GROUPS} groups");
            return Err(PatternError::new(Fault::Limit, message).into());
        }
        let mut program = program::emit(&parts, &sets, groups, T::IS_TEXT);
        // A literal is found as quickly without.
        if program.hints.literal.is_none() {
            program.linear = Linear::of(parts, sets.all, T::IS_TEXT);
        }
        let inner = Inner {
            source: pattern.to_owned(),
            flags: parsed.flags,
            names: parsed.names,
            groups,
            tree: parsed.tree,
            warnings: parsed.warnings,
            program,
        };
        Ok(Pattern {
            inner: Arc::new(inner),
            limits: Limits::default(),
            steering: Steering::default(),
        })
    }

    /// The same pattern with other limits on its searches.
    pub fn limited(&self, limits: Limits) -> Self {
        Pattern {
            inner: self.inner.clone(),
            limits,
            steering: self.steering,
        }
    }

    /// The same pattern, searched for by one kind of engine alone; what both find must be the same.
    #[doc(hidden)]
    pub fn steered(&self, steering: Steering) -> Self {
        Pattern {
            inner: self.inner.clone(),
            limits: self.limits,
            steering,
        }
    }

    /// Whether the linear engines answer for this pattern in some texts.
    #[doc(hidden)]
    pub fn is_linear(&self) -> bool {
        self.inner.program.linear.is_some()
    }

    /// What it was compiled from (`Pattern.pattern`).
    pub fn pattern(&self) -> &T {
        std::borrow::Borrow::borrow(&self.inner.source)
    }

    /// Its flags, with those that stand in it (`Pattern.flags`).
    pub fn flags(&self) -> Flags {
        self.inner.flags
    }

    /// How many groups it has (`Pattern.groups`).
    pub fn groups(&self) -> usize {
        self.inner.groups
    }

    /// The names of its groups with their numbers (`Pattern.groupindex`).
    pub fn group_index(&self) -> impl Iterator<Item = (&str, usize)> {
        let names = self.inner.names.iter();
        names.map(|(name, group)| (name.as_str(), *group as usize))
    }

    /// What of it Python may read in another way one day, by its `FutureWarning`s: what looks like
    /// a set in a set, or like an operation on sets.
    ///
    /// ```
    /// let pattern = lariat_re::Pattern::new("[[a||b]")?;
    /// let expected = ["Possible nested set at position 1", "Possible set union at position 3"];
    /// assert_eq!(pattern.warnings(), expected);
    /// # Ok::<(), lariat_re::Error>(())
    /// ```
    pub fn warnings(&self) -> &[String] {
        &self.inner.warnings
    }

    /// The limits of its searches.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// The first match (`Pattern.search`).
    ///
    /// # Errors
    ///
    /// [`Error::Limit`], as every search.
    pub fn search<'t>(&self, text: &'t T) -> Result<Option<Match<'t, T>>, Error> {
        self.search_in(text, ..)
    }

    /// The first match that begins in a part of a text, given in bytes (`Pattern.search` with
    /// `pos` and `endpos`): the text ends where the part does, but `^`, `\b` and look-behinds
    /// see what is before it.
    ///
    /// ```
    /// let pattern = lariat_re::Pattern::new(r"(?<=o) ?\w+$")?;
    /// let found = pattern.search_in("hello world wide", 5..11)?.unwrap();
    /// assert_eq!(found.span(), (5, 11));
    /// # Ok::<(), lariat_re::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Position`] if an end of the part lies inside of a character.
    pub fn search_in<'t>(
        &self,
        text: &'t T,
        part: impl RangeBounds<usize>,
    ) -> Result<Option<Match<'t, T>>, Error> {
        Walk::new(self, text, part)?.next(How::Anywhere)
    }

    /// A match that begins where the text does (`Pattern.match`).
    ///
    /// # Errors
    ///
    /// As [`Pattern::search`].
    pub fn match_<'t>(&self, text: &'t T) -> Result<Option<Match<'t, T>>, Error> {
        self.match_in(text, ..)
    }

    /// A match that begins where a part of a text does (`Pattern.match` with `pos` and `endpos`).
    ///
    /// # Errors
    ///
    /// As [`Pattern::search_in`].
    pub fn match_in<'t>(
        &self,
        text: &'t T,
        part: impl RangeBounds<usize>,
    ) -> Result<Option<Match<'t, T>>, Error> {
        Walk::new(self, text, part)?.next(How::Here)
    }

    /// A match that is the whole text (`Pattern.fullmatch`).
    ///
    /// ```
    /// let pattern = lariat_re::Pattern::new("a|ab")?;
    /// assert_eq!(pattern.match_("ab")?.unwrap().text(), "a");
    /// assert_eq!(pattern.fullmatch("ab")?.unwrap().text(), "ab");
    /// # Ok::<(), lariat_re::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Pattern::search`].
    pub fn fullmatch<'t>(&self, text: &'t T) -> Result<Option<Match<'t, T>>, Error> {
        self.fullmatch_in(text, ..)
    }

    /// A match that is the whole of a part of a text (`Pattern.fullmatch` with `pos` and `endpos`).
    ///
    /// # Errors
    ///
    /// As [`Pattern::search_in`].
    pub fn fullmatch_in<'t>(
        &self,
        text: &'t T,
        part: impl RangeBounds<usize>,
    ) -> Result<Option<Match<'t, T>>, Error> {
        let mut walk = Walk::new(self, text, part)?;
        walk.goal = Goal {
            whole: Some(walk.end()),
            not_at: None,
        };
        walk.next(How::Here)
    }

    /// All matches, one after another (`Pattern.finditer`). An empty match may stand next to
    /// another, but not where that one is empty itself.
    ///
    /// ```
    /// let spans = lariat_re::Pattern::new("x*")?
    ///     .find_iter("axb")
    ///     .map(|found| found.map(|found| found.span()))
    ///     .collect::<Result<Vec<_>, _>>()?;
    /// assert_eq!(spans, [(0, 0), (1, 2), (2, 2), (3, 3)]);
    /// # Ok::<(), lariat_re::Error>(())
    /// ```
    pub fn find_iter<'p, 't>(&'p self, text: &'t T) -> FindIter<'p, 't, T> {
        FindIter::whole(self, text)
    }

    /// All matches in a part of a text (`Pattern.finditer` with `pos` and `endpos`).
    ///
    /// # Errors
    ///
    /// As [`Pattern::search_in`].
    pub fn find_iter_in<'p, 't>(
        &'p self,
        text: &'t T,
        part: impl RangeBounds<usize>,
    ) -> Result<FindIter<'p, 't, T>, Error> {
        FindIter::part(self, text, part)
    }

    /// The texts of all matches (`Pattern.findall`): of each its groups, empty where they have
    /// no part in it, or where the pattern has no group the match itself.
    ///
    /// ```
    /// let pattern = lariat_re::Pattern::new(r"(\w+)=(\d+)?")?;
    /// assert_eq!(pattern.findall("a=1 b=")?, [["a", "1"], ["b", ""]]);
    /// # Ok::<(), lariat_re::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Pattern::search`].
    pub fn findall<'t>(&self, text: &'t T) -> Result<Vec<Vec<&'t T>>, Error> {
        self.findall_in(text, ..)
    }

    /// The texts of all matches in a part of a text (`Pattern.findall` with `pos` and `endpos`).
    ///
    /// ```
    /// let digits = lariat_re::Pattern::new(r"\d")?;
    /// assert_eq!(digits.findall_in("1 2 3", 2..)?.concat(), ["2", "3"]);
    /// # Ok::<(), lariat_re::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Pattern::search_in`].
    pub fn findall_in<'t>(
        &self,
        text: &'t T,
        part: impl RangeBounds<usize>,
    ) -> Result<Vec<Vec<&'t T>>, Error> {
        let mut all = Vec::new();
        for found in self.find_iter_in(text, part)? {
            let found = found?;
            all.push(if self.groups() == 0 {
                vec![found.text()]
            } else {
                found.groups_or(text.part(0, 0))
            });
        }
        Ok(all)
    }

    /// Matches one after another, of which each may have to begin where the one before ended
    /// (`Pattern.scanner`).
    pub fn scanner<'p, 't>(&'p self, text: &'t T) -> Scanner<'p, 't, T> {
        Scanner::whole(self, text)
    }

    /// The same in a part of a text (`Pattern.scanner` with `pos` and `endpos`).
    ///
    /// # Errors
    ///
    /// [`Error::Position`] if an end of the part lies inside of a character.
    pub fn scanner_in<'p, 't>(
        &'p self,
        text: &'t T,
        part: impl RangeBounds<usize>,
    ) -> Result<Scanner<'p, 't, T>, Error> {
        Scanner::part(self, text, part)
    }

    /// What lies between matches (`Pattern.split`), with the groups of each match between;
    /// a group that has no part in it is `None`. At most `most` splits, 0 for all.
    ///
    /// ```
    /// let pattern = lariat_re::Pattern::new(r"\s*([,;])\s*")?;
    /// let fields: Vec<_> = pattern.split("a , b;c", 0)?.into_iter().flatten().collect();
    /// assert_eq!(fields, ["a", ",", "b", ";", "c"]);
    /// # Ok::<(), lariat_re::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Pattern::search`].
    pub fn split<'t>(&self, text: &'t T, most: usize) -> Result<Vec<Option<&'t T>>, Error> {
        let mut fields = Vec::new();
        let mut last = 0;
        let matches = self.find_iter(text);
        for found in matches.take(if most == 0 { usize::MAX } else { most }) {
            let found = found?;
            fields.push(Some(text.part(last, found.start())));
            fields.extend(found.groups());
            last = found.end();
        }
        fields.push(Some(text.part(last, text.bytes().len())));
        Ok(fields)
    }

    /// The text with its matches replaced (`Pattern.sub`), by a template (`\1`, `\g<name>`) or
    /// by what a closure makes of each match. At most `most` matches, 0 for all.
    ///
    /// ```
    /// let pattern = lariat_re::Pattern::new(r"(?P<day>\d+)/(?P<month>\d+)")?;
    /// assert_eq!(pattern.sub(r"\g<month>-\1", "24/12", 0)?, "12-24");
    /// let shout = |found: &lariat_re::Match<'_>| found.text().to_uppercase();
    /// assert_eq!(lariat_re::Pattern::new("l+")?.sub(shout, "hello", 0)?, "heLLo");
    /// # Ok::<(), lariat_re::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Template`] and [`Error::UnknownGroup`] for a template that is none; and as
    /// [`Pattern::search`].
    pub fn sub(
        &self,
        replacement: impl Replacement<T>,
        text: &T,
        most: usize,
    ) -> Result<T::Owned, Error> {
        Ok(self.subn(replacement, text, most)?.0)
    }

    /// The same, with how many matches were replaced (`Pattern.subn`).
    ///
    /// # Errors
    ///
    /// As [`Pattern::sub`].
    pub fn subn(
        &self,
        replacement: impl Replacement<T>,
        text: &T,
        most: usize,
    ) -> Result<(T::Owned, usize), Error> {
        let mut ready = replacement.ready(self)?;
        let mut result = T::Owned::default();
        let (mut last, mut count) = (0, 0);
        let matches = self.find_iter(text);
        for found in matches.take(if most == 0 { usize::MAX } else { most }) {
            let found = found?;
            result.push_part(text.part(last, found.start()));
            ready.fill(&found, &mut result);
            last = found.end();
            count += 1;
        }
        result.push_part(text.part(last, text.bytes().len()));
        Ok((result, count))
    }

    /// The number of a group, by its number or name.
    pub(crate) fn named_group(&self, name: &str) -> Option<usize> {
        let mut index = self.group_index();
        index
            .find(|(known, _)| *known == name)
            .map(|(_, group)| group)
    }
}

/// The places that a range names, as Python takes `pos` and `endpos`: past the end is at the end.
pub(crate) fn places<T: Text + ?Sized>(
    text: &T,
    part: &impl RangeBounds<usize>,
) -> Result<(usize, usize), Error> {
    let length = text.bytes().len();
    let start = match part.start_bound() {
        Bound::Included(start) => *start,
        Bound::Excluded(start) => start.saturating_add(1),
        Bound::Unbounded => 0,
    };
    let end = match part.end_bound() {
        Bound::Included(end) => end.saturating_add(1),
        Bound::Excluded(end) => *end,
        Bound::Unbounded => length,
    };
    let (start, end) = (start.min(length), end.min(length));
    for at in [start, end] {
        if !text.is_between(at) {
            return Err(Error::Position(at));
        }
    }
    Ok((start, end))
}

impl<T: Text + ?Sized> Clone for Pattern<T> {
    fn clone(&self) -> Self {
        self.limited(self.limits)
    }
}

impl<T: Text + ?Sized> PartialEq for Pattern<T> {
    /// Whether they were compiled from the same, with the same flags.
    fn eq(&self, other: &Self) -> bool {
        self.pattern() == other.pattern() && self.flags() == other.flags()
    }
}

impl<T: Text + ?Sized> Eq for Pattern<T> {}

impl<T: Text + ?Sized> fmt::Debug for Pattern<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "Pattern({:?}, {:?})",
            self.pattern(),
            self.flags()
        )
    }
}

impl std::str::FromStr for Pattern {
    type Err = Error;

    fn from_str(pattern: &str) -> Result<Self, Error> {
        Pattern::new(pattern)
    }
}

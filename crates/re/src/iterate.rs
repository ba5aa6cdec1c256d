//! From match to match through a text.

use std::ops::RangeBounds;

use crate::error::Error;
use crate::matched::Match;
use crate::matcher::{Goal, How, Machine};
use crate::pattern::{Pattern, places};
use crate::text::Text;

/// A walk through a part of a text: each match begins where the one before ended, or behind.
#[derive(Debug)]
pub(crate) struct Walk<'p, 't, T: Text + ?Sized> {
    pattern: &'p Pattern<T>,
    text: &'t T,
    machine: Machine<'p, 't>,
    /// Where the part begins and ends.
    part: (usize, usize),
    /// Where the next search begins; nothing once one has failed.
    from: Option<usize>,
    pub goal: Goal,
}

impl<'p, 't, T: Text + ?Sized> Walk<'p, 't, T> {
    pub fn new(
        pattern: &'p Pattern<T>,
        text: &'t T,
        part: impl RangeBounds<usize>,
    ) -> Result<Self, Error> {
        Ok(Walk::between(pattern, text, places(text, &part)?))
    }

    fn between(pattern: &'p Pattern<T>, text: &'t T, part: (usize, usize)) -> Self {
        let (start, end) = part;
        let bytes = &text.bytes()[..end];
        Walk {
            pattern,
            text,
            machine: Machine::new(
                &pattern.inner.program,
                bytes,
                pattern.limits(),
                pattern.steering,
            ),
            part,
            from: (start <= end).then_some(start),
            goal: Goal::default(),
        }
    }

    pub fn end(&self) -> usize {
        self.part.1
    }

    /// The next match.
    pub fn next(&mut self, how: How) -> Result<Option<Match<'t, T>>, Error> {
        let Some((start, end)) = self.span(how)? else {
            return Ok(None);
        };
        let groups = self.machine.groups();
        Ok(Some(Match::new(
            self.pattern,
            self.text,
            (start, end),
            groups,
            self.part,
        )))
    }

    /// The span of the next match; its groups are in the machine's slots.
    pub fn span(&mut self, how: How) -> Result<Option<(usize, usize)>, Error> {
        let Some(from) = self.from else {
            return Ok(None);
        };
        let found = self.machine.find(from, how, self.goal)?;
        self.from = found.map(|(_, end)| end);
        if let Some((start, end)) = found {
            self.goal.not_at = (start == end).then_some(end);
        }
        Ok(found)
    }
}

/// All matches of a pattern in a text, made by [`Pattern::find_iter`].
///
/// It ends after the first error.
#[derive(Debug)]
pub struct FindIter<'p, 't, T: Text + ?Sized = str> {
    walk: Walk<'p, 't, T>,
}

impl<'p, 't, T: Text + ?Sized> FindIter<'p, 't, T> {
    pub(crate) fn whole(pattern: &'p Pattern<T>, text: &'t T) -> Self {
        FindIter {
            walk: Walk::between(pattern, text, (0, text.bytes().len())),
        }
    }

    pub(crate) fn part(
        pattern: &'p Pattern<T>,
        text: &'t T,
        part: impl RangeBounds<usize>,
    ) -> Result<Self, Error> {
        Ok(FindIter {
            walk: Walk::new(pattern, text, part)?,
        })
    }
}

impl<'t, T: Text + ?Sized> Iterator for FindIter<'_, 't, T> {
    type Item = Result<Match<'t, T>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let found = self.walk.next(How::Anywhere);
        if found.is_err() {
            self.walk.from = None;
        }
        found.transpose()
    }
}

/// Matches one after another, made by [`Pattern::scanner`].
///
/// ```
/// let token = lariat_re::Pattern::new(r"(\d+)|(\s+)|([-+*/])")?;
/// let mut scanner = token.scanner("12 +x");
/// let mut kinds = Vec::new();
/// while let Some(found) = scanner.match_()? {
///     kinds.push(found.last_index().unwrap());
/// }
/// // Nothing matches at the x.
/// assert_eq!(kinds, [1, 2, 3]);
/// # Ok::<(), lariat_re::Error>(())
/// ```
#[derive(Debug)]
pub struct Scanner<'p, 't, T: Text + ?Sized = str> {
    walk: Walk<'p, 't, T>,
}

impl<'p, 't, T: Text + ?Sized> Scanner<'p, 't, T> {
    pub(crate) fn whole(pattern: &'p Pattern<T>, text: &'t T) -> Self {
        Scanner {
            walk: Walk::between(pattern, text, (0, text.bytes().len())),
        }
    }

    pub(crate) fn part(
        pattern: &'p Pattern<T>,
        text: &'t T,
        part: impl RangeBounds<usize>,
    ) -> Result<Self, Error> {
        Ok(Scanner {
            walk: Walk::new(pattern, text, part)?,
        })
    }

    /// A match that begins where the one before ended, at first at the beginning.
    ///
    /// # Errors
    ///
    /// [`Error::Limit`], as every search.
    pub fn match_(&mut self) -> Result<Option<Match<'t, T>>, Error> {
        self.walk.next(How::Here)
    }

    /// A match that begins there or behind.
    ///
    /// # Errors
    ///
    /// [`Error::Limit`], as every search.
    pub fn search(&mut self) -> Result<Option<Match<'t, T>>, Error> {
        self.walk.next(How::Anywhere)
    }
}

//! What a search found: a match and its groups.

use std::fmt;
use std::ops::Range;

use crate::error::Error;
use crate::matcher::UNSET;
use crate::pattern::Pattern;
use crate::template::Template;
use crate::text::Text;
use crate::unicode;

/// A match: what `re.Match` is.
///
/// Groups are named by their number or their name; group 0 is the whole match. Places are in
/// bytes and lie between characters; [`char_span`](Match::char_span) counts characters as Python does.
///
/// ```
/// use lariat_re::Pattern;
///
/// let phone = Pattern::new(r"(?P<area>\d{3})-(?P<number>\d{4})(?:x(\d+))?")?;
/// let found = phone.search("☎ 800-1212")?.unwrap();
/// assert_eq!(found.group("area")?, Some("800"));
/// assert_eq!(found.group(2)?, Some("1212"));
/// assert_eq!(found.group(3)?, None);
/// assert_eq!(found.span_of("number")?, Some((8, 12)));
/// assert_eq!(found.char_span("number")?, Some((6, 10)));
/// let error = found.group("extension").unwrap_err();
/// assert_eq!(error.to_string(), "no such group: 'extension'");
/// # Ok::<(), lariat_re::Error>(())
/// ```
pub struct Match<'t, T: Text + ?Sized = str> {
    pattern: Pattern<T>,
    text: &'t T,
    span: (usize, usize),
    /// Beginning and end of each group but the whole.
    slots: Vec<usize>,
    last_index: u32,
    part: (usize, usize),
}

impl<'t, T: Text + ?Sized> Match<'t, T> {
    pub(crate) fn new(
        pattern: &Pattern<T>,
        text: &'t T,
        span: (usize, usize),
        (slots, last_index): (Vec<usize>, u32),
        part: (usize, usize),
    ) -> Self {
        Match {
            pattern: pattern.clone(),
            text,
            span,
            slots,
            last_index,
            part,
        }
    }

    /// The matched text: group 0 (`Match.group()`).
    pub fn text(&self) -> &'t T {
        self.text.part(self.span.0, self.span.1)
    }

    /// Where the match begins, in bytes (`Match.start()`).
    pub fn start(&self) -> usize {
        self.span.0
    }

    /// Where the match ends, in bytes (`Match.end()`).
    pub fn end(&self) -> usize {
        self.span.1
    }

    /// Both (`Match.span()`).
    pub fn span(&self) -> (usize, usize) {
        self.span
    }

    /// The same as a range, to index with.
    pub fn range(&self) -> Range<usize> {
        self.span.0..self.span.1
    }

    /// What a group matched (`Match.group`), if it has a part in the match.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownGroup`] if the pattern has no such group, as with every method here that
    /// takes a group.
    pub fn group(&self, group: impl Group) -> Result<Option<&'t T>, Error> {
        let span = self.span_of(group)?;
        Ok(span.map(|(start, end)| self.text.part(start, end)))
    }

    /// Where a group begins (`Match.start`; there -1 is `None` here).
    ///
    /// # Errors
    ///
    /// As [`Match::group`].
    pub fn start_of(&self, group: impl Group) -> Result<Option<usize>, Error> {
        Ok(self.span_of(group)?.map(|(start, _)| start))
    }

    /// Where a group ends (`Match.end`).
    ///
    /// # Errors
    ///
    /// As [`Match::group`].
    pub fn end_of(&self, group: impl Group) -> Result<Option<usize>, Error> {
        Ok(self.span_of(group)?.map(|(_, end)| end))
    }

    /// Where a group begins and ends (`Match.span`).
    ///
    /// # Errors
    ///
    /// As [`Match::group`].
    pub fn span_of(&self, group: impl Group) -> Result<Option<(usize, usize)>, Error> {
        Ok(self.span_at(group.index(&self.pattern)?))
    }

    /// The same in characters, as Python counts.
    ///
    /// # Errors
    ///
    /// As [`Match::group`].
    pub fn char_span(&self, group: impl Group) -> Result<Option<(usize, usize)>, Error> {
        let span = self.span_of(group)?;
        let count = |at| self.text.characters_before(at);
        Ok(span.map(|(start, end)| (count(start), count(end))))
    }

    /// The texts of all groups but the whole (`Match.groups`).
    pub fn groups(&self) -> Vec<Option<&'t T>> {
        let spans = self.spans();
        spans
            .map(|span| span.map(|(start, end)| self.text.part(start, end)))
            .collect()
    }

    /// The same, with a text for those that have no part in the match (`Match.groups(default)`).
    pub fn groups_or(&self, default: &'t T) -> Vec<&'t T> {
        let groups = self.groups().into_iter();
        groups.map(|group| group.unwrap_or(default)).collect()
    }

    /// The names of groups with their texts, in the order of their numbers (`Match.groupdict`).
    pub fn group_dict(&self) -> Vec<(&str, Option<&'t T>)> {
        let named = self.pattern.group_index();
        let text = |group| {
            let span = self.span_at(group);
            span.map(|(start, end)| self.text.part(start, end))
        };
        named.map(|(name, group)| (name, text(group))).collect()
    }

    /// The template with what the groups matched (`Match.expand`).
    ///
    /// # Errors
    ///
    /// [`Error::Template`] or [`Error::UnknownGroup`] if it is none.
    pub fn expand(&self, template: &T) -> Result<T::Owned, Error> {
        let template = Template::new(&self.pattern, template)?;
        let mut result = T::Owned::default();
        template.push(self, &mut result);
        Ok(result)
    }

    /// The number of the group that was closed last (`Match.lastindex`).
    pub fn last_index(&self) -> Option<usize> {
        (self.last_index > 0).then_some(self.last_index as usize)
    }

    /// The name of the group that was closed last, if it has one (`Match.lastgroup`).
    pub fn last_group(&self) -> Option<&str> {
        let last = self.last_index()?;
        let mut named = self.pattern.group_index();
        named
            .find(|(_, group)| *group == last)
            .map(|(name, _)| name)
    }

    /// Where the search began (`Match.pos`), in bytes.
    pub fn pos(&self) -> usize {
        self.part.0
    }

    /// Where the text ended for the search (`Match.endpos`), in bytes.
    pub fn end_pos(&self) -> usize {
        self.part.1
    }

    /// The whole text that was searched (`Match.string`).
    pub fn string(&self) -> &'t T {
        self.text
    }

    /// The pattern that matched (`Match.re`).
    pub fn pattern(&self) -> &Pattern<T> {
        &self.pattern
    }

    fn spans(&self) -> impl Iterator<Item = Option<(usize, usize)>> {
        (1..=self.pattern.groups()).map(|group| self.span_at(group))
    }

    fn span_at(&self, group: usize) -> Option<(usize, usize)> {
        if group == 0 {
            return Some(self.span);
        }
        let slot = (group - 1) * 2;
        let (start, end) = (self.slots[slot], self.slots[slot + 1]);
        (start != UNSET && end != UNSET && start <= end).then_some((start, end))
    }
}

impl<T: Text + ?Sized> Clone for Match<'_, T> {
    fn clone(&self) -> Self {
        Match {
            pattern: self.pattern.clone(),
            slots: self.slots.clone(),
            ..*self
        }
    }
}

impl<T: Text + ?Sized> fmt::Debug for Match<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Match({:?}, {:?})", self.span, self.text())
    }
}

/// What names a group: its number, or its name.
pub trait Group {
    /// The number of the group in a pattern.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownGroup`] if it has none.
    fn index<T: Text + ?Sized>(&self, pattern: &Pattern<T>) -> Result<usize, Error>;
}

impl Group for usize {
    fn index<T: Text + ?Sized>(&self, pattern: &Pattern<T>) -> Result<usize, Error> {
        if *self <= pattern.groups() {
            return Ok(*self);
        }
        let message = format!(
            "no such group: {self}, the pattern has {}",
            pattern.groups()
        );
        Err(Error::UnknownGroup(message))
    }
}

impl Group for &str {
    fn index<T: Text + ?Sized>(&self, pattern: &Pattern<T>) -> Result<usize, Error> {
        pattern.named_group(self).ok_or_else(|| {
            let message = format!("no such group: {}", unicode::repr(self));
            Error::UnknownGroup(message)
        })
    }
}

//! Answers in the order of their requests, though some take until something is on the disk.

use std::collections::VecDeque;

/// A request whose answer comes later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ticket(u64);

/// The answers of one connection that cannot be sent yet.
///
/// ```
/// use lariat_protocol::names::Ordering;
///
/// let mut ordering = Ordering::default();
/// let first = ordering.later();
/// assert_eq!(ordering.ready("ok 0\n".into()), None);
/// let all = ordering.answer(first, "ok 0 ttl=60\n".into());
/// assert_eq!(all, Some("ok 0 ttl=60\nok 0\n".into()));
/// ```
#[derive(Debug, Default)]
pub struct Ordering {
    /// The number of the first one that waits.
    first: u64,
    waiting: VecDeque<Option<String>>,
}

impl Ordering {
    /// Keeps a place for an answer that comes later.
    pub fn later(&mut self) -> Ticket {
        self.waiting.push_back(None);
        Ticket(self.first + self.waiting.len() as u64 - 1)
    }

    /// Takes an answer that is there already; gives it back if it may be sent at once.
    pub fn ready(&mut self, answer: String) -> Option<String> {
        if self.waiting.is_empty() {
            return Some(answer);
        }
        self.waiting.push_back(Some(answer));
        None
    }

    /// Takes an answer for a place that was kept, and gives all that may be sent now.
    pub fn answer(&mut self, ticket: Ticket, answer: String) -> Option<String> {
        let at = usize::try_from(ticket.0.checked_sub(self.first)?).ok()?;
        let place = self.waiting.get_mut(at)?;
        *place = Some(answer);
        let mut all = String::new();
        while let Some(Some(answer)) = self.waiting.front_mut().map(Option::take) {
            all.push_str(&answer);
            self.waiting.pop_front();
            self.first += 1;
        }
        (!all.is_empty()).then_some(all)
    }

    /// How many answers wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_overtakes() {
        let mut ordering = Ordering::default();
        assert_eq!(ordering.ready("a".into()), Some("a".into()));
        let (one, two) = (ordering.later(), ordering.later());
        assert_eq!(ordering.ready("c".into()), None);
        let three = ordering.later();
        assert_eq!(ordering.answer(two, "2".into()), None);
        assert_eq!(ordering.answer(one, "1".into()), Some("12c".into()));
        assert_eq!(ordering.len(), 1);
        // Nobody waits for these any more.
        assert_eq!(ordering.answer(one, "1".into()), None);
        assert_eq!(ordering.answer(three, "3".into()), Some("3".into()));
        assert!(ordering.is_empty());
        assert_eq!(ordering.ready("d".into()), Some("d".into()));
    }
}

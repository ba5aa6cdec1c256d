//! Whether a place holds: ends, lines and words.

use super::units::{after, before};
use crate::program::Place;
use crate::unicode;

/// Whether the place holds there.
#[inline]
pub(super) fn holds<const TEXT: bool>(place: Place, text: &[u8], at: usize) -> bool {
    let end = text.len();
    match place {
        Place::Beginning => at == 0,
        Place::BeginningOfLine => at == 0 || text[at - 1] == b'\n',
        Place::EndOrNewline => at == end || (at + 1 == end && text[at] == b'\n'),
        Place::EndOfLine => at == end || text[at] == b'\n',
        Place::End => at == end,
        // In an empty text neither holds.
        Place::Boundary { unicode } => end > 0 && is_edge::<TEXT>(text, at, unicode),
        Place::NotBoundary { unicode } => end > 0 && !is_edge::<TEXT>(text, at, unicode),
    }
}

fn is_edge<const TEXT: bool>(text: &[u8], at: usize, unicode: bool) -> bool {
    let is_word = if unicode {
        unicode::is_word
    } else {
        unicode::is_ascii_word
    };
    let left = at > 0 && is_word(before::<TEXT>(text, at));
    let right = at < text.len() && is_word(after::<TEXT>(text, at).0);
    left != right
}

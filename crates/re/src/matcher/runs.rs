//! Several characters of one set: how far they go, and where one less of them ends.

use super::units::{after, back, next};
use crate::program::{Kind, One, Run};

/// Past as many as there are, but at most so many; and how many those were.
#[inline]
pub(super) fn forward<const TEXT: bool>(
    one: &One,
    text: &[u8],
    at: usize,
    most: u32,
) -> (usize, u32) {
    let mut at = at;
    let mut count = 0;
    while count < most && at < text.len() {
        let byte = text[at];
        if !TEXT || byte < 0x80 {
            if !one.lookup.has_byte(byte) {
                break;
            }
            at += 1;
        } else {
            let (code, end) = after::<TEXT>(text, at);
            if !one.lookup.contains(code) {
                break;
            }
            at = end;
        }
        count += 1;
    }
    (at, count)
}

/// Past all there are.
#[inline]
pub(super) fn forward_all<const TEXT: bool>(one: &One, text: &[u8], at: usize) -> usize {
    match one.kind {
        Kind::All => return text.len(),
        Kind::NotByte(byte) => {
            let found = memchr::memchr(byte, &text[at..]);
            return found.map_or(text.len(), |offset| at + offset);
        }
        Kind::Other => {}
    }
    let mut at = at;
    loop {
        while at < text.len() && (!TEXT || text[at] < 0x80) && one.lookup.has_byte(text[at]) {
            at += 1;
        }
        if !TEXT || at == text.len() || text[at] < 0x80 {
            return at;
        }
        let (code, end) = after::<TEXT>(text, at);
        if !one.lookup.contains(code) {
            return at;
        }
        at = end;
    }
}

/// The last place from `at` down to `low` at which the run can be left.
#[inline]
pub(super) fn last_exit<const TEXT: bool>(
    run: &Run,
    text: &[u8],
    low: usize,
    at: usize,
) -> Option<usize> {
    let mut at = at;
    if let Some(byte) = run.exit_byte {
        if text.get(at) == Some(&byte) {
            return Some(at);
        }
        return memchr::memrchr(byte, &text[low..at]).map(|offset| low + offset);
    }
    if run.exit_first.empty {
        return Some(at);
    }
    loop {
        if at < text.len() && run.exit_first.has(text[at]) {
            return Some(at);
        }
        if at <= low {
            return None;
        }
        at = back::<TEXT>(text, at);
    }
}

/// The same, at least one character before `at`.
#[inline]
pub(super) fn earlier_exit<const TEXT: bool>(
    run: &Run,
    text: &[u8],
    low: usize,
    at: usize,
) -> Option<usize> {
    if at <= low {
        return None;
    }
    if let Some(byte) = run.exit_byte {
        return memchr::memrchr(byte, &text[low..at]).map(|offset| low + offset);
    }
    last_exit::<TEXT>(run, text, low, back::<TEXT>(text, at))
}

/// The first place from `at` on at which the run can be left, and how many of it there are then.
#[inline]
pub(super) fn next_exit<const TEXT: bool>(
    run: &Run,
    one: &One,
    text: &[u8],
    at: usize,
    count: u32,
) -> Option<(usize, u32)> {
    let (mut at, mut count) = (at, count);
    loop {
        if run.exit_first.empty || (at < text.len() && run.exit_first.has(text[at])) {
            return Some((at, count));
        }
        (at, count) = one_more::<TEXT>(run, one, text, at, count)?;
    }
}

/// One more character of the run.
#[inline]
pub(super) fn one_more<const TEXT: bool>(
    run: &Run,
    one: &One,
    text: &[u8],
    at: usize,
    count: u32,
) -> Option<(usize, u32)> {
    if at == text.len() || (run.max != u32::MAX && count >= run.max) {
        return None;
    }
    let fits = if !TEXT || text[at] < 0x80 {
        one.lookup.has_byte(text[at])
    } else {
        one.lookup.contains(after::<TEXT>(text, at).0)
    };
    fits.then(|| (next::<TEXT>(text, at), count.saturating_add(1)))
}

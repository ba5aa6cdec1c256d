//! Several characters of one set: how far they go, and where one less of them ends.

use super::units::{after, back, next};
use crate::program::{Kind, One, Run};

/// What it costs to look at so many bytes one by one, in steps.
#[inline]
pub(super) fn steps(bytes: usize) -> u64 {
    bytes as u64 / 8
}

/// What it costs to go past so many bytes of a set.
#[inline]
pub(super) fn steps_past(one: &One, bytes: usize) -> u64 {
    match one.kind {
        Kind::All | Kind::NotByte(_) => bytes as u64 / 64,
        Kind::Other => steps(bytes),
    }
}

/// What it costs to look through so many bytes for where a run can be left.
#[inline]
pub(super) fn steps_to_exit(run: &Run, bytes: usize) -> u64 {
    match run.exit_byte {
        Some(_) => bytes as u64 / 64,
        None => steps(bytes),
    }
}

/// How far a lazy run was looked through.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub at: usize,
    /// How many of the run there are before that place.
    pub count: u32,
    /// Whether it can be left there; if not, it cannot be left at all.
    pub is_exit: bool,
}

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

/// The first place from `at` on at which the run can be left, or else where it ends.
#[inline]
pub(super) fn next_exit<const TEXT: bool>(
    run: &Run,
    one: &One,
    text: &[u8],
    at: usize,
    count: u32,
) -> Seen {
    let (mut at, mut count) = (at, count);
    loop {
        let is_exit = run.exit_first.empty || (at < text.len() && run.exit_first.has(text[at]));
        let more = one_more::<TEXT>(run, one, text, at, count).filter(|_| !is_exit);
        let Some(more) = more else {
            return Seen { at, count, is_exit };
        };
        (at, count) = more;
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

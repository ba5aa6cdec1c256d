//! What a protocol has written and the carrier has not yet taken.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Buf, Bytes};

/// Blocks at least this large are kept as they came instead of being copied into the
/// buffer: copying is cheaper than one more `iovec` below about a page.
const KEEP_WHOLE: usize = 4 * 1024;

/// What a message counts beside its bytes: its place in the queue, with room to grow.
const MESSAGE_WEIGHT: usize = 16;

/// Bytes on their way out: small writes gathered in one buffer, large blocks kept whole.
///
/// A parked connection has one of these and nothing in it, so what is rarely used is behind
/// a pointer.
///
/// On a carrier that keeps message boundaries each write is one message, and the lengths
/// are kept beside the bytes.
#[derive(Debug, Default)]
#[expect(clippy::box_collection, reason = "an empty place is a pointer's size")]
pub struct Outgoing {
    /// What comes after everything in `queue`, behind what is sent of it already. Without
    /// memory while parked.
    buffer: Vec<u8>,
    /// How many bytes at the start of `buffer` have left. Moving this is cheaper than moving
    /// the buffer's start, and keeps all of its room.
    sent: usize,
    /// Blocks before `buffer`, present only once a large block was written.
    queue: Option<Box<VecDeque<Bytes>>>,
    /// The length of each whole message, on carriers that have messages.
    messages: Option<Box<VecDeque<usize>>>,
    /// All bytes in `queue` and `buffer`.
    length: usize,
}

impl Outgoing {
    /// How many bytes wait.
    pub fn waiting(&self) -> usize {
        self.length
    }

    /// How much waits as the water marks see it: a message costs something even if it is
    /// empty, or a peer could have any number of them wait.
    pub fn weight(&self) -> usize {
        let messages = self.messages.as_ref().map_or(0, |all| all.len());
        self.length + messages * MESSAGE_WEIGHT
    }

    /// Whether nothing waits (an empty message counts as something).
    pub fn is_empty(&self) -> bool {
        self.length == 0 && self.messages.as_ref().is_none_or(|all| all.is_empty())
    }

    /// Whether nothing waits and there is no memory to be given back.
    pub fn is_idle(&self) -> bool {
        self.is_empty() && self.buffer.capacity() == 0
    }

    /// Adds bytes by copying them.
    #[inline]
    pub fn push(&mut self, parts: &[&[u8]]) {
        let length = parts.iter().map(|part| part.len()).sum();
        if self.sent > 0 {
            self.forget_sent();
        }
        self.buffer.reserve(length);
        for part in parts {
            self.buffer.extend_from_slice(part);
        }
        self.length += length;
    }

    /// A peer that is always a little behind would make the buffer grow by all that was ever
    /// sent; forgetting half of it at a time costs each byte one more copy.
    #[cold]
    fn forget_sent(&mut self) {
        if self.sent >= self.buffer.len() / 2 {
            self.buffer.drain(..self.sent);
            self.sent = 0;
        }
    }

    /// Adds bytes without copying them when that is the cheaper way.
    pub fn push_bytes(&mut self, bytes: Bytes) {
        if bytes.len() < KEEP_WHOLE {
            return self.push(&[&bytes]);
        }
        self.length += bytes.len();
        let queue = self.queue.get_or_insert_default();
        if self.sent < self.buffer.len() {
            let mut before = Bytes::from(std::mem::take(&mut self.buffer));
            before.advance(self.sent);
            queue.push_back(before);
        }
        self.buffer.clear();
        self.sent = 0;
        queue.push_back(bytes);
    }

    /// Marks that the last `length` bytes pushed are one message.
    pub fn end_message(&mut self, length: usize) {
        self.messages.get_or_insert_default().push_back(length);
    }

    /// The first bytes that wait, in one piece.
    pub fn chunk(&self) -> &[u8] {
        match self.queue.as_ref().and_then(|queue| queue.front()) {
            Some(block) => block,
            None => &self.buffer[self.sent..],
        }
    }

    /// Fills `slices` with what waits, for a vectored write; returns how many were filled.
    pub fn chunks<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let blocks = self.queue.iter().flat_map(|queue| queue.iter());
        let rest = Some(&self.buffer[self.sent..]).filter(|rest| !rest.is_empty());
        let mut filled = 0;
        for (slot, block) in slices.iter_mut().zip(blocks.map(|b| &b[..]).chain(rest)) {
            *slot = IoSlice::new(block);
            filled += 1;
        }
        filled
    }

    /// Whether a vectored write has more than one piece to send.
    pub fn is_split(&self) -> bool {
        self.queue.as_ref().is_some_and(|queue| !queue.is_empty())
    }

    /// Forgets the first `count` bytes: the carrier took them.
    ///
    /// # Panics
    ///
    /// When more is taken than waits.
    #[inline]
    pub fn advance(&mut self, count: usize) {
        assert!(count <= self.length, "more bytes taken than were waiting");
        self.length -= count;
        match self.queue {
            None => self.take_buffered(count),
            Some(_) => self.advance_blocks(count),
        }
    }

    #[cold]
    fn advance_blocks(&mut self, mut count: usize) {
        while let Some(block) = self.queue.as_mut().and_then(|queue| queue.front_mut()) {
            if count < block.len() {
                block.advance(count);
                return;
            }
            count -= block.len();
            if let Some(queue) = &mut self.queue {
                queue.pop_front();
            }
        }
        self.take_buffered(count);
    }

    /// The first `count` bytes of the buffer have left.
    #[inline]
    fn take_buffered(&mut self, count: usize) {
        self.sent += count;
        if self.sent == self.buffer.len() {
            self.buffer.clear();
            self.sent = 0;
        }
    }

    /// Takes the first whole message, on carriers that have messages.
    pub fn pop_message(&mut self) -> Option<Bytes> {
        let length = self.messages.as_mut()?.pop_front()?;
        self.length -= length;
        let mut message = Vec::with_capacity(length);
        while message.len() < length {
            let missing = length - message.len();
            let Some(block) = self.queue.as_mut().and_then(|queue| queue.front_mut()) else {
                let end = self.sent + missing;
                message.extend_from_slice(&self.buffer[self.sent..end]);
                self.take_buffered(missing);
                break;
            };
            let part = block.split_to(missing.min(block.len()));
            if block.is_empty()
                && let Some(queue) = &mut self.queue
            {
                queue.pop_front();
            }
            if part.len() == length {
                return Some(part);
            }
            message.extend_from_slice(&part);
        }
        Some(Bytes::from(message))
    }

    /// Takes the first whole message as [`pop_message`](Outgoing::pop_message) does, and adds it
    /// to `to`. Returns its length.
    pub fn pop_message_into(&mut self, to: &mut Vec<u8>) -> Option<usize> {
        if self.queue.as_ref().is_some_and(|queue| !queue.is_empty()) {
            let message = self.pop_message()?;
            to.extend_from_slice(&message);
            return Some(message.len());
        }
        let length = self.messages.as_mut()?.pop_front()?;
        self.length -= length;
        to.extend_from_slice(&self.buffer[self.sent..self.sent + length]);
        self.take_buffered(length);
        Some(length)
    }

    /// Forgets everything that waits.
    pub fn clear(&mut self) {
        *self = Outgoing::default();
    }

    /// Exchanges the gathering buffer for another when nothing waits, so that a driver can
    /// lend one buffer to many connections in turn and a parked connection holds none.
    pub fn swap_buffer(&mut self, other: &mut Vec<u8>) {
        if self.length == 0 {
            std::mem::swap(&mut self.buffer, other);
            self.buffer.clear();
            self.sent = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(outgoing: &mut Outgoing) -> Vec<u8> {
        let mut all = Vec::new();
        while outgoing.waiting() > 0 {
            let chunk = outgoing.chunk().to_vec();
            // An odd step, so that blocks are left half-taken.
            let step = chunk.len().min(1_000);
            all.extend_from_slice(&chunk[..step]);
            outgoing.advance(step);
        }
        all
    }

    #[test]
    fn small_and_large_writes_keep_their_order() {
        let large = Bytes::from(vec![b'x'; 10_000]);
        let mut outgoing = Outgoing::default();
        outgoing.push(&[b"a", b"b"]);
        outgoing.push_bytes(large.clone());
        outgoing.push(&[b"c"]);
        outgoing.push_bytes(Bytes::from_static(b"d"));
        assert!(outgoing.is_split());
        assert_eq!(outgoing.waiting(), 10_004);
        let mut slices = [IoSlice::new(&[]); 8];
        assert_eq!(outgoing.chunks(&mut slices), 3);
        let expected = [b"ab", &large[..], b"cd"].concat();
        assert_eq!(flat(&mut outgoing), expected);
        assert!(outgoing.is_empty());
    }

    #[test]
    fn a_reader_that_is_always_behind_costs_what_waits_and_no_more() {
        let mut outgoing = Outgoing::default();
        outgoing.push(&[&[0; 20_000]]);
        for _ in 0..10_000 {
            outgoing.push(&[&[0; 1_000]]);
            outgoing.advance(1_000);
        }
        assert_eq!(outgoing.waiting(), 20_000);
        assert!(outgoing.buffer.capacity() <= 128 * 1024);
    }

    #[test]
    fn empty_messages_weigh_something() {
        let mut outgoing = Outgoing::default();
        for _ in 0..100 {
            outgoing.end_message(0);
        }
        assert_eq!((outgoing.waiting(), outgoing.weight()), (0, 1_600));
    }

    #[test]
    fn messages_come_back_as_they_were_written() {
        let large = Bytes::from(vec![b'x'; 10_000]);
        let mut outgoing = Outgoing::default();
        for message in [&b"one"[..], b"", b"three"] {
            outgoing.push(&[message]);
            outgoing.end_message(message.len());
        }
        outgoing.push_bytes(large.clone());
        outgoing.end_message(large.len());
        outgoing.push(&[b"last"]);
        outgoing.end_message(4);
        let mut messages = Vec::new();
        while let Some(message) = outgoing.pop_message() {
            messages.push(message);
        }
        assert_eq!(messages, [&b"one"[..], b"", b"three", &large, b"last"]);
        assert!(outgoing.is_empty());
    }

    #[test]
    fn messages_can_be_gathered_behind_each_other() {
        let large = Bytes::from(vec![b'x'; 10_000]);
        let mut outgoing = Outgoing::default();
        let mut gathered = b"before ".to_vec();
        for message in [&b"one"[..], b"", &large, b"last"] {
            outgoing.push_bytes(Bytes::copy_from_slice(message));
            outgoing.end_message(message.len());
        }
        let lengths: Vec<_> =
            std::iter::from_fn(|| outgoing.pop_message_into(&mut gathered)).collect();
        assert_eq!(lengths, [3, 0, 10_000, 4]);
        assert_eq!(gathered, [b"before one", &large[..], b"last"].concat());
        assert!(outgoing.is_empty());
    }
}

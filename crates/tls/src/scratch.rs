//! The buffers that all TLS connections of a thread share, so that an idle one owns none.
//!
//! They hold data only while one call works on it; what must outlive the call goes into a
//! [`Queue`] of the connection, which has memory only while it is not empty.

use std::cell::Cell;

/// The longest record (RFC 5246, 6.2.3: 2^14 + 2048 bytes, and its header), so the least that
/// a read must have room for.
pub(crate) const LONGEST_RECORD: usize = 5 + 16 * 1024 + 2048;

/// A handshake message may be cut into many records, which the library wants to see together.
/// It takes messages of up to 64 KiB; more than that is not kept for one either.
pub(crate) const LONGEST_KEPT: usize = 0xffff;

const INCOMING: usize = LONGEST_KEPT + LONGEST_RECORD;

thread_local! {
    static SCRATCH: Cell<Option<Box<Scratch>>> = const { Cell::new(None) };
}

/// The buffers of one thread, while one of its connections works with them.
pub(crate) struct Scratch {
    /// Records are read into this, and decrypted there.
    pub(crate) incoming: Box<[u8]>,
    /// Records are encrypted into this.
    pub(crate) outgoing: Outgoing,
}

/// Does `work` with the thread's buffers. Those of a second call within (TLS inside TLS) are
/// new ones, and a panic costs the thread its own.
pub(crate) fn with<R>(work: impl FnOnce(&mut Scratch) -> R) -> R {
    SCRATCH.with(|own| {
        let mut scratch = own.take().unwrap_or_else(|| {
            Box::new(Scratch {
                incoming: vec![0; INCOMING].into_boxed_slice(),
                outgoing: Outgoing::default(),
            })
        });
        scratch.outgoing.clear();
        let result = work(&mut scratch);
        own.set(Some(scratch));
        result
    })
}

/// Why nothing was written into a buffer.
pub(crate) enum Refused {
    /// It takes so much room.
    Room(usize),
    /// More room would not help.
    Always,
}

/// Gathers records. It grows as they need it, and is cleared without giving memory back.
#[derive(Default)]
pub(crate) struct Outgoing {
    buffer: Vec<u8>,
    filled: usize,
}

impl Outgoing {
    /// Lets `write` write behind what is here, with as much room as it asks for. False if it
    /// refuses for good.
    pub(crate) fn append(
        &mut self,
        mut write: impl FnMut(&mut [u8]) -> Result<usize, Refused>,
    ) -> bool {
        loop {
            match write(&mut self.buffer[self.filled..]) {
                Ok(length) => {
                    self.filled += length;
                    return true;
                }
                Err(Refused::Room(room)) => {
                    let room = room.max(self.buffer.len() - self.filled + 1);
                    self.buffer.resize(self.filled + room, 0);
                }
                Err(Refused::Always) => return false,
            }
        }
    }

    pub(crate) fn filled(&self) -> &[u8] {
        &self.buffer[..self.filled]
    }

    fn clear(&mut self) {
        self.filled = 0;
    }
}

/// Bytes of one connection that wait, in order. It has memory only while some do.
#[derive(Default)]
pub(crate) struct Queue {
    bytes: Vec<u8>,
    start: usize,
}

impl Queue {
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(crate) fn waiting(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(crate) fn consume(&mut self, length: usize) {
        self.start += length;
        if self.start >= self.bytes.len() {
            *self = Queue::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_queue_has_no_memory() {
        let mut queue = Queue::default();
        queue.push(b"one ");
        queue.push(b"two");
        queue.consume(4);
        assert_eq!(queue.waiting(), b"two");
        queue.consume(3);
        assert!(queue.is_empty());
        assert_eq!(queue.bytes.capacity(), 0);
    }

    #[test]
    fn a_call_within_a_call_has_buffers_of_its_own() {
        let write = |scratch: &mut Scratch, byte: u8| {
            scratch.outgoing.append(|room| match room.first_mut() {
                Some(first) => {
                    *first = byte;
                    Ok(1)
                }
                None => Err(Refused::Room(1)),
            })
        };
        with(|outer| {
            assert!(write(outer, 1));
            with(|inner| {
                assert!(inner.outgoing.filled().is_empty());
                assert!(write(inner, 2));
            });
            assert!(write(outer, 3));
            assert_eq!(outer.outgoing.filled(), [1, 3]);
        });
        with(|next| assert!(next.outgoing.filled().is_empty()));
    }
}

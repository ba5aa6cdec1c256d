//! The buffers that all connections of a thread share, so that a parked one owns none.

use std::cell::Cell;
use std::ops::{Deref, DerefMut};

use lariat_protocol::contract::Outgoing;

/// The size of the read buffer: what one read can bring, and the longest message, which a
/// protocol gets whole. That is 64 KiB, as for a line, and room for what an answer puts round a
/// question of that length; the longest datagram is shorter.
pub(crate) const READ_BUFFER: usize = 64 * 1024 + 1024;

/// A write buffer that has grown past this is given back to the system, not to the thread.
const KEEP_WRITE_BUFFER: usize = 256 * 1024;

thread_local! {
    static READ: Cell<Option<Box<[u8]>>> = const { Cell::new(None) };
    static WRITE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// The thread's read buffer, for as long as this value lives.
pub(crate) struct ReadBuffer(Option<Box<[u8]>>);

/// Takes the thread's read buffer; a second one at the same time is a new one.
pub(crate) fn read_buffer() -> ReadBuffer {
    let buffer = READ.take();
    ReadBuffer(Some(
        buffer.unwrap_or_else(|| vec![0; READ_BUFFER].into_boxed_slice()),
    ))
}

impl Deref for ReadBuffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.0.as_deref().unwrap_or_default()
    }
}

impl DerefMut for ReadBuffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        self.0.as_deref_mut().unwrap_or_default()
    }
}

impl Drop for ReadBuffer {
    fn drop(&mut self) {
        READ.set(self.0.take());
    }
}

/// Lets a connection gather its answers in the thread's buffer, if it has nothing waiting.
pub(crate) fn lend_write_buffer(outgoing: &mut Outgoing) {
    if outgoing.waiting() == 0 {
        let mut buffer = WRITE.take();
        // Without memory, it is lent already, perhaps to this very connection.
        if buffer.capacity() > 0 {
            outgoing.swap_buffer(&mut buffer);
        }
    }
}

/// Takes the buffer back when everything in it has left.
pub(crate) fn return_write_buffer(outgoing: &mut Outgoing) {
    if outgoing.waiting() == 0 {
        let mut buffer = Vec::new();
        outgoing.swap_buffer(&mut buffer);
        if (1..=KEEP_WRITE_BUFFER).contains(&buffer.capacity()) {
            WRITE.set(buffer);
        }
    }
}

//! The buffers that all connections of a thread share, so that a parked one owns none.

use std::cell::Cell;

use lariat_protocol::contract::Outgoing;

/// The size of the read buffer: what one read can bring, and the longest message, which a
/// protocol gets whole. That is 64 KiB, as for a line, and room for what an answer puts round a
/// question of that length; the longest datagram is shorter.
pub(crate) const READ_BUFFER: usize = 64 * 1024 + 1024;

/// A write buffer that has grown past this is given back to the system, not to the thread.
const KEEP_WRITE_BUFFER: usize = 256 * 1024;

thread_local! {
    static BUFFERS: Cell<Option<Box<Buffers>>> = const { Cell::new(None) };
}

/// The buffers of one thread, while one of its connections works with them.
pub(crate) struct Buffers {
    /// What the next read is read into.
    pub(crate) read: Box<[u8]>,
    /// Where answers are gathered; without memory while it is lent.
    write: Vec<u8>,
}

/// Does `work` with the thread's buffers. Those of a second call within are new ones, and a
/// panic costs the thread its own.
#[inline]
pub(crate) fn with<R>(work: impl FnOnce(&mut Buffers) -> R) -> R {
    BUFFERS.with(|own| {
        let mut buffers = own.take().unwrap_or_else(Buffers::new);
        let result = work(&mut buffers);
        own.set(Some(buffers));
        result
    })
}

impl Buffers {
    #[cold]
    fn new() -> Box<Self> {
        Box::new(Buffers {
            read: vec![0; READ_BUFFER].into_boxed_slice(),
            write: Vec::new(),
        })
    }

    /// Lets a connection gather its answers here, if it has nothing waiting.
    #[inline]
    pub(crate) fn lend(&mut self, outgoing: &mut Outgoing) {
        // Without memory, it is lent already, perhaps to this very connection.
        if outgoing.waiting() == 0 && self.write.capacity() > 0 {
            outgoing.swap_buffer(&mut self.write);
        }
    }

    /// Takes the buffer back when everything in it has left.
    #[inline]
    pub(crate) fn take_back(&mut self, outgoing: &mut Outgoing) {
        if outgoing.waiting() == 0 {
            let mut buffer = Vec::new();
            outgoing.swap_buffer(&mut buffer);
            if (1..=KEEP_WRITE_BUFFER).contains(&buffer.capacity()) {
                self.write = buffer;
            }
        }
    }
}

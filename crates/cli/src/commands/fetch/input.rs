//! Standard input as it comes, read by a thread of its own that nothing waits for.

use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::thread;

use tokio::io::{AsyncRead, ReadBuf};
use tokio::sync::mpsc::{Receiver, channel};

use crate::failure::Failure;

/// How much is read at once.
const BLOCK_SIZE: usize = 64 * 1024;

/// How many blocks may be waiting to be sent.
const BLOCKS: usize = 4;

/// What comes on standard input.
pub struct Input {
    blocks: Receiver<io::Result<Vec<u8>>>,
    /// What of the last block was not taken.
    rest: Vec<u8>,
    taken: usize,
}

impl Input {
    /// Begins to read. What is read here is read nowhere else.
    ///
    /// # Errors
    ///
    /// When the system gives no thread.
    pub fn open() -> Result<Self, Failure> {
        let (sender, blocks) = channel(BLOCKS);
        let reading = move || loop {
            let mut block = vec![0; BLOCK_SIZE];
            let read = io::stdin().lock().read(&mut block);
            let is_over = !matches!(read, Ok(1..));
            let block = read.map(|length| {
                block.truncate(length);
                block
            });
            if sender.blocking_send(block).is_err() || is_over {
                return;
            }
        };
        thread::Builder::new().name("input".into()).spawn(reading)?;
        Ok(Input {
            blocks,
            rest: Vec::new(),
            taken: 0,
        })
    }
}

impl AsyncRead for Input {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.taken == self.rest.len() {
            match ready!(self.blocks.poll_recv(context)) {
                Some(block) => (self.rest, self.taken) = (block?, 0),
                None => return Poll::Ready(Ok(())),
            }
        }
        let left = &self.rest[self.taken..];
        let length = left.len().min(buffer.remaining());
        buffer.put_slice(&left[..length]);
        self.taken += length;
        Poll::Ready(Ok(()))
    }
}

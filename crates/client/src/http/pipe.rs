//! What is read by a thread of its own, since to read it may take as long as whoever writes it likes: pipes, standard input.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread;

use bytes::Bytes;
use http_body::Frame;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::blocks::Blocks;
use crate::part::cannot;

/// How many blocks may be waiting to be sent.
const BLOCKS: usize = 4;

/// Blocks as they come. Nothing waits for the thread: it ends when it finds nobody to give a block to, or with the process.
pub(super) struct Pipe {
    blocks: Receiver<io::Result<Bytes>>,
}

impl Pipe {
    /// Reads what is opened by its path, which may wait as well.
    pub(super) fn open(path: PathBuf) -> io::Result<Self> {
        Pipe::begin(move |blocks| {
            let told = |error| io::Error::other(cannot("read", &path, error));
            match File::open(&path) {
                Ok(file) => give(file, blocks, told),
                Err(error) => drop(blocks.blocking_send(Err(told(error)))),
            }
        })
    }

    /// Reads what is open.
    pub(super) fn of(reader: impl Read + Send + 'static) -> io::Result<Self> {
        Pipe::begin(move |blocks| give(reader, blocks, |error| error))
    }

    fn begin(read: impl FnOnce(&Sender<io::Result<Bytes>>) + Send + 'static) -> io::Result<Self> {
        let (sender, blocks) = channel(BLOCKS);
        let reading = move || read(&sender);
        thread::Builder::new().name("input".into()).spawn(reading)?;
        Ok(Pipe { blocks })
    }

    /// The next block; nothing at the end.
    pub(super) fn poll_block(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Bytes>>> {
        self.blocks.poll_recv(context).map(|block| match block {
            // The end is told, so that it is none when the thread has panicked.
            Some(Ok(block)) if block.is_empty() => None,
            None => Some(Err(io::Error::other(
                "who was to read what is sent has panicked",
            ))),
            block => block,
        })
    }
}

/// Gives blocks until there are no more, which an empty one tells, or nobody wants any.
fn give(
    mut reader: impl Read,
    blocks: &Sender<io::Result<Bytes>>,
    told: impl Fn(io::Error) -> io::Error,
) {
    let memory = Blocks::default();
    loop {
        let block = match memory.fill(|room| reader.read(room)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            block => block.map_err(&told),
        };
        let is_over = block.as_ref().map_or(true, Bytes::is_empty);
        if blocks.blocking_send(block).is_err() || is_over {
            return;
        }
    }
}

impl http_body::Body for Pipe {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let block = self.poll_block(context);
        block.map(|block| block.map(|block| block.map(Frame::data)))
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    /// Has a word, and then something happens.
    struct Word<F>(bool, F);

    impl<F: FnMut() -> usize> Read for Word<F> {
        fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
            if std::mem::replace(&mut self.0, true) {
                return Ok((self.1)());
            }
            room[..4].copy_from_slice(b"word");
            Ok(4)
        }
    }

    async fn heard(then: impl FnMut() -> usize + Send + 'static) -> Vec<Result<Bytes, String>> {
        let mut pipe = Pipe::of(Word(false, then)).expect("a thread");
        let mut heard = Vec::new();
        while let Some(block) = poll_fn(|context| pipe.poll_block(context)).await {
            let is_over = block.is_err();
            heard.push(block.map_err(|error| error.to_string()));
            if is_over {
                break;
            }
        }
        heard
    }

    #[tokio::test]
    async fn an_end_is_told_from_a_panic() {
        assert_eq!(heard(|| 0).await, [Ok(Bytes::from_static(b"word"))]);
        let words = "who was to read what is sent has panicked";
        let broken = heard(|| panic!("on purpose")).await;
        assert_eq!(broken, [Ok(Bytes::from_static(b"word")), Err(words.into())]);
    }
}

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

use crate::part::cannot;

/// How much is read at once.
const BLOCK_SIZE: usize = 64 * 1024;

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
        self.blocks.poll_recv(context)
    }
}

/// Gives blocks until there are no more, or nobody wants any.
fn give(
    mut reader: impl Read,
    blocks: &Sender<io::Result<Bytes>>,
    told: impl Fn(io::Error) -> io::Error,
) {
    loop {
        let mut block = vec![0; BLOCK_SIZE];
        let read = match reader.read(&mut block) {
            Ok(0) => return,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read,
        };
        let is_over = read.is_err();
        let block = read.map_err(&told).map(|length| {
            block.truncate(length);
            Bytes::from(block)
        });
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

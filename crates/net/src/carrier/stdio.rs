//! Standard input and output as a carrier.
//!
//! The descriptors are shared with whoever started us, so they are never made non-blocking.
//! Input is read by a thread of its own that nothing waits for: a read from a terminal ends
//! when a person presses return, and the program must be able to end before that.

use std::io::{self, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::mpsc;
use tokio_util::sync::PollSender;

/// How many blocks may wait between the threads and the carrier, in each direction.
const BLOCKS: usize = 4;

const BLOCK: usize = 16 * 1024;

/// Standard input and output.
pub(crate) struct Stdio {
    /// Starts the thread that reads, at the first read: input that nobody asked for is left
    /// to whoever shares it, as the loop of a shell script does.
    begin: Option<Box<dyn FnOnce() + Send>>,
    input: mpsc::Receiver<io::Result<Bytes>>,
    unread: Bytes,
    output: PollSender<Vec<u8>>,
    /// The writing thread's word that everything was written, or what went wrong.
    written: mpsc::Receiver<io::Error>,
}

impl Stdio {
    pub(crate) fn open() -> Self {
        Stdio::over(io::stdin(), io::stdout())
    }

    /// Takes what blocks in the place of standard input and output.
    pub(crate) fn over(
        input: impl Read + Send + 'static,
        output: impl Write + Send + 'static,
    ) -> Self {
        let (reader, writer) = (input, output);
        let (input_sender, input) = mpsc::channel(BLOCKS);
        let (output, output_receiver) = mpsc::channel(BLOCKS);
        let (written_sender, written) = mpsc::channel(1);
        let begin = Box::new(move || {
            std::thread::spawn(move || read_input(reader, &input_sender));
        });
        std::thread::spawn(move || write_output(writer, output_receiver, &written_sender));
        Stdio {
            begin: Some(begin),
            input,
            unread: Bytes::new(),
            output: PollSender::new(output),
            written,
        }
    }
}

fn read_input(mut input: impl Read, sender: &mpsc::Sender<io::Result<Bytes>>) {
    let mut block = vec![0; BLOCK];
    loop {
        let read = input.read(&mut block);
        let ended = !matches!(read, Ok(1..));
        if let Ok(0) = read {
            return;
        }
        let block = read.map(|length| Bytes::copy_from_slice(&block[..length]));
        if sender.blocking_send(block).is_err() || ended {
            return;
        }
    }
}

fn write_output(
    mut output: impl Write,
    mut blocks: mpsc::Receiver<Vec<u8>>,
    failed: &mpsc::Sender<io::Error>,
) {
    while let Some(block) = blocks.blocking_recv() {
        if let Err(error) = output.write_all(&block).and_then(|()| output.flush()) {
            let _ = failed.blocking_send(error);
            return;
        }
    }
}

impl AsyncRead for Stdio {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(begin) = self.begin.take() {
            begin();
        }
        if self.unread.is_empty() {
            match ready!(self.input.poll_recv(context)) {
                None => return Poll::Ready(Ok(())),
                Some(block) => self.unread = block?,
            }
        }
        let length = self.unread.len().min(buffer.remaining());
        buffer.put_slice(&self.unread[..length]);
        self.unread.advance(length);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stdio {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        let gone = |written: &mut mpsc::Receiver<io::Error>| {
            let error = written.try_recv();
            error.unwrap_or_else(|_| io::ErrorKind::BrokenPipe.into())
        };
        if ready!(self.output.poll_reserve(context)).is_err() {
            return Poll::Ready(Err(gone(&mut self.written)));
        }
        let data = &data[..data.len().min(BLOCK)];
        match self.output.send_item(data.to_vec()) {
            Ok(()) => Poll::Ready(Ok(data.len())),
            Err(_) => Poll::Ready(Err(gone(&mut self.written))),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Closes output and waits until the thread has written what it was given.
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.output.close();
        match ready!(self.written.poll_recv(context)) {
            None => Poll::Ready(Ok(())),
            Some(error) => Poll::Ready(Err(error)),
        }
    }
}

//! A reader as a body.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http_body::Frame;
use tokio::io::{AsyncRead, ReadBuf};

/// How much is read at once.
const PIECE: usize = 64 * 1024;

/// What a reader reads, piece by piece.
pub(super) struct Reading {
    reader: Pin<Box<dyn AsyncRead + Send>>,
    /// Zeros: each piece is cut off its front, and new room is made when none is left.
    room: BytesMut,
}

impl Reading {
    pub(super) fn new(reader: impl AsyncRead + Send + 'static) -> Self {
        Reading {
            reader: Box::pin(reader),
            room: BytesMut::new(),
        }
    }
}

impl http_body::Body for Reading {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        if this.room.is_empty() {
            this.room.resize(PIECE, 0);
        }
        let mut buffer = ReadBuf::new(&mut this.room);
        match ready!(this.reader.as_mut().poll_read(context, &mut buffer)) {
            Err(error) => Poll::Ready(Some(Err(error))),
            Ok(()) => match buffer.filled().len() {
                0 => Poll::Ready(None),
                length => Poll::Ready(Some(Ok(Frame::data(this.room.split_to(length).freeze())))),
            },
        }
    }
}

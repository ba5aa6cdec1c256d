//! Who watches the bytes of connections, as they are under TLS or without it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use lariat_net::Connection;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::body::Moved;

/// Told each byte that goes over a client's connections, in the order in which it does.
///
/// A client that is watched speaks version 1.1 only, since 2 is nothing to look at. What is said to a proxy before it passes a
/// connection on is among it. So are passwords.
/// Connections are numbered from 1 on, since several may be there at once.
pub trait Observer: Send + Sync {
    /// These bytes were sent over that connection.
    fn sent(&self, connection: u64, bytes: &[u8]);

    /// These bytes were received.
    fn received(&self, connection: u64, bytes: &[u8]);
}

/// Who watches a connection, under its number.
#[derive(Clone)]
pub(super) struct Watch {
    pub(super) observer: Arc<dyn Observer>,
    pub(super) connection: u64,
}

/// A connection, and who watches it.
pub(super) struct Observed {
    connection: Connection,
    watch: Option<Watch>,
    written: Arc<Moved>,
}

impl Observed {
    pub(super) fn new(connection: Connection, watch: Option<Watch>) -> Self {
        Observed {
            connection,
            watch,
            written: Arc::new(Moved::now()),
        }
    }

    /// When something was written last.
    pub(super) fn written(&self) -> Arc<Moved> {
        Arc::clone(&self.written)
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(super) fn into_inner(self) -> Connection {
        self.connection
    }

    fn note_sent(&self, bytes: &[u8]) {
        self.written.note();
        if let Some(watch) = &self.watch
            && !bytes.is_empty()
        {
            watch.observer.sent(watch.connection, bytes);
        }
    }
}

impl AsyncRead for Observed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.connection).poll_read(context, buffer);
        let came = &buffer.filled()[before..];
        if let Some(watch) = &self.watch
            && !came.is_empty()
        {
            watch.observer.received(watch.connection, came);
        }
        read
    }
}

impl AsyncWrite for Observed {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.connection).poll_write(context, data);
        if let Poll::Ready(Ok(length)) = &written {
            self.note_sent(&data[..*length]);
        }
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.connection).poll_write_vectored(context, slices);
        if let Poll::Ready(Ok(length)) = &written {
            let mut rest = *length;
            for slice in slices {
                let taken = rest.min(slice.len());
                self.note_sent(&slice[..taken]);
                rest -= taken;
            }
        }
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.connection.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_shutdown(context)
    }
}

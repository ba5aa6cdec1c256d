//! The body of an answer as it comes from the connection, each piece within its time.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as _, Frame};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep};

use super::compressed::{Decoding, Encoding};
use crate::http::pool::Lease;
use crate::http::{Error, Limits, explain};

/// Who sends a body, and the time that it has.
#[derive(Clone, Debug)]
pub(in crate::http) struct Origin {
    pub(in crate::http) server: String,
    pub(in crate::http) between: Duration,
    /// When everything is to be over, and how long that is after its beginning.
    pub(in crate::http) whole: Option<(Instant, Duration)>,
}

impl Origin {
    /// The error of a request that took too long in all.
    pub(in crate::http) fn took_too_long(&self, after: Duration) -> Error {
        Error::TimedOut {
            server: self.server.clone(),
            what: "it was not done".into(),
            after,
        }
    }
}

/// The body of an answer.
pub(in crate::http) struct Received {
    stream: Stream,
}

enum Stream {
    Plain(Wire),
    Compressed(Decoding),
}

impl Received {
    /// What comes as it is.
    pub(in crate::http) fn plain(wire: Wire) -> Self {
        Received {
            stream: Stream::Plain(wire),
        }
    }

    /// What comes, unpacked.
    pub(in crate::http) fn compressed(wire: Wire, encoding: Encoding, limits: &Limits) -> Self {
        Received {
            stream: Stream::Compressed(Decoding::new(wire, encoding, limits)),
        }
    }

    pub(super) fn server(&self) -> &str {
        &self.wire().origin.server
    }

    pub(super) fn length(&self) -> Option<u64> {
        match &self.stream {
            Stream::Plain(wire) => wire.said,
            Stream::Compressed(_) => None,
        }
    }

    pub(super) fn is_at_end(&self) -> bool {
        match &self.stream {
            Stream::Plain(wire) => wire.is_at_end(),
            Stream::Compressed(_) => false,
        }
    }

    pub(super) fn poll_frame(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match &mut self.stream {
            Stream::Plain(wire) => wire.poll_frame(context),
            Stream::Compressed(decoding) => decoding
                .poll_data(context)
                .map(|piece| piece.map(|piece| piece.map(Frame::data))),
        }
    }

    fn wire(&self) -> &Wire {
        match &self.stream {
            Stream::Plain(wire) => wire,
            Stream::Compressed(decoding) => decoding.wire(),
        }
    }
}

/// The bytes of a body as they are on the connection.
pub(in crate::http) struct Wire {
    incoming: Incoming,
    origin: Origin,
    /// How many bytes the server says that there are.
    said: Option<u64>,
    /// How many came.
    came: u64,
    /// Made when the first piece is waited for.
    timer: Option<Pin<Box<Sleep>>>,
    /// Whether the timer is that of the piece that is waited for.
    is_waiting: bool,
    /// The connection, which is given back at the end of the body and is gone if that is not reached.
    lease: Option<Lease>,
}

impl Wire {
    pub(in crate::http) fn new(incoming: Incoming, origin: Origin, lease: Lease) -> Self {
        let mut wire = Wire {
            said: incoming.size_hint().exact(),
            incoming,
            origin,
            came: 0,
            timer: None,
            is_waiting: false,
            lease: Some(lease),
        };
        if wire.is_at_end() {
            wire.give_back();
        }
        wire
    }

    pub(in crate::http) fn is_at_end(&self) -> bool {
        self.incoming.is_end_stream()
    }

    /// How many bytes the server says that there are.
    pub(in crate::http) fn said(&self) -> Option<u64> {
        self.said
    }

    pub(super) fn origin(&self) -> &Origin {
        &self.origin
    }

    pub(super) fn came(&self) -> u64 {
        self.came
    }

    pub(super) fn poll_frame(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let Poll::Ready(frame) = Pin::new(&mut self.incoming).poll_frame(context) else {
            let error = ready!(self.poll_overdue(context));
            return self.failed(error);
        };
        self.is_waiting = false;
        match frame {
            Some(Ok(frame)) => {
                self.came += frame.data_ref().map_or(0, |data| data.len() as u64);
                // A server that is never silent may still take too long in all.
                match self.origin.whole {
                    Some((end, after)) if Instant::now() >= end => {
                        self.failed(self.origin.took_too_long(after))
                    }
                    _ => Poll::Ready(Some(Ok(frame))),
                }
            }
            Some(Err(error)) => {
                let error = explain::body(&self.origin.server, error, self.came, self.said);
                self.failed(error)
            }
            None => {
                self.give_back();
                Poll::Ready(None)
            }
        }
    }

    fn poll_overdue(&mut self, context: &mut Context<'_>) -> Poll<Error> {
        let end = Instant::now() + self.origin.between;
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(end)));
        if !self.is_waiting {
            self.is_waiting = true;
            let whole = self.origin.whole.map(|(whole, _)| whole);
            timer
                .as_mut()
                .reset(whole.map_or(end, |whole| whole.min(end)));
        }
        ready!(timer.as_mut().poll(context));
        Poll::Ready(match self.origin.whole {
            Some((end, after)) if Instant::now() >= end => self.origin.took_too_long(after),
            _ => Error::TimedOut {
                server: self.origin.server.clone(),
                what: format!(
                    "nothing more of the body, of which {} came,",
                    explain::bytes(self.came)
                ),
                after: self.origin.between,
            },
        })
    }

    fn failed(&mut self, error: Error) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        self.lease = None;
        Poll::Ready(Some(Err(error)))
    }

    fn give_back(&mut self) {
        if let Some(lease) = self.lease.take() {
            lease.finish();
        }
    }
}

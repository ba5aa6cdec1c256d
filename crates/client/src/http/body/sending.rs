//! A request's body on its way out: who watches the time is told how far it has come.

use std::pin::Pin;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use tokio::time::Instant;

use super::Body;
use crate::http::Error;
use crate::http::event::{Event, Witness};

/// How far a request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Stage {
    /// A piece was taken, or none yet: the server is to take what there is.
    Sending,
    /// The next piece is not there yet, which is nothing to do with the server.
    Gathering,
    /// All was taken.
    Sent,
}

/// When something moved last.
#[derive(Debug)]
pub(in crate::http) struct Moved {
    begun: Instant,
    /// In milliseconds from `begun` on.
    last: AtomicU64,
}

impl Moved {
    pub(in crate::http) fn now() -> Self {
        Moved {
            begun: Instant::now(),
            last: AtomicU64::new(0),
        }
    }

    pub(in crate::http) fn note(&self) {
        let elapsed = self.begun.elapsed().as_millis();
        let elapsed = u64::try_from(elapsed).unwrap_or(u64::MAX);
        self.last.store(elapsed, Ordering::Relaxed);
    }

    /// How long ago that was.
    pub(in crate::http) fn elapsed(&self) -> Duration {
        let last = Duration::from_millis(self.last.load(Ordering::Relaxed));
        self.begun.elapsed().saturating_sub(last)
    }
}

/// How far a request has come, for both who sends it and who watches.
#[derive(Debug)]
pub(in crate::http) struct Progress {
    /// When a piece was taken last.
    moved: Moved,
    /// A [`Stage`].
    stage: AtomicU8,
    /// Why the body could not be read: hyper passes an error on, but does not give it back.
    failure: Mutex<Option<Error>>,
}

impl Progress {
    fn new(stage: Stage) -> Self {
        Progress {
            moved: Moved::now(),
            stage: AtomicU8::new(stage as u8),
            failure: Mutex::new(None),
        }
    }

    /// Why the body could not be sent to its end, if that was a matter of its source.
    pub(in crate::http) fn failure(&self) -> Option<Error> {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.take()
    }

    fn fail(&self, error: Error) -> BrokenSource {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        *failure = Some(error);
        BrokenSource
    }

    fn note(&self, stage: Stage) {
        self.moved.note();
        self.stage.store(stage as u8, Ordering::Relaxed);
    }

    /// Waits until the server has taken too long: `between` to take the next piece, or `answer` to answer when all was
    /// sent. Says for what, and for how long. What was taken may be on its way for a long time yet: as long as a connection
    /// of its own is `written` to, the server has not taken it.
    pub(in crate::http) async fn overdue(
        &self,
        answer: Duration,
        between: Duration,
        written: Option<&Moved>,
    ) -> (&'static str, Duration) {
        loop {
            let stage = self.stage.load(Ordering::Relaxed);
            let (what, allowed) = match stage == Stage::Sent as u8 {
                true => ("no answer", answer),
                false => ("it takes no more of the request's body", between),
            };
            let mut elapsed = self.moved.elapsed();
            if let Some(written) = written {
                elapsed = elapsed.min(written.elapsed());
            }
            if stage == Stage::Gathering as u8 {
                tokio::time::sleep(allowed).await;
                continue;
            }
            match allowed.checked_sub(elapsed) {
                None | Some(Duration::ZERO) => return (what, allowed),
                Some(left) => tokio::time::sleep(left).await,
            }
        }
    }
}

/// The source of a body failed; [`Progress::failure`] knows why.
#[derive(Debug, thiserror::Error)]
#[error("the body of the request cannot be read")]
pub(in crate::http) struct BrokenSource;

/// A body that is being sent.
pub(in crate::http) struct Outgoing {
    body: Body,
    progress: Arc<Progress>,
    /// How much of what was announced is still to come.
    rest: Option<u64>,
    /// Who wants to know how much was taken.
    witness: Option<Witness>,
}

impl Outgoing {
    pub(in crate::http) fn new(body: Body, witness: Option<Witness>) -> (Self, Arc<Progress>) {
        let stage = match body.is_end_stream() {
            true => Stage::Sent,
            false => Stage::Sending,
        };
        let progress = Arc::new(Progress::new(stage));
        let outgoing = Outgoing {
            rest: body.length(),
            body,
            progress: Arc::clone(&progress),
            witness,
        };
        (outgoing, progress)
    }

    /// The body, of which nothing was sent.
    pub(in crate::http) fn into_body(self) -> Body {
        self.body
    }

    /// A source that is longer or shorter than it was said to be would make the server take the next request
    /// for a part of this one, or wait for what never comes.
    fn count(&mut self, piece: Option<&Bytes>) -> Result<(), Error> {
        let Some(rest) = &mut self.rest else {
            return Ok(());
        };
        let changed = |what: &str| {
            let error = format!("it is {what} than was announced; was it changed meanwhile?");
            Err(Error::Source(std::io::Error::other(error)))
        };
        match piece {
            Some(piece) => match rest.checked_sub(piece.len() as u64) {
                Some(left) => *rest = left,
                None => return changed("longer"),
            },
            None if *rest > 0 => return changed("shorter"),
            None => {}
        }
        Ok(())
    }
}

impl http_body::Body for Outgoing {
    type Data = Bytes;
    type Error = BrokenSource;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenSource>>> {
        self.progress.note(Stage::Gathering);
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        let counted = match &frame {
            Some(Ok(frame)) => self.count(frame.data_ref()),
            Some(Err(_)) => Ok(()),
            None => self.count(None),
        };
        // Whoever has all that was announced asks for no more.
        let all = frame.is_none() || self.is_end_stream() || self.rest == Some(0);
        let stage = match all {
            true => Stage::Sent,
            false => Stage::Sending,
        };
        self.progress.note(stage);
        let frame = match counted {
            Ok(()) => frame,
            Err(error) => Some(Err(error)),
        };
        if let (Some(Ok(frame)), Some(witness)) = (&frame, &self.witness) {
            let bytes = frame.data_ref().map_or(0, Bytes::len);
            witness.tell(&Event::Sent { bytes });
        }
        Poll::Ready(frame.map(|frame| frame.map_err(|error| self.progress.fail(error))))
    }

    fn is_end_stream(&self) -> bool {
        // One that is shorter than was said is asked, and so found out.
        self.body.is_end_stream() && self.rest.is_none_or(|rest| rest == 0)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_time_for_an_answer_begins_when_the_last_byte_is_written() {
        let (_outgoing, progress) = Outgoing::new(Body::empty(), None);
        let (begun, minute) = (Instant::now(), Duration::from_secs(60));
        let written = Moved::now();
        let writing = async {
            for _ in 0..3 {
                tokio::time::sleep(Duration::from_secs(50)).await;
                written.note();
            }
        };
        let overdue = progress.overdue(minute, minute, Some(&written));
        let (_, late) = tokio::join!(writing, overdue);
        assert_eq!(late, ("no answer", minute));
        assert_eq!(begun.elapsed().as_secs(), 210);
        // Others write to a connection that is shared.
        let (_outgoing, progress) = Outgoing::new(Body::empty(), None);
        progress.overdue(minute, minute, None).await;
        assert_eq!(begun.elapsed().as_secs(), 270);
    }
}

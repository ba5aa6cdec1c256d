//! The orderly end of a connection: what was sent is not lost to an early close.
//!
//! Closing a TCP socket with unread input resets it, and a reset discards what the peer has
//! not read yet: closing at once truncated 40 of 40 replies of 600 kB; lingering, none.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::AsyncWrite;
use tokio::time::Sleep;

use crate::carrier::{Carrier, Received};
use crate::driver::scratch;

/// How long the peer has to notice that we are done, from when it has all that was sent.
const LINGER: Duration = Duration::from_secs(2);

/// How much of what was sent the peer must take in that time for being given it once more. A
/// system holds megabytes of replies, which a busy peer reads for longer than it lingers.
const PROGRESS: usize = 1000;

/// How much of what the peer still sends is read and dropped. Beyond it nothing is read, and
/// the peer keeps the rest of its time to read what was sent to it.
const DISCARD: usize = 64 * 1024;

enum Step {
    ShutDown,
    /// The peer may still be sending: read until it ends.
    Discard {
        left: usize,
    },
    /// The peer sent more than we take: closing now would reset what it has not read yet.
    Wait,
}

/// An orderly close that is under way.
pub(crate) struct Closing {
    step: Step,
    peer_ended: bool,
    patience: Pin<Box<Sleep>>,
    /// How much of what was sent the peer did not have when its time was over last.
    behind: usize,
}

impl Closing {
    pub(crate) fn new(peer_ended: bool) -> Self {
        Closing {
            step: Step::ShutDown,
            peer_ended,
            patience: Box::pin(tokio::time::sleep(LINGER)),
            behind: usize::MAX,
        }
    }

    /// Whether the peer is reading what was sent, and so has its time once more.
    fn goes_on(&mut self, carrier: &Carrier) -> bool {
        let behind = carrier.unacknowledged();
        let goes_on = behind > 0 && behind.saturating_add(PROGRESS) <= self.behind;
        if goes_on {
            self.behind = behind;
            let again = tokio::time::Instant::now() + LINGER;
            self.patience.as_mut().reset(again);
        }
        goes_on
    }

    /// Ready when the carrier may be dropped. Errors end it too: there is nobody to tell.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>, carrier: &mut Carrier) -> Poll<()> {
        // Whoever reads our standard output, however slowly, is not a peer that might have gone
        // without a word: a pipe says so, and the end of the draining cuts what takes too long.
        let patient = matches!((&self.step, &*carrier), (Step::ShutDown, Carrier::Stdio(_)));
        while !patient && self.patience.as_mut().poll(context).is_ready() {
            if !self.goes_on(carrier) {
                return Poll::Ready(());
            }
        }
        loop {
            match &mut self.step {
                Step::ShutDown => {
                    let shut = ready!(Pin::new(&mut *carrier).poll_shutdown(context));
                    if self.peer_ended || shut.is_err() || !carrier.lingers() {
                        return Poll::Ready(());
                    }
                    self.step = Step::Discard { left: DISCARD };
                }
                Step::Discard { left } => {
                    let received =
                        scratch::with(|buffers| carrier.poll_receive(context, &mut buffers.read));
                    match ready!(received) {
                        Ok(Received::Bytes(length) | Received::Message(length)) => {
                            if length < *left {
                                *left -= length;
                            } else {
                                self.step = Step::Wait;
                            }
                        }
                        Ok(Received::End) | Err(_) => return Poll::Ready(()),
                    }
                }
                Step::Wait => return Poll::Pending,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::io::{self, Write};
    use std::sync::mpsc;

    use tokio::io::AsyncWriteExt;

    use super::*;
    use crate::carrier::Stdio;

    /// Takes nothing until it is allowed to, and passes on what it takes.
    struct Slow(mpsc::Receiver<()>, mpsc::Sender<Vec<u8>>);

    impl Write for Slow {
        fn write(&mut self, data: &[u8]) -> io::Result<usize> {
            // The sender that is gone has allowed everything.
            let _ = self.0.recv();
            let _ = self.1.send(data.to_vec());
            Ok(data.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_reader_of_standard_output_gets_everything() {
        let (allow, allowed) = mpsc::channel();
        let (write, written) = mpsc::channel();
        let stdio = Stdio::over(io::empty(), Slow(allowed, write));
        let mut carrier = Carrier::Stdio(Box::new(stdio));
        carrier.write_all(b"all of it").await.expect("taken");
        let mut closing = Closing::new(true);
        let mut closed = poll_fn(|context| closing.poll(context, &mut carrier));
        let early = tokio::time::timeout(5 * LINGER, &mut closed).await;
        assert!(early.is_err(), "closed before it was written");
        drop(allow);
        closed.await;
        assert_eq!(written.try_recv().expect("written"), b"all of it");
    }
}

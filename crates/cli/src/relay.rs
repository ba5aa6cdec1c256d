//! Two connections joined, one of them a person's or a program's: bytes both ways until both
//! have said all they have to say.

use std::cell::Cell;
use std::io;
use std::pin::pin;
use std::time::Duration;

use lariat_net::Connection;
use lariat_protocol::{Address, Error};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split};
use tokio::time::{Instant, timeout, timeout_at};

use crate::failure::Failure;

/// As large as the longest message that carriers take, so that none is cut on its way in.
const BUFFER: usize = 64 * 1024 + 1024;

/// The longest message on its way out: the largest that UDP has over IPv4.
const MAXIMUM_MESSAGE: usize = 65_507;

/// How long a peer may take to hear our goodbye.
const GOODBYE: Duration = Duration::from_secs(1);

/// How the two are joined.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// Whether line ends go out as CRLF.
    pub crlf: bool,
    /// How long the direction that is left may be silent, where the other's end cannot be
    /// passed on.
    pub linger: Duration,
    /// Whether a person types the input, who would not know that only the answers have ended.
    pub interactive: bool,
}

/// What stopped a direction before its end.
enum Stopped {
    /// The peer's side.
    Peer(io::Error),
    /// Our side: standard input or output.
    Ours(Failure),
}

/// When something last came through a direction.
struct Heard(Cell<Instant>);

impl Heard {
    fn now() -> Self {
        Heard(Cell::new(Instant::now()))
    }

    fn again(&self) {
        self.0.set(Instant::now());
    }

    /// Waits for the end of the direction, but not past a silence of `linger`.
    async fn until_silent<T>(&self, linger: Duration, end: impl Future<Output = T>) -> Option<T> {
        let mut end = pin!(end);
        loop {
            let deadline = self.0.get() + linger;
            match timeout_at(deadline, end.as_mut()).await {
                Ok(ended) => return Some(ended),
                Err(_) if self.0.get() + linger > deadline => {}
                Err(_) => return None,
            }
        }
    }
}

/// Joins `ours`, standard input and output, to the connection `theirs` until both are done.
///
/// Both directions are driven by this one task, since carriers with layers wake one only.
///
/// # Errors
///
/// When either side fails before the end. A reader of ours that went away is no failure.
pub async fn join(theirs: Connection, ours: Connection, manner: Manner) -> Result<(), Failure> {
    let peer = theirs.peer().clone();
    let half_closes = theirs.can_half_close();
    let messages = theirs.is_message_oriented();
    let (mut from_peer, mut to_peer) = split(theirs);
    let (mut input, mut output) = split(ours);
    let (sent, received) = (Heard::now(), Heard::now());
    let outcome = {
        let mut up = pin!(async {
            let shape = Shape::new(manner.crlf, messages);
            pass_input(&mut input, &mut to_peer, shape, &sent).await?;
            if half_closes {
                to_peer.shutdown().await.map_err(Stopped::Peer)?;
            }
            Ok(())
        });
        let mut down = pin!(pass_answers(&mut from_peer, &mut output, &received));
        tokio::select! {
            biased;
            ended = &mut down => match ended {
                // The peer has nothing more to say; it may still listen.
                Ok(()) if half_closes && !manner.interactive => {
                    sent.again();
                    sent.until_silent(manner.linger, up).await.unwrap_or(Ok(()))
                }
                ended => ended,
            },
            ended = &mut up => match ended {
                Ok(()) if half_closes => down.await,
                // The connection may be gone for writing, and still hold its last words.
                ended => {
                    received.again();
                    let rest = received.until_silent(manner.linger, down).await;
                    ended.and(rest.unwrap_or(Ok(())))
                }
            },
        }
    };
    if !half_closes {
        // Only a courtesy: everything has been sent and received.
        let _ = timeout(GOODBYE, to_peer.shutdown()).await;
    }
    let shown = output.shutdown().await;
    outcome.map_err(|stopped| stopped.into_failure(&peer))?;
    Ok(shown?)
}

impl Stopped {
    fn into_failure(self, peer: &Address) -> Failure {
        match self {
            Stopped::Peer(error) => Failure::new(format!("{peer}: {}", Error::from(error))),
            Stopped::Ours(failure) => failure,
        }
    }
}

/// Passes what the peer says to standard output.
async fn pass_answers(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    heard: &Heard,
) -> Result<(), Stopped> {
    let mut buffer = vec![0; BUFFER];
    loop {
        let length = from.read(&mut buffer).await.map_err(Stopped::Peer)?;
        if length == 0 {
            return Ok(());
        }
        heard.again();
        let written = to.write_all(&buffer[..length]).await;
        written.map_err(|error| Stopped::Ours(error.into()))?;
        heard.again();
    }
}

/// Passes standard input to the peer.
async fn pass_input(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    mut shape: Shape,
    heard: &Heard,
) -> Result<(), Stopped> {
    let mut buffer = vec![0; BUFFER];
    loop {
        let length = from.read(&mut buffer).await.map_err(|error| {
            Stopped::Ours(Failure::new(format!("cannot read standard input: {error}")))
        })?;
        heard.again();
        shape.push(&buffer[..length]);
        while let Some(piece) = shape.next_piece(length == 0) {
            to.write_all(&piece).await.map_err(Stopped::Peer)?;
        }
        to.flush().await.map_err(Stopped::Peer)?;
        heard.again();
        if length == 0 {
            return Ok(());
        }
    }
}

/// What becomes of the input on its way out.
struct Shape {
    crlf: bool,
    messages: bool,
    /// Whether the byte before was a CR.
    after_cr: bool,
    waiting: Vec<u8>,
}

impl Shape {
    fn new(crlf: bool, messages: bool) -> Self {
        Shape {
            crlf,
            messages,
            after_cr: false,
            waiting: Vec::new(),
        }
    }

    fn push(&mut self, data: &[u8]) {
        if !self.crlf {
            self.waiting.extend_from_slice(data);
            return;
        }
        for byte in data {
            if *byte == b'\n' && !self.after_cr {
                self.waiting.push(b'\r');
            }
            self.after_cr = *byte == b'\r';
            self.waiting.push(*byte);
        }
    }

    /// What may be sent now: on a stream everything, on a carrier of messages the next line.
    fn next_piece(&mut self, ended: bool) -> Option<Vec<u8>> {
        if self.waiting.is_empty() {
            return None;
        }
        if !self.messages {
            return Some(std::mem::take(&mut self.waiting));
        }
        let end = self.waiting.iter().position(|byte| *byte == b'\n');
        let length = match end {
            Some(end) => end + 1,
            None if ended || self.waiting.len() > MAXIMUM_MESSAGE => self.waiting.len(),
            None => return None,
        };
        let rest = self.waiting.split_off(length.min(MAXIMUM_MESSAGE));
        Some(std::mem::replace(&mut self.waiting, rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(crlf: bool, messages: bool, input: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut shape = Shape::new(crlf, messages);
        let mut all = Vec::new();
        for data in input.iter().chain([&&b""[..]]) {
            shape.push(data);
            while let Some(piece) = shape.next_piece(data.is_empty()) {
                all.push(piece);
            }
        }
        all
    }

    #[test]
    fn a_stream_passes_as_it_is() {
        let input: [&[u8]; 2] = [b"a\nb\r", b"\n\0"];
        assert_eq!(pieces(false, false, &input).concat(), input.concat());
    }

    #[test]
    fn line_ends_become_crlf_once() {
        let input: [&[u8]; 3] = [b"a\nb\r", b"\n\n", b"c"];
        assert_eq!(pieces(true, false, &input).concat(), b"a\r\nb\r\n\r\nc");
    }

    #[test]
    fn each_line_is_a_message() {
        let input: [&[u8]; 3] = [b"a\n\nb", b"c\n", b"rest"];
        let expected: [&[u8]; 4] = [b"a\n", b"\n", b"bc\n", b"rest"];
        assert_eq!(pieces(false, true, &input), expected);
    }

    #[test]
    fn what_is_too_long_for_a_message_is_cut_and_not_lost() {
        let long = vec![b'x'; 3 * MAXIMUM_MESSAGE + 1];
        let cut = pieces(false, true, &[&long]);
        assert!(cut.iter().all(|piece| piece.len() <= MAXIMUM_MESSAGE));
        assert_eq!(cut.concat(), long);
    }
}

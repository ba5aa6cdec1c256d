//! The client's side: what is sent for a message, and where its answer ends.

use crate::contract::Error;
use crate::timestamp::MAXIMUM_LINE;

/// The longest line that is an answer: a message of the longest, its line end, and some
/// room for the time in front of it.
pub(super) const LONGEST_ANSWER: usize = MAXIMUM_LINE + 256;

/// What a client puts behind each message on a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ending {
    /// `\n`.
    #[default]
    Lf,
    /// `\r\n`, as servers that read by `LineReceiver` and its like want it.
    CrLf,
    /// Nothing: bare words, as the simplest socket programs send them.
    Bare,
}

/// One answer: the time as the server wrote it, and the message that came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The whole answer without its line end.
    pub text: Vec<u8>,
}

impl Answer {
    /// The time and the message, if the answer has the protocol's form.
    ///
    /// ```
    /// use lariat_protocol::timestamp::Answer;
    ///
    /// let answer = Answer { text: b"[Sat Jun 17 17:27:21 2006] hi".to_vec() };
    /// assert_eq!(answer.parts(), Some((&b"Sat Jun 17 17:27:21 2006"[..], &b"hi"[..])));
    /// ```
    pub fn parts(&self) -> Option<(&[u8], &[u8])> {
        let rest = self.text.strip_prefix(b"[")?;
        let end = memchr::memchr(b']', rest)?;
        let message = rest[end..].strip_prefix(b"] ")?;
        Some((&rest[..end], message))
    }
}

/// A client's conversation, one message and its answer after the other.
///
/// It is fed what came and says when an answer is whole. On a stream that is at a line end;
/// a server that strips line ends gives none, so the caller also says when the server has
/// been quiet for a moment.
#[derive(Debug, Default)]
pub struct TimestampClient {
    ending: Ending,
    received: Vec<u8>,
    /// How many of the received bytes, the last ones, stand behind the last line end.
    unfinished: usize,
}

impl TimestampClient {
    /// A conversation in which messages end like this.
    pub fn new(ending: Ending) -> Self {
        TimestampClient {
            ending,
            received: Vec::new(),
            unfinished: 0,
        }
    }

    /// The bytes to send for a message, which must be one line.
    pub fn request(&self, message: &[u8]) -> Vec<u8> {
        let ending: &[u8] = match self.ending {
            Ending::Lf => b"\n",
            Ending::CrLf => b"\r\n",
            Ending::Bare => b"",
        };
        [message, ending].concat()
    }

    /// Takes bytes that came from a stream.
    ///
    /// # Errors
    ///
    /// [`Error::Limit`] when an answer is longer than any answer can be. Those before it
    /// are there, it and what follows are dropped.
    pub fn data_received(&mut self, data: &[u8]) -> Result<(), Error> {
        for part in data.split_inclusive(|byte| *byte == b'\n') {
            self.received.extend_from_slice(part);
            self.unfinished += part.len();
            let ended = part.ends_with(b"\n");
            if self.unfinished - usize::from(ended) > LONGEST_ANSWER {
                let kept = self.received.len() - self.unfinished;
                self.received.truncate(kept);
                self.unfinished = 0;
                return Err(Error::limit(format!(
                    "an answer is longer than {LONGEST_ANSWER} bytes"
                )));
            }
            if ended {
                self.unfinished = 0;
            }
        }
        Ok(())
    }

    /// The next whole answer, if its line end came.
    pub fn next_answer(&mut self) -> Option<Answer> {
        if self.received.len() == self.unfinished {
            return None;
        }
        let end = memchr::memchr(b'\n', &self.received)?;
        let mut text: Vec<u8> = self.received.drain(..=end).collect();
        text.pop();
        if text.ends_with(b"\r") {
            text.pop();
        }
        Some(Answer { text })
    }

    /// What came without a line end, as an answer, now that the server is quiet or gone.
    pub fn quiet(&mut self) -> Option<Answer> {
        if self.received.is_empty() {
            return None;
        }
        self.unfinished = 0;
        Some(Answer {
            text: std::mem::take(&mut self.received),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn answers_end_at_line_ends_or_in_silence() {
        let mut client = TimestampClient::new(Ending::CrLf);
        assert_eq!(client.request(b"hi"), b"hi\r\n");
        client.data_received(b"[t] o").unwrap();
        assert_eq!(client.next_answer(), None);
        client.data_received(b"ne\r\n[t] two\n[t] thr").unwrap();
        assert_eq!(client.next_answer().unwrap().text, b"[t] one");
        assert_eq!(client.next_answer().unwrap().text, b"[t] two");
        assert_eq!(client.next_answer(), None);
        assert_eq!(client.quiet().unwrap().text, b"[t] thr");
        assert_eq!(client.quiet(), None);
    }

    #[test]
    fn an_answer_over_the_maximum_is_refused_however_it_comes() {
        let mut long = vec![b'x'; LONGEST_ANSWER + 1];
        long.extend(b"\n[t] behind\n");
        for pieces in [LONGEST_ANSWER + 1, long.len()] {
            let mut client = TimestampClient::default();
            client.data_received(b"[t] before\n").unwrap();
            assert!(client.data_received(&long[..pieces]).is_err());
            assert_eq!(client.next_answer().unwrap().text, b"[t] before");
            assert_eq!(client.next_answer(), None);
        }
    }

    #[test]
    fn an_answer_without_end_is_refused() {
        let mut client = TimestampClient::default();
        let block = vec![b'x'; MAXIMUM_LINE];
        client.data_received(&block).unwrap();
        assert!(client.data_received(&block).is_err());
    }
}

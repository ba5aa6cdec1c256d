//! Reads answers from the bytes of a connection.

use crate::command::{Answer, MAXIMUM_STATUS, Outcome};
use crate::contract::Error;
use crate::framing::Line;

/// What a server said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// The answer to the oldest request that had none.
    Answer(Answer),
    /// The server ends the connection, for this reason.
    Closing(String),
}

/// Cuts what a server sends into answers.
///
/// ```
/// use lariat_protocol::command::{Answer, AnswerReader, Heard};
///
/// # fn main() -> Result<(), lariat_protocol::Error> {
/// let mut reader = AnswerReader::new(1024);
/// assert_eq!(reader.read(b"ok\nhi")?, (None, 5));
/// let answer = Heard::Answer(Answer::ok("hi\n"));
/// assert_eq!(reader.read(b"\n.\nok\n")?, (Some(answer), 3));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct AnswerReader {
    /// The longest text, in bytes.
    maximum: usize,
    /// The line that has begun.
    line: Vec<u8>,
    /// The answer that has begun, by its first line.
    begun: Option<Answer>,
}

impl AnswerReader {
    /// A reader of answers whose texts have at most so many bytes.
    pub fn new(maximum: usize) -> Self {
        AnswerReader {
            maximum,
            line: Vec::new(),
            begun: None,
        }
    }

    /// Reads on, to the end of an answer or of the input. Says how many bytes it has used up; what is
    /// left belongs to later answers.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if this is no answer, [`Error::Limit`] if it is longer than the maximum.
    pub fn read(&mut self, input: &[u8]) -> Result<(Option<Heard>, usize), Error> {
        let mut used = 0;
        while used < input.len() {
            let rest = &input[used..];
            let end = memchr::memchr(b'\n', rest);
            let taken = end.map_or(rest.len(), |end| end + 1);
            self.check(taken)?;
            self.line.extend_from_slice(&rest[..taken]);
            used += taken;
            if end.is_none() {
                break;
            }
            let heard = self.line_ended()?;
            self.line.clear();
            if heard.is_some() {
                return Ok((heard, used));
            }
        }
        Ok((None, used))
    }

    /// Looks whether the connection may end here.
    ///
    /// # Errors
    ///
    /// [`Error::Unexpected`] in the middle of an answer.
    pub fn end(&self) -> Result<(), Error> {
        match self.line.is_empty() && self.begun.is_none() {
            true => Ok(()),
            false => Err(Error::unexpected(
                "the connection ended in the middle of an answer",
            )),
        }
    }

    /// Whether so many bytes more are no more than there may be.
    fn check(&self, more: usize) -> Result<(), Error> {
        let line = self.line.len() + more;
        match &self.begun {
            // A line's end and a dot before it are no part of the text.
            Some(answer) if answer.text.len() + line > self.maximum + 2 => Err(Error::limit(
                format!("an answer is longer than {} bytes", self.maximum),
            )),
            None if line > MAXIMUM_STATUS + 2 => Err(Error::invalid(format!(
                "no answer begins with a line of more than {MAXIMUM_STATUS} bytes"
            ))),
            _ => Ok(()),
        }
    }

    fn line_ended(&mut self) -> Result<Option<Heard>, Error> {
        let Some(answer) = &mut self.begun else {
            return self.status();
        };
        if matches!(self.line[..], [b'.', b'\n'] | [b'.', b'\r', b'\n']) {
            return Ok(self.begun.take().map(Heard::Answer));
        }
        let line = self.line.strip_prefix(b".").unwrap_or(&self.line);
        answer.text.extend_from_slice(line);
        Ok(None)
    }

    fn status(&mut self) -> Result<Option<Heard>, Error> {
        let line = Line::new(&self.line).content();
        let no_answer =
            || Error::invalid("the first line of an answer is none of ok, failed, error, closing");
        let line = std::str::from_utf8(line).map_err(|_| no_answer())?;
        let (word, why) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "ok" if why.is_empty() => self.begun = Some(Answer::ok("")),
            "failed" => self.begun = Some(Answer::failed(why, "")),
            "error" => return Ok(Some(Heard::Answer(Answer::error(why)))),
            "closing" => return Ok(Some(Heard::Closing(why.into()))),
            _ => return Err(no_answer()),
        }
        Ok(None)
    }
}

impl Answer {
    /// Whether it is done.
    pub fn is_ok(&self) -> bool {
        self.outcome == Outcome::Ok
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(input: &[u8]) -> Result<Vec<Heard>, String> {
        let mut reader = AnswerReader::new(100);
        let (mut heard, mut used) = (Vec::new(), 0);
        while used < input.len() {
            let (answer, more) = reader
                .read(&input[used..])
                .map_err(|error| error.to_string())?;
            heard.extend(answer);
            used += more;
        }
        reader.end().map_err(|error| error.to_string())?;
        Ok(heard)
    }

    #[test]
    fn answers_follow_each_other() {
        let heard = all(b"ok\n..a\r\n\n.\nerror b c\nfailed d\ne\n.\r\nclosing f\n");
        let answers = [
            Heard::Answer(Answer::ok(".a\r\n\n")),
            Heard::Answer(Answer::error("b c")),
            Heard::Answer(Answer::failed("d", "e\n")),
            Heard::Closing("f".into()),
        ];
        assert_eq!(heard, Ok(answers.to_vec()));
    }

    #[test]
    fn what_is_no_answer_is_told() {
        for (input, words) in [
            (&b"220 welcome\n"[..], "none of ok, failed, error, closing"),
            (b"ok then\n", "none of ok"),
            (b"\xff\n", "none of ok"),
            (b"ok\na\n", "in the middle of an answer"),
            (b"o", "in the middle of an answer"),
        ] {
            let error = all(input).expect_err("no answer");
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn an_answer_of_the_longest_length_is_taken_and_no_longer_one() {
        let text = |length| [b"ok\n", &vec![b'x'; length][..], b"\n.\n"].concat();
        assert!(all(&text(99)).is_ok());
        let error = all(&text(103)).expect_err("too long");
        assert!(error.contains("longer than 100 bytes"), "{error}");
        let lines = [b"ok\n", &b"\n".repeat(200)[..]].concat();
        assert!(all(&lines).expect_err("too long").contains("longer"));
        let error = all(&[b'x'; 5000]).expect_err("too long");
        assert!(error.contains("4096"), "{error}");
    }
}

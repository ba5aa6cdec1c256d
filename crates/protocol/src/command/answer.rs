//! What is answered: how it went, and a text.

use std::fmt::Write;

use crate::command::MAXIMUM_STATUS;

/// How it went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is done.
    Ok,
    /// It was begun and went wrong, for this reason.
    Failed(String),
    /// It was not begun: what is wrong, and what would be right.
    Error(String),
}

/// An answer to one request.
///
/// ```
/// use lariat_protocol::command::Answer;
///
/// assert_eq!(Answer::ok("hi\n.dot").encode(), b"ok\nhi\n..dot\n.\n");
/// assert_eq!(Answer::error("no such\nthing").encode(), b"error no such\\nthing\n");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// How it went.
    pub outcome: Outcome,
    /// Lines, each with its end; always empty for an [error](Outcome::Error).
    pub text: Vec<u8>,
}

impl Answer {
    /// It is done, and this is what there is to say.
    pub fn ok(text: impl Into<Vec<u8>>) -> Self {
        Answer {
            outcome: Outcome::Ok,
            text: text.into(),
        }
    }

    /// It was begun and went wrong, and this was said until then.
    pub fn failed(why: impl Into<String>, text: impl Into<Vec<u8>>) -> Self {
        Answer {
            outcome: Outcome::Failed(why.into()),
            text: text.into(),
        }
    }

    /// It was not begun.
    pub fn error(why: impl Into<String>) -> Self {
        Answer {
            outcome: Outcome::Error(why.into()),
            text: Vec::new(),
        }
    }

    /// As it is sent. What would break the first line in two is escaped in it, and one that is too
    /// long is cut.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = match &self.outcome {
            Outcome::Ok => b"ok\n".to_vec(),
            Outcome::Failed(why) => status("failed", why),
            Outcome::Error(why) => return status("error", why),
        };
        bytes.reserve(self.text.len() + 8);
        for line in self.text.split_inclusive(|byte| *byte == b'\n') {
            if line.starts_with(b".") {
                bytes.push(b'.');
            }
            bytes.extend_from_slice(line);
        }
        if !bytes.ends_with(b"\n") {
            bytes.push(b'\n');
        }
        bytes.extend_from_slice(b".\n");
        bytes
    }
}

/// A first line of one of these words, and why.
pub(super) fn status(word: &str, why: &str) -> Vec<u8> {
    let mut line = format!("{word} ");
    for character in why.chars() {
        if line.len() + 10 > MAXIMUM_STATUS {
            line.push('…');
            break;
        }
        if character.is_control() {
            // Writing into a string cannot fail.
            let _ = write!(line, "{}", character.escape_default());
        } else {
            line.push(character);
        }
    }
    line.push('\n');
    line.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_ends_by_a_dot_and_keeps_its_own() {
        let encoded = |text: &str| String::from_utf8(Answer::ok(text).encode()).expect("text");
        assert_eq!(encoded(""), "ok\n.\n");
        assert_eq!(encoded("a\n"), "ok\na\n.\n");
        assert_eq!(encoded("a"), "ok\na\n.\n");
        assert_eq!(encoded("\n"), "ok\n\n.\n");
        assert_eq!(encoded(".\n..\n.a"), "ok\n..\n...\n..a\n.\n");
        let failed = Answer::failed("why", "a\r\n").encode();
        assert_eq!(failed, b"failed why\na\r\n.\n");
    }

    #[test]
    fn a_first_line_is_one_line_of_a_known_length() {
        let error = |why: String| Answer::error(why).encode();
        assert_eq!(error("a\r\nb\u{85}".into()), b"error a\\r\\nb\\u{85}\n");
        let long = error("ü\u{1}".repeat(10_000));
        assert!(long.len() <= MAXIMUM_STATUS + 1, "{}", long.len());
        assert!(String::from_utf8(long).expect("text").ends_with("…\n"));
    }
}

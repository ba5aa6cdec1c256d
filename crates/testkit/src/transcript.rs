//! Conversations in text files, replayed however their bytes can be cut.
//!
//! ```text
//! # A comment.
//! C: hi\r\n
//! S: [Sat Jun 17 17:27:21 2006] hi\r\n
//! C: bare words
//! T: 50ms
//! S: [Sat Jun 17 17:27:21 2006] bare words
//! C: <end>
//! S: <end>
//! ```
//!
//! `C:` is what the client sends and `S:` what the server does, each with its line ends
//! written out as escapes (`\r`, `\n`, `\t`, `\0`, `\\`, `\xNN`); `T:` lets time pass.

use std::time::Duration;

use lariat_protocol::Protocol;

use crate::Driven;

/// One line of a transcript.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Client(Vec<u8>),
    ClientEnds,
    Server(Vec<u8>),
    ServerEnds,
    Time(Duration),
}

/// A conversation that a server is held to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transcript {
    steps: Vec<Step>,
}

/// A line of a transcript that is not one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct TranscriptError {
    /// Which line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: String,
}

impl Transcript {
    /// Reads a transcript.
    ///
    /// # Errors
    ///
    /// The first line that is not a comment, empty, or one of `C:`, `S:` and `T:`.
    pub fn parse(text: &str) -> Result<Self, TranscriptError> {
        let mut steps = Vec::new();
        for (index, line) in text.lines().enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let step = parse_step(line).map_err(|problem| TranscriptError {
                line: index + 1,
                problem,
            })?;
            steps.push(step);
        }
        Ok(Transcript { steps })
    }

    /// Holds a server to the transcript: with the client's bytes as they stand, byte by
    /// byte, and cut at a thousand random places by `seed`.
    ///
    /// # Panics
    ///
    /// With the step, the cutting and the difference, when the server says anything else.
    pub fn replay<P: Protocol>(&self, seed: u64, mut server: impl FnMut() -> P) {
        let mut play = |how: &str, cut: &mut dyn FnMut(usize, usize) -> usize| {
            let played = self.play(&mut Driven::new(server()), cut);
            played.unwrap_or_else(|problem| panic!("{how}: {problem}"));
        };
        play("whole", &mut |_, length| length);
        play("byte by byte", &mut |_, _| 1);
        let mut random = fastrand::Rng::with_seed(seed);
        for round in 0..1000 {
            let how = format!("random cuts, seed {seed}, round {round}");
            play(&how, &mut |_, length| random.usize(1..=length));
        }
    }

    /// How many bytes the client sends in all.
    pub fn client_length(&self) -> usize {
        self.client_bytes().len()
    }

    /// Everything that the client sends.
    pub fn client_bytes(&self) -> Vec<u8> {
        let sent = self.steps.iter().filter_map(|step| match step {
            Step::Client(bytes) => Some(&bytes[..]),
            _ => None,
        });
        sent.collect::<Vec<_>>().concat()
    }

    /// Holds one server to the transcript. `cut` is told how many bytes the client has sent
    /// and how many it is about to send, and says how many of these arrive in one piece.
    ///
    /// # Errors
    ///
    /// The step and the difference, when the server says anything else.
    pub fn play<P: Protocol>(
        &self,
        server: &mut Driven<P>,
        cut: &mut dyn FnMut(usize, usize) -> usize,
    ) -> Result<(), String> {
        // Some servers speak first.
        let mut said = server.take_written();
        let mut sent = 0;
        for (number, step) in self.steps.iter().enumerate() {
            match step {
                Step::Client(bytes) => {
                    let mut rest = &bytes[..];
                    while !rest.is_empty() {
                        let length = cut(sent, rest.len()).clamp(1, rest.len());
                        let (piece, behind) = rest.split_at(length);
                        server.receive(piece);
                        server.deliver_messages();
                        sent += length;
                        rest = behind;
                    }
                }
                Step::ClientEnds => server.receive_end(),
                Step::Time(time) => server.advance(*time),
                Step::Server(expected) => {
                    if !said.starts_with(expected) {
                        return Err(format!(
                            "step {number}: expected {}, the server said {}",
                            quoted(expected),
                            quoted(&said),
                        ));
                    }
                    said.drain(..expected.len());
                }
                Step::ServerEnds if server.ended().is_none() => {
                    return Err(format!("step {number}: the server has not ended"));
                }
                Step::ServerEnds => {}
            }
            said.extend(server.take_written());
        }
        match said.is_empty() {
            true => Ok(()),
            false => Err(format!("at the end the server also said {}", quoted(&said))),
        }
    }

    /// Plays the transcript until the client has sent so many bytes, and stops there. What
    /// the server says is not looked at.
    pub fn play_until<P: Protocol>(&self, server: &mut Driven<P>, count: usize) {
        let mut left = count;
        for step in &self.steps {
            if left == 0 {
                return;
            }
            match step {
                Step::Client(bytes) => {
                    let piece = &bytes[..bytes.len().min(left)];
                    left -= piece.len();
                    server.receive(piece);
                    server.deliver_messages();
                }
                Step::ClientEnds => server.receive_end(),
                Step::Time(time) => server.advance(*time),
                Step::Server(_) | Step::ServerEnds => {}
            }
        }
    }

    /// Plays the transcript until the server has answered for the first time.
    pub fn play_first_exchange<P: Protocol>(&self, server: &mut Driven<P>) {
        let mut asked = false;
        for step in &self.steps {
            match step {
                Step::Client(bytes) => {
                    asked = true;
                    server.receive(bytes);
                    server.deliver_messages();
                }
                Step::Time(time) => server.advance(*time),
                Step::Server(_) if asked => return,
                Step::Server(_) => {}
                Step::ClientEnds | Step::ServerEnds => return,
            }
        }
    }
}

/// Bytes as a person reads them, the long middle left out.
pub(crate) fn quoted(bytes: &[u8]) -> String {
    const SHOWN: usize = 200;
    match bytes.get(..SHOWN) {
        Some(start) => format!("\"{}\"… ({} bytes)", start.escape_ascii(), bytes.len()),
        None => format!("\"{}\"", bytes.escape_ascii()),
    }
}

fn parse_step(line: &str) -> Result<Step, String> {
    let (who, what) = line
        .split_once(": ")
        .ok_or("it begins with none of \"C: \", \"S: \", \"T: \" and \"#\"")?;
    match (who, what) {
        ("C", "<end>") => Ok(Step::ClientEnds),
        ("S", "<end>") => Ok(Step::ServerEnds),
        ("C", text) => Ok(Step::Client(unescape(text)?)),
        ("S", text) => Ok(Step::Server(unescape(text)?)),
        ("T", time) => {
            let milliseconds = time
                .strip_suffix("ms")
                .and_then(|number| number.parse().ok());
            let milliseconds = milliseconds.ok_or("a time is written as 50ms")?;
            Ok(Step::Time(Duration::from_millis(milliseconds)))
        }
        _ => Err(format!("{who:?} is none of C, S and T")),
    }
}

fn unescape(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        bytes.push(match rest.next() {
            Some(b'r') => b'\r',
            Some(b'n') => b'\n',
            Some(b't') => b'\t',
            Some(b'0') => 0,
            Some(b'\\') => b'\\',
            Some(b'x') => {
                let digits: Vec<u8> = rest.by_ref().take(2).collect();
                let digits = String::from_utf8_lossy(&digits).into_owned();
                u8::from_str_radix(&digits, 16).map_err(|_| format!("\\x{digits} is no byte"))?
            }
            other => {
                let other = other.map(char::from).map_or(String::new(), String::from);
                return Err(format!("\\{other} is no escape"));
            }
        });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use lariat_protocol::Transport;

    struct Echo;

    impl Protocol for Echo {
        fn data_received(&mut self, transport: &mut Transport, data: &[u8]) {
            transport.write(data);
        }
    }

    #[test]
    fn a_server_that_says_what_it_should_passes() {
        let text = "# echo\nC: a\\x00\\r\\n\nS: a\\0\\r\\n\nC: <end>\nS: <end>\n";
        Transcript::parse(text)
            .expect("a transcript")
            .replay(1, || Echo);
    }

    #[test]
    fn each_way_to_differ_fails() {
        for text in [
            "C: a\nS: b\n",
            "C: a\n",
            "C: a\nS: aa\n",
            "C: a\nS: a\nS: <end>\n",
        ] {
            let transcript = Transcript::parse(text).expect("a transcript");
            let replayed = std::panic::catch_unwind(|| transcript.replay(1, || Echo));
            assert!(replayed.is_err(), "{text:?} passed");
        }
    }

    #[test]
    fn a_line_that_is_none_is_named() {
        for text in [
            "C: a\nX: b",
            "\nhello",
            "# x\nC: \\q",
            "C: x\nT: 5s",
            "C: \n\nC: \\xzz",
        ] {
            let error = Transcript::parse(text).expect_err(text);
            assert_eq!(error.line, text.lines().count(), "{error}");
        }
    }
}

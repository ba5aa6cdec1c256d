//! Lines read as they are, where nobody can edit them.

use std::io::{self, BufRead};
use std::sync::Arc;
use std::thread;

use lariat_protocol::framing::Line;
use tokio::sync::mpsc;

use super::Typed;
use super::stage::{Scene, Stage};
use crate::failure::Failure;

/// Starts the thread that reads them.
///
/// # Errors
///
/// When the system gives none.
pub fn start(
    maximum: usize,
    stage: &Arc<Stage>,
    lines: mpsc::Sender<Result<Typed, Failure>>,
) -> Result<(), Failure> {
    stage.set(Scene::Free);
    let reading = move || {
        let mut input = io::stdin().lock();
        loop {
            let typed = next_line(&mut input, maximum);
            let more = matches!(typed, Ok(Typed::Line(_)));
            if lines.blocking_send(typed).is_err() || !more {
                return;
            }
        }
    };
    thread::Builder::new()
        .name("reading".into())
        .spawn(reading)?;
    Ok(())
}

/// The next line without its end, LF or CRLF. The last may have none.
fn next_line(input: &mut impl BufRead, maximum: usize) -> Result<Typed, Failure> {
    let mut line = Vec::new();
    loop {
        let block = match input.fill_buf() {
            Ok(block) => block,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => {
                return Err(Failure::new(format!("cannot read standard input: {error}")));
            }
        };
        let end = memchr::memchr(b'\n', block);
        let taken = end.map_or(block.len(), |end| end + 1);
        line.extend_from_slice(&block[..taken]);
        input.consume(taken);
        if Line::new(&line).content().len() > maximum {
            return Err(Failure::new(format!(
                "a line of the input is longer than {maximum} bytes"
            )));
        }
        if taken == 0 && line.is_empty() {
            return Ok(Typed::End);
        }
        if taken == 0 || end.is_some() {
            return Ok(Typed::Line(Line::new(&line).content().to_vec()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_by_either_end_and_the_last_by_none() {
        let mut input = &b"a\nb\r\n\nc"[..];
        let mut next = || next_line(&mut input, 10);
        for line in ["a", "b", "", "c"] {
            assert_eq!(next(), Ok(Typed::Line(line.into())));
        }
        assert_eq!(next(), Ok(Typed::End));
    }

    #[test]
    fn a_line_of_the_longest_length_is_taken_and_no_longer_one() {
        assert_eq!(
            next_line(&mut &b"1234\r\n"[..], 4),
            Ok(Typed::Line(b"1234".to_vec()))
        );
        let failure = next_line(&mut &b"12345\n"[..], 4).expect_err("too long");
        assert_eq!(
            failure.message(),
            Some("a line of the input is longer than 4 bytes")
        );
    }
}

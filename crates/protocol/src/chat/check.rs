//! What holds of any line, as a function of its bytes.
//!
//! The tests and a fuzz target call it; nothing else has a use for it.

use crate::chat::{Command, Event, MAXIMUM_LINE};

/// Checks that whatever is read of a line is written as a line that is read alike.
///
/// # Panics
///
/// When something is wrong, which is what fuzzing looks for.
pub fn line(line: &[u8]) {
    if let Ok(text) = std::str::from_utf8(line) {
        let event = Event::read(text);
        assert_eq!(
            event.to_string(),
            text,
            "an event is one line, and that one"
        );
        assert_eq!(Event::read(&event.to_string()), event);
    }
    let Ok(Some(command)) = Command::parse(line) else {
        return;
    };
    let written = command.to_string();
    assert!(!written.contains(['\n', '\r', '\x1b']), "{written:?}");
    if written.len() <= MAXIMUM_LINE {
        let again = Command::parse(written.as_bytes());
        assert_eq!(again, Ok(Some(command)), "{written:?}");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_line_is_read_and_written_alike(
            line in r"(\[(to you|lobby|a( 2006-06-17T17:27:21Z)?)\] )?[*!?=.#:+/<-]{0,2}(say |me |msg |join |you (are|left|joined; 3) )?[ -~é]{0,20}(> | left: | is now | joined)?.{0,9}"
        ) {
            super::line(line.as_bytes());
        }

        #[test]
        fn any_bytes_are_read(line in proptest::collection::vec(any::<u8>(), 0..40)) {
            super::line(&line);
        }
    }
}

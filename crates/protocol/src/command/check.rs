//! What holds of any bytes of a client's or a server's, as functions of them.
//!
//! The tests and a fuzz target call them; nothing else has a use for them.

use crate::command::{Answer, AnswerReader, Heard, MAXIMUM_STATUS, Outcome, Request};
use crate::contract::Error;

/// The longest text that is read here.
const LONGEST: usize = 4096;

/// Checks that a request reads the same when it is written and read again, that an answer made of any
/// bytes is read as it was written, and that a reader of any bytes keeps little and reads the
/// same however they are cut.
///
/// # Panics
///
/// When something is wrong, which is what fuzzing looks for.
pub fn exchange(bytes: &[u8]) {
    if let Ok(request) = Request::parse(bytes) {
        let again = Request::parse(request.to_string().as_bytes());
        assert_eq!(again, Ok(request), "written and read again");
    }
    let whole = heard(&[bytes]);
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(whole, heard(&single), "byte by byte");
    let (first, second) = bytes.split_at(bytes.len() / 3);
    assert_eq!(whole, heard(&[first, second]), "in two pieces");
    let text = &bytes[..bytes.len().min(LONGEST / 2)];
    let why = String::from_utf8_lossy(text).into_owned();
    for answer in [
        Answer::ok(text),
        Answer::failed(why.clone(), text),
        Answer::error(why),
    ] {
        written_and_read(&answer);
    }
}

fn written_and_read(answer: &Answer) {
    let encoded = answer.encode();
    let (heard, error) = heard(&[&encoded]);
    assert_eq!(error, None);
    let [Heard::Answer(read)] = &heard[..] else {
        panic!("one answer, and not {heard:?}");
    };
    let mut text = answer.text.clone();
    if !text.is_empty() && !text.ends_with(b"\n") {
        text.push(b'\n');
    }
    assert_eq!(read.text, text);
    match (&answer.outcome, &read.outcome) {
        (Outcome::Ok, Outcome::Ok) => {}
        (Outcome::Failed(_), Outcome::Failed(why)) | (Outcome::Error(_), Outcome::Error(why)) => {
            assert!(why.len() <= MAXIMUM_STATUS && !why.chars().any(char::is_control));
        }
        (written, read) => panic!("{written:?} was read as {read:?}"),
    }
}

/// All that is read of these pieces, and the error that ended it.
fn heard(pieces: &[&[u8]]) -> (Vec<Heard>, Option<String>) {
    let mut reader = AnswerReader::new(LONGEST);
    let mut all = Vec::new();
    let mut take = |piece: &[u8]| -> Result<(), Error> {
        let mut used = 0;
        while used < piece.len() {
            let (heard, more) = reader.read(&piece[used..])?;
            assert!(more > 0, "it goes on");
            all.extend(heard);
            used += more;
        }
        Ok(())
    };
    let error = pieces.iter().find_map(|piece| take(piece).err());
    // Which limit was passed may depend on how much was seen at once; that one was does not.
    (all, error.map(|_| "no answer".to_string()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_hold(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            exchange(&bytes);
        }

        #[test]
        fn what_resembles_answers_holds(
            parts in proptest::collection::vec(
                proptest::sample::select(vec![
                    "ok\n", "ok", "\n", ".", "..", ".\n", "a", "error b\n", "failed c\n", "closing d\n", "\r\n",
                ]),
                0..40,
            ),
        ) {
            exchange(parts.concat().as_bytes());
        }
    }
}

//! What holds of any bytes of a server's, as a function of them.
//!
//! The tests and a fuzz target call it; nothing else has a use for it.

use crate::http_raw::ResponseReader;

/// Checks that an answer reads the same however it is cut, and that no more content comes out than
/// bytes went in.
///
/// # Panics
///
/// When something is wrong, which is what fuzzing looks for.
pub fn response(bytes: &[u8]) {
    let whole = read(bytes, bytes.len().max(1));
    for length in [1, 2, 7] {
        assert_eq!(whole, read(bytes, length), "{length} bytes at a time");
    }
    assert!(whole.1.len() <= bytes.len());
}

/// Whether it was an answer, and its content until then.
fn read(bytes: &[u8], length: usize) -> (bool, Vec<u8>) {
    let mut reader = ResponseReader::default();
    let mut content = Vec::new();
    for piece in bytes.chunks(length) {
        let read = reader.read(piece, |more| content.extend_from_slice(more));
        if read.is_err() {
            return (false, content);
        }
    }
    (reader.end().is_ok(), content)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_resembles_an_answer_holds(
            parts in proptest::collection::vec(
                proptest::sample::select(vec![
                    "HTTP/1.1 200 OK\r\n", "HTTP/1.1 100 x\n", "Content-Length: 3\r\n",
                    "Transfer-Encoding: chunked\r\n", "\r\n", "\n", "3\r\n", "0\r\n", "abc", "a: b\r\n", "\r",
                ]),
                0..12,
            ),
        ) {
            response(parts.concat().as_bytes());
        }
    }
}

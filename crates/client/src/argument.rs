//! What a caller gives as an argument of a command and cannot be one, named so that it is found.

use lariat_protocol::Error;

/// How many characters of an argument are shown.
const SHOWN: usize = 60;

/// The same error, with what it is about in front, if it is the caller's.
pub(crate) fn about(what: &str, error: Error) -> Error {
    match error {
        Error::Misuse(words) => Error::misuse(format!("{what}: {words}")),
        error => error,
    }
}

/// An argument as a message shows it: escaped, and not to its end where it is long. Not for what is secret.
pub(crate) fn quoted(argument: &str) -> String {
    match argument.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{:?}...", &argument[..end]),
        None => format!("{argument:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_is_named_and_a_long_one_by_its_beginning() {
        let error = about(&quoted("a\r\nb"), Error::misuse("no"));
        assert_eq!(error.to_string(), "misuse: \"a\\r\\nb\": no");
        let long = quoted(&"ä".repeat(5000));
        assert_eq!(long.chars().count(), SHOWN + 5);
        assert!(long.ends_with("ä\"..."), "{long}");
        let other = about("x", Error::invalid("y"));
        assert_eq!(other.to_string(), "invalid input: y");
    }
}

//! What holds of any file of quotes that is taken, as a function of its bytes.
//!
//! The tests and a fuzz target call it; nothing else has a use for it.

use crate::qotd::{MAXIMUM_QUOTE, Quotes};

/// Checks that a file is refused, or that all that is served of it can be sent: text in whole
/// lines, none too long, none empty.
///
/// # Panics
///
/// When something is wrong, which is what fuzzing looks for.
pub fn quotes(file: &[u8]) {
    let Ok(quotes) = Quotes::parse(file) else {
        return;
    };
    assert!(quotes.len() > 0, "there is one");
    for at in 0..quotes.len() {
        let quote = quotes.choose(at as u64);
        assert!((3..=MAXIMUM_QUOTE).contains(&quote.len()), "{quote:?}");
        let text = std::str::from_utf8(quote).expect("text");
        assert!(text.ends_with("\r\n") && !text.starts_with("\r\n"));
        for line in text.split_terminator("\r\n") {
            assert!(line != "%", "what stands between quotes is in none");
            assert!(!line.chars().any(|one| one.is_control() && one != '\t'));
        }
        assert!(quotes.contains(quote));
    }
}

//! A text as a pattern that matches it.

use crate::text::{Growing, Text};

/// What has a meaning in some pattern, with or without flags.
const SPECIAL: &str = "()[]{}?*+-|^$\\.&~# \t\n\r\x0b\x0c";

/// A pattern that matches this text and nothing else (`re.escape`).
///
/// ```
/// assert_eq!(lariat_re::escape("1.5 (est.)"), r"1\.5\ \(est\.\)");
/// assert_eq!(lariat_re::escape(&b"a-b"[..]), br"a\-b");
/// ```
pub fn escape<T: Text + ?Sized>(text: &T) -> T::Owned {
    let mut escaped = T::Owned::default();
    for char in text.characters() {
        if SPECIAL.contains(char) {
            escaped.push_character('\\');
        }
        escaped.push_character(char);
    }
    escaped
}

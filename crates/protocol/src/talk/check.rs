//! What holds of any lines, as a function of their bytes.
//!
//! The tests and a fuzz target call it; nothing else has a use for it.

use crate::talk::{Heard, Mode, Side, Talk};

/// Checks that each line is heard as it was said, and that only one of two has the turn, whatever
/// the lines are.
///
/// # Panics
///
/// When something is wrong, which is what fuzzing looks for.
pub fn lines(text: &[u8]) {
    let text = String::from_utf8_lossy(text);
    for mode in [Mode::Half, Mode::Full] {
        let mut ours = Talk::new(mode, Side::Caller, None);
        let mut theirs = Talk::new(mode, Side::Called, None);
        assert_eq!(theirs.heard(&ours.hello()), Ok(Heard::Hello(None)));
        assert_eq!(ours.heard(&theirs.hello()), Ok(Heard::Hello(None)));
        for line in text.split('\n') {
            // What anybody may send changes a turn at most, and breaks nothing.
            let _ = Talk::new(mode, Side::Called, None).heard(line);
            if let Ok(said) = ours.say(line) {
                assert_eq!(theirs.heard(&said), Ok(Heard::Said(line.to_owned())));
                assert!(mode == Mode::Full || theirs.may_speak() != ours.may_speak());
                std::mem::swap(&mut ours, &mut theirs);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_lines_are_heard_as_they_were_said(text in "([!a]{0,3} ?.{0,5}\n){0,9}") {
            super::lines(text.as_bytes());
        }
    }
}

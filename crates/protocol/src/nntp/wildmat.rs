//! Patterns for the names of groups (RFC 3977, section 4).

use std::fmt;

use crate::contract::Error;
use crate::nntp::argument;

/// A pattern: alternatives between commas, the last of which that fits decides, and says no if it begins with `!`.
/// `*` stands for any characters, `?` for one.
///
/// ```
/// use lariat_protocol::nntp::Wildmat;
///
/// let languages = Wildmat::new("comp.lang.*,!comp.lang.c*,comp.lang.clojure")?;
/// assert!(languages.matches("comp.lang.rust"));
/// assert!(!languages.matches("comp.lang.c++"));
/// assert!(languages.matches("comp.lang.clojure"));
/// # Ok::<(), lariat_protocol::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Wildmat(String);

impl Wildmat {
    /// A pattern.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] for an alternative without a character, one of `[`, `]` and `\`, which RFC 3977 gives no
    /// meaning, a `!` that is not in front, or what is no argument of a command.
    pub fn new(pattern: impl Into<String>) -> Result<Self, Error> {
        let pattern = pattern.into();
        if let Some(problem) = argument::problem(&pattern) {
            return Err(Error::misuse(problem));
        }
        for alternative in pattern.split(',') {
            let alternative = alternative.strip_prefix('!').unwrap_or(alternative);
            if alternative.is_empty() {
                return Err(Error::misuse(format!(
                    "{pattern:?} has nothing where a pattern is to stand; write for example comp.*,!comp.os.*"
                )));
            }
            if let Some(wrong) = alternative.chars().find(|c| "[]\\!".contains(*c)) {
                return Err(Error::misuse(format!(
                    "{wrong:?} has no meaning in a pattern of groups; there are *, ?, commas, and ! in front"
                )));
            }
        }
        Ok(Wildmat(pattern))
    }

    /// The pattern.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a name fits.
    pub fn matches(&self, name: &str) -> bool {
        let name: Vec<char> = name.chars().collect();
        for alternative in self.0.rsplit(',') {
            let (pattern, is_wanted) = match alternative.strip_prefix('!') {
                Some(pattern) => (pattern, false),
                None => (alternative, true),
            };
            let pattern: Vec<char> = pattern.chars().collect();
            if fits(&pattern, &name) {
                return is_wanted;
            }
        }
        false
    }
}

/// Whether one alternative fits. What a star has taken is only ever given back to the last one, so the time is at most
/// the product of both lengths.
fn fits(pattern: &[char], name: &[char]) -> bool {
    let (mut in_pattern, mut in_name) = (0, 0);
    let mut star = None;
    while in_name < name.len() {
        match pattern.get(in_pattern) {
            Some('*') => {
                star = Some((in_pattern, in_name));
                in_pattern += 1;
            }
            Some(c) if *c == '?' || *c == name[in_name] => {
                in_pattern += 1;
                in_name += 1;
            }
            _ => {
                let Some((at, taken)) = star else {
                    return false;
                };
                star = Some((at, taken + 1));
                in_pattern = at + 1;
                in_name = taken + 1;
            }
        }
    }
    pattern[in_pattern..].iter().all(|c| *c == '*')
}

impl fmt::Display for Wildmat {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl fmt::Debug for Wildmat {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn patterns_fit_as_the_rfc_says() {
        // The examples of RFC 3977, 4.4.
        for (pattern, name, fits) in [
            ("a*,!*b,*c*", "aaa", true),
            ("a*,!*b,*c*", "abb", false),
            ("a*,!*b,*c*", "ccb", true),
            ("a*,!*b,*c*", "xxx", false),
            ("a*,c*,!*b", "abb", false),
            ("a*,c*,!*b", "ccb", false),
            ("?a*", "xa", true),
            ("?a*", "a", false),
            ("*a*b*c", "aabbccabc", true),
            ("*a*b*c", "abcd", false),
            ("**", "", true),
            ("?", "ü", true),
        ] {
            let wildmat = Wildmat::new(pattern).expect(pattern);
            assert_eq!(wildmat.matches(name), fits, "{pattern} {name}");
        }
    }

    #[test]
    fn what_is_no_pattern_says_why() {
        for (wrong, words) in [
            ("", "empty"),
            ("a,,b", "nothing where"),
            ("!", "nothing where"),
            ("a[b]", "no meaning"),
            ("a\\b", "no meaning"),
            ("a!b", "no meaning"),
            ("a b", "would end it"),
        ] {
            let error = Wildmat::new(wrong).expect_err(wrong).to_string();
            assert!(error.contains(words), "{wrong}: {error}");
        }
    }

    #[test]
    fn many_stars_take_no_time() {
        let pattern = Wildmat::new("*a".repeat(240) + "b").expect("a pattern");
        assert!(!pattern.matches(&"a".repeat(490)));
    }

    /// What fits, by its definition.
    fn plainly(pattern: &[char], name: &[char]) -> bool {
        match pattern.split_first() {
            None => name.is_empty(),
            Some(('*', rest)) => (0..=name.len()).any(|at| plainly(rest, &name[at..])),
            Some((first, rest)) => name
                .split_first()
                .is_some_and(|(c, behind)| (*first == '?' || first == c) && plainly(rest, behind)),
        }
    }

    proptest! {
        #[test]
        fn what_fits_is_what_the_definition_says(pattern in "[ab*?]{1,7}", name in "[ab]{0,7}") {
            let letters: (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
            let wildmat = Wildmat::new(pattern).expect("a pattern");
            prop_assert_eq!(wildmat.matches(&name), plainly(&letters.0, &letters.1));
        }
    }
}

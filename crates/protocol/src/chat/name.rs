//! What people and rooms are called: names that no two can have alike.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_security::confusable_detection::skeleton;

/// The longest name, in characters.
pub const MAXIMUM_NAME: usize = 24;

/// How many marks may stand on one letter: the scripts that need them do with two, and more would
/// grow into the lines above.
const MOST_MARKS: usize = 2;

/// The name of a person or of a room: one word of letters and digits, with `-`, `_` and `.`
/// within, in Unicode's form NFKC.
///
/// Two names are the same when only their case differs. They are *alike* when a person could take
/// one for the other: by case, by width, or because a letter of one script looks like that of
/// another.
///
/// ```
/// use lariat_protocol::chat::Name;
///
/// let ann: Name = "Ann".parse().expect("a name");
/// assert_eq!(ann, "ann".parse().expect("a name"));
/// assert!(ann.is_alike(&"Αnn".parse().expect("with a Greek capital alpha")));
/// assert!("two words".parse::<Name>().is_err());
/// ```
#[derive(Clone)]
pub struct Name(Arc<str>);

/// Why something is no name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// There is nothing.
    #[error("a name is missing")]
    Empty,
    /// It has too many characters.
    #[error("a name has at most {MAXIMUM_NAME} characters, and this one has {length}")]
    TooLong {
        /// How many it has.
        length: usize,
    },
    /// It has a character that names have not.
    #[error(
        "{} is not for names: they are of letters and digits, with - _ . within",
        shown(*.0)
    )]
    Character(char),
}

fn shown(character: char) -> String {
    match character {
        ' ' => "a space".into(),
        _ if character.is_control() => {
            format!("the control character {}", character.escape_default())
        }
        _ if character.is_alphanumeric() || character.is_ascii_graphic() => {
            format!("{character:?}")
        }
        _ => format!("the character U+{:04X}", u32::from(character)),
    }
}

impl Name {
    /// The name as it is shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name without its case: the same for names that are the same.
    pub fn folded(&self) -> String {
        self.0.to_lowercase()
    }

    /// How the name looks: the same for names that are alike. Not for showing.
    pub fn look(&self) -> String {
        // A capital I looks like a small l, and is a small i.
        let look: String = skeleton(&self.folded()).collect();
        look.to_lowercase().replace('i', "l")
    }

    /// Whether somebody could take one for the other.
    pub fn is_alike(&self, other: &Name) -> bool {
        self.look() == other.look()
    }
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        // Before anything is done for each character: no form makes one longer than 18 times.
        let given = text.chars().count();
        if given > 4 * MAXIMUM_NAME {
            return Err(NameError::TooLong { length: given });
        }
        let name: String = text.nfkc().collect();
        let mut marks = 0;
        for (at, character) in name.chars().enumerate() {
            let mark = is_combining_mark(character);
            marks = if mark { marks + 1 } else { 0 };
            let within = mark || matches!(character, '-' | '_' | '.');
            let allowed = character.is_alphanumeric() || (at > 0 && within);
            if !allowed || marks > MOST_MARKS {
                return Err(NameError::Character(character));
            }
        }
        match name.chars().count() {
            0 => Err(NameError::Empty),
            1..=MAXIMUM_NAME => Ok(Name(name.into())),
            length => Err(NameError::TooLong { length }),
        }
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0 || self.folded() == other.folded()
    }
}

impl Eq for Name {}

impl fmt::Display for Name {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?}", &*self.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn name(text: &str) -> Name {
        text.parse()
            .unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn names_of_many_scripts_are_taken() {
        for text in [
            "a",
            "Ann",
            "ann-2",
            "r2.d2",
            "x_",
            "Zoë",
            "Ярослав",
            "小明",
            "علي",
            "सुमित्रा",
            "007",
        ] {
            assert_eq!(name(text).as_str(), text);
        }
        // Wide letters become usual ones, and what can be one character is.
        assert_eq!(name("ａｎｎ").as_str(), "ann");
        assert_eq!(name("Zoe\u{308}").as_str(), "Zoë");
        assert_eq!(name(&"x".repeat(24)).as_str().len(), 24);
    }

    #[test]
    fn what_is_no_name_is_told_why() {
        let said = |text: &str| text.parse::<Name>().unwrap_err().to_string();
        assert_eq!(said(""), "a name is missing");
        assert!(said("two words").starts_with("a space is not for names"));
        assert!(said("a\x1b[2J").contains("the control character \\u{1b}"));
        assert!(said("a\u{202e}b").contains("U+202E"));
        assert!(said("a\u{200b}b").contains("U+200B"));
        assert!(said("<ann>").starts_with("'<' is not"));
        for wrong in [
            "-ann",
            ".",
            "/join",
            "#room",
            "a,b",
            "a:b",
            "*",
            "\u{301}a",
            "a\u{316}\u{317}\u{318}",
        ] {
            assert!(wrong.parse::<Name>().is_err(), "{wrong}");
        }
        assert!(said(&"x".repeat(25)).contains("and this one has 25"));
        assert!(said(&"x".repeat(100_000)).contains("100000"));
        // One character that is eighteen in this form.
        assert!(said(&"\u{fdfa}".repeat(20)).contains("is not for names"));
    }

    #[test]
    fn names_that_look_alike_are_alike() {
        for (one, other) in [
            ("ann", "ANN"),
            ("paypal", "раура1"),
            ("lana", "Iana"),
            ("bob", "b0b"),
            ("Straße", "STRAẞE"),
        ] {
            assert!(name(one).is_alike(&name(other)), "{one} {other}");
        }
        for (one, other) in [
            ("ann", "anna"),
            ("user1", "user2"),
            ("a.b", "ab"),
            ("a-b", "a_b"),
        ] {
            assert!(!name(one).is_alike(&name(other)), "{one} {other}");
        }
        assert_eq!(name("ANN"), name("ann"));
        assert_ne!(name("lana"), name("Iana"));
    }
}

//! Header fields whose values are not ASCII, as encoded words (RFC 2047).

/// The longest encoded word: 75 bytes are allowed (RFC 2047, 2), and this stands with the name of its field on a line
/// of [`MAXIMUM_LINE`].
pub const MAXIMUM_WORD: usize = 60;

/// The longest line with an encoded word (RFC 2047, 2).
pub const MAXIMUM_LINE: usize = 76;

/// A value with the words that are not ASCII encoded (RFC 2047). Words beside each other become one with all that stands
/// between them, since white space between two encoded words is lost.
pub fn encoded(value: &str) -> String {
    if value.is_ascii() {
        return value.to_owned();
    }
    let mut out: Vec<String> = Vec::new();
    let mut run: Vec<&str> = Vec::new();
    for word in value.split(' ') {
        let is_between = !run.is_empty() && word.trim().is_empty();
        if is_between || !word.is_ascii() {
            run.push(word);
            continue;
        }
        if !run.is_empty() {
            out.push(encoded_words(&run.join(" ")));
            run.clear();
        }
        out.push(word.to_owned());
    }
    if !run.is_empty() {
        out.push(encoded_words(&run.join(" ")));
    }
    out.join(" ")
}

/// A part of what names people: `"Otto Müller" <o@x.example> (at home)`.
enum Part<'a> {
    /// A word, or a name that stands between quotes: what it says, and how it is written.
    Phrase(String, &'a str),
    /// What stands between brackets.
    Comment(&'a str),
    /// An address, or a comma: never encoded with what stands beside it.
    Other(&'a str),
}

/// Names and addresses with the names that are not ASCII encoded. What stands between quotes is one name, which is
/// quoted no longer then, and a comment keeps its brackets: encoded words stand in neither (RFC 2047, 5).
pub fn encoded_people(value: &str) -> String {
    if value.is_ascii() {
        return value.to_owned();
    }
    let mut out = String::new();
    let mut add = |is_spaced: bool, text: &str| {
        if is_spaced && !out.is_empty() {
            out.push(' ');
        }
        out.push_str(text);
    };
    let mut run: Vec<String> = Vec::new();
    for (mut is_spaced, part) in parts(value) {
        let text = match part {
            Part::Phrase(text, _) if !text.is_ascii() => {
                run.push(text);
                continue;
            }
            Part::Comment(inside) if !inside.is_ascii() => {
                is_spaced = true;
                format!("({})", encoded_words(inside))
            }
            Part::Comment(inside) => format!("({inside})"),
            Part::Phrase(_, written) | Part::Other(written) => written.to_owned(),
        };
        if !run.is_empty() {
            // An encoded word stands apart from whatever is beside it.
            is_spaced = true;
            add(true, &encoded_words(&std::mem::take(&mut run).join(" ")));
        }
        add(is_spaced, &text);
    }
    if !run.is_empty() {
        add(true, &encoded_words(&run.join(" ")));
    }
    out
}

/// What names people in its parts, and whether a space stands before each.
fn parts(value: &str) -> Vec<(bool, Part<'_>)> {
    let (mut parts, mut rest) = (Vec::new(), value.trim_start());
    let mut is_spaced = false;
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '"' => end_of(rest, '"', '"'),
            '(' => end_of(rest, '(', ')'),
            '<' => rest.find('>').map_or(rest.len(), |at| at + 1),
            ',' => 1,
            _ => rest
                .find(|letter: char| letter.is_whitespace() || "\"(<,".contains(letter))
                .unwrap_or(rest.len()),
        };
        let (part, behind) = rest.split_at(end);
        rest = behind.trim_start();
        let kind = match first {
            '"' => Part::Phrase(unquoted(part), part),
            '(' => Part::Comment(part[1..].strip_suffix(')').unwrap_or(&part[1..])),
            '<' | ',' => Part::Other(part),
            _ => Part::Phrase(part.to_owned(), part),
        };
        parts.push((is_spaced, kind));
        is_spaced = rest.len() < behind.len();
    }
    parts
}

/// Where what opens with the first letter is closed; at the end, where it is not.
fn end_of(text: &str, open: char, close: char) -> usize {
    let (mut depth, mut is_escaped) = (0_usize, false);
    for (at, letter) in text.char_indices() {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            _ if letter == close && depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    return at + letter.len_utf8();
                }
            }
            _ if letter == open => depth += 1,
            _ => {}
        }
    }
    text.len()
}

/// What a quoted name says.
fn unquoted(quoted: &str) -> String {
    let inside = &quoted[1..];
    let mut inside = inside.strip_suffix('"').unwrap_or(inside).chars();
    let mut text = String::new();
    while let Some(letter) = inside.next() {
        match letter {
            '\\' => text.extend(inside.next()),
            letter => text.push(letter),
        }
    }
    text
}

/// Text as encoded words, as many as its length needs.
fn encoded_words(text: &str) -> String {
    const BEGIN: &str = "=?utf-8?Q?";
    let mut words = vec![String::from(BEGIN)];
    for character in text.chars() {
        let mut bytes = [0; 4];
        let encoded: String = character
            .encode_utf8(&mut bytes)
            .bytes()
            .map(|byte| match byte {
                b' ' => "_".to_owned(),
                byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
                byte => format!("={byte:02X}"),
            })
            .collect();
        if words
            .last()
            .is_some_and(|word| word.len() + encoded.len() + 2 > MAXIMUM_WORD)
        {
            words.push(BEGIN.into());
        }
        if let Some(word) = words.last_mut() {
            word.push_str(&encoded);
        }
    }
    let words: Vec<String> = words.into_iter().map(|word| word + "?=").collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use lariat_client::nntp::decode_header;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn people_are_named_whole() {
        for (value, encoded, decoded) in [
            (
                "\"Otto Müller\" <o@b>",
                "=?utf-8?Q?Otto_M=C3=BCller?= <o@b>",
                "Otto Müller <o@b>",
            ),
            (
                "o@b (Otto Müller)",
                "o@b (=?utf-8?Q?Otto_M=C3=BCller?=)",
                "o@b (Otto Müller)",
            ),
            (
                "Otto Müller <o@b>",
                "Otto =?utf-8?Q?M=C3=BCller?= <o@b>",
                "Otto Müller <o@b>",
            ),
            (
                "Öl \"Ö \\\"x\\\" (y)\"<o@b>, \"A. B.\" <a@b> (ü (z))",
                "=?utf-8?Q?=C3=96l_=C3=96_=22x=22_=28y=29?= <o@b>, \"A. B.\" <a@b> (=?utf-8?Q?=C3=BC_=28z=29?=)",
                "Öl Ö \"x\" (y) <o@b>, \"A. B.\" <a@b> (ü (z))",
            ),
            ("\"Ö", "=?utf-8?Q?=C3=96?=", "Ö"),
            ("(Ö", "(=?utf-8?Q?=C3=96?=)", "(Ö)"),
            (
                "\"Otto M.\" <o@b>",
                "\"Otto M.\" <o@b>",
                "\"Otto M.\" <o@b>",
            ),
        ] {
            assert_eq!(encoded_people(value), encoded, "{value}");
            assert_eq!(decode_header(encoded), decoded);
        }
    }

    #[test]
    fn all_white_space_between_words_comes_back() {
        for (value, expected) in [
            ("Grüße für", "=?utf-8?Q?Gr=C3=BC=C3=9Fe_f=C3=BCr?="),
            ("Grüße  für", "=?utf-8?Q?Gr=C3=BC=C3=9Fe__f=C3=BCr?="),
            ("Ö \t Ä", "=?utf-8?Q?=C3=96_=09_=C3=84?="),
            ("Ö\tÄ", "=?utf-8?Q?=C3=96=09=C3=84?="),
            ("a  Ö  b", "a  =?utf-8?Q?=C3=96_?= b"),
            ("a\t \tb", "a\t \tb"),
        ] {
            assert_eq!(encoded(value), expected, "{value:?}");
            assert_eq!(decode_header(expected), value);
        }
    }

    proptest! {
        #[test]
        fn whatever_is_encoded_is_decoded_to_the_same(value in r#"[a-cäöß€😀=?_,.()<>" \t]{0,80}"#) {
            // What looks like an encoded word is one.
            prop_assume!(!value.contains("=?"));
            let encoded = encoded(&value);
            prop_assert!(encoded.is_ascii());
            prop_assert_eq!(decode_header(&encoded), value);
        }
    }
}

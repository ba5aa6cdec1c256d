//! What Python knows of characters: which are of words, digits or space, and what their other case is.
//!
//! The tables are CPython 3.11's (Unicode 14.0). Characters are numbers here, since a Python
//! pattern may name surrogates, which no Rust text contains.

mod tables;

use std::fmt::Write as _;
use std::sync::LazyLock;

use tables::SAME_UPPERCASE;
pub(crate) use tables::{ALPHANUMERIC, DECIMAL, SPACE};

/// The last character of Unicode.
pub(crate) const LAST: u32 = 0x10FFFF;

/// Whether a sorted table of ranges has the character.
pub(crate) fn contains(table: &[(u32, u32)], code: u32) -> bool {
    table
        .binary_search_by(|&(first, last)| {
            if last < code {
                std::cmp::Ordering::Less
            } else if first > code {
                std::cmp::Ordering::Greater
            } else {
                std::cmp::Ordering::Equal
            }
        })
        .is_ok()
}

/// Whether `\w` matches.
pub(crate) fn is_word(code: u32) -> bool {
    if code < 128 {
        return is_ascii_word(code);
    }
    contains(ALPHANUMERIC, code)
}

/// Whether `\w` matches under the flag `ASCII`.
pub(crate) fn is_ascii_word(code: u32) -> bool {
    u8::try_from(code).is_ok_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// `str.isalpha`.
pub(crate) fn is_alphabetic(char: char) -> bool {
    contains(tables::ALPHABETIC, char.into())
}

/// `str.isidentifier`: whether it can be the name of a group.
pub(crate) fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    let first = chars.next();
    first.is_some_and(|char| contains(tables::NAME_START, char.into()))
        && chars.all(|char| contains(tables::NAME_REST, char.into()))
}

/// The number that a decimal digit of any script stands for.
pub(crate) fn digit_value(char: char) -> Option<u32> {
    let code = u32::from(char);
    let range = DECIMAL
        .iter()
        .find(|(first, last)| (*first..=*last).contains(&code))?;
    Some((code - range.0) % 10)
}

/// The simple lower case.
pub(crate) fn lower(code: u32) -> u32 {
    if code < 128 {
        return ascii_lower(code);
    }
    mapped(tables::LOWERCASE, code)
}

/// The simple upper case.
pub(crate) fn upper(code: u32) -> u32 {
    mapped(tables::UPPERCASE, code)
}

/// The lower case of ASCII letters; others are their own.
pub(crate) fn ascii_lower(code: u32) -> u32 {
    if (0x41..=0x5a).contains(&code) {
        code + 32
    } else {
        code
    }
}

/// Whether it has another case.
pub(crate) fn is_cased(code: u32) -> bool {
    lower(code) != code || upper(code) != code
}

/// The same for ASCII letters alone.
pub(crate) fn is_ascii_cased(code: u32) -> bool {
    u8::try_from(code).is_ok_and(|byte| byte.is_ascii_alphabetic())
}

/// The characters of a range of which there are others of the same upper case, with those.
pub(crate) fn with_same_uppercase(range: (u32, u32)) -> &'static [(u32, &'static [u32])] {
    within(SAME_UPPERCASE, range)
}

/// The other lower-case characters of the same upper case.
pub(crate) fn same_uppercase(code: u32) -> &'static [u32] {
    match SAME_UPPERCASE.binary_search_by_key(&code, |(code, _)| *code) {
        Ok(index) => SAME_UPPERCASE[index].1,
        Err(_) => &[],
    }
}

/// Those whose lower case is another, with that, of a range of characters and in their order.
pub(crate) fn lowered(range: (u32, u32)) -> &'static [(u32, u32)] {
    static SORTED: LazyLock<Vec<(u32, u32)>> = LazyLock::new(|| {
        let mut sorted: Vec<_> = pairs(tables::LOWERCASE).collect();
        sorted.sort_unstable();
        sorted
    });
    within(&SORTED, range)
}

/// Those of a range that are the lower case of another, with that.
pub(crate) fn lower_of(range: (u32, u32)) -> &'static [(u32, u32)] {
    static SORTED: LazyLock<Vec<(u32, u32)>> = LazyLock::new(|| {
        let swapped = pairs(tables::LOWERCASE).map(|(code, lower)| (lower, code));
        let mut sorted: Vec<_> = swapped.collect();
        sorted.sort_unstable();
        sorted
    });
    within(&SORTED, range)
}

/// Whether one of a range has another upper case.
pub(crate) fn has_upper(range: (u32, u32)) -> bool {
    static SORTED: LazyLock<Vec<(u32, u32)>> = LazyLock::new(|| {
        let mut sorted: Vec<_> = uppered().collect();
        sorted.sort_unstable();
        sorted
    });
    !within(&SORTED, range).is_empty()
}

/// The entries of a sorted table whose first is in a range.
fn within<T>(table: &[(u32, T)], (first, last): (u32, u32)) -> &[(u32, T)] {
    let start = table.partition_point(|(code, _)| *code < first);
    let end = table.partition_point(|(code, _)| *code <= last);
    table.get(start..end).unwrap_or_default()
}

/// Every character whose upper case is another, with that.
pub(crate) fn uppered() -> impl Iterator<Item = (u32, u32)> {
    pairs(tables::UPPERCASE)
}

fn pairs(table: &'static [(u32, u32, u32, i32)]) -> impl Iterator<Item = (u32, u32)> {
    table.iter().flat_map(|&(first, last, step, difference)| {
        (first..=last)
            .step_by(step as usize)
            .map(move |code| (code, code.wrapping_add_signed(difference)))
    })
}

fn mapped(table: &[(u32, u32, u32, i32)], code: u32) -> u32 {
    let after = table.partition_point(|run| run.0 <= code);
    // Runs with a step may lie between each other: the one before may have it, too.
    for &(first, last, step, difference) in table[..after].iter().rev().take(2) {
        if code <= last && (code - first).is_multiple_of(step) {
            return code.wrapping_add_signed(difference);
        }
    }
    code
}

/// The names that are made by a rule, which CPython reads letter by letter: in capitals alone.
const BY_RULE: [&str; 2] = ["HANGUL SYLLABLE ", "CJK UNIFIED IDEOGRAPH-"];

/// The character of a name, as `unicodedata.lookup` finds it in Unicode 14.0.
pub(crate) fn named(name: &str) -> Option<u32> {
    // The crate subtracts below zero where a name begins with a hyphen; none does.
    if !name.starts_with(|char: char| char.is_ascii_alphabetic()) {
        return None;
    }
    let exact = name.to_ascii_uppercase();
    let alias = tables::ALIASES.binary_search_by_key(&exact.as_str(), |(alias, _)| alias);
    if let Ok(index) = alias {
        return Some(tables::ALIASES[index].1);
    }
    // Of the code in a name by rule there may be one zero too many.
    let short = name.strip_prefix("CJK UNIFIED IDEOGRAPH-0");
    let short = short.filter(|digits| digits.len() == 4);
    if let Some(digits) = short {
        return named(&format!("CJK UNIFIED IDEOGRAPH-{digits}"));
    }
    let char = unicode_names2::character(name)?;
    let found = unicode_names2::name(char)?.to_string();
    // What only a looser reading finds is refused, and so are the names of newer versions.
    let is_by_rule = BY_RULE.iter().any(|rule| found.starts_with(rule));
    let is_same = found == if is_by_rule { name } else { &exact[..] };
    let code = u32::from(char);
    (is_same && contains(tables::ASSIGNED, code)).then_some(code)
}

/// A text as Python's `repr` shows it.
pub(crate) fn repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    let mut shown = String::from(quote);
    for char in text.chars() {
        let code = u32::from(char);
        match char {
            '\\' => shown.push_str("\\\\"),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            char if char == quote => {
                shown.push('\\');
                shown.push(char);
            }
            char if contains(tables::PRINTABLE, code) => shown.push(char),
            _ => push_escape(&mut shown, code),
        }
    }
    shown.push(quote);
    shown
}

/// A message as Python makes it ASCII.
pub(crate) fn backslashed(text: &str) -> String {
    let mut shown = String::new();
    for char in text.chars() {
        if char.is_ascii() {
            shown.push(char);
        } else {
            push_escape(&mut shown, char.into());
        }
    }
    shown
}

fn push_escape(shown: &mut String, code: u32) {
    // Writing to a string cannot fail.
    let _ = match code {
        0..=0xff => write!(shown, "\\x{code:02x}"),
        0x100..=0xffff => write!(shown, "\\u{code:04x}"),
        _ => write!(shown, "\\U{code:08x}"),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_and_what_is_none_is_refused() {
        assert_eq!(named("EM DASH"), Some(0x2014));
        assert_eq!(named("em dash"), Some(0x2014));
        assert_eq!(named("LINE FEED"), Some(10));
        assert_eq!(named("CJK UNIFIED IDEOGRAPH-4E00"), Some(0x4e00));
        assert_eq!(named("CJK UNIFIED IDEOGRAPH-04E00"), Some(0x4e00));
        assert_eq!(named("HANGUL SYLLABLE GA"), Some(0xac00));
        assert_eq!(named("latin capital letter gha"), Some(0x1a2));
        assert_eq!(named("LATIN CAPITAL LETTER OI"), Some(0x1a2));
        for (alias, code) in [("NBSP", 0xa0), ("ZWJ", 0x200d), ("bom", 0xfeff), ("LF", 10)] {
            assert_eq!(named(alias), Some(code), "{alias}");
        }
        for wrong in [
            "",
            "-",
            "-A",
            " EM DASH",
            "EM_DASH",
            "EMDASH",
            "EM DASH ",
            "é",
            "1",
            "LINEFEED",
            "LINE_FEED",
            "CJK UNIFIED IDEOGRAPH-4e00",
            "cjk unified ideograph-4E00",
            "CJK UNIFIED IDEOGRAPH-004E00",
            "hangul syllable ga",
            "HANGUL SYLLABLE ga",
            // Of Unicode 15.
            "SHAKING FACE",
        ] {
            assert_eq!(named(wrong), None, "{wrong:?}");
        }
    }
}

//! What stands behind a backslash.

use super::parser::Parser;
use super::source::{Source, Token};
use super::tree::{Anchor, Category, Item, Node};
use crate::error::PatternError;
use crate::unicode;

type Result<T> = std::result::Result<T, PatternError>;

/// What an escape outside of a set is.
pub(super) fn escape(parser: &mut Parser, letter: char) -> Result<Node> {
    if let Some(category) = category(letter) {
        let items = vec![Item::Category(category)];
        return Ok(Node::Set {
            negated: false,
            items,
        });
    }
    let anchor = match letter {
        'A' => Some(Anchor::BeginningOfText),
        'b' => Some(Anchor::Boundary),
        'B' => Some(Anchor::NotBoundary),
        'Z' => Some(Anchor::EndOfText),
        _ => None,
    };
    if let Some(anchor) = anchor {
        return Ok(Node::At(anchor));
    }
    let source = &mut parser.source;
    match letter {
        '0' => {
            let digits = source.get_while(2, is_octal)?;
            Ok(Node::Literal(octal(&digits)))
        }
        '1'..='9' => number(parser, letter),
        _ => character(source, letter).map(Node::Literal),
    }
}

/// What an escape in a set is.
pub(super) fn escape_in_set(source: &mut Source, letter: char) -> Result<Item> {
    if let Some(category) = category(letter) {
        return Ok(Item::Category(category));
    }
    if letter == 'b' {
        return Ok(Item::Literal(8));
    }
    if is_octal(letter) {
        let mut digits = String::from(letter);
        digits += &source.get_while(2, is_octal)?;
        return small_octal(source, &digits).map(Item::Literal);
    }
    character(source, letter).map(Item::Literal)
}

/// The character that a letter behind a backslash is in a template too, if it is one.
pub(crate) fn control(letter: char) -> Option<char> {
    Some(match letter {
        'a' => '\x07',
        'b' => '\x08',
        'f' => '\x0c',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\x0b',
        '\\' => '\\',
        _ => return None,
    })
}

pub(crate) fn is_octal(char: char) -> bool {
    matches!(char, '0'..='7')
}

/// The value of a few octal digits, of none 0.
pub(crate) fn octal(digits: &str) -> u32 {
    u32::from_str_radix(digits, 8).unwrap_or(0)
}

/// The value of three octal digits, which must be a byte's.
pub(crate) fn small_octal(source: &Source, digits: &str) -> Result<u32> {
    let value = octal(digits);
    if value > 0o377 {
        let message = format!("octal escape value \\{digits} outside of range 0-0o377");
        return Err(source.error(message, digits.len() + 1));
    }
    Ok(value)
}

fn category(letter: char) -> Option<Category> {
    Some(match letter {
        'd' => Category::Digit,
        'D' => Category::NotDigit,
        's' => Category::Space,
        'S' => Category::NotSpace,
        'w' => Category::Word,
        'W' => Category::NotWord,
        _ => return None,
    })
}

/// An escape that is a character in and outside of sets.
fn character(source: &mut Source, letter: char) -> Result<u32> {
    // A backspace is one in sets only; outside, the letter is a word's boundary.
    if let Some(control) = control(letter) {
        return Ok(control.into());
    }
    match letter {
        'x' => hexadecimal(source, letter, 2),
        'u' if source.is_text => hexadecimal(source, letter, 4),
        'U' if source.is_text => hexadecimal(source, letter, 8),
        'N' if source.is_text => {
            if !source.take('{')? {
                return Err(source.error("missing {", 0));
            }
            let name = source.get_until('}', "character name")?;
            unicode::named(&name).ok_or_else(|| {
                let message = format!("undefined character name {}", unicode::repr(&name));
                source.error(message, name.chars().count() + r"\N{}".len())
            })
        }
        letter if letter.is_ascii_alphanumeric() => {
            Err(source.error(format!("bad escape \\{letter}"), 2))
        }
        letter => Ok(letter.into()),
    }
}

/// Exactly so many digits, the number of a character.
fn hexadecimal(source: &mut Source, letter: char, count: usize) -> Result<u32> {
    let digits = source.get_while(count, |char| char.is_ascii_hexdigit())?;
    if digits.len() < count {
        let message = format!("incomplete escape \\{letter}{digits}");
        return Err(source.error(message, digits.len() + 2));
    }
    match u32::from_str_radix(&digits, 16) {
        Ok(code) if code <= unicode::LAST => Ok(code),
        _ => {
            let message = format!("bad escape \\{letter}{digits}");
            Err(source.error(message, digits.len() + 2))
        }
    }
}

/// One to three digits: a group's number, or a character by three octal ones.
fn number(parser: &mut Parser, first: char) -> Result<Node> {
    let mut digits = String::from(first);
    let source = &mut parser.source;
    if let Some(Token::Char(second @ '0'..='9')) = source.next() {
        source.get()?;
        digits.push(second);
        if let Some(Token::Char(third)) = source.next()
            && is_octal(first)
            && is_octal(second)
            && is_octal(third)
        {
            source.get()?;
            digits.push(third);
            return small_octal(source, &digits).map(Node::Literal);
        }
    }
    let group: u32 = digits.parse().unwrap_or(u32::MAX);
    let back = digits.len() + 1;
    if !parser.has_group(group) {
        let message = format!("invalid group reference {group}");
        return Err(parser.source.error(message, back - 1));
    }
    parser.check_closed(group, back)?;
    parser.check_look_behind(group)?;
    Ok(Node::Reference(group))
}

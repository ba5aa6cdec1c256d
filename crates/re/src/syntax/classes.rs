//! A set of characters in brackets.

use super::escapes::escape_in_set;
use super::source::{Source, Token};
use super::tree::{Item, Node};
use crate::error::PatternError;

type Result<T> = std::result::Result<T, PatternError>;

/// The set behind a bracket that has been taken.
pub(super) fn set(source: &mut Source) -> Result<Node> {
    let here = source.tell() - 1;
    if source.is_next('[') {
        warn(source, "nested set", source.tell());
    }
    let negated = source.take('^')?;
    let mut items: Vec<Item> = Vec::new();
    loop {
        let Some(this) = source.get()? else {
            return Err(unterminated(source, here));
        };
        if this == Token::Char(']') && !items.is_empty() {
            break;
        }
        if !items.is_empty() {
            warn_of_operation(source, this);
        }
        let first = item(source, this)?;
        if !source.take('-')? {
            items.push(first);
            continue;
        }
        let Some(that) = source.get()? else {
            return Err(unterminated(source, here));
        };
        if that == Token::Char(']') {
            items.push(first);
            items.push(Item::Literal('-'.into()));
            break;
        }
        if that == Token::Char('-') {
            warn(source, "set difference", source.tell() - 2);
        }
        items.push(range(source, (this, first), that)?);
    }
    let mut unique: Vec<Item> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for item in items {
        if seen.insert(item) {
            unique.push(item);
        }
    }
    Ok(match (&unique[..], negated) {
        (&[Item::Literal(code)], true) => Node::NotLiteral(code),
        (&[Item::Literal(code)], false) => Node::Literal(code),
        _ => Node::Set {
            negated,
            items: unique,
        },
    })
}

/// Notes what may be an operation on sets in a later version of Python, as it does itself.
fn warn(source: &mut Source, what: &str, position: usize) {
    let warning = format!("Possible {what} at position {position}");
    source.warnings.push(warning);
}

/// The same for a sign that stands there twice.
fn warn_of_operation(source: &mut Source, this: Token) {
    let operations = [
        ('-', "set difference"),
        ('&', "set intersection"),
        ('~', "set symmetric difference"),
        ('|', "set union"),
    ];
    let named = operations
        .iter()
        .find(|(sign, _)| this == Token::Char(*sign));
    if let Some((sign, what)) = named
        && source.is_next(*sign)
    {
        warn(source, what, source.tell() - 1);
    }
}

fn item(source: &mut Source, token: Token) -> Result<Item> {
    match token {
        Token::Char(char) => Ok(Item::Literal(char.into())),
        Token::Escaped(letter) => escape_in_set(source, letter),
    }
}

fn range(source: &mut Source, (this, first): (Token, Item), that: Token) -> Result<Item> {
    let second = item(source, that)?;
    match (first, second) {
        (Item::Literal(low), Item::Literal(high)) if low <= high => Ok(Item::Range(low, high)),
        _ => {
            let message = format!("bad character range {}-{}", this.text(), that.text());
            Err(source.error(message, this.len() + 1 + that.len()))
        }
    }
}

fn unterminated(source: &Source, here: usize) -> PatternError {
    source.error("unterminated character set", source.tell() - here)
}

//! A set of characters in brackets.

use super::escapes::escape_in_set;
use super::source::{Source, Token};
use super::tree::{Item, Node};
use crate::error::PatternError;

type Result<T> = std::result::Result<T, PatternError>;

/// The set behind a bracket that has been taken.
pub(super) fn set(source: &mut Source) -> Result<Node> {
    let here = source.tell() - 1;
    let negated = source.take('^')?;
    let mut items: Vec<Item> = Vec::new();
    loop {
        let Some(this) = source.get()? else {
            return Err(unterminated(source, here));
        };
        if this == Token::Char(']') && !items.is_empty() {
            break;
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

//! What stands in parentheses.

use super::parser::Parser;
use super::source::{Token, integer};
use super::tree::{Node, Sequence};
use super::width::Width;
use crate::error::PatternError;
use crate::flags::Flags;
use crate::unicode;

type Result<T> = std::result::Result<T, PatternError>;

/// No group has a number past this in Python.
const MAX_GROUPS: u64 = 0x3fff_ffff;

/// What parentheses turned out to be.
pub(super) enum Opened {
    Node(Node),
    Comment,
    /// Flags of the whole pattern, which have been set.
    Flags,
}

/// Reads from behind an opening parenthesis past the closing one.
pub(super) fn open(parser: &mut Parser, verbose: bool, may_set_flags: bool) -> Result<Opened> {
    let start = parser.source.tell() - 1;
    if !parser.source.take('?')? {
        return capture(parser, None, verbose, start).map(Opened::Node);
    }
    let token = extension(parser)?;
    let node = match token {
        Token::Char('P') => return named(parser, verbose, start).map(Opened::Node),
        Token::Char(':') => {
            let body = body(parser, verbose, start)?;
            group(None, body)
        }
        Token::Char('#') => {
            comment(parser, start)?;
            return Ok(Opened::Comment);
        }
        Token::Char('=' | '!') => look(parser, token, false, verbose, start)?,
        Token::Char('<') => {
            let sign = extension(parser)?;
            if !matches!(sign, Token::Char('=' | '!')) {
                let message = format!("unknown extension ?<{}", sign.text());
                return Err(parser.source.error(message, sign.len() + 2));
            }
            look(parser, sign, true, verbose, start)?
        }
        Token::Char('(') => conditional(parser, verbose, start)?,
        Token::Char('>') => Node::Atomic(body(parser, verbose, start)?),
        Token::Char(char) if char == '-' || Flags::from_letter(char).is_some() => {
            let Some((on, off)) = flags(parser, char)? else {
                if may_set_flags {
                    return Ok(Opened::Flags);
                }
                let message = "global flags not at the start of the expression";
                let back = parser.source.tell() - start;
                return Err(parser.source.error(message, back));
            };
            let verbose = (verbose || on.contains(Flags::VERBOSE)) && !off.contains(Flags::VERBOSE);
            let body = body(parser, verbose, start)?;
            Node::Group {
                index: None,
                on,
                off,
                body,
            }
        }
        token => {
            let message = format!("unknown extension ?{}", token.text());
            return Err(parser.source.error(message, token.len() + 1));
        }
    };
    Ok(Opened::Node(node))
}

fn extension(parser: &mut Parser) -> Result<Token> {
    let token = parser.source.get()?;
    token.ok_or_else(|| parser.source.error("unexpected end of pattern", 0))
}

fn group(index: Option<u32>, body: Sequence) -> Node {
    Node::Group {
        index,
        on: Flags::NONE,
        off: Flags::NONE,
        body,
    }
}

/// Alternatives up to the closing parenthesis, and that.
fn body(parser: &mut Parser, verbose: bool, start: usize) -> Result<Sequence> {
    let body = parser.alternatives(verbose, false)?;
    close(parser, start)?;
    Ok(body)
}

fn close(parser: &mut Parser, start: usize) -> Result<()> {
    if parser.source.take(')')? {
        return Ok(());
    }
    let back = parser.source.tell() - start;
    let message = "missing ), unterminated subpattern";
    Err(parser.source.error(message, back))
}

fn capture(parser: &mut Parser, name: Option<String>, verbose: bool, start: usize) -> Result<Node> {
    let index = parser.widths.len() as u32;
    parser.widths.push(None);
    if let Some(name) = name {
        if let Some(before) = parser.names.get(&name) {
            let shown = unicode::repr(&name);
            let message =
                format!("redefinition of group name {shown} as group {index}; was group {before}");
            return Err(parser.source.error(message, name.chars().count() + 1));
        }
        parser.names.insert(name, index);
    }
    let body = body(parser, verbose, start)?;
    parser.widths[index as usize] = Some(Width::of(&body, &parser.widths));
    Ok(group(Some(index), body))
}

/// `(?P<name>…)` and `(?P=name)`.
fn named(parser: &mut Parser, verbose: bool, start: usize) -> Result<Node> {
    if parser.source.take('<')? {
        let name = parser.source.get_until('>', "group name")?;
        parser.source.check_group_name(&name, 1)?;
        return capture(parser, Some(name), verbose, start);
    }
    if !parser.source.take('=')? {
        let token = extension(parser)?;
        let message = format!("unknown extension ?P{}", token.text());
        return Err(parser.source.error(message, token.len() + 2));
    }
    let name = parser.source.get_until(')', "group name")?;
    parser.source.check_group_name(&name, 1)?;
    let group = named_group(parser, &name)?;
    parser.check_closed(group, name.chars().count() + 1)?;
    parser.check_look_behind(group)?;
    Ok(Node::Reference(group))
}

fn named_group(parser: &Parser, name: &str) -> Result<u32> {
    parser.names.get(name).copied().ok_or_else(|| {
        let message = format!("unknown group name {}", unicode::repr(name));
        parser.source.error(message, name.chars().count() + 1)
    })
}

fn comment(parser: &mut Parser, start: usize) -> Result<()> {
    loop {
        match parser.source.get()? {
            None => {
                let back = parser.source.tell() - start;
                let message = "missing ), unterminated comment";
                return Err(parser.source.error(message, back));
            }
            Some(Token::Char(')')) => return Ok(()),
            Some(_) => {}
        }
    }
}

fn look(
    parser: &mut Parser,
    sign: Token,
    behind: bool,
    verbose: bool,
    start: usize,
) -> Result<Node> {
    let outer = parser.look_behind;
    if behind && outer.is_none() {
        parser.look_behind = Some(parser.widths.len() as u32);
    }
    let body = parser.alternatives(verbose, false)?;
    if behind && outer.is_none() {
        parser.look_behind = None;
    }
    close(parser, start)?;
    Ok(Node::Look {
        behind,
        negated: sign == Token::Char('!'),
        body,
    })
}

/// `(?(1)yes|no)` and `(?(name)yes|no)`.
fn conditional(parser: &mut Parser, verbose: bool, start: usize) -> Result<Node> {
    let name = parser.source.get_until(')', "group name")?;
    let length = name.chars().count();
    let group = if unicode::is_identifier(&name) {
        named_group(parser, &name)?
    } else {
        let Some(group) = integer(&name) else {
            return Err(parser.source.bad_group_name(&name, 1));
        };
        if group == 0 {
            return Err(parser.source.error("bad group number", length + 1));
        }
        if group >= MAX_GROUPS {
            let message = format!("invalid group reference {group}");
            return Err(parser.source.error(message, length + 1));
        }
        let position = parser.source.tell() - length - 1;
        if parser.conditions.iter().all(|(known, _)| *known != group) {
            parser.conditions.push((group, position));
        }
        group as u32
    };
    parser.check_look_behind(group)?;
    let yes = branch(parser, verbose)?;
    let mut no = None;
    if parser.source.take('|')? {
        no = Some(branch(parser, verbose)?);
        if parser.source.is_next('|') {
            let message = "conditional backref with more than two branches";
            return Err(parser.source.error(message, 0));
        }
    }
    close(parser, start)?;
    Ok(Node::Conditional { group, yes, no })
}

/// A branch of a conditional, which is no group of its own but as deep as one.
fn branch(parser: &mut Parser, verbose: bool) -> Result<Sequence> {
    parser.deeper(|parser| parser.sequence(verbose, false))
}

/// The flags that a group turns on and off, or nothing where they were the whole pattern's.
fn flags(parser: &mut Parser, first: char) -> Result<Option<(Flags, Flags)>> {
    let mut on = Flags::NONE;
    let mut last = first;
    if first != '-' {
        let mut letter = first;
        loop {
            on = turned_on(parser, on, letter)?;
            last = match parser.source.get()? {
                Some(Token::Char(char @ (')' | '-' | ':'))) => char,
                token => {
                    letter = flag_letter(parser, token, "missing -, : or )")?;
                    continue;
                }
            };
            break;
        }
    }
    if last == ')' {
        parser.flags |= on;
        return Ok(None);
    }
    let off = if last == '-' {
        turned_off(parser)?
    } else {
        Flags::NONE
    };
    if on.intersects(off) {
        let message = "bad inline flags: flag turned on and off";
        return Err(parser.source.error(message, 1));
    }
    Ok(Some((on, off)))
}

fn turned_on(parser: &Parser, on: Flags, letter: char) -> Result<Flags> {
    let wrong = |message| Err(parser.source.error(message, 0));
    if parser.source.is_text && letter == 'L' {
        return wrong("bad inline flags: cannot use 'L' flag with a str pattern");
    }
    if !parser.source.is_text && letter == 'u' {
        return wrong("bad inline flags: cannot use 'u' flag with a bytes pattern");
    }
    let flag = Flags::from_letter(letter).unwrap_or_default();
    let on = on | flag;
    if flag.intersects(Flags::ALPHABETS) && on & Flags::ALPHABETS != flag {
        return wrong("bad inline flags: flags 'a', 'u' and 'L' are incompatible");
    }
    Ok(on)
}

fn turned_off(parser: &mut Parser) -> Result<Flags> {
    let mut off = Flags::NONE;
    let token = parser.source.get()?;
    let mut letter = flag_letter(parser, token, "missing flag")?;
    loop {
        let flag = Flags::from_letter(letter).unwrap_or_default();
        if flag.intersects(Flags::ALPHABETS) {
            let message = "bad inline flags: cannot turn off flags 'a', 'u' and 'L'";
            return Err(parser.source.error(message, 0));
        }
        off |= flag;
        match parser.source.get()? {
            Some(Token::Char(':')) => return Ok(off),
            token => letter = flag_letter(parser, token, "missing :")?,
        }
    }
}

/// The letter of a flag; `missing` is what would have to be there instead.
fn flag_letter(parser: &Parser, token: Option<Token>, missing: &str) -> Result<char> {
    match token {
        None => Err(parser.source.error(missing, 0)),
        Some(Token::Char(char)) if Flags::from_letter(char).is_some() => Ok(char),
        Some(Token::Char(char)) if unicode::is_alphabetic(char) => {
            Err(parser.source.error("unknown flag", 1))
        }
        Some(token) => Err(parser.source.error(missing, token.len())),
    }
}

//! What a match is replaced by: a template with references to groups, or what a closure makes.

use std::borrow::Borrow;

use crate::error::{Error, PatternError};
use crate::matched::Match;
use crate::pattern::Pattern;
use crate::syntax::{Source, Token, control, integer, is_octal, octal, small_octal};
use crate::text::{Growing, Text};
use crate::unicode;

/// What [`Pattern::sub`] replaces a match by: a template (`&str`, or `&[u8]` for bytes), or a
/// closure that is given the match and returns its replacement as it is.
pub trait Replacement<T: Text + ?Sized> {
    /// What it is once it has been read.
    #[doc(hidden)]
    type Ready: Fill<T>;

    /// Reads what is the same for every match.
    ///
    /// # Errors
    ///
    /// [`Error::Template`] or [`Error::UnknownGroup`] if it is no template.
    fn ready(self, pattern: &Pattern<T>) -> Result<Self::Ready, Error>;
}

/// What appends the replacement of a match.
#[doc(hidden)]
pub trait Fill<T: Text + ?Sized> {
    fn fill(&mut self, found: &Match<'_, T>, result: &mut T::Owned);
}

/// A template that has been read.
///
/// ```
/// use lariat_re::{Pattern, Template};
///
/// let pattern = Pattern::new(r"(\w+), (\w+)")?;
/// let template = Template::new(&pattern, r"\2 \1")?;
/// assert_eq!(pattern.sub(template, "Doe, Jane", 0)?, "Jane Doe");
/// # Ok::<(), lariat_re::Error>(())
/// ```
#[derive(Debug)]
pub struct Template<T: Text + ?Sized = str> {
    pieces: Vec<Piece<T>>,
}

#[derive(Debug)]
enum Piece<T: Text + ?Sized> {
    Literal(T::Owned),
    Group(usize),
}

impl<T: Text + ?Sized> Template<T> {
    /// Reads a template for a pattern's groups: `\1` to `\99`, `\g<1>`, `\g<name>`, `\g<0>` for
    /// the whole match, `\n` and the other controls, and octal escapes.
    ///
    /// # Errors
    ///
    /// [`Error::Template`], or [`Error::UnknownGroup`] for a name that no group has.
    pub fn new(pattern: &Pattern<T>, template: &T) -> Result<Self, Error> {
        let source = Source::new(template.characters(), T::IS_TEXT).map_err(Error::Template)?;
        let mut reader = Reader {
            pattern,
            source,
            pieces: Vec::new(),
        };
        reader.read()?;
        Ok(Template {
            pieces: reader.pieces,
        })
    }

    /// Appends it with what the groups of a match are; nothing for those without a part in it.
    pub(crate) fn push(&self, found: &Match<'_, T>, result: &mut T::Owned) {
        for piece in &self.pieces {
            match piece {
                Piece::Literal(literal) => result.push_part(literal.borrow()),
                Piece::Group(group) => {
                    if let Ok(Some(text)) = found.group(*group) {
                        result.push_part(text);
                    }
                }
            }
        }
    }
}

// What is derived would ask for a kind of text that can be cloned itself.
impl<T: Text + ?Sized> Clone for Template<T> {
    fn clone(&self) -> Self {
        Template {
            pieces: self.pieces.clone(),
        }
    }
}

impl<T: Text + ?Sized> Clone for Piece<T> {
    fn clone(&self) -> Self {
        match self {
            Piece::Literal(literal) => Piece::Literal(literal.clone()),
            Piece::Group(group) => Piece::Group(*group),
        }
    }
}

struct Reader<'p, T: Text + ?Sized> {
    pattern: &'p Pattern<T>,
    source: Source,
    pieces: Vec<Piece<T>>,
}

impl<T: Text + ?Sized> Reader<'_, T> {
    fn read(&mut self) -> Result<(), Error> {
        while let Some(token) = self.source.get().map_err(Error::Template)? {
            match token {
                Token::Char(char) => self.push(char),
                Token::Escaped('g') => self.group_in_brackets()?,
                Token::Escaped(digit @ '0'..='9') => self.number(digit).map_err(Error::Template)?,
                Token::Escaped(letter) => match control(letter) {
                    Some(control) => self.push(control),
                    None if letter.is_ascii_alphabetic() => {
                        let message = format!("bad escape \\{letter}");
                        return Err(Error::Template(self.source.error(message, 2)));
                    }
                    None => {
                        self.push('\\');
                        self.push(letter);
                    }
                },
            }
        }
        Ok(())
    }

    fn push(&mut self, char: char) {
        if let Some(Piece::Literal(literal)) = self.pieces.last_mut() {
            literal.push_character(char);
            return;
        }
        let mut literal = T::Owned::default();
        literal.push_character(char);
        self.pieces.push(Piece::Literal(literal));
    }

    fn push_group(&mut self, group: u64, back: usize) -> Result<(), PatternError> {
        if group > self.pattern.groups() as u64 {
            let message = format!("invalid group reference {group}");
            return Err(self.source.error(message, back));
        }
        self.pieces.push(Piece::Group(group as usize));
        Ok(())
    }

    /// `\g<name>` and `\g<1>`.
    fn group_in_brackets(&mut self) -> Result<(), Error> {
        let source = &mut self.source;
        if !source.take('<').map_err(Error::Template)? {
            return Err(Error::Template(source.error("missing <", 0)));
        }
        let name = source
            .get_until('>', "group name")
            .map_err(Error::Template)?;
        if unicode::is_identifier(&name) {
            let Some(group) = self.pattern.named_group(&name) else {
                let message = format!("unknown group name {}", unicode::repr(&name));
                return Err(Error::UnknownGroup(message));
            };
            self.pieces.push(Piece::Group(group));
            return Ok(());
        }
        let Some(group) = integer(&name) else {
            return Err(Error::Template(source.bad_group_name(&name, 1)));
        };
        self.push_group(group, name.chars().count() + 1)
            .map_err(Error::Template)
    }

    /// A group's number of one or two digits, or a character by octal ones.
    fn number(&mut self, first: char) -> Result<(), PatternError> {
        let mut digits = String::from(first);
        if first == '0' {
            digits += &self.source.get_while(2, is_octal)?;
            let value = octal(&digits) & 0xff;
            self.push(char::from(value as u8));
            return Ok(());
        }
        if let Some(Token::Char(second @ '0'..='9')) = self.source.next() {
            self.source.get()?;
            digits.push(second);
            if let Some(Token::Char(third)) = self.source.next()
                && is_octal(first)
                && is_octal(second)
                && is_octal(third)
            {
                self.source.get()?;
                digits.push(third);
                let value = small_octal(&self.source, &digits)?;
                self.push(char::from(value as u8));
                return Ok(());
            }
        }
        let group = digits.parse().unwrap_or(u64::MAX);
        self.push_group(group, digits.len())
    }
}

impl<T: Text + ?Sized> Fill<T> for Template<T> {
    fn fill(&mut self, found: &Match<'_, T>, result: &mut T::Owned) {
        self.push(found, result);
    }
}

impl<T: Text + ?Sized> Replacement<T> for Template<T> {
    type Ready = Template<T>;

    fn ready(self, _: &Pattern<T>) -> Result<Template<T>, Error> {
        Ok(self)
    }
}

impl Replacement<str> for &str {
    type Ready = Template<str>;

    fn ready(self, pattern: &Pattern<str>) -> Result<Template<str>, Error> {
        Template::new(pattern, self)
    }
}

impl Replacement<[u8]> for &[u8] {
    type Ready = Template<[u8]>;

    fn ready(self, pattern: &Pattern<[u8]>) -> Result<Template<[u8]>, Error> {
        Template::new(pattern, self)
    }
}

/// A closure, as it is.
#[doc(hidden)]
#[derive(Debug)]
pub struct Closure<F>(F);

impl<T, F, R> Replacement<T> for F
where
    T: Text + ?Sized,
    F: for<'t> FnMut(&Match<'t, T>) -> R,
    R: Borrow<T>,
{
    type Ready = Closure<F>;

    fn ready(self, _: &Pattern<T>) -> Result<Closure<F>, Error> {
        Ok(Closure(self))
    }
}

impl<T, F, R> Fill<T> for Closure<F>
where
    T: Text + ?Sized,
    F: for<'t> FnMut(&Match<'t, T>) -> R,
    R: Borrow<T>,
{
    fn fill(&mut self, found: &Match<'_, T>, result: &mut T::Owned) {
        result.push_part((self.0)(found).borrow());
    }
}

//! The two kinds of text that a pattern is for: `str`, by characters, and `[u8]`, by bytes.

use std::borrow::Borrow;
use std::fmt::Debug;
use std::hash::Hash;

mod sealed {
    pub trait Sealed {}

    impl Sealed for str {}

    impl Sealed for [u8] {}
}

/// What a [`Pattern`](crate::Pattern) is made of and searches: `str` or `[u8]`, as in Python a
/// pattern is of `str` or of `bytes` and searches its own kind. Nothing else can be one.
pub trait Text:
    sealed::Sealed + Eq + Hash + Debug + ToOwned<Owned: Growing<Self>> + 'static
{
    /// Whether it is made of characters.
    #[doc(hidden)]
    const IS_TEXT: bool;

    /// The bytes that it lies in memory as.
    #[doc(hidden)]
    fn bytes(&self) -> &[u8];

    /// A part of it. Both ends must lie between characters.
    #[doc(hidden)]
    fn part(&self, start: usize, end: usize) -> &Self;

    /// Whether a place lies between characters, or at an end.
    #[doc(hidden)]
    fn is_between(&self, at: usize) -> bool;

    /// How many characters lie before a place.
    #[doc(hidden)]
    fn characters_before(&self, at: usize) -> usize;

    /// The characters of a pattern: each byte is one in a pattern of bytes.
    #[doc(hidden)]
    fn characters(&self) -> Vec<char>;
}

/// What a text grows in while a substitution is put together.
#[doc(hidden)]
pub trait Growing<T: ?Sized>:
    Borrow<T> + Default + Clone + Debug + Eq + Hash + Send + Sync + 'static
{
    fn push_part(&mut self, part: &T);

    fn push_character(&mut self, character: char);
}

impl Text for str {
    const IS_TEXT: bool = true;

    fn bytes(&self) -> &[u8] {
        self.as_bytes()
    }

    fn part(&self, start: usize, end: usize) -> &str {
        &self[start..end]
    }

    fn is_between(&self, at: usize) -> bool {
        self.is_char_boundary(at)
    }

    fn characters_before(&self, at: usize) -> usize {
        self[..at].chars().count()
    }

    fn characters(&self) -> Vec<char> {
        self.chars().collect()
    }
}

impl Growing<str> for String {
    fn push_part(&mut self, part: &str) {
        self.push_str(part);
    }

    fn push_character(&mut self, character: char) {
        self.push(character);
    }
}

impl Text for [u8] {
    const IS_TEXT: bool = false;

    fn bytes(&self) -> &[u8] {
        self
    }

    fn part(&self, start: usize, end: usize) -> &[u8] {
        &self[start..end]
    }

    fn is_between(&self, at: usize) -> bool {
        at <= self.len()
    }

    fn characters_before(&self, at: usize) -> usize {
        at
    }

    fn characters(&self) -> Vec<char> {
        self.iter().map(|byte| char::from(*byte)).collect()
    }
}

impl Growing<[u8]> for Vec<u8> {
    fn push_part(&mut self, part: &[u8]) {
        self.extend_from_slice(part);
    }

    fn push_character(&mut self, character: char) {
        // A template of bytes has only characters of one byte.
        self.push(character as u8);
    }
}

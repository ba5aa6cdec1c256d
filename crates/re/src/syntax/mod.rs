//! A pattern's text read into a tree, as CPython's parser reads it and with its errors.

mod classes;
mod escapes;
mod groups;
mod parser;
mod source;
mod tree;
mod width;

pub(crate) use escapes::{control, is_octal, octal, small_octal};
pub(crate) use parser::{Parsed, parse};
pub(crate) use source::{Source, Token, integer};
pub(crate) use tree::{Anchor, Category, Greed, Item, Node, Sequence};
pub(crate) use width::Width;

/// How long a pattern may be, in characters. The longest that people write (lists of words) have
/// some ten thousand; compiled, a character takes a hundred bytes and more.
pub(crate) const MAX_PATTERN: usize = 1 << 18;

/// How deeply groups may be nested. CPython's parser gives up between 150 and 500, by the Python
/// stack above it; reading and compiling recurse this deep, and no further.
pub(crate) const MAX_NESTING: usize = 200;

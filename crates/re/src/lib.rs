//! Regular expressions with the semantics of Python's `re`, as CPython 3.11 has them.
//!
//! The same patterns are read, the same errors are found at the same places, and the same matches
//! come out: look-around, back-references, conditionals, atomic groups and possessive repeats are
//! all there. The words are Python's too. What is different:
//!
//! - A search ends. Where Python would try ways for hours, most such patterns take time linear in the
//!   text here, and the others end with an error that says so ([`Limits`]).
//! - Places are in bytes and lie between characters; [`Match::char_span`] counts characters.
//!
//! Read [`Pattern`] and [`Match`] first.
//!
//! ```
//! use lariat_re::Pattern;
//!
//! let address = Pattern::new(r"(?P<open><)?(\w+@\w+(?:\.\w+)+)(?(open)>|$)")?;
//! assert!(address.fullmatch("<user@host.com>")?.is_some());
//! assert!(address.fullmatch("user@host.com")?.is_some());
//! assert!(address.fullmatch("<user@host.com")?.is_none());
//! # Ok::<(), lariat_re::Error>(())
//! ```

mod cache;
#[doc(hidden)]
pub mod check;
mod error;
mod escape;
mod explain;
mod flags;
mod iterate;
mod linear;
mod matched;
mod matcher;
mod pattern;
mod program;
mod syntax;
mod template;
mod text;
mod unicode;

pub use cache::{compile, find_iter, findall, fullmatch, match_, purge, search, split, sub, subn};
pub use error::{Error, Fault, LimitReached, PatternError};
pub use escape::escape;
pub use flags::Flags;
pub use iterate::{FindIter, Scanner};
pub use matched::{Group, Match};
pub use matcher::Limits;
#[doc(hidden)]
pub use matcher::Steering;
pub use pattern::Pattern;
pub use template::{Replacement, Template};
pub use text::Text;

/// The examples of the page on regular expressions are run as those here are.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/regular-expressions.md")]
struct Page;

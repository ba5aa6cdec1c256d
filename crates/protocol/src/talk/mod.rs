//! Talk: two people, and a line at a time.
//!
//! ```text
//! C: talk/1 half ann\n
//! S: talk/1 half bob\n
//! C: hello\n
//! S: hello, ann\n
//! ```
//!
//! Each side's first line says how it talks and what its person is called: *full*-duplex, where
//! both speak whenever they like, or *half*-duplex, where a line gives the turn to the other, and
//! the side that connected has it first. All other lines are what was said. A line that begins
//! with `! ` is from the program at the other end and not from its person; what a person says
//! that begins with `!` has one more in front.
//!
//! A first line that is none of these comes from somebody who has no program for this but a
//! plain one, such as `nc`: it is what was said.
//!
//! Read [`Talk`], which is the same for both sides.

#[doc(hidden)]
pub mod check;
mod side;

pub use side::{Heard, Mode, Side, Talk, TalkError};

/// The port of a talk, where none is named.
pub const DEFAULT_PORT: u16 = 21580;

/// The longest line, in bytes.
pub const MAXIMUM_LINE: usize = 4096;

/// What who connects to somebody who is talking already is told.
pub const BUSY: &str = "! busy: somebody is talking here already; try again later";

//! Chat in plain lines: many people in many rooms, with nothing but a line at a time.
//!
//! ```text
//! S: * This is a chat of plain lines; /help tells the commands.\r\n
//! S: ? What is your name?\r\n
//! C: ann\n
//! S: = you are ann\r\n
//! S: [lobby] = you joined; 2 are here\r\n
//! S: [lobby] <bob> hello, ann\r\n
//! C: hi bob\n
//! ```
//!
//! What a person types is a [`Command`]; a line that begins with no `/` is said to the room that
//! was joined last. What a server says is an [`Event`], whose first characters tell its kind, so
//! that a program can read what a person reads. Who is where and who hears what is not decided
//! here.
//!
//! Read [`Event`] and [`Command`], which are written and read as lines, and [`Name`], which two
//! people cannot have alike.

#[doc(hidden)]
pub mod check;
mod command;
mod event;
mod moment;
mod name;

pub use command::{Command, CommandError};
pub use event::Event;
pub use moment::Moment;
pub use name::{MAXIMUM_NAME, Name, NameError};

/// The port where `lariat serve` has the chat.
pub const DEFAULT_PORT: u16 = 21578;

/// The longest line that a person may send, in bytes: a paragraph. A longer one is refused, and
/// the conversation goes on.
pub const MAXIMUM_LINE: usize = 1024;

/// The longest line that is read at all, in bytes. Behind a longer one there is nothing to go on
/// with.
pub const LONGEST_LINE: usize = 4 * MAXIMUM_LINE;

/// The longest line that a server sends, in bytes: what was said, with its room, its name and its
/// time, or as many names as fit.
pub const LONGEST_ANSWER: usize = 2 * MAXIMUM_LINE;

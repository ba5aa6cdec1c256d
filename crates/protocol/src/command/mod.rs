//! A command server's words: a line asks, and an answer says where it ends.
//!
//! A protocol of our own, to be typed by a person with `nc` and read by a program over one
//! connection. The client sends a line: a command's name and, behind a space, what it is about. Lines
//! are UTF-8 without control characters, of at most [`MAXIMUM_LINE`] bytes, and end with LF or CRLF.
//! The server answers each in turn, also those that came while it worked:
//!
//! ```text
//! C: date
//! S: ok
//! S: Sat Jun 17 17:27:21 2006
//! S: .
//! C: disk
//! S: failed it ended with exit code 1
//! S: df: /data: Input/output error
//! S: .
//! C: dat
//! S: error no command "dat" (did you mean "date"? known: date, disk, help, ls, os, quit)
//! ```
//!
//! The first line of an answer says how it went:
//!
//! | line | what it means | behind it |
//! |---|---|---|
//! | `ok` | it is done | a text |
//! | `failed WHY` | it was begun and went wrong | the text that there was until then |
//! | `error WHY` | it was not begun, and what would be right | nothing |
//! | `closing WHY` | no answer: the server ends the connection, whatever was asked | the end |
//!
//! A text is lines of any bytes, each ended by LF, and behind them a line of only a dot. A line that begins
//! with a dot has one more before it (as in RFC 3977, 3.1.1). A text that did not end with a
//! line's end is given one.
//!
//! Which commands there are is not said here; `help` and `quit` are known to every server.
//! Read [`CommandServer`] and [`AnswerReader`] first.

mod answer;
#[doc(hidden)]
pub mod check;
mod reader;
mod request;
mod server;

pub use answer::{Answer, Outcome};
pub use reader::{AnswerReader, Heard};
pub use request::{Request, RequestError};
pub use server::{CommandServer, Commands, Started, WAITING_REQUESTS, refusal};

/// The port that is Lariat's for it.
pub const DEFAULT_PORT: u16 = 21576;

/// The longest line that asks, in bytes without its end: a path of a usual length fits many times.
pub const MAXIMUM_LINE: usize = 1024;

/// The longest first line of an answer, in bytes without its end.
pub const MAXIMUM_STATUS: usize = 4096;

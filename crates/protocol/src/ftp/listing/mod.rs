//! Lines of `LIST`, which no RFC describes: as Unix's `ls -l` has them, and as DOS's `dir` does.
//!
//! Which of them are in a time zone, and in which, nobody says; `MLSD` is asked wherever there is one.

mod dos;
mod unix;

pub use unix::print as print_unix;

use crate::ftp::{Entry, Kind, Moment};

/// Reads a line in either format; nothing where it is in neither, as `total 7` is. Unix leaves the year
/// out of what is new, which is then that of `now` or the one before.
///
/// ```
/// use lariat_protocol::ftp::{Moment, parse_listed};
///
/// let now: Moment = "20060617172721".parse()?;
/// let unix = parse_listed("-rw-r--r--   1 ftp  ftp  7 Jan 12 14:05 a name", now).expect("a file");
/// let dos = parse_listed("01-12-06  02:05PM                    7 a name", now).expect("a file");
/// assert_eq!((unix.name.as_str(), unix.size), ("a name", Some(7)));
/// assert_eq!((dos.name, dos.size, dos.modified), (unix.name, unix.size, unix.modified));
/// # Ok::<(), lariat_protocol::Error>(())
/// ```
pub fn parse_listed(line: &str, now: Moment) -> Option<Entry> {
    let line = line.trim_end_matches(['\r', '\n']);
    match line.as_bytes().first()? {
        b'0'..=b'9' => dos::parse(line),
        _ => unix::parse(line, now),
    }
}

/// What an entry is by its name, where that says more than its line does; nothing without a name.
fn kind_of(name: &str, said: Kind) -> Option<Kind> {
    match name {
        "" => None,
        "." => Some(Kind::This),
        ".." => Some(Kind::Parent),
        _ => Some(said),
    }
}

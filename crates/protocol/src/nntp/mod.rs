//! The Network News Transfer Protocol, for both sides at once: what is said, and what blocks of lines stand
//! behind it.
//!
//! RFC 3977 (the protocol), 2980 (what servers had before it), 4642 and 8143 (TLS), 4643 (`AUTHINFO`), 5538
//! (URLs), 8054 (`COMPRESS`); what an article consists of is RFC 5536's.
//!
//! Nothing here connects, and nothing here keeps articles. What the two sides say is [`Command`] and [`Reply`],
//! both of which parse and print; [`Reader`] takes replies, commands and the lines of blocks out of bytes, wherever
//! these are cut, and [`BlockWriter`] makes a block of a text. Read these first, then [`Conversation`], the
//! client's side, which knows which answer ends which command, and [`Answering`], the server's, which knows what may
//! be said next and what follows which answer.
//!
//! The client's side:
//!
//! ```
//! use lariat_protocol::nntp::{Command, Conversation, Event, Group, GroupName, Limits};
//!
//! let mut news = Conversation::new(Limits::default());
//! news.receive(b"200 Welcome.\r\n");
//! assert!(matches!(news.next_event()?, Some(Event::Reply(welcome)) if welcome.code() == 200));
//!
//! let sent = news.send(&Command::Group(GroupName::new("misc.test")?))?;
//! assert_eq!(sent, b"GROUP misc.test\r\n");
//! news.receive(b"211 3 1 4 misc.t");
//! assert_eq!(news.next_event()?, None);
//! news.receive(b"est\r\n");
//! let Some(Event::Reply(reply)) = news.next_event()? else { panic!("no reply") };
//! let group = Group::of(reply)?;
//! assert_eq!((group.count, group.first, group.last), (3, 1, 4));
//! # Ok::<(), lariat_protocol::Error>(())
//! ```
//!
//! The server's, which gives out what may be carried out and has its answer ready to what may not:
//!
//! ```
//! use lariat_protocol::nntp::{Answering, Command, Limits, Reply, Request};
//!
//! let mut news = Answering::new(Limits::default());
//! assert_eq!(news.reply(&Reply::new(200, "Welcome.")?)?, b"200 Welcome.\r\n");
//!
//! news.receive(b"AUTHINFO PASS early\r\nHEL");
//! let Some(Request::Wrong(refusal)) = news.next_event()? else { panic!("no name came before") };
//! assert_eq!(refusal.code(), 482);
//! news.reply(&refusal)?;
//!
//! news.receive(b"P\r\n");
//! assert_eq!(news.next_event()?, Some(Request::Command(Command::Help)));
//! let mut answer = news.reply(&Reply::new(100, "Help follows.")?)?;
//! news.write_block(b"Read a book.\n", &mut answer)?;
//! news.finish_block(&mut answer)?;
//! assert_eq!(answer, b"100 Help follows.\r\nRead a book.\r\n.\r\n");
//! # Ok::<(), lariat_protocol::Error>(())
//! ```

mod access;
mod answering;
mod argument;
mod block;
#[cfg(test)]
mod both_sides;
mod capabilities;
#[doc(hidden)]
pub mod check;
mod command;
mod command_error;
mod conversation;
mod deflate;
mod encoded;
mod group;
mod headers;
mod limits;
mod list;
mod listing;
mod message_id;
mod overview;
mod parsing;
mod range;
mod reader;
mod reply;
mod text;
mod time;
mod url;
mod wildmat;

// A moment is written here as it is in FTP, for which it was written first.
pub use crate::ftp::Moment;
pub use answering::{Answering, MAXIMUM_PIPELINED, Request};
pub use argument::{MAXIMUM_ARGUMENT, Text, Word};
pub use block::{BlockWriter, split_article};
pub use capabilities::Capabilities;
pub use command::{Command, MAXIMUM_COMMAND};
pub use command_error::CommandError;
pub use conversation::{Conversation, Event};
pub use deflate::{Deflater, Inflater};
pub use encoded::{Decoder, decode_encoded_words};
pub use group::{Group, GroupName};
pub use headers::Headers;
pub use limits::{Limits, MAXIMUM_REPLY};
pub use list::List;
pub use listing::{ActiveGroup, Description, Located, Valued, parse_header_name};
pub use message_id::MessageId;
pub use overview::{Overview, OverviewFormat};
pub use range::{Article, Articles, Range};
pub use reader::{BlockPiece, Reader};
pub use reply::Reply;
pub use text::decode;
pub use url::{NewsUrl, Security, Target, UrlError};
pub use wildmat::Wildmat;

/// The port of a connection that is plain at first.
pub const DEFAULT_PORT: u16 = 119;

/// The port of a connection that is TLS from its first byte on.
pub const IMPLICIT_TLS_PORT: u16 = 563;

//! The File Transfer Protocol, for both sides at once: what is said on the control connection, and
//! what listings and files look like on the data connection.
//!
//! RFC 959 and 1123 (the protocol and what became of it), 2228 and 4217 (TLS), 2389 (`FEAT`), 2428
//! (`EPRT` and `EPSV`), 2640 (names in UTF-8), 3659 (`SIZE`, `MDTM`, `REST`, `MLST`, `MLSD`).
//!
//! Nothing here connects: which addresses are connected to, and when, is the client's and the server's
//! to decide. What they say to each other is [`Command`] and [`Reply`], both of which parse and print.
//! Read these two first, then [`ControlClient`], which knows which reply ends which command, and
//! [`ControlServer`], which knows what may be said next and who has to be answered.
//!
//! The client's side:
//!
//! ```
//! use lariat_protocol::ftp::{Command, ControlClient, Event, Text};
//!
//! let mut control = ControlClient::default();
//! control.receive(b"220 Welcome.\r\n");
//! assert!(matches!(control.next_event()?, Some(Event::Reply(welcome)) if welcome.code() == 220));
//!
//! let sent = control.send(&Command::User(Text::new("anonymous")?))?;
//! assert_eq!(sent, b"USER anonymous\r\n");
//! control.receive(b"331 Say who you are, as the pass");
//! assert_eq!(control.next_event()?, None);
//! control.receive(b"word.\r\n");
//! assert!(matches!(control.next_event()?, Some(Event::Reply(reply)) if reply.code() == 331));
//! # Ok::<(), lariat_protocol::Error>(())
//! ```
//!
//! The server's, which gives out what may be carried out and has its answer ready to what may not:
//!
//! ```
//! use lariat_protocol::ftp::{Command, ControlServer, Reply, Request};
//!
//! let mut control = ControlServer::default();
//! assert_eq!(control.reply(&Reply::new(220, ["Welcome."])?)?, b"220 Welcome.\r\n");
//!
//! control.receive(b"RETR a\r\nUSER anony");
//! let Some(Request::Wrong(refusal)) = control.next_event()? else { panic!("not logged in") };
//! assert_eq!(control.reply(&refusal)?, b"530 Log in first.\r\n");
//! assert_eq!(control.next_event()?, None);
//!
//! control.receive(b"mous\r\n");
//! let Some(Request::Command(Command::User(name))) = control.next_event()? else { panic!("no name") };
//! assert_eq!(name.as_str(), "anonymous");
//! control.reply(&Reply::new(230, ["Come in."])?)?;
//! assert!(control.is_logged_in());
//! # Ok::<(), lariat_protocol::Error>(())
//! ```

mod address;
mod argument;
mod ascii;
#[cfg(test)]
mod both_sides;
#[doc(hidden)]
pub mod check;
mod client;
mod command;
mod command_error;
mod command_reader;
mod encoding;
mod entry;
mod facts;
mod features;
mod listing;
mod moment;
mod path;
mod reader;
mod reply;
mod sequence;
mod server;
mod telnet;
mod url;

pub use address::{
    parse_extended_passive, parse_extended_port, parse_passive, parse_port, print_extended_passive,
    print_extended_port, print_passive, print_port,
};
pub use argument::{MAXIMUM_ARGUMENT, Text};
pub use ascii::{FromNetwork, ToNetwork};
pub use client::{ControlClient, Event};
pub use command::{Command, DataType, Extended, Protection};
pub use command_error::CommandError;
pub use command_reader::{CommandReader, MAXIMUM_COMMAND};
pub use encoding::Encoding;
pub use entry::{Entry, Kind, Precision};
pub use facts::{parse_facts, print_facts};
pub use features::Features;
pub use listing::{parse_listed, print_unix};
pub use moment::Moment;
pub use path::{parse_quoted, print_quoted};
pub use reader::{MAXIMUM_LINE, MAXIMUM_REPLY, ReplyReader};
pub use reply::Reply;
pub use server::{ControlServer, MAXIMUM_PIPELINED, Request};
pub use url::{FtpUrl, Security, UrlError};

/// The port of the control connection, which is plain at first.
pub const DEFAULT_PORT: u16 = 21;

/// The port of a control connection that is TLS from its first byte on.
pub const IMPLICIT_TLS_PORT: u16 = 990;

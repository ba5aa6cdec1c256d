//! The FTP client (RFC 959 and those after it: see [`lariat_protocol::ftp`]).
//!
//! A [`Client`] is a control connection on which files are asked for by the words of Python's `ftplib`:
//! [`login`](Client::login), [`cwd`](Client::cwd), [`retrbinary`](Client::retrbinary),
//! [`storbinary`](Client::storbinary). [`download`](Client::download) and [`upload`](Client::upload)
//! move a whole file, which appears under its name when all of it is there, and go on where an earlier
//! attempt has stopped; [`Mirror`] moves folders, by several connections at once.
//!
//! [`Blocking`] is the same for programs without a runtime.
//!
//! Every step has its time, every reply and line its limit, and no path is sent that would be two
//! commands. The data connection goes to the machine of the control connection, whatever address the server
//! names.
//!
//! ```no_run
//! use lariat_client::ftp::{Client, Options, Retrieve};
//!
//! # async fn f() -> Result<(), lariat_client::ftp::Error> {
//! let endpoint = "tcp://ftp.example.org:21".parse().expect("an endpoint");
//! let mut client = Client::connect(&endpoint, Options::default()).await?;
//! client.login_anonymously().await?;
//! client.cwd("pub").await?;
//! let mut file = Vec::new();
//! let take = |block: &[u8]| {
//!     file.extend_from_slice(block);
//!     Ok(())
//! };
//! client.retrbinary("README", Retrieve::default(), take).await?;
//! client.quit().await?;
//! # Ok(()) }
//! ```

mod blocking;
mod client;
mod control;
mod data;
mod download;
mod error;
mod listing;
mod mirror;
mod moment;
mod operations;
mod options;
mod site;
mod transfer;
mod upload;

pub use blocking::Blocking;
pub use client::{ANONYMOUS, Client};
pub use download::Download;
pub use error::Error;
pub use listing::Listing;
pub use mirror::{Direction, Mirror, Mirrored, Step, Watcher};
pub use options::{Login, Options, REPLY_TIMEOUT, Retrieve, Store};
pub use site::Site;
pub use upload::Upload;

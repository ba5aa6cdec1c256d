//! The NNTP client (RFC 3977 and those after it: see [`lariat_protocol::nntp`]).
//!
//! A [`Client`] is a connection on which articles are asked for by the words of Python's `nntplib`:
//! [`group`](Client::group), [`over`](Client::over), [`xhdr`](Client::xhdr), [`article`](Client::article),
//! [`post`](Client::post). Where the server has the commands of RFC 3977 these are used, and else those before it
//! (`XOVER`, `XHDR`).
//!
//! [`Blocking`] is the same for programs without a runtime.
//!
//! Every step has its time, every reply, line and block its limit, and no argument is sent that would be two commands.
//! [`decode_header`] makes text of header fields (RFC 2047), [`Fetched::text`] of articles (MIME).
//!
//! ```no_run
//! use lariat_client::nntp::{Client, Options, decode_header};
//!
//! # async fn f() -> Result<(), lariat_client::nntp::Error> {
//! let endpoint = "tcp://news.example.org:119".parse().expect("an endpoint");
//! let mut client = Client::connect(&endpoint, Options::default()).await?;
//! let group = client.group("misc.test").await?;
//! let newest = client.newest(group.first..=group.last, 10).await?;
//! for overview in &newest.overviews {
//!     println!("{} {}", overview.number(), decode_header(overview.subject()));
//! }
//! if let Some(overview) = newest.overviews.last() {
//!     println!("{}", client.article(overview.number()).await?.text());
//! }
//! client.quit().await?;
//! # Ok(()) }
//! ```

mod articles;
mod blocking;
mod client;
mod collected;
mod decoding;
mod encoded;
mod error;
mod excerpt;
mod fetched;
mod lists;
mod newest;
mod options;
mod overviews;
mod posting;
mod site;
mod wire;

pub use blocking::Blocking;
pub use client::Client;
pub use encoded::decode_header;
pub use error::Error;
pub use excerpt::{Excerpt, Prompts};
pub use fetched::Fetched;
pub use newest::Newest;
pub use options::{Login, Options, REPLY_TIMEOUT, Watch};
pub use site::Site;

// What the methods take and give.
pub use lariat_protocol::nntp::{
    ActiveGroup, Article, Articles, Capabilities, Description, Group, Headers, Limits, Located,
    MessageId, Moment, Overview, OverviewFormat, Range, Reply, Security, Valued,
};

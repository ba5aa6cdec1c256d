//! The HTTP client (RFC 9110 to 9113), for both versions of the protocol that servers speak, 1.1 and 2.
//!
//! A [`Client`] is made once, by [`Client::builder`], and cloned wherever it is wanted: the clones share its
//! connections, its cookies and its limits. [`Client::send`] sends one request, goes where the answer
//! points to, and gives back the answer as soon as its header is there; its [`Body`] is read piece by piece or
//! whole. The types of requests and answers are those of the `http` crate.
//!
//! [`Blocking`] is the same for programs without a runtime.
//!
//! Every step has its time ([`Deadlines`]), whatever a server can make grow has its limit ([`Limits`]), and an error
//! says which step it was, with whom, and what would have been right. hyper reads and writes the messages; what
//! carries them is the engine's [`Connection`](lariat_net::Connection).
//!
//! ```no_run
//! use lariat_client::http::{Body, Client, address};
//!
//! # async fn f() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::builder().build()?;
//! let request = http::Request::get(address("https://example.org/")?).body(Body::empty())?;
//! let mut response = client.send(request).await?;
//! println!("{}", response.status());
//! while let Some(piece) = response.body_mut().data().await? {
//!     println!("{} bytes", piece.len());
//! }
//! # Ok(()) }
//! ```
//!
//! [`Download`] brings a file, whole, however many attempts that takes; [`Form`] and [`Multipart`] are bodies of requests,
//! and [`Body::file`] is one that is read from the disk.
//!
//! Read [`Client`] first, then [`Body`].

mod address;
mod authentication;
mod blocking;
mod blocks;
mod body;
mod builder;
mod client;
mod connecting;
mod cookies;
mod download;
mod download_error;
mod error;
mod event;
mod exchange;
mod exchanged;
mod explain;
mod file_name;
mod form;
mod kept;
mod multipart;
mod observer;
mod options;
mod pieces;
mod pipe;
mod pool;
mod proxy;
mod range;
mod redirect;
mod retry;
mod upload;

pub use address::address;
pub use authentication::Authentication;
pub use blocking::Blocking;
pub use body::Body;
pub use builder::Builder;
pub use client::Client;
pub use cookies::{Jar, JarError};
pub use download::{Download, Downloaded, Step};
pub use download_error::DownloadError;
pub use error::{Error, ProxyFault};
pub use event::{Event, Witness};
pub use exchanged::Exchange;
pub use file_name::{INDEX, name_in_disposition, name_in_path};
pub use form::Form;
pub use multipart::{Field, FieldError, Multipart};
pub use observer::Observer;
pub use options::{Deadlines, Limits, Redirects, Versions};
pub use proxy::{Proxies, Proxy};
pub use retry::Retries;

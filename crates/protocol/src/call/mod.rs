//! Remote calls: numbered requests on one connection, answered in any order, that can be
//! cancelled and have a time limit. Either side may call the other.
//!
//! The protocol is JSON-RPC 2.0, one message a line, as a person types it into `nc` and any
//! program can speak it:
//!
//! ```text
//! C: {"jsonrpc":"2.0","id":1,"method":"sleep","params":[1.5],"timeout_ms":5000}
//! C: {"jsonrpc":"2.0","id":2,"method":"sleep","params":{"seconds":0.1}}
//! S: {"jsonrpc":"2.0","id":2,"result":{"seconds":0.101}}
//! C: {"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":1}}
//! S: {"jsonrpc":"2.0","id":1,"error":{"code":-32800,"message":"the call was cancelled"}}
//! ```
//!
//! # Byte by byte
//!
//! - A message is one object of JSON in UTF-8 and a line end, LF or CRLF; LF is written. It is at
//!   most [`MAXIMUM_MESSAGE`] bytes long, the line end not counted. Empty lines mean nothing.
//!   Over WebSocket a message of the carrier is a line as well. Members that are not named here
//!   mean nothing. `"jsonrpc":"2.0"` is always written, and may be missing in what is read, but
//!   not be anything else.
//! - **A call** has `method`, a text, and may have:
//!   `id`, a whole number from 0 to 2^64-1 or a text of at most [`MAXIMUM_ID`] bytes, which the
//!   answer will have too and which must not be that of another call that is not answered yet;
//!   `params`, an array with the arguments in their order or an object with them by name, to be
//!   left out where there are none; and `timeout_ms`, a whole number of milliseconds,
//!   after which the call is ended and answered by [`code::TIMED_OUT`]. That is not in JSON-RPC:
//!   most servers of it look away, but some refuse a call with a member that they do not know, so
//!   it is written only where a time limit was asked for. A call without an `id` (JSON-RPC's notification) is done and not
//!   answered.
//! - **An answer** has the call's `id` and either `result`, which may be anything, or `error`, an
//!   object with `code`, a whole number, `message`, a text for a person, and perhaps `data`. Each
//!   call with an `id` is answered exactly once, a cancelled one too. What could not be read as a
//!   call, and a call whose `id` is in use, is answered with the `id` null.
//! - **A cancellation** is a call of `$/cancelRequest` without an `id` of its own, as in the
//!   Language Server Protocol; its `params` have the `id` of the call that is to be ended. If there
//!   is none, as when the answer is under way already, it means nothing. Other methods that begin
//!   with `$/` mean nothing where they have no `id`.
//! - Arrays of messages (JSON-RPC's batches) are refused: to send a line each is the same.
//! - When a side ends its half of the connection, calls that it made have [`Limits::finish`] more
//!   to be answered. When the connection is lost, all calls on it end, on both sides.
//!
//! # In Rust
//!
//! [`remote!`](crate::remote) takes a trait, and makes what a side needs that calls its methods,
//! and what a side needs that has them:
//!
//! ```
//! use lariat_protocol::call::Context;
//!
//! lariat_protocol::remote! {
//!     /// Sums.
//!     pub trait Adding, client AddingClient {
//!         /// The sum of two numbers, if there is one.
//!         async fn add(one: u64, other: u64) -> Result<u64, String>;
//!     }
//! }
//!
//! struct Adder;
//!
//! impl Adding for Adder {
//!     async fn add(&self, _: Context, one: u64, other: u64) -> Result<u64, String> {
//!         one.checked_add(other).ok_or("too large".into())
//!     }
//! }
//! ```
//!
//! `lariat_service::call::Calls` serves `AddingClient::methods(Adder)`, and
//! `lariat_client::call::connect` gives the [`Caller`] for `AddingClient::new`.
//!
//! Nothing here runs a future or knows the time: [`Peer`], one side of a connection, is a
//! protocol like any other, and has a [`Tasks`] to run methods with.
//!
//! Read [`remote!`](crate::remote), [`Context`] and [`CallFailure`]; for the bytes, [`Message`]
//! and [`Peer`].

mod arguments;
mod caller;
#[doc(hidden)]
pub mod check;
mod error;
mod exposing;
mod limits;
mod message;
mod peer;
mod remote;
mod running;
mod tasks;
mod waiting;

pub use arguments::Arguments;
pub use caller::Caller;
pub use error::{CallError, CallFailure, code};
pub use exposing::{Dispatch, Exposed, Methods, Nothing, Outcome, Working, working};
pub use limits::{Allowance, Limits};
pub use message::{Call, Id, Malformed, Message};
pub use peer::{Context, Peer};
pub use serde_json::value::RawValue;
pub use tasks::Tasks;

/// The longest message that is taken and written, in bytes and without its line end.
pub const MAXIMUM_MESSAGE: usize = 64 * 1024;

/// The longest text that may be a call's `id`, in bytes.
pub const MAXIMUM_ID: usize = 64;

//! The engine: what carries bytes between the network and a protocol.
//!
//! A [`Reactor`] listens on and connects to [endpoints](lariat_protocol::Endpoint) of every
//! kind, TCP to WebSocket, and drives one [`Protocol`](lariat_protocol::Protocol) or async
//! function for each connection. It decides nothing that a protocol could: no byte has a
//! meaning here.
//!
//! Read [`Reactor`] first, then [`Connection`]; who comes from Python's `socket` finds its
//! words in [`lookup`] and [`socket`].

mod admission;
mod carrier;
mod client;
mod connect;
mod connection;
mod driver;
mod error;
mod expected;
pub mod happy_eyeballs;
mod header;
mod keep_alive;
pub mod lookup;
pub mod observe;
mod open;
mod platform;
mod progress;
mod reactor;
mod refuse;
mod resolve;
mod service;
pub mod socket;
mod state;
mod task;
mod tasks;
mod watch;

pub use admission::Limits;
pub use client::{BackOff, ClientFactory, Connector, Reconnecting};
pub use connect::{CONNECT_TIMEOUT, ConnectOptions, OnResolved, connect, connect_with, find};
pub use connection::Connection;
pub use error::Error;
pub use expected::Expected;
pub use keep_alive::KeepAlive;
pub use lariat_tls::ClientTls;
pub use open::{OpenError, Tls, client_tls};
pub use progress::Progress;
pub use reactor::{
    Builder, DRAIN_TIME, DrainReport, Handle, ListenOptions, Listening, Reactor, Scheduled,
    ToEndpoint,
};
pub use resolve::{ATTEMPT_TIMEOUT, MAXIMUM_ATTEMPTS, ResolveError, Resolver, Resolving};
pub use service::{IntoService, Service};
pub use tasks::{TokioTask, TokioTasks};
pub use watch::{FileEvent, Watch};

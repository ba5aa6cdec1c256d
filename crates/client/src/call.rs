//! Calling methods of the other side of a connection ([`lariat_protocol::call`]), and letting it
//! call some of ours.

use std::sync::Arc;

use lariat_net::{ConnectOptions, Connection, Error, TokioTasks};
use lariat_protocol::Endpoint;
use lariat_protocol::call::{Allowance, Caller, Limits, Methods, Nothing, Peer};

pub use lariat_protocol::call::CallFailure;

/// Connects, to call methods of the other side.
///
/// The connection is driven by a task of the runtime that this is called on, until the last clone
/// of the [`Caller`] is dropped or [`Caller::close`] is called.
///
/// ```no_run
/// use lariat_protocol::sleep::SleepClient;
///
/// # async fn f() -> Result<(), Box<dyn std::error::Error>> {
/// let endpoint = "tcp://localhost:21577".parse()?;
/// let sleep = SleepClient::new(lariat_client::call::connect(&endpoint).await?);
/// let (one, other) = tokio::join!(sleep.sleep(1.5), sleep.sleep(0.5));
/// println!("{} s and {} s", one?.seconds, other?.seconds);
/// # Ok(()) }
/// ```
///
/// # Errors
///
/// As [`lariat_net::connect`].
pub async fn connect(endpoint: &Endpoint) -> Result<Caller, Error> {
    connect_with(endpoint, ConnectOptions::default(), Nothing).await
}

/// Connects with options, and with methods that the other side may call.
///
/// # Errors
///
/// As [`lariat_net::connect`].
pub async fn connect_with(
    endpoint: &Endpoint,
    options: ConnectOptions,
    methods: impl Methods,
) -> Result<Caller, Error> {
    let connection = lariat_net::connect_with(endpoint, options).await?;
    over(connection, methods, Limits::default()).await
}

/// Calls over a connection that is there already.
///
/// # Errors
///
/// When the runtime is going down.
pub async fn over(
    connection: Connection,
    methods: impl Methods,
    limits: Limits,
) -> Result<Caller, Error> {
    let allowance = Arc::new(Allowance::new(limits));
    let peer = Peer::new(Arc::new(methods), TokioTasks, allowance);
    let (peer, connected) = peer.calling();
    tokio::spawn(connection.serve(peer.framed()));
    let gone = |_| Error::Start(std::io::ErrorKind::ConnectionAborted.into());
    connected.await.map_err(gone)
}

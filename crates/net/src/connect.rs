//! From an endpoint to an open connection, over every carrier.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use lariat_protocol::endpoint::{Base, Endpoint, Host, SocketPath};
use lariat_protocol::{Address, ConnectionInfo};
use lariat_tls::ClientTls;
use tokio::net::UdpSocket;
use tokio_util::sync::CancellationToken;

use crate::carrier::{Carrier, ConnectedUdp, Stdio, memory};
use crate::connection::Connection;
use crate::error::{Error, attempts};
use crate::open::{self, Layers};
use crate::resolve::{self, Resolver};
use crate::service::NoFactory;
use crate::state::ServiceState;
use crate::{happy_eyeballs, lookup, platform};

/// How long connecting may take in all, handshakes included, unless told otherwise: what
/// curl and ssh leave to the system's two minutes is half a minute here.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// What a connection is made with, beside its endpoint.
#[derive(Clone, Debug)]
pub struct ConnectOptions {
    /// How long it may take in all. Default [`CONNECT_TIMEOUT`].
    pub timeout: Duration,
    /// A client's side of TLS that the program made itself, in the place of the files and
    /// options that the endpoint names.
    pub tls: Option<ClientTls>,
    /// Who knows where `name:SERVICE` is. Default nobody: such an endpoint is an error then.
    pub resolver: Option<Arc<dyn Resolver>>,
    /// Who is told the addresses of a host's name. Default nobody.
    pub on_resolved: Option<OnResolved>,
}

/// Is told the addresses of a host's name as soon as they are known, as the system orders them; those of both families are tried
/// in turns. A host that is an address itself is not looked up, and nothing is told of it.
///
/// ```no_run
/// # async fn f() -> Result<(), lariat_net::Error> {
/// use lariat_net::{ConnectOptions, OnResolved};
///
/// let endpoint = "tcp://localhost:21568".parse()?;
/// let options = ConnectOptions {
///     on_resolved: Some(OnResolved::new(|addresses| println!("{addresses:?}"))),
///     ..ConnectOptions::default()
/// };
/// let connection = lariat_net::connect_with(&endpoint, options).await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct OnResolved(Arc<Told>);

type Told = dyn Fn(&[SocketAddr]) + Send + Sync;

impl OnResolved {
    /// One that is told by this function, which holds the connecting up for as long as it takes.
    pub fn new(told: impl Fn(&[SocketAddr]) + Send + Sync + 'static) -> Self {
        OnResolved(Arc::new(told))
    }
}

impl fmt::Debug for OnResolved {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("OnResolved").finish_non_exhaustive()
    }
}

impl Default for ConnectOptions {
    fn default() -> Self {
        ConnectOptions {
            timeout: CONNECT_TIMEOUT,
            tls: None,
            resolver: None,
            on_resolved: None,
        }
    }
}

/// Connects to an endpoint with all its layers.
///
/// # Errors
///
/// One clear line for whatever went wrong: which name has no address, which addresses
/// refused, what the certificate lacks.
///
/// ```no_run
/// # async fn f() -> Result<(), lariat_net::Error> {
/// let endpoint = "tls://localhost:21568?ca=ca.pem".parse()?;
/// let connection = lariat_net::connect(&endpoint).await?;
/// println!("{}", connection.peer());
/// # Ok(()) }
/// ```
pub async fn connect(endpoint: &Endpoint) -> Result<Connection, Error> {
    connect_with(endpoint, ConnectOptions::default()).await
}

/// Connects as [`connect`] does, with options.
///
/// # Errors
///
/// As [`connect`].
pub async fn connect_with(
    endpoint: &Endpoint,
    options: ConnectOptions,
) -> Result<Connection, Error> {
    match endpoint.service() {
        // What few connections need is not to make the futures of all larger.
        Some(_) => Ok(Box::pin(find(endpoint, options)).await?.1),
        None => within(endpoint, options.timeout, open(endpoint, &options)).await,
    }
}

/// Connects as [`connect_with`] does, and says to what: for `name:SERVICE` that is the endpoint
/// that answered, for all others the same.
///
/// # Errors
///
/// As [`connect`].
pub async fn find(
    endpoint: &Endpoint,
    options: ConnectOptions,
) -> Result<(Endpoint, Connection), Error> {
    let timeout = options.timeout;
    if endpoint.service().is_none() {
        let connection = within(endpoint, timeout, open(endpoint, &options)).await?;
        return Ok((endpoint.clone(), connection));
    }
    let found = resolve::connect(endpoint, &options);
    within(endpoint, timeout, found).await
}

async fn within<T>(
    endpoint: &Endpoint,
    after: Duration,
    connecting: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let timed = tokio::time::timeout(after, connecting).await;
    timed.map_err(|_| Error::TimedOut {
        endpoint: endpoint.to_string(),
        after,
    })?
}

/// Connects to where an endpoint itself says, however long it takes.
pub(crate) async fn open(
    endpoint: &Endpoint,
    options: &ConnectOptions,
) -> Result<Connection, Error> {
    let layers = Layers::client(endpoint, options.tls.clone());
    let layers = layers.map_err(|error| Error::open(endpoint, error))?;
    let (carrier, mut info) = dial(endpoint, options.on_resolved.as_ref()).await?;
    info.message_oriented = endpoint.is_message_oriented();
    let opened = match layers.is_empty() {
        true => Ok((carrier, None)),
        false => open::connect(carrier, &info, &layers).await,
    };
    let (carrier, session) = opened.map_err(|error| Error::open(endpoint, error))?;
    info.tls = session;
    let service = ServiceState::new(
        &endpoint.to_string(),
        layers,
        Arc::new(NoFactory::default()),
        CancellationToken::new(),
    );
    Ok(Connection::new(carrier, info, Arc::new(service)))
}

/// The plain carrier under an endpoint.
async fn dial(
    endpoint: &Endpoint,
    told: Option<&OnResolved>,
) -> Result<(Carrier, ConnectionInfo), Error> {
    match endpoint.base() {
        Base::Tcp { host, port } => {
            tcp(endpoint, addresses(endpoint, host, *port, told).await?).await
        }
        Base::Udp { host, port } => {
            udp(endpoint, addresses(endpoint, host, *port, told).await?).await
        }
        Base::Unix { path } => local(endpoint, path, platform::connect_unix(path).await),
        Base::UnixGram { path } => local(endpoint, path, platform::connect_unixgram(path)),
        Base::Fd(number) => {
            let connected = platform::connected_descriptor(*number);
            connected.map_err(|error| failed(endpoint, format!("descriptor {number}"), error))
        }
        Base::Stdio => {
            let carrier = Carrier::Stdio(Box::new(Stdio::open()));
            let info = ConnectionInfo::stream(Address::Stdio, Address::Stdio);
            Ok((carrier, info))
        }
        Base::Memory(name) => {
            let stream = memory::connect(name).await;
            let stream =
                stream.map_err(|error| failed(endpoint, format!("mem://{name}"), error))?;
            let address = Address::Memory(Arc::from(name.as_str()));
            let info = ConnectionInfo::stream(address.clone(), address);
            Ok((Carrier::Memory(stream), info))
        }
        Base::Service(_) => Err(Error::misuse(
            endpoint,
            "a name server's answer must be an endpoint, and not another name",
        )),
    }
}

async fn tcp(
    endpoint: &Endpoint,
    addresses: Vec<SocketAddr>,
) -> Result<(Carrier, ConnectionInfo), Error> {
    let stream = happy_eyeballs::connect(&addresses).await;
    let stream = stream.map_err(|all| Error::Connect {
        endpoint: endpoint.to_string(),
        attempts: attempts(all),
    })?;
    let ends = || -> io::Result<_> {
        // Requests and answers are whole when they are written; waiting for more to send
        // with them only makes them late.
        stream.set_nodelay(true)?;
        Ok(ConnectionInfo::stream(
            stream.peer_addr()?,
            stream.local_addr()?,
        ))
    };
    let info = ends().map_err(|error| failed(endpoint, endpoint.to_string(), error))?;
    Ok((Carrier::Tcp(stream), info))
}

async fn udp(
    endpoint: &Endpoint,
    addresses: Vec<SocketAddr>,
) -> Result<(Carrier, ConnectionInfo), Error> {
    let mut failures = Vec::new();
    for address in addresses {
        // Nothing is sent by connecting, so the first address that the system has a way to
        // is taken; only an answer would tell more.
        let any = if address.is_ipv6() {
            "[::]:0"
        } else {
            "0.0.0.0:0"
        };
        let connected = async {
            let socket = UdpSocket::bind(any).await?;
            socket.connect(address).await?;
            let info = ConnectionInfo::messages(address, socket.local_addr()?);
            Ok((Carrier::Udp(Box::new(ConnectedUdp::new(socket))), info))
        };
        match connected.await {
            Ok(connected) => return Ok(connected),
            Err(error) => failures.push((address, error)),
        }
    }
    Err(Error::Connect {
        endpoint: endpoint.to_string(),
        attempts: attempts(failures),
    })
}

fn local(
    endpoint: &Endpoint,
    path: &SocketPath,
    connected: io::Result<(Carrier, ConnectionInfo)>,
) -> Result<(Carrier, ConnectionInfo), Error> {
    connected.map_err(|error| failed(endpoint, path.to_string(), error))
}

fn failed(endpoint: &Endpoint, address: String, error: io::Error) -> Error {
    Error::Connect {
        endpoint: endpoint.to_string(),
        attempts: vec![(address, error)],
    }
}

/// The addresses of an endpoint's host, in the order in which they are to be tried.
async fn addresses(
    endpoint: &Endpoint,
    host: &Host,
    port: Option<u16>,
    told: Option<&OnResolved>,
) -> Result<Vec<SocketAddr>, Error> {
    let Some(port) = port else {
        return Err(Error::misuse(
            endpoint,
            "no port is given, as in tcp://localhost:21567",
        ));
    };
    let host = host.to_string();
    if let Ok(address) = host.parse() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    // The system's resolver blocks for as long as it likes.
    let resolved = tokio::task::spawn_blocking(move || lookup::resolve(&host, port)).await;
    let Ok(addresses) = resolved else {
        return Err(Error::misuse(endpoint, "the runtime is shutting down"));
    };
    let addresses = addresses?;
    if let Some(OnResolved(told)) = told {
        told(&addresses);
    }
    Ok(addresses)
}

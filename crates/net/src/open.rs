//! Opening the layers over a carrier: TLS and WebSocket, on either side.

use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use lariat_protocol::endpoint::{ClientCertificate, Endpoint, Layer, Verify};
use lariat_protocol::{Error, TlsInfo};
use lariat_tls::{
    ClientOptions, ClientTls, Identity, ServerOptions, ServerTls, Session, TlsError, Trust,
};

use crate::carrier::{Carrier, WebSocketCarrier};

/// How long a peer has for the handshakes of all layers together. A handshake is a few
/// round trips; nginx and hyper allow 60 and 30 s, of which most only helps who stalls.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// A carrier with its layers, and the TLS session among them.
pub(crate) type Opened = Result<(Carrier, Option<Arc<TlsInfo>>), OpenError>;

/// Layers that are being opened.
pub(crate) type Opening = Pin<Box<dyn Future<Output = Opened> + Send>>;

/// Why layers could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The TLS handshake failed.
    #[error("{0}")]
    Tls(#[source] Box<TlsError>),
    /// The WebSocket handshake failed.
    #[error("{0}")]
    WebSocket(String),
    /// A peer took too long for its handshakes.
    #[error("the handshake took longer than {} s", HANDSHAKE.as_secs())]
    TimedOut,
    /// A TLS endpoint that is to be listened on names no certificate.
    #[error("it needs a certificate: add ?cert=FILE&key=FILE (`lariat cert` makes them)")]
    NoCertificate,
    /// A file that the endpoint names cannot be read.
    #[error("cannot read {}: {}", path.display(), crate::error::describe(.error))]
    File {
        /// Which file.
        path: PathBuf,
        /// Why not.
        #[source]
        error: io::Error,
    },
    /// TLS was to be started on an endpoint without a certificate.
    #[error("TLS was to be started, and the endpoint has no certificate (`?cert=FILE&key=FILE`)")]
    NoTls,
    /// TLS was to be started over something else than plain bytes.
    #[error(
        "TLS can be started on a plain stream only, as of tcp:// or unix://, not over TLS, \
         WebSocket or datagrams"
    )]
    NotPlain,
    /// A header of the PROXY protocol was to be read or written.
    #[error("headers of the PROXY protocol are not carried yet: leave \"proxy+\" out")]
    Proxied,
    /// The carrier failed.
    #[error("{0}")]
    Io(#[source] io::Error),
}

impl From<TlsError> for OpenError {
    fn from(error: TlsError) -> Self {
        OpenError::Tls(Box::new(error))
    }
}

impl From<OpenError> for Error {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Io(error) => Error::Io(error),
            OpenError::Tls(error) => match io::Error::from(*error) {
                // Somebody went away, or spoke something else: theirs, in our one line.
                error if error.kind() == io::ErrorKind::InvalidData => {
                    Error::invalid(error.to_string())
                }
                error => Error::Io(error),
            },
            OpenError::WebSocket(words) => Error::invalid(words),
            error @ OpenError::TimedOut => Error::limit(error.to_string()),
            error => Error::misuse(error.to_string()),
        }
    }
}

/// One side's TLS.
#[derive(Clone, Debug)]
pub enum Tls {
    /// The server's side.
    Server(ServerTls),
    /// The client's side, and the name that the server must prove.
    Client(ClientTls, String),
}

/// One side's WebSocket.
#[derive(Clone, Debug)]
pub(crate) enum WebSocketSide {
    /// The path that clients must ask for; any if there is none.
    Server { path: Option<String> },
    Client {
        host: String,
        path: String,
        secure: bool,
    },
}

/// The layers of an endpoint, on one side.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layers {
    pub(crate) tls: Option<Tls>,
    pub(crate) websocket: Option<WebSocketSide>,
    /// What a protocol's `start_tls` uses.
    pub(crate) start_tls: Option<Tls>,
}

impl Layers {
    pub(crate) fn is_empty(&self) -> bool {
        self.tls.is_none() && self.websocket.is_none()
    }

    /// The layers of a listening endpoint. `given` is a server side that the program made
    /// itself, in the place of the files that the endpoint names.
    pub(crate) fn server(endpoint: &Endpoint, given: Option<ServerTls>) -> Result<Self, OpenError> {
        if endpoint.is_proxied() {
            return Err(OpenError::Proxied);
        }
        let tls = match given {
            Some(tls) => Some(Tls::Server(tls)),
            None => server_tls(endpoint)?.map(Tls::Server),
        };
        if endpoint.is_tls() && tls.is_none() {
            return Err(OpenError::NoCertificate);
        }
        let websocket = endpoint.is_websocket().then(|| WebSocketSide::Server {
            path: endpoint.options().path.clone(),
        });
        Ok(Layers::ordered(endpoint, tls, websocket))
    }

    /// The layers of an endpoint that is connected to.
    pub(crate) fn client(endpoint: &Endpoint, given: Option<ClientTls>) -> Result<Self, OpenError> {
        if endpoint.is_proxied() {
            return Err(OpenError::Proxied);
        }
        let host = endpoint.host().map(|host| match host.address() {
            Some(address) => address.to_string(),
            None => host.to_string(),
        });
        let name = endpoint.options().name.clone().or_else(|| host.clone());
        let name = name.unwrap_or_else(|| "localhost".into());
        let wanted = endpoint.is_tls() || given.is_some() || endpoint.options().ca.is_some();
        let tls = match given {
            Some(tls) => Some(tls),
            None if wanted => Some(client_tls(endpoint)?),
            None => None,
        };
        let websocket = endpoint.is_websocket().then(|| WebSocketSide::Client {
            host: authority(endpoint),
            path: endpoint.websocket_path().to_string(),
            secure: endpoint.is_tls(),
        });
        let tls = tls.map(|tls| Tls::Client(tls, name));
        Ok(Layers::ordered(endpoint, tls, websocket))
    }

    fn ordered(endpoint: &Endpoint, tls: Option<Tls>, websocket: Option<WebSocketSide>) -> Self {
        let first = endpoint.layers().contains(&Layer::Tls);
        Layers {
            start_tls: tls.clone(),
            tls: tls.filter(|_| first),
            websocket,
        }
    }
}

/// The host and port as a client names them in its request.
fn authority(endpoint: &Endpoint) -> String {
    let host = match endpoint.host().map(|host| (host.address(), host)) {
        Some((Some(std::net::IpAddr::V6(address)), _)) => format!("[{address}]"),
        Some((_, host)) => host.to_string(),
        None => "localhost".into(),
    };
    match endpoint.port() {
        Some(port) => format!("{host}:{port}"),
        None => host,
    }
}

fn read(path: &Path) -> Result<Vec<u8>, OpenError> {
    std::fs::read(path).map_err(|error| OpenError::File {
        path: path.to_path_buf(),
        error,
    })
}

/// The server's side that an endpoint's options describe, if they name a certificate.
fn server_tls(endpoint: &Endpoint) -> Result<Option<ServerTls>, OpenError> {
    let options = endpoint.options();
    let Some(cert) = &options.cert else {
        return Ok(None);
    };
    let key = options.key.as_ref().unwrap_or(cert);
    let mut server = ServerOptions::new(Identity::from_files(cert, key)?);
    server.alpn = alpn(endpoint);
    if let Some(path) = &options.client_ca {
        server.client_authorities = Some(read(path)?);
        // Whoever names an authority for clients wants them checked, unless told otherwise.
        server.require_client = options.client_cert != Some(ClientCertificate::Request);
    }
    Ok(Some(ServerTls::new(server)?))
}

/// The client's side of TLS that an endpoint's options describe, for whoever connects often
/// and would not read its files each time: see [`ConnectOptions::tls`](crate::ConnectOptions).
///
/// # Errors
///
/// When a file cannot be read, or does not hold what it should.
pub fn client_tls(endpoint: &Endpoint) -> Result<ClientTls, OpenError> {
    let options = endpoint.options();
    let trust = match (&options.verify, &options.ca) {
        (Some(Verify::None), _) => {
            tracing::warn!(%endpoint, "verify=none: whoever answers is not checked");
            Trust::Unverified
        }
        (_, Some(path)) => Trust::Authorities(read(path)?),
        _ => Trust::System,
    };
    let identity = match &options.cert {
        Some(cert) => {
            let key = options.key.as_ref().unwrap_or(cert);
            Some(Identity::from_files(cert, key)?)
        }
        None => None,
    };
    Ok(ClientTls::new(ClientOptions {
        trust,
        identity,
        alpn: alpn(endpoint),
    })?)
}

fn alpn(endpoint: &Endpoint) -> Vec<Vec<u8>> {
    let names = endpoint.options().alpn.iter();
    names.map(|name| name.clone().into_bytes()).collect()
}

/// Opens an endpoint's layers over a carrier.
pub(crate) fn open(carrier: Carrier, layers: &Layers) -> Opening {
    let Layers { tls, websocket, .. } = layers.clone();
    within_time(async move {
        let mut opened = (carrier, None);
        if let Some(tls) = tls {
            opened = handshake(opened.0, &tls).await?;
        }
        if let Some(side) = websocket {
            opened.0 = upgrade(opened.0, side).await?;
        }
        Ok(opened)
    })
}

/// Begins TLS under a connection that was plain.
pub(crate) fn start_tls(carrier: Carrier, layers: &Layers) -> Opening {
    let tls = layers.start_tls.clone();
    within_time(async move {
        if carrier.is_layered() || carrier.is_message_oriented() {
            return Err(OpenError::NotPlain);
        }
        handshake(carrier, &tls.ok_or(OpenError::NoTls)?).await
    })
}

fn within_time(opening: impl Future<Output = Opened> + Send + 'static) -> Opening {
    Box::pin(async move {
        match tokio::time::timeout(HANDSHAKE, opening).await {
            Ok(opened) => opened,
            Err(_) => Err(OpenError::TimedOut),
        }
    })
}

async fn handshake(carrier: Carrier, tls: &Tls) -> Opened {
    let stream = match tls {
        Tls::Server(tls) => tls.accept(carrier).await,
        Tls::Client(tls, name) => tls.connect(name, carrier).await,
    };
    let stream = stream?;
    let session = Arc::new(tls_info(stream.session()));
    Ok((Carrier::Tls(Box::new(stream)), Some(session)))
}

fn tls_info(session: Session) -> TlsInfo {
    TlsInfo {
        version: session.version,
        cipher: session.cipher,
        alpn: session.alpn,
        server_name: session.server_name,
        peer_certificates: session.peer_certificates,
    }
}

async fn upgrade(carrier: Carrier, side: WebSocketSide) -> Result<Carrier, OpenError> {
    let socket = match side {
        WebSocketSide::Server { path } => WebSocketCarrier::accept(carrier, path).await,
        WebSocketSide::Client { host, path, secure } => {
            WebSocketCarrier::connect(carrier, &host, &path, secure).await
        }
    };
    Ok(Carrier::WebSocket(Box::new(socket?)))
}

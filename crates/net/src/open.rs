//! Opening the layers over a carrier: PROXY header, TLS and WebSocket, on either side.

use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;

use lariat_protocol::contract::Deadlines;
use lariat_protocol::endpoint::{ClientCertificate, Endpoint, Layer, Verify};
use lariat_protocol::{Address, ConnectionInfo, Deadline, Error, Refusal, TlsInfo, proxy};
use lariat_tls::{
    ClientOptions, ClientTls, Identity, ServerOptions, ServerTls, Session, TlsError, Trust,
};

use crate::carrier::{Carrier, WebSocketCarrier};
use crate::state::{Seat, ServiceState};
use crate::{header, refuse};

/// A carrier with its layers.
pub(crate) struct Opened {
    pub(crate) carrier: Carrier,
    /// The TLS session among the layers, if there is one.
    pub(crate) session: Option<Arc<TlsInfo>>,
    /// Whom a proxy speaks for, who has been let in by that address.
    pub(crate) proxied: Option<Proxied>,
}

/// The two ends of the connection that a proxy passes on, and the place that was taken for it,
/// which is given back with this value.
pub(crate) struct Proxied {
    peer: Address,
    local: Address,
    seat: Seat,
    service: Option<Arc<ServiceState>>,
}

impl Proxied {
    /// The ends and the place, for somebody who sees to it that it is given back.
    pub(crate) fn take(mut self) -> (Address, Address, Seat) {
        self.service = None;
        (self.peer.clone(), self.local.clone(), self.seat)
    }
}

impl Drop for Proxied {
    fn drop(&mut self) {
        if let Some(service) = self.service.take() {
            service.leave(&self.peer, self.seat);
        }
    }
}

/// Layers that are being opened.
pub(crate) type Opening = Pin<Box<dyn Future<Output = Result<Opened, OpenError>> + Send>>;

/// Why layers could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The TLS handshake failed.
    #[error("{0}")]
    Tls(#[source] Box<TlsError>),
    /// The WebSocket handshake failed.
    #[error("{0}")]
    WebSocket(String),
    /// A peer took too long.
    #[error("{0}")]
    TimedOut(Deadline),
    /// The connection that a proxy passes on is not taken.
    #[error("{0}")]
    Refused(Refusal),
    /// What came is no PROXY header.
    #[error("{0}")]
    Proxy(#[source] Error),
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
            OpenError::Proxy(error) => error,
            error @ (OpenError::TimedOut(_) | OpenError::Refused(_)) => {
                Error::limit(error.to_string())
            }
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
    /// The version of the PROXY header that a client sends; a server takes both.
    pub(crate) proxy: Option<proxy::Version>,
    pub(crate) tls: Option<Tls>,
    pub(crate) websocket: Option<WebSocketSide>,
    /// What a protocol's `start_tls` uses.
    pub(crate) start_tls: Option<Tls>,
}

impl Layers {
    pub(crate) fn is_empty(&self) -> bool {
        !self.shake_hands() && self.proxy.is_none()
    }

    /// Whether there are some with a handshake.
    pub(crate) fn shake_hands(&self) -> bool {
        self.tls.is_some() || self.websocket.is_some()
    }

    /// The layers of a listening endpoint. `given` is a server side that the program made
    /// itself, in the place of the files that the endpoint names.
    pub(crate) fn server(endpoint: &Endpoint, given: Option<ServerTls>) -> Result<Self, OpenError> {
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

    /// Reads the server's side again, for handshakes that begin from now on.
    pub(crate) fn reload(&self, endpoint: &Endpoint) -> Result<(), OpenError> {
        if let (Some(Tls::Server(tls)), Some(options)) =
            (&self.start_tls, server_options(endpoint)?)
        {
            tls.replace(options)?;
        }
        Ok(())
    }

    fn ordered(endpoint: &Endpoint, tls: Option<Tls>, websocket: Option<WebSocketSide>) -> Self {
        let first = endpoint.layers().contains(&Layer::Tls);
        let proxied = endpoint.layers().contains(&Layer::Proxy);
        Layers {
            proxy: proxied.then(|| endpoint.options().proxy.unwrap_or(proxy::Version::V2)),
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
    let options = server_options(endpoint)?;
    Ok(options.map(ServerTls::new).transpose()?)
}

fn server_options(endpoint: &Endpoint) -> Result<Option<ServerOptions>, OpenError> {
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
    Ok(Some(server))
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

/// Opens a service's layers over a carrier that was accepted.
pub(crate) fn accept(
    mut carrier: Carrier,
    info: &ConnectionInfo,
    service: &Arc<ServiceState>,
) -> Opening {
    let (service, mut info) = (Arc::clone(service), info.clone());
    Box::pin(async move {
        let deadlines = service.deadlines();
        let mut proxied = None;
        if service.layers.proxy.is_some() {
            let reading = header::read(&mut carrier, &mut info);
            in_time(&deadlines, Deadline::ProxyHeader, reading).await?;
            let seat = match service.enter(&info.peer) {
                Ok(seat) => seat,
                Err(why) => {
                    let words = refuse::words(&service, &info, why);
                    refuse::say_and_close(carrier, words, service.linger()).await;
                    return Err(OpenError::Refused(why));
                }
            };
            proxied = Some(Proxied {
                peer: info.peer,
                local: info.local,
                seat,
                service: Some(Arc::clone(&service)),
            });
        }
        let mut session = None;
        if service.layers.shake_hands() {
            let under_way = service.begin_handshake().map_err(OpenError::Refused)?;
            let shaking = shake_hands(carrier, &service.layers);
            (carrier, session) = in_time(&deadlines, Deadline::Handshake, shaking).await?;
            drop(under_way);
        }
        Ok(Opened {
            carrier,
            session,
            proxied,
        })
    })
}

/// Opens an endpoint's layers over a carrier that was connected. Whoever connects bounds the
/// time of all of it.
pub(crate) async fn connect(
    mut carrier: Carrier,
    info: &ConnectionInfo,
    layers: &Layers,
) -> Result<(Carrier, Option<Arc<TlsInfo>>), OpenError> {
    if let Some(version) = layers.proxy {
        header::write(&mut carrier, info, version).await?;
    }
    shake_hands(carrier, layers).await
}

/// Begins TLS under a connection that was plain.
pub(crate) fn start_tls(carrier: Carrier, layers: &Layers, deadlines: Deadlines) -> Opening {
    let tls = layers.start_tls.clone();
    Box::pin(async move {
        if carrier.is_layered() {
            return Err(OpenError::NotPlain);
        }
        secure(carrier, tls.ok_or(OpenError::NoTls)?, deadlines).await
    })
}

/// Begins a client's TLS over a stream, which may have some already.
pub(crate) fn start_tls_with(
    carrier: Carrier,
    tls: &ClientTls,
    name: &str,
    deadlines: Deadlines,
) -> Opening {
    let tls = Tls::Client(tls.clone(), name.to_owned());
    Box::pin(secure(carrier, tls, deadlines))
}

async fn secure(carrier: Carrier, tls: Tls, deadlines: Deadlines) -> Result<Opened, OpenError> {
    if carrier.is_message_oriented() {
        return Err(OpenError::NotPlain);
    }
    let shaking = handshake(carrier, &tls);
    let (carrier, session) = in_time(&deadlines, Deadline::Handshake, shaking).await?;
    Ok(Opened {
        carrier,
        session,
        proxied: None,
    })
}

async fn in_time<T>(
    deadlines: &Deadlines,
    deadline: Deadline,
    opening: impl Future<Output = Result<T, OpenError>>,
) -> Result<T, OpenError> {
    let Some(length) = deadlines.of(deadline) else {
        return opening.await;
    };
    match tokio::time::timeout(length, opening).await {
        Ok(opened) => opened,
        Err(_) => Err(OpenError::TimedOut(deadline)),
    }
}

async fn shake_hands(
    carrier: Carrier,
    layers: &Layers,
) -> Result<(Carrier, Option<Arc<TlsInfo>>), OpenError> {
    let mut opened = (carrier, None);
    if let Some(tls) = &layers.tls {
        opened = handshake(opened.0, tls).await?;
    }
    if let Some(side) = layers.websocket.clone() {
        opened.0 = upgrade(opened.0, side).await?;
    }
    Ok(opened)
}

async fn handshake(
    carrier: Carrier,
    tls: &Tls,
) -> Result<(Carrier, Option<Arc<TlsInfo>>), OpenError> {
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

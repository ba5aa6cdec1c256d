//! Endpoints: where to listen or to connect, as one URL for serving, connecting and the command
//! line.
//!
//! ```text
//! tcp://[::]:21567          tls://host:port?cert=FILE&key=FILE      udp://host:port
//! unix:///run/x.sock        unix:relative.sock                      unix:@abstract
//! unixgram:///run/x.sock    ws://host:port/path                     wss://host:port/path
//! fd://3                    stdio:                                  mem://name
//! name:SERVICE?tag=TAG
//! ```
//!
//! The layers over a base are written outermost first, the one nearest to the wire:
//! `[proxy+][tls+][ws+](tcp|unix)`, `[tls+][ws+](fd|stdio|mem)`. `tls`, `ws` and `wss` abbreviate
//! `tls+tcp`, `ws+tcp` and `tls+ws+tcp`, behind `proxy+` too. What follows the `?` are options,
//! the engine's own ([`Options`]) and the service's ([`Endpoint::service_options`]).
//!
//! `name:` is where a name server says that a service is ([`Endpoint::service`]): it is connected to,
//! and never listened on, through the layers that the service is registered with.
//!
//! Nothing is resolved, opened or looked for here, and no service's default port is known.
//!
//! Read [`Endpoint`] and [`Base`] first.

mod display;
mod error;
mod host;
mod nearest;
mod parse;
pub(crate) mod percent;
#[cfg(test)]
mod properties;
mod query;
#[cfg(test)]
mod refusals;
mod scheme;
mod service;
#[cfg(test)]
mod tests;

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

pub use error::EndpointError;
pub use host::Host;
pub use nearest::nearest;
pub use query::{ClientCertificate, Options, Verify};

use crate::Network;
use scheme::{Kind, Scheme};

/// How many bytes an endpoint may have, as it is written and as it is printed.
pub const MAXIMUM_LENGTH: usize = 4096;

/// Where to listen or to connect, through which layers, and with which options.
///
/// `Display` prints the shortest URL that means the same, and reading that gives an equal
/// endpoint.
///
/// ```
/// use lariat_protocol::Endpoint;
///
/// let endpoint: Endpoint = "tls+ws+tcp://localhost:21569/chat?ca=ca.pem".parse()?;
/// assert_eq!(endpoint.to_string(), "wss://localhost:21569/chat?ca=ca.pem");
/// assert_eq!(endpoint.port(), Some(21569));
/// assert!(endpoint.is_message_oriented());
///
/// let bare = Endpoint::parse_with_default("[::1]:21567", "tcp")?;
/// assert_eq!(bare, Endpoint::tcp("::1", 21567));
/// # Ok::<(), lariat_protocol::endpoint::EndpointError>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Endpoint {
    /// Outermost first; only what [`Scheme::parse`] lets through.
    layers: Vec<Layer>,
    base: Base,
    /// Only what makes sense for these layers and this base.
    options: Options,
    /// None of the keys is one of the engine's.
    rest: Vec<(String, String)>,
}

/// What lies between a base and a protocol.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Layer {
    /// A header of the PROXY protocol before all other bytes, which says for whom the connection
    /// is (see [`crate::proxy`]); over TCP and Unix stream sockets.
    Proxy,
    /// TLS, which encrypts a stream.
    Tls,
    /// WebSocket (RFC 6455), which makes messages of a stream.
    WebSocket,
}

/// What carries the bytes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Base {
    /// A TCP connection.
    Tcp {
        /// To whom, or on which address.
        host: Host,
        /// None means the service's default; 0, when listening, means any that is free.
        port: Option<u16>,
    },
    /// UDP datagrams.
    Udp {
        /// To whom, or on which address.
        host: Host,
        /// None means the service's default; 0, when listening, means any that is free.
        port: Option<u16>,
    },
    /// A Unix stream socket.
    Unix {
        /// Where it lies.
        path: SocketPath,
    },
    /// A Unix datagram socket.
    UnixGram {
        /// Where it lies.
        path: SocketPath,
    },
    /// A descriptor that was handed to this process.
    Fd(u32),
    /// Standard input and output.
    Stdio,
    /// A pair within this process, met under a name.
    Memory(String),
    /// Whatever a name server knows under this name.
    Service(String),
}

/// Where a Unix socket lies. What length a system allows is for the system to say.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum SocketPath {
    /// A file.
    File(PathBuf),
    /// A name without a file (Linux only), without the NUL before it.
    Abstract(Vec<u8>),
}

impl fmt::Display for SocketPath {
    /// As people write it: a file's path, or an abstract name behind `@`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SocketPath::File(path) => path.display().fmt(out),
            SocketPath::Abstract(name) => write!(out, "@{}", name.escape_ascii()),
        }
    }
}

impl Endpoint {
    /// Reads a URL, or `HOST`, `HOST:PORT`, `[::1]:PORT` as if `default_scheme` stood before it.
    ///
    /// An IPv6 address without brackets is taken as the whole host, so `::1:80` has no port.
    ///
    /// # Errors
    ///
    /// As [`Endpoint::from_str`], and an unknown `default_scheme`.
    pub fn parse_with_default(text: &str, default_scheme: &str) -> Result<Endpoint, EndpointError> {
        parse::parse_with_default(text, default_scheme)
    }

    /// `tcp://HOST:PORT`. What [`Host::from`] makes of the host is taken unchecked.
    pub fn tcp(host: impl Into<Host>, port: u16) -> Endpoint {
        Endpoint::over(
            Vec::new(),
            Base::Tcp {
                host: host.into(),
                port: Some(port),
            },
        )
    }

    /// `tls://HOST:PORT`.
    pub fn tls(host: impl Into<Host>, port: u16) -> Endpoint {
        Endpoint {
            layers: vec![Layer::Tls],
            ..Endpoint::tcp(host, port)
        }
    }

    /// `udp://HOST:PORT`.
    pub fn udp(host: impl Into<Host>, port: u16) -> Endpoint {
        Endpoint::over(
            Vec::new(),
            Base::Udp {
                host: host.into(),
                port: Some(port),
            },
        )
    }

    /// `unix:PATH`, from a `Path`, or from text where a first `@` means an abstract name.
    pub fn unix(path: impl Into<SocketPath>) -> Endpoint {
        Endpoint::over(Vec::new(), Base::Unix { path: path.into() })
    }

    /// `unixgram:PATH`, as [`Endpoint::unix`].
    pub fn unixgram(path: impl Into<SocketPath>) -> Endpoint {
        Endpoint::over(Vec::new(), Base::UnixGram { path: path.into() })
    }

    /// `ws://HOST:PORT/PATH`.
    ///
    /// # Errors
    ///
    /// The path does not begin with `/` or is not percent-encoded as the wire needs it.
    pub fn ws(host: impl Into<Host>, port: u16, path: &str) -> Result<Endpoint, EndpointError> {
        let mut endpoint = Endpoint {
            layers: vec![Layer::WebSocket],
            ..Endpoint::tcp(host, port)
        };
        endpoint.set_path(path)?;
        Ok(endpoint)
    }

    /// `mem://NAME`.
    pub fn memory(name: impl Into<String>) -> Endpoint {
        Endpoint::over(Vec::new(), Base::Memory(name.into()))
    }

    fn over(layers: Vec<Layer>, base: Base) -> Endpoint {
        Endpoint {
            layers,
            base,
            options: Options::default(),
            rest: Vec::new(),
        }
    }

    /// The same with this port. Without effect where there are no ports.
    #[must_use]
    pub fn with_port(mut self, port: u16) -> Endpoint {
        if let Base::Tcp { port: place, .. } | Base::Udp { port: place, .. } = &mut self.base {
            *place = Some(port);
        }
        self
    }

    /// The same with this host. Without effect where there are no hosts.
    #[must_use]
    pub fn with_host(mut self, host: impl Into<Host>) -> Endpoint {
        if let Base::Tcp { host: place, .. } | Base::Udp { host: place, .. } = &mut self.base {
            *place = host.into();
        }
        self
    }

    /// The same with this port if it had none. Without effect where there are no ports.
    #[must_use]
    pub fn with_default_port(self, port: u16) -> Endpoint {
        match self.port() {
            None => self.with_port(port),
            Some(_) => self,
        }
    }

    /// The same with an option of the engine set, or one of the service added, by its text.
    ///
    /// # Errors
    ///
    /// The engine's option has a wrong value, or makes no sense for this scheme.
    ///
    /// ```
    /// use lariat_protocol::Endpoint;
    ///
    /// let endpoint = Endpoint::tls("localhost", 443).with_option("ca", "my ca.pem")?;
    /// assert_eq!(endpoint.to_string(), "tls://localhost:443?ca=my%20ca.pem");
    /// # Ok::<(), lariat_protocol::endpoint::EndpointError>(())
    /// ```
    pub fn with_option(mut self, key: &str, value: &str) -> Result<Endpoint, EndpointError> {
        if key.is_empty() {
            return Err(query::nameless(&format!("={value}")));
        }
        if !query::KEYS.contains(&key) {
            self.rest.push((key.to_owned(), value.to_owned()));
            return Ok(self);
        }
        if key == "path" {
            self.options.path = None;
        }
        self.set_option(key, &percent::encode(value.as_bytes(), b""))?;
        Ok(self)
    }

    /// The layers over the base, the one nearest to the wire first.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// What carries the bytes.
    pub fn base(&self) -> &Base {
        &self.base
    }

    /// The engine's own options.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// What a WebSocket handshake asks for: the path given, else `/`.
    pub fn websocket_path(&self) -> &str {
        self.options.path.as_deref().unwrap_or("/")
    }

    /// The host, where the base has one.
    pub fn host(&self) -> Option<&Host> {
        match &self.base {
            Base::Tcp { host, .. } | Base::Udp { host, .. } => Some(host),
            _ => None,
        }
    }

    /// The port, where the base has one and it was given.
    pub fn port(&self) -> Option<u16> {
        match self.base {
            Base::Tcp { port, .. } | Base::Udp { port, .. } => port,
            _ => None,
        }
    }

    /// The scheme as it is printed, such as `tls+unix`; `tls`, `ws` and `wss` over TCP.
    pub fn scheme(&self) -> String {
        Scheme::name(&self.layers, Kind::of(&self.base))
    }

    /// Whether bytes pass through TLS from the first one on.
    pub fn is_tls(&self) -> bool {
        self.layers.contains(&Layer::Tls)
    }

    /// Whether a header of the PROXY protocol comes first.
    pub fn is_proxied(&self) -> bool {
        self.layers.contains(&Layer::Proxy)
    }

    /// Whether the header of this peer is to be believed, where this is listened on: it is in one
    /// of the networks of `proxy_from`, or on this machine where none is given. None stands for
    /// the peer of a Unix socket, and that everyone is whom the socket's file lets in.
    ///
    /// ```
    /// use lariat_protocol::Endpoint;
    ///
    /// let endpoint: Endpoint = "proxy+tcp://[::]:25?proxy_from=10.0.0.0/8,192.0.2.7".parse()?;
    /// assert!(endpoint.trusts_proxy(Some("10.1.2.3".parse()?)));
    /// assert!(!endpoint.trusts_proxy(Some("127.0.0.1".parse()?)));
    ///
    /// let local: Endpoint = "proxy+tcp://[::]:25".parse()?;
    /// assert!(local.trusts_proxy(Some("127.0.0.1".parse()?)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn trusts_proxy(&self, peer: Option<IpAddr>) -> bool {
        let networks = match self.options.proxy_from.as_slice() {
            [] => &Network::LOOPBACK,
            given => given,
        };
        let trusted = match peer {
            Some(peer) => networks.iter().any(|network| network.contains(peer)),
            None => matches!(self.base, Base::Unix { .. }),
        };
        self.is_proxied() && trusted
    }

    /// Whether it is WebSocket, over whatever.
    pub fn is_websocket(&self) -> bool {
        self.layers.contains(&Layer::WebSocket)
    }

    /// Whether one write is one message: udp, unixgram, ws and wss.
    pub fn is_message_oriented(&self) -> bool {
        self.is_datagram() || self.is_websocket()
    }

    /// Whether a message may be lost or come out of order: udp and unixgram.
    pub fn is_datagram(&self) -> bool {
        Kind::of(&self.base).is_datagram()
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Endpoint, EndpointError> {
        parse::parse(text)
    }
}

impl From<&str> for SocketPath {
    fn from(text: &str) -> SocketPath {
        match text.strip_prefix('@') {
            Some(name) => SocketPath::Abstract(name.as_bytes().to_vec()),
            None => SocketPath::File(text.into()),
        }
    }
}

impl From<String> for SocketPath {
    fn from(text: String) -> SocketPath {
        SocketPath::from(text.as_str())
    }
}

impl From<&Path> for SocketPath {
    fn from(path: &Path) -> SocketPath {
        SocketPath::File(path.to_owned())
    }
}

impl From<PathBuf> for SocketPath {
    fn from(path: PathBuf) -> SocketPath {
        SocketPath::File(path)
    }
}

/// Reads `text` and, if it is an endpoint, checks that what is printed reads the same.
///
/// # Panics
///
/// When it does not, which is what fuzzing looks for.
#[doc(hidden)]
pub fn check_round_trip(text: &str) {
    match text.parse::<Endpoint>() {
        Ok(endpoint) => {
            let printed = endpoint.to_string();
            let again = printed.parse::<Endpoint>();
            assert_eq!(
                again.as_ref(),
                Ok(&endpoint),
                "{text:?} is printed as {printed:?}"
            );
            let again = again.map(|endpoint| endpoint.to_string());
            assert_eq!(again, Ok(printed), "{text:?} is printed in two ways");
        }
        Err(error) => {
            let message = error.to_string();
            let one_line = !message.is_empty() && !message.contains(char::is_control);
            assert!(one_line, "{text:?} is refused by {message:?}");
        }
    }
}

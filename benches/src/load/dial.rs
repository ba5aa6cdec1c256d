//! Connections of each kind, from many addresses.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::identity;

/// How a server is reached.
#[derive(Clone)]
pub enum Carrier {
    /// TCP.
    Plain,
    /// TLS, each connection with a handshake of its own.
    Tls(TlsConnector),
    /// WebSocket on TCP.
    WebSocket,
}

/// What bytes go through.
pub trait Stream: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream for S {}

impl Carrier {
    /// TLS that trusts the authority of this run.
    pub fn tls() -> io::Result<Carrier> {
        connector().map(Carrier::Tls)
    }

    /// Opens a connection; the `index` decides from which address.
    pub async fn dial(&self, server: SocketAddr, index: usize) -> io::Result<Box<dyn Stream>> {
        let socket = tcp(server, index).await?;
        Ok(match self {
            Carrier::Plain => Box::new(socket),
            Carrier::Tls(connector) => Box::new(handshake(connector, socket).await?),
            Carrier::WebSocket => Box::new(upgrade(socket).await?),
        })
    }
}

/// A client that trusts the authority of this run and resumes nothing.
pub fn connector() -> io::Result<TlsConnector> {
    let pem = identity::authority()?;
    let authority = CertificateDer::from_pem_slice(pem.as_bytes()).map_err(io::Error::other)?;
    let mut roots = RootCertStore::empty();
    roots.add(authority).map_err(io::Error::other)?;
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// One of 16,000 loopback addresses, each in a /24 of its own.
pub fn source(index: usize) -> Ipv4Addr {
    let [.., high, low] = (index % 16_000).to_be_bytes();
    Ipv4Addr::new(127, 64 + high, low, 2)
}

/// A TCP connection.
pub async fn tcp(server: SocketAddr, index: usize) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((source(index), 0).into())?;
    let socket = socket.connect(server).await?;
    socket.set_nodelay(true)?;
    Ok(socket)
}

/// The TLS handshake on it.
pub async fn handshake(
    connector: &TlsConnector,
    socket: TcpStream,
) -> io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
    connector.connect(name, socket).await
}

/// The WebSocket handshake on it.
pub async fn upgrade(mut socket: TcpStream) -> io::Result<TcpStream> {
    let request = "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\
                   Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    socket.write_all(request.as_bytes()).await?;
    let mut reply = Vec::new();
    while !reply.ends_with(b"\r\n\r\n") {
        if socket.read_buf(&mut reply).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    match reply.starts_with(b"HTTP/1.1 101 ") {
        true => Ok(socket),
        false => Err(io::Error::other("the server did not change to WebSocket")),
    }
}

/// A TCP connection that blocks.
pub fn blocking(server: SocketAddr, index: usize) -> io::Result<std::net::TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
    socket.bind(&SocketAddr::from((source(index), 0)).into())?;
    socket.connect(&server.into())?;
    socket.set_tcp_nodelay(true)?;
    Ok(socket.into())
}

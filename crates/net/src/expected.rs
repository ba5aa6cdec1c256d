//! One connection that a peer is told to make: what protocols with a data connection of their own need.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use lariat_protocol::{ConnectionInfo, Endpoint};
use lariat_tls::ClientTls;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::carrier::Carrier;
use crate::connection::Connection;
use crate::error::Error;
use crate::open::Layers;
use crate::service::NoFactory;
use crate::state::ServiceState;

/// A port on which one connection of one peer is awaited.
///
/// Whoever else connects is closed at once. The layers are a client's, although the peer connects: in
/// FTP whoever made the control connection is the client of TLS on all others (RFC 4217, section 7).
///
/// ```no_run
/// use lariat_net::Expected;
///
/// # async fn f() -> Result<(), lariat_net::Error> {
/// let server = "tcp://ftp.example.org:21".parse()?;
/// let own = ([192, 0, 2, 7], 0).into();
/// let expected = Expected::bind(own, &server, None).await?;
/// println!("connect to {}", expected.local());
/// let connection = expected.accept([192, 0, 2, 1].into()).await?;
/// # Ok(()) }
/// ```
pub struct Expected {
    listener: TcpListener,
    local: SocketAddr,
    endpoint: Endpoint,
    layers: Layers,
}

impl Expected {
    /// Takes a free port at one of this machine's addresses, of which the port says nothing. By the endpoint's options, or by `tls`, TLS
    /// can be begun on the connection ([`Connection::start_tls`]).
    ///
    /// # Errors
    ///
    /// When the system gives no port there, or the endpoint's files cannot be read.
    pub async fn bind(
        address: SocketAddr,
        endpoint: &Endpoint,
        tls: Option<ClientTls>,
    ) -> Result<Self, Error> {
        let layers = Layers::client(endpoint, tls).map_err(|error| Error::open(endpoint, error))?;
        let mut place = address;
        place.set_port(0);
        let bound = async {
            let listener = TcpListener::bind(place).await?;
            let local = listener.local_addr()?;
            Ok((listener, local))
        };
        let bound: io::Result<_> = bound.await;
        let (listener, local) = bound.map_err(|error| Error::Listen {
            endpoint: endpoint.to_string(),
            address: place.to_string(),
            error,
        })?;
        Ok(Expected {
            listener,
            local,
            endpoint: endpoint.clone(),
            layers,
        })
    }

    /// The address and port that the peer is to be told.
    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// Waits for the peer's connection, for as long as it takes.
    ///
    /// # Errors
    ///
    /// When the system fails to accept one.
    pub async fn accept(self, from: IpAddr) -> Result<Connection, Error> {
        let failed = |error| Error::Listen {
            endpoint: self.endpoint.to_string(),
            address: self.local.to_string(),
            error,
        };
        loop {
            let (stream, peer) = self.listener.accept().await.map_err(failed)?;
            if peer.ip().to_canonical() != from.to_canonical() {
                tracing::warn!(%peer, expected = %from, "a stranger connected where a peer was awaited");
                continue;
            }
            stream.set_nodelay(true).map_err(failed)?;
            let info = ConnectionInfo::stream(peer, self.local);
            let service = ServiceState::new(
                &self.endpoint.to_string(),
                self.layers,
                Arc::new(NoFactory::default()),
                CancellationToken::new(),
            );
            return Ok(Connection::new(
                Carrier::Tcp(stream),
                info,
                Arc::new(service),
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpSocket, TcpStream};

    use super::*;

    #[tokio::test]
    #[cfg(target_os = "linux")]
    async fn only_the_peer_is_taken() {
        let endpoint = Endpoint::tcp("127.0.0.1", 21);
        let local = [127, 0, 0, 1].into();
        let own = SocketAddr::new(local, endpoint.port().expect("a port"));
        let expected = Expected::bind(own, &endpoint, None).await.expect("a port");
        let place = expected.local();
        let stranger = TcpSocket::new_v4().expect("a socket");
        stranger
            .bind("127.0.0.2:0".parse().expect("an address"))
            .expect("bound");
        let mut stranger = stranger.connect(place).await.expect("connected");
        let mut peer = TcpStream::connect(place).await.expect("connected");
        peer.write_all(b"hi").await.expect("written");
        let mut connection = expected.accept(local).await.expect("accepted");
        let mut heard = [0; 2];
        connection.read_exact(&mut heard).await.expect("heard");
        assert_eq!(&heard, b"hi");
        let ended = stranger.read(&mut heard).await;
        assert!(matches!(ended, Ok(0) | Err(_)), "{ended:?}");
    }
}

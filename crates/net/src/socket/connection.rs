//! A TCP connection to a host by name: `create_connection`.
//!
//! Addresses are tried one after another, as Python does; the engine's own connecting, which races
//! them (RFC 8305), is the reactor's.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

use super::error::{Attempt, SocketError};
use super::timeout::{default_timeout, nanoseconds};
use crate::lookup;

/// Connects to a host, trying every address that it has until one takes the connection.
///
/// The time-out is the [default one](super::default_timeout); a [`ConnectionRequest`] sets another,
/// or the address to connect from.
///
/// ```
/// use lariat_net::socket::create_connection;
///
/// let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
/// let stream = create_connection("localhost", listener.local_addr()?.port())?;
/// assert_eq!(stream.peer_addr()?, listener.local_addr()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`SocketError::Lookup`] for a host without an address; [`SocketError::NotConnected`] with every
/// address tried and its fault.
pub fn create_connection(host: &str, port: u16) -> Result<TcpStream, SocketError> {
    ConnectionRequest::new(host, port).connect()
}

/// A connection to be made: where to, from where, and how long each address may take.
///
/// ```
/// use lariat_net::socket::ConnectionRequest;
/// use std::time::Duration;
///
/// let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
/// let stream = ConnectionRequest::new("127.0.0.1", listener.local_addr()?.port())
///     .timeout(Some(Duration::from_secs(5)))
///     .source("127.0.0.1:0".parse()?)
///     .connect()?;
/// assert_eq!(stream.read_timeout()?, Some(Duration::from_secs(5)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is connected until `connect` is called"]
pub struct ConnectionRequest {
    host: String,
    port: u16,
    /// The outer `None` is "not said": the default then counts.
    timeout: Option<Option<Duration>>,
    source: Option<SocketAddr>,
}

impl ConnectionRequest {
    /// A connection to a host, a name or an address written out, and a port.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self {
            host: host.into(),
            port,
            timeout: None,
            source: None,
        }
    }

    /// How long each address may take, and afterwards each read and each write; `None` for ever.
    pub fn timeout(mut self, timeout: Option<Duration>) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The address to connect from; port 0 for any port. Addresses of the other family then fail.
    pub fn source(mut self, source: SocketAddr) -> Self {
        self.source = Some(source);
        self
    }

    /// Tries every address of the host in turn; blocks until one took the connection or none did.
    ///
    /// # Errors
    ///
    /// Those of [`create_connection`], and [`SocketError::Misuse`] for a time-out of zero.
    pub fn connect(&self) -> Result<TcpStream, SocketError> {
        let timeout = self.timeout.unwrap_or_else(default_timeout);
        nanoseconds(timeout)?;
        self.connect_to_one_of(&lookup::resolve(&self.host, self.port)?, timeout)
    }

    fn connect_to_one_of(
        &self,
        addresses: &[SocketAddr],
        timeout: Option<Duration>,
    ) -> Result<TcpStream, SocketError> {
        let mut attempts = Vec::new();
        for &address in addresses {
            match attempt(address, self.source, timeout) {
                Ok(stream) => return Ok(stream),
                Err(error) => attempts.push(Attempt { address, error }),
            }
        }
        Err(SocketError::NotConnected {
            host: self.host.clone(),
            port: self.port,
            attempts,
        })
    }
}

fn attempt(
    address: SocketAddr,
    source: Option<SocketAddr>,
    timeout: Option<Duration>,
) -> io::Result<TcpStream> {
    if let Some(source) = source
        && source.is_ipv4() != address.is_ipv4()
    {
        let message = format!("cannot be reached from {source}, of the other address family");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    let domain = Domain::for_address(address);
    let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
    if let Some(source) = source {
        socket.bind(&source.into())?;
    }
    match timeout {
        Some(timeout) => socket.connect_timeout(&address.into(), timeout)?,
        None => socket.connect(&address.into())?,
    }
    socket.set_read_timeout(timeout)?;
    socket.set_write_timeout(timeout)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::io::Read;
    use std::net::TcpListener;

    use super::super::timeout::is_timeout;
    use super::*;

    /// An address on which nobody listens, because this test holds it without listening.
    fn refusing() -> (Socket, SocketAddr) {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
        socket.bind(&any.into()).unwrap();
        let address = socket.local_addr().unwrap().as_socket().unwrap();
        (socket, address)
    }

    #[test]
    fn every_address_is_tried_until_one_answers() {
        let (_held, refusing) = refusing();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let listening = listener.local_addr().unwrap();
        let request = ConnectionRequest::new("example", 1);
        let stream = request
            .connect_to_one_of(&[refusing, listening], None)
            .unwrap();
        assert_eq!(stream.peer_addr().unwrap(), listening);
        assert_eq!(stream.read_timeout().unwrap(), None);
    }

    #[test]
    fn a_connection_that_no_address_took_names_them_all() {
        let (_held, one) = refusing();
        let (_held_too, other) = refusing();
        let request = ConnectionRequest::new("example", 1).source("[::1]:0".parse().unwrap());
        let error = request.connect_to_one_of(&[one], None).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "no connection to \"example\" port 1: {one}: \
                 cannot be reached from [::1]:0, of the other address family"
            )
        );
        let request = ConnectionRequest::new("example", 1);
        match request.connect_to_one_of(&[one, other], None).unwrap_err() {
            SocketError::NotConnected { attempts, .. } => {
                let tried: Vec<_> = attempts.iter().map(|attempt| attempt.address).collect();
                assert_eq!(tried, [one, other]);
                for attempt in attempts {
                    assert_eq!(attempt.error.kind(), io::ErrorKind::ConnectionRefused);
                }
            }
            error => panic!("{error}"),
        }
        let error = request.connect_to_one_of(&[], None).unwrap_err();
        assert!(error.to_string().ends_with("there was no address to try"));
    }

    #[test]
    fn a_host_without_an_address_is_a_lookup_error() {
        let error = create_connection("", 1).unwrap_err();
        assert!(matches!(error, SocketError::Lookup(_)), "{error}");
    }

    #[test]
    fn the_connection_comes_from_the_source_and_keeps_the_time_out() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        // Only Linux has all of 127.0.0.0/8 on its loopback interface.
        let host = if cfg!(target_os = "linux") { 2 } else { 1 };
        let source = SocketAddr::from(([127, 0, 0, host], 0));
        let timeout = Duration::from_millis(500);
        let mut stream = ConnectionRequest::new("127.0.0.1", listener.local_addr().unwrap().port())
            .source(source)
            .timeout(Some(timeout))
            .connect()
            .unwrap();
        let (_peer, from) = listener.accept().unwrap();
        assert_eq!(from.ip(), source.ip());
        assert_eq!(stream.write_timeout().unwrap(), Some(timeout));
        assert!(is_timeout(&stream.read(&mut [0]).unwrap_err()));
    }

    #[test]
    fn a_time_out_of_zero_is_refused() {
        let request = ConnectionRequest::new("127.0.0.1", 1).timeout(Some(Duration::ZERO));
        assert!(matches!(request.connect(), Err(SocketError::Misuse(_))));
    }

    /// What happens beyond the backlog: Linux drops the connection request, so that the peer,
    /// rather than being refused, tries again until its own time-out.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_backlog_lets_connections_time_out() {
        let (listener, address) = refusing();
        listener.listen(1).unwrap();
        let mut accepted = Vec::new();
        let error = loop {
            match attempt(address, None, Some(Duration::from_millis(100))) {
                Ok(stream) => accepted.push(stream),
                Err(error) => break error,
            }
            assert!(accepted.len() < 64, "a backlog of 1 took 64 connections");
        };
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(!accepted.is_empty());
    }
}

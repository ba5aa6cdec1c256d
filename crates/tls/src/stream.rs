//! A connection that speaks TLS, over any stream of bytes.
//!
//! Errors of TLS that come up after the handshake carry a
//! [`TlsError`](crate::TlsError) as their cause. The most common one: under
//! TLS 1.3 a client learns only from its first read that the server refused
//! its certificate.

use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use rustls::{CommonState, HandshakeKind, ProtocolVersion, SupportedCipherSuite};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::TlsStream as Inner;

use crate::error::Side;
use crate::explain::stream_error;
use crate::opening::Opening;

/// What the two sides agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Session {
    /// The version, as `TLS 1.3`.
    pub version: String,
    /// The cipher suite by its registered name, as `TLS_AES_256_GCM_SHA384`.
    pub cipher: String,
    /// The application protocol, if one was agreed on.
    pub alpn: Option<Vec<u8>>,
    /// On a server, the DNS name that the client asked for (SNI), if it did;
    /// on a client, the name or address that the server proved.
    pub server_name: Option<String>,
    /// The peer's certificates in DER form, its own first; empty if it gave none.
    pub peer_certificates: Vec<Vec<u8>>,
    /// An earlier connection was taken up again, without a full handshake.
    pub resumed: bool,
}

/// A TLS connection over the stream `S`.
///
/// The end of the stream below without TLS's own end (`close_notify`) reads as
/// [`io::ErrorKind::UnexpectedEof`]: somebody may have cut the data short.
/// What is dropped without `shutdown` ends like that for the peer.
pub struct TlsStream<S> {
    inner: Inner<Opening<S>>,
    side: Side,
    /// On a client; a server's is told by the library.
    server_name: Option<String>,
}

impl<S> TlsStream<S> {
    pub(crate) fn server(inner: tokio_rustls::server::TlsStream<Opening<S>>) -> Self {
        Self {
            inner: Inner::Server(inner),
            side: Side::Server,
            server_name: None,
        }
    }

    pub(crate) fn client(
        inner: tokio_rustls::client::TlsStream<Opening<S>>,
        server_name: String,
    ) -> Self {
        Self {
            inner: Inner::Client(inner),
            side: Side::Client,
            server_name: Some(server_name),
        }
    }

    /// The stream below.
    pub fn get_ref(&self) -> &S {
        self.inner.get_ref().0.get_ref()
    }

    /// The stream below; reading or writing it breaks the connection.
    pub fn get_mut(&mut self) -> &mut S {
        self.inner.get_mut().0.get_mut()
    }

    /// What the two sides agreed on.
    pub fn session(&self) -> Session {
        let state: &CommonState = self.inner.get_ref().1;
        let server_name = match &self.inner {
            Inner::Server(stream) => stream.get_ref().1.server_name().map(String::from),
            Inner::Client(_) => self.server_name.clone(),
        };
        Session {
            version: state.protocol_version().map_or_else(String::new, version),
            cipher: state
                .negotiated_cipher_suite()
                .map_or_else(String::new, cipher),
            alpn: state.alpn_protocol().map(<[u8]>::to_vec),
            server_name,
            peer_certificates: state
                .peer_certificates()
                .unwrap_or_default()
                .iter()
                .map(|certificate| certificate.to_vec())
                .collect(),
            resumed: state.handshake_kind() == Some(HandshakeKind::Resumed),
        }
    }
}

impl<S> fmt::Debug for TlsStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsStream")
            .field("side", &self.side)
            .field("session", &self.session())
            .finish_non_exhaustive()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for TlsStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let side = self.side;
        Pin::new(&mut self.inner)
            .poll_read(cx, buf)
            .map_err(|error| stream_error(side, error))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for TlsStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let side = self.side;
        Pin::new(&mut self.inner)
            .poll_write(cx, buf)
            .map_err(|error| stream_error(side, error))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let side = self.side;
        Pin::new(&mut self.inner)
            .poll_write_vectored(cx, bufs)
            .map_err(|error| stream_error(side, error))
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let side = self.side;
        Pin::new(&mut self.inner)
            .poll_flush(cx)
            .map_err(|error| stream_error(side, error))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let side = self.side;
        Pin::new(&mut self.inner)
            .poll_shutdown(cx)
            .map_err(|error| stream_error(side, error))
    }
}

fn version(version: ProtocolVersion) -> String {
    match version {
        ProtocolVersion::TLSv1_2 => String::from("TLS 1.2"),
        ProtocolVersion::TLSv1_3 => String::from("TLS 1.3"),
        other => format!("{other:?}"),
    }
}

fn cipher(suite: SupportedCipherSuite) -> String {
    // The library writes TLS13_ where the registry has TLS_.
    format!("{:?}", suite.suite()).replacen("TLS13_", "TLS_", 1)
}

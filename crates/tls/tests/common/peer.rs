//! The other side of a connection, by the TLS library's own buffered connections, driven by
//! hand: so a test sees and changes every record. And a stream that cuts what passes.

use std::io::{self, Read, Write};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use lariat_tls::Authority;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, ClientConnection, Connection, RootCertStore, ServerConfig};
use rustls::{ServerConnection, SupportedProtocolVersion};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};

/// One side by the library itself.
pub struct Peer {
    pub tls: Connection,
    pub stream: DuplexStream,
}

impl Peer {
    pub fn client(
        authority: &Authority,
        stream: DuplexStream,
        version: &'static SupportedProtocolVersion,
        fragment: Option<usize>,
    ) -> Self {
        let mut roots = RootCertStore::empty();
        let certificate = CertificateDer::from_pem_slice(authority.certificate_pem().as_bytes());
        roots.add(certificate.unwrap()).unwrap();
        let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.max_fragment_size = fragment;
        let name = "localhost".try_into().unwrap();
        let client = ClientConnection::new(Arc::new(config), name).unwrap();
        Peer {
            tls: client.into(),
            stream,
        }
    }

    pub fn server(authority: &Authority, stream: DuplexStream, fragment: Option<usize>) -> Self {
        let issued = authority.issue_server(&["localhost"]).unwrap();
        let certificate = CertificateDer::from_pem_slice(issued.certificate_pem.as_bytes());
        let key = PrivateKeyDer::from_pem_slice(issued.key_pem.as_bytes()).unwrap();
        let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.unwrap()], key)
            .unwrap();
        config.max_fragment_size = fragment;
        let server = ServerConnection::new(Arc::new(config)).unwrap();
        Peer {
            tls: server.into(),
            stream,
        }
    }

    pub async fn handshake(&mut self) {
        while self.tls.is_handshaking() {
            self.send().await;
            if self.tls.is_handshaking() {
                self.take().await.unwrap();
            }
        }
        self.send().await;
    }

    /// What the library has to send, which is then not sent.
    pub fn records(&mut self) -> Vec<u8> {
        let mut records = Vec::new();
        while self.tls.wants_write() {
            self.tls.write_tls(&mut records).unwrap();
        }
        records
    }

    /// The records for some data.
    pub fn encrypt(&mut self, data: &[u8]) -> Vec<u8> {
        self.tls.writer().write_all(data).unwrap();
        self.records()
    }

    pub async fn send(&mut self) {
        let records = self.records();
        self.stream.write_all(&records).await.unwrap();
    }

    /// Reads once, shows it to the library and returns it.
    pub async fn take(&mut self) -> Result<Vec<u8>, rustls::Error> {
        let mut read = vec![0; 4096];
        let length = self.stream.read(&mut read).await.unwrap();
        read.truncate(length);
        let mut rest = &read[..];
        loop {
            self.tls.read_tls(&mut rest).unwrap();
            self.tls.process_new_packets()?;
            if rest.is_empty() {
                return Ok(read);
            }
        }
    }

    /// What has been received and decrypted.
    pub fn received(&mut self) -> Vec<u8> {
        let mut data = vec![0; 256 * 1024];
        match self.tls.reader().read(&mut data) {
            Ok(length) => data.truncate(length),
            Err(error) => {
                assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
                data.clear();
            }
        }
        data
    }
}

/// Passes at most so many bytes on at once, and lets others go first now and then.
pub struct Cut<S> {
    pub stream: S,
    /// The next number of a sequence; zero for one byte at a time.
    pub seed: u64,
}

impl<S> Cut<S> {
    fn next(&mut self) -> usize {
        // Xorshift: the same cuts for the same seed.
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        // Short pieces more often than long ones, and 0 now and then.
        let bits = self.seed % 15;
        usize::try_from((self.seed >> 20) & ((1 << bits) - 1)).unwrap()
    }

    fn length(&mut self, context: &mut Context<'_>) -> Poll<usize> {
        if self.seed == 0 {
            return Poll::Ready(1);
        }
        match self.next() {
            0 => {
                context.waker().wake_by_ref();
                Poll::Pending
            }
            length => Poll::Ready(length),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Cut<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let length = ready!(self.length(context)).min(buffer.remaining());
        let mut piece = vec![0; length];
        let mut piece = ReadBuf::new(&mut piece);
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut piece))?;
        buffer.put_slice(piece.filled());
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Cut<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        let length = ready!(self.length(context)).min(data.len());
        Pin::new(&mut self.stream).poll_write(context, &data[..length])
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

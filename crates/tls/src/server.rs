//! The server's side of TLS.
//!
//! Opens no socket and sets no deadline: it is handed a stream, and whoever
//! hands it over bounds the time that the handshake may take.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use rustls::server::{ServerConfig, UnbufferedServerConnection, WebPkiClientVerifier};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::asked::OneCertificate;
use crate::client::{authorities, check_protocols};
use crate::error::{Problem, Side, TlsError};
use crate::explain::handshake_error;
use crate::identity::Identity;
use crate::provider::provider;
use crate::records::Connection;
use crate::stream::TlsStream;

/// What a server shows and asks for.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// The certificate and key that clients are shown.
    pub identity: Identity,
    /// Certificates in PEM form of the authorities that clients' certificates
    /// may be from; with none, clients are not asked for one.
    pub client_authorities: Option<Vec<u8>>,
    /// A client without a certificate is refused, rather than let in without one.
    pub require_client: bool,
    /// Application protocols, the preferred one first. With none, what clients
    /// offer is ignored; else a client that offers only others is refused.
    pub alpn: Vec<Vec<u8>>,
}

impl ServerOptions {
    /// No client certificates, no application protocols.
    pub fn new(identity: Identity) -> Self {
        Self {
            identity,
            client_authorities: None,
            require_client: false,
            alpn: Vec::new(),
        }
    }
}

/// Accepts TLS connections; cheap to clone, and clones share what
/// [`replace`](Self::replace) sets.
///
/// ```
/// use lariat_tls::{Authority, ClientOptions, ClientTls, Identity, ServerOptions, ServerTls, Trust};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), lariat_tls::TlsError> {
/// let authority = Authority::create("Example authority")?;
/// let issued = authority.issue_server(&["localhost"])?;
/// let identity = Identity::from_pem(issued.certificate_pem.as_bytes(), issued.key_pem.as_bytes())?;
/// let server = ServerTls::new(ServerOptions::new(identity))?;
/// let client = ClientTls::new(ClientOptions {
///     trust: Trust::Authorities(authority.certificate_pem().into()),
///     ..ClientOptions::default()
/// })?;
///
/// let (near, far) = tokio::io::duplex(16 * 1024);
/// let (accepted, connected) = tokio::join!(server.accept(far), client.connect("localhost", near));
/// assert_eq!(accepted?.session().version, "TLS 1.3");
/// assert_eq!(connected?.session().server_name.as_deref(), Some("localhost"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ServerTls {
    current: Arc<RwLock<Arc<ServerConfig>>>,
}

impl ServerTls {
    /// Builds a server's side.
    ///
    /// # Errors
    ///
    /// [`TlsError::Misuse`] if the authorities for clients cannot be read, or
    /// clients must show a certificate and there is no authority to check it by.
    pub fn new(options: ServerOptions) -> Result<Self, TlsError> {
        Ok(Self {
            current: Arc::new(RwLock::new(configure(options)?)),
        })
    }

    /// Takes new options for the connections from now on, on all clones;
    /// those that are open keep theirs. On an error nothing changes.
    ///
    /// # Errors
    ///
    /// As for [`new`](Self::new).
    pub fn replace(&self, options: ServerOptions) -> Result<(), TlsError> {
        let config = configure(options)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = config;
        Ok(())
    }

    /// Makes the handshake with a client. Dropping the future gives it up.
    ///
    /// # Errors
    ///
    /// [`TlsError::Invalid`] if the client does not speak TLS, has nothing in
    /// common with us or is refused, [`TlsError::Unexpected`] if it goes away,
    /// [`TlsError::Io`] if the stream fails.
    pub fn accept<S>(
        &self,
        stream: S,
    ) -> impl Future<Output = Result<TlsStream<S>, TlsError>> + Send + use<S>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        let config = Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner));
        async move {
            let connection = UnbufferedServerConnection::new(config)
                .map_err(|error| TlsError::library("begin a TLS connection", error))?;
            TlsStream::new(Connection::Server(Box::new(connection)), stream, None)
                .handshake()
                .await
                .map_err(|error| handshake_error(Side::Server, error))
        }
    }
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerTls").finish_non_exhaustive()
    }
}

fn configure(options: ServerOptions) -> Result<Arc<ServerConfig>, TlsError> {
    check_protocols(&options.alpn)?;
    let builder = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::library("set up TLS", error))?;
    let builder = match &options.client_authorities {
        Some(pem) => {
            let roots = authorities(pem, "the client authorities")?;
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider());
            let verifier = if options.require_client {
                verifier
            } else {
                verifier.allow_unauthenticated()
            };
            let verifier = verifier
                .build()
                .map_err(|error| TlsError::library("set up client certificates", error))?;
            builder.with_client_cert_verifier(verifier)
        }
        None if options.require_client => {
            return Err(TlsError::misuse(
                "client certificates",
                Problem::RequiredWithoutAuthority,
            ));
        }
        None => builder.with_no_client_auth(),
    };
    let resolver = OneCertificate(options.identity.certified);
    let mut config = builder.with_cert_resolver(Arc::new(resolver));
    config.alpn_protocols = options.alpn;
    // Clients take their session up again from a ticket that they keep, so
    // that the server holds nothing for those that never come back.
    config.ticketer = rustls::crypto::aws_lc_rs::Ticketer::new()
        .map_err(|error| TlsError::library("set up session tickets", error))?;
    Ok(Arc::new(config))
}

//! The client's side of TLS.
//!
//! Resolves no name and opens no socket: it is handed a stream and the name
//! that the server at its end must prove.

use std::fmt;
use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ClientConfig, Resumption, UnbufferedClientConnection, WebPkiServerVerifier};
use rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::SingleCertAndKey;
use rustls::{DigitallySignedStruct, Error as RustlsError, RootCertStore, SignatureScheme};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::error::{Problem, Side, TlsError};
use crate::explain::handshake_error;
use crate::identity::Identity;
use crate::names;
use crate::pem;
use crate::provider::provider;
use crate::records::Connection;
use crate::stream::TlsStream;

/// Whose word a client takes for who the server is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trust {
    /// The authorities that this computer trusts. They are read once, when
    /// the first client that needs them is built.
    #[default]
    System,
    /// Only these authorities: their certificates, in PEM form.
    Authorities(Vec<u8>),
    /// Anybody's: whoever sits on the way can read and change everything.
    /// Whoever offers this to a person warns of it at every use.
    Unverified,
}

/// What a client trusts, shows and asks for.
#[derive(Clone, Debug, Default)]
pub struct ClientOptions {
    /// Whose word is taken for who the server is.
    pub trust: Trust,
    /// The certificate and key to show to servers that ask for them.
    pub identity: Option<Identity>,
    /// Application protocols to offer, the preferred one first.
    pub alpn: Vec<Vec<u8>>,
}

/// Connects by TLS; cheap to clone. An example stands at
/// [`ServerTls`](crate::ServerTls).
#[derive(Clone)]
pub struct ClientTls {
    config: Arc<ClientConfig>,
}

impl ClientTls {
    /// Builds a client's side. With [`Trust::System`] this may read files.
    ///
    /// # Errors
    ///
    /// [`TlsError::Misuse`] if the authorities cannot be read, or the system has none.
    pub fn new(options: ClientOptions) -> Result<Self, TlsError> {
        check_protocols(&options.alpn)?;
        let builder = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsError::library("set up TLS", error))?;
        let builder = match &options.trust {
            Trust::Unverified => builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(AcceptAnybody)),
            Trust::System => builder.with_webpki_verifier(verifier(system_authorities()?)?),
            Trust::Authorities(pem) => {
                let roots = authorities(pem, "the trusted authorities")?;
                builder.with_webpki_verifier(verifier(roots)?)
            }
        };
        let mut config = match options.identity {
            Some(identity) => builder
                .with_client_cert_resolver(Arc::new(SingleCertAndKey::from(identity.certified))),
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = options.alpn;
        Ok(Self {
            config: Arc::new(config),
        })
    }

    /// The same with full handshakes only: none is shortened by what an earlier one left, as
    /// whoever measures handshakes wants it.
    pub fn without_resumption(mut self) -> Self {
        Arc::make_mut(&mut self.config).resumption = Resumption::disabled();
        self
    }

    /// Makes the handshake with a server, which must prove `server_name`, a
    /// DNS name or an IP address. Dropping the future gives it up.
    ///
    /// Under TLS 1.3 this can succeed although the server is about to refuse
    /// our certificate, or the lack of one: the first read then tells.
    ///
    /// # Errors
    ///
    /// [`TlsError::Misuse`] for what is no name, [`TlsError::Invalid`] if the
    /// server does not speak TLS, has nothing in common with us, refuses us or
    /// does not prove its name, [`TlsError::Unexpected`] if it goes away,
    /// [`TlsError::Io`] if the stream fails.
    pub fn connect<S>(
        &self,
        server_name: &str,
        stream: S,
    ) -> impl Future<Output = Result<TlsStream<S>, TlsError>> + Send + use<S>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        let config = Arc::clone(&self.config);
        let name = names::server_name(server_name);
        async move {
            let name = name?;
            let shown = name.to_str().into_owned();
            let connection = UnbufferedClientConnection::new(config, name)
                .map_err(|error| TlsError::library("begin a TLS connection", error))?;
            let connection = Connection::Client(Box::new(connection));
            TlsStream::new(connection, stream, Some(&shown))
                .handshake()
                .await
                .map_err(|error| handshake_error(Side::Client, error))
        }
    }
}

impl fmt::Debug for ClientTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientTls").finish_non_exhaustive()
    }
}

/// Authorities to trust, from PEM text with at least one certificate.
pub(crate) fn authorities(text: &[u8], subject: &str) -> Result<Arc<RootCertStore>, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in pem::certificates(text, subject)? {
        roots
            .add(certificate)
            .map_err(|_| TlsError::misuse(subject, Problem::BrokenCertificate))?;
    }
    Ok(Arc::new(roots))
}

/// The library would fail an assertion over these in the middle of a handshake.
pub(crate) fn check_protocols(protocols: &[Vec<u8>]) -> Result<(), TlsError> {
    for name in protocols {
        if !(1..=255).contains(&name.len()) {
            let subject = format!("the application protocol \"{}\"", name.escape_ascii());
            return Err(TlsError::misuse(subject, Problem::BadProtocolName));
        }
    }
    Ok(())
}

fn verifier(roots: Arc<RootCertStore>) -> Result<Arc<WebPkiServerVerifier>, TlsError> {
    WebPkiServerVerifier::builder_with_provider(roots, provider())
        .build()
        .map_err(|error| TlsError::library("set up the check of certificates", error))
}

fn system_authorities() -> Result<Arc<RootCertStore>, TlsError> {
    static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();

    if let Some(roots) = ROOTS.get() {
        return Ok(Arc::clone(roots));
    }
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::debug!(%error, "a trusted authority of this system cannot be read");
    }
    let mut roots = RootCertStore::empty();
    // Systems carry old certificates that no verifier takes; the others count.
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        // Not kept: they may be installed while we run.
        return Err(TlsError::misuse(
            "the trusted authorities",
            Problem::NoSystemAuthorities,
        ));
    }
    Ok(Arc::clone(ROOTS.get_or_init(|| Arc::new(roots))))
}

/// Accepts any certificate for any name. That the server has the key to the
/// certificate that it shows is still checked, so that a caller who compares
/// the certificate itself with a known one is safe.
#[derive(Debug)]
struct AcceptAnybody;

impl ServerCertVerifier for AcceptAnybody {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, RustlsError> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, RustlsError> {
        let algorithms = &provider().signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, RustlsError> {
        let algorithms = &provider().signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}

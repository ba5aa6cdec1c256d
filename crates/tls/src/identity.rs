//! Who we are towards a peer: a certificate chain and its private key.
//!
//! That the key belongs to the certificate is checked here, once, so that no
//! handshake fails for it later. Whether anybody trusts it is not our affair.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error as RustlsError, InconsistentKeys};

use crate::error::{Problem, TlsError};
use crate::pem;
use crate::provider::provider;

/// A certificate chain and the private key of its first certificate; cheap to clone.
///
/// ```
/// use lariat_tls::{Authority, Identity};
///
/// let authority = Authority::create("Example authority")?;
/// let issued = authority.issue_server(&["localhost"])?;
/// let identity = Identity::from_pem(issued.certificate_pem.as_bytes(), issued.key_pem.as_bytes())?;
/// assert_eq!(identity.certificates().count(), 1);
/// # Ok::<(), lariat_tls::TlsError>(())
/// ```
#[derive(Clone)]
pub struct Identity {
    pub(crate) certified: Arc<CertifiedKey>,
}

impl Identity {
    /// Reads both from PEM text: the chain, its own certificate first, and the key.
    ///
    /// # Errors
    ///
    /// [`TlsError::Misuse`] says which of the two cannot be used, and why.
    pub fn from_pem(certificate_pem: &[u8], key_pem: &[u8]) -> Result<Self, TlsError> {
        Self::read(
            certificate_pem,
            "the certificate",
            key_pem,
            "the private key",
        )
    }

    /// Reads both from PEM files, which may be one and the same file.
    ///
    /// # Errors
    ///
    /// [`TlsError::Misuse`] names the file and what is wrong with it,
    /// [`TlsError::Io`] one that cannot be read.
    pub fn from_files(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        Self::read(
            &pem::read_file(certificate)?,
            &certificate.display().to_string(),
            &pem::read_file(key)?,
            &key.display().to_string(),
        )
    }

    /// The chain in DER form, its own certificate first.
    pub fn certificates(&self) -> impl Iterator<Item = &[u8]> {
        self.certified.cert.iter().map(AsRef::as_ref)
    }

    fn read(
        certificate_pem: &[u8],
        certificate_subject: &str,
        key_pem: &[u8],
        key_subject: &str,
    ) -> Result<Self, TlsError> {
        let chain = pem::certificates(certificate_pem, certificate_subject)?;
        let key = pem::private_key(key_pem, key_subject)?;
        certify(chain, certificate_subject, key, key_subject).map(|certified| Self {
            certified: Arc::new(certified),
        })
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The key stays out of every log.
        f.debug_struct("Identity")
            .field("certificates", &self.certified.cert.len())
            .finish_non_exhaustive()
    }
}

/// Joins a chain and a key after a look at whether they belong together.
pub(crate) fn certify(
    chain: Vec<CertificateDer<'static>>,
    certificate_subject: &str,
    key: PrivateKeyDer<'static>,
    key_subject: &str,
) -> Result<CertifiedKey, TlsError> {
    let key = provider()
        .key_provider
        .load_private_key(key)
        .map_err(|_| TlsError::misuse(key_subject, Problem::UnusableKey))?;
    let certified = CertifiedKey::new(chain, key);
    match certified.keys_match() {
        Ok(()) | Err(RustlsError::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(certified),
        Err(RustlsError::InconsistentKeys(_)) => Err(TlsError::misuse(
            key_subject,
            Problem::KeyMismatch(String::from(certificate_subject)),
        )),
        Err(_) => Err(TlsError::misuse(
            certificate_subject,
            Problem::BrokenCertificate,
        )),
    }
}

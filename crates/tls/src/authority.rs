//! A private certificate authority: makes itself, and certificates for servers and clients.
//!
//! It signs and forgets: there is no register of what was issued and no
//! revocation. Files are the affair of [`Directory`](crate::Directory).
//!
//! The extensions are those that the strict mode of OpenSSL asks for (RFC 5280,
//! 4.2.1), because Python verifies in that mode from 3.13 on.

use std::fmt;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, SanType, SerialNumber,
};
use rustls::pki_types::CertificateDer;

use crate::certificate::{authority_facts, date};
use crate::error::{Problem, TlsError};
use crate::identity;
use crate::names::HostName;
use crate::pem;
use crate::provider::provider;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Ten years of 365 days, and the leap days among them.
const AUTHORITY_DAYS: u32 = 3652;

/// The most that Apple's systems accept of a server certificate is 825 days,
/// counted from its start, which lies a day back.
const LEAF_DAYS: u32 = 824;

/// RFC 5280, appendix A.1: `ub-common-name`.
const COMMON_NAME_LENGTH: usize = 64;

/// A certificate and its private key, both as PEM text.
///
/// Its `Debug` form leaves the key out.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Issued {
    /// The certificate alone; its authority is not in it.
    pub certificate_pem: String,
    /// The private key, as PKCS #8.
    pub key_pem: String,
}

impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issued")
            .field("certificate_pem", &self.certificate_pem)
            .finish_non_exhaustive()
    }
}

/// An authority that can issue certificates.
///
/// ```
/// use lariat_tls::Authority;
///
/// let authority = Authority::create("Example authority")?;
/// let server = authority.issue_server(&["localhost", "127.0.0.1", "::1"])?;
/// assert!(server.certificate_pem.starts_with("-----BEGIN CERTIFICATE-----"));
/// # Ok::<(), lariat_tls::TlsError>(())
/// ```
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    certificate_pem: String,
    key_pem: String,
    /// The last second of its validity, in seconds since 1970. Nothing that it
    /// issues outlives it, or peers would differ in when they refuse it.
    end: i64,
}

impl Authority {
    /// Makes a new authority that is valid for ten years.
    ///
    /// # Errors
    ///
    /// [`TlsError::Library`] if the system has no random numbers to give.
    pub fn create(common_name: &str) -> Result<Self, TlsError> {
        let key = generate_key()?;
        let certificate_pem = self_signed(common_name, &key)?;
        Self::from_pem(certificate_pem.as_bytes(), key.serialize_pem().as_bytes())
    }

    /// Reads an authority back from its certificate and its key.
    ///
    /// # Errors
    ///
    /// [`TlsError::Misuse`] if either cannot be used, if they do not belong
    /// together, if the certificate is not an authority's or has expired.
    pub fn from_pem(certificate_pem: &[u8], key_pem: &[u8]) -> Result<Self, TlsError> {
        Self::read(
            certificate_pem,
            "the authority's certificate",
            key_pem,
            "the authority's private key",
        )
    }

    /// The certificate, which those who are to trust this authority need.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// The private key. Whoever has it can issue in this authority's name.
    pub fn key_pem(&self) -> &str {
        &self.key_pem
    }

    /// Makes a server's certificate for DNS names (`*.` at the front is
    /// allowed) and IP addresses.
    ///
    /// # Errors
    ///
    /// [`TlsError::Misuse`] for a name that cannot be in a certificate, or for no name.
    pub fn issue_server<N: AsRef<str>>(&self, names: &[N]) -> Result<Issued, TlsError> {
        let names = host_names(names)?;
        let key = generate_key()?;
        Ok(Issued {
            certificate_pem: self.certify_server(&names, &key)?,
            key_pem: key.serialize_pem(),
        })
    }

    /// Makes a client's certificate; `name` becomes its common name.
    ///
    /// # Errors
    ///
    /// [`TlsError::Misuse`] for a name that is empty or too long.
    pub fn issue_client(&self, name: &str) -> Result<Issued, TlsError> {
        if name.is_empty() || name.len() > COMMON_NAME_LENGTH || name.contains(char::is_control) {
            return Err(TlsError::misuse(
                format!("the client name \"{}\"", name.escape_debug()),
                Problem::BadClientName,
            ));
        }
        let key = generate_key()?;
        let mut parameters = self.leaf(ExtendedKeyUsagePurpose::ClientAuth)?;
        parameters.distinguished_name.push(DnType::CommonName, name);
        Ok(Issued {
            certificate_pem: self.sign(&parameters, &key)?,
            key_pem: key.serialize_pem(),
        })
    }

    pub(crate) fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// Reads an authority; errors name `certificate_subject` or `key_subject`.
    pub(crate) fn read(
        certificate_pem: &[u8],
        certificate_subject: &str,
        key_pem: &[u8],
        key_subject: &str,
    ) -> Result<Self, TlsError> {
        let mut chain = pem::certificates(certificate_pem, certificate_subject)?;
        chain.truncate(1);
        let key_der = pem::private_key(key_pem, key_subject)?;
        let facts = authority_facts(&chain[0], certificate_subject)?;
        if !facts.is_authority {
            return Err(TlsError::misuse(certificate_subject, Problem::NotAuthority));
        }
        if facts.end < seconds_now() {
            let problem = Problem::ExpiredAuthority(date(facts.end));
            return Err(TlsError::misuse(certificate_subject, problem));
        }
        let unusable = || TlsError::misuse(key_subject, Problem::UnusableKey);
        let key = KeyPair::try_from(&key_der).map_err(|_| unusable())?;
        let certified = identity::certify(chain, certificate_subject, key_der, key_subject)?;
        let certificate = certified.cert[0].clone();
        let issuer = Issuer::from_ca_cert_der(&certificate, key)
            .map_err(|_| TlsError::misuse(certificate_subject, Problem::BrokenCertificate))?;
        Ok(Self {
            issuer,
            certificate,
            certificate_pem: String::from_utf8_lossy(certificate_pem).into_owned(),
            key_pem: String::from_utf8_lossy(key_pem).into_owned(),
            end: facts.end,
        })
    }

    /// The certificate of a server whose key is there already.
    pub(crate) fn certify_server(
        &self,
        names: &[HostName],
        key: &KeyPair,
    ) -> Result<String, TlsError> {
        let mut parameters = self.leaf(ExtendedKeyUsagePurpose::ServerAuth)?;
        for name in names {
            parameters.subject_alt_names.push(match name {
                HostName::Address(address) => SanType::IpAddress(*address),
                HostName::Dns(dns) => SanType::DnsName(dns.as_str().try_into().map_err(|_| {
                    TlsError::misuse(format!("the name \"{dns}\""), Problem::BadHostName)
                })?),
            });
        }
        // Peers look at the alternative names only; the common name is for
        // people. Strict verifiers want the subject not to be empty.
        let shown = names
            .iter()
            .map(HostName::to_string)
            .find(|name| name.len() <= COMMON_NAME_LENGTH)
            .unwrap_or_else(|| String::from("server"));
        parameters
            .distinguished_name
            .push(DnType::CommonName, shown);
        self.sign(&parameters, key)
    }

    fn leaf(&self, purpose: ExtendedKeyUsagePurpose) -> Result<CertificateParams, TlsError> {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name = DistinguishedName::new();
        parameters.is_ca = IsCa::ExplicitNoCa;
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        parameters.extended_key_usages = vec![purpose];
        parameters.use_authority_key_identifier_extension = true;
        // A key may be certified again, so the serial number cannot be made
        // from it: Firefox refuses two certificates with one number.
        parameters.serial_number = Some(serial_number()?);
        set_validity(&mut parameters, LEAF_DAYS, self.end);
        Ok(parameters)
    }

    fn sign(&self, parameters: &CertificateParams, key: &KeyPair) -> Result<String, TlsError> {
        parameters
            .signed_by(key, &self.issuer)
            .map(|certificate| certificate.pem())
            .map_err(|error| TlsError::library("sign a certificate", error))
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority")
            .field("certificate_pem", &self.certificate_pem)
            .finish_non_exhaustive()
    }
}

/// The certificate of an authority whose key is there already.
pub(crate) fn self_signed(common_name: &str, key: &KeyPair) -> Result<String, TlsError> {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = DistinguishedName::new();
    let common_name: String = common_name.chars().take(COMMON_NAME_LENGTH).collect();
    parameters
        .distinguished_name
        .push(DnType::CommonName, common_name);
    // It issues to servers and clients only, never to other authorities.
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    parameters.use_authority_key_identifier_extension = true;
    parameters.serial_number = Some(serial_number()?);
    set_validity(&mut parameters, AUTHORITY_DAYS, i64::MAX);
    parameters
        .self_signed(key)
        .map(|certificate| certificate.pem())
        .map_err(|error| TlsError::library("make the authority's certificate", error))
}

/// A new ECDSA key on P-256, which every TLS library verifies quickly.
pub(crate) fn generate_key() -> Result<KeyPair, TlsError> {
    KeyPair::generate().map_err(|error| TlsError::library("make a private key", error))
}

/// Parses names, and drops those that come twice.
pub(crate) fn host_names<N: AsRef<str>>(names: &[N]) -> Result<Vec<HostName>, TlsError> {
    let mut parsed = Vec::with_capacity(names.len());
    for name in names {
        let name = HostName::parse(name.as_ref())?;
        if !parsed.contains(&name) {
            parsed.push(name);
        }
    }
    if parsed.is_empty() {
        return Err(TlsError::misuse("a server's certificate", Problem::NoNames));
    }
    Ok(parsed)
}

fn set_validity(parameters: &mut CertificateParams, days: u32, latest_end: i64) {
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    let now = Duration::from_secs(u64::try_from(seconds_now()).unwrap_or(0));
    let latest = Duration::from_secs(u64::try_from(latest_end).unwrap_or(0));
    // A day back, for peers whose clocks are behind ours or on another zone's time.
    parameters.not_before = epoch + now.saturating_sub(DAY);
    parameters.not_after = epoch + (now + DAY * (days - 1)).min(latest);
}

/// A positive number of 127 random bits (RFC 5280, 4.1.2.2 allows 159).
fn serial_number() -> Result<SerialNumber, TlsError> {
    let mut bytes = [0u8; 16];
    provider()
        .secure_random
        .fill(&mut bytes)
        .map_err(|_| TlsError::library("make a serial number", "no random numbers"))?;
    bytes[0] = (bytes[0] & 0x7f) | 0x40;
    Ok(SerialNumber::from_slice(&bytes))
}

fn seconds_now() -> i64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |passed| {
            i64::try_from(passed.as_secs()).unwrap_or(i64::MAX)
        })
}

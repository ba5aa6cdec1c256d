//! What can go wrong with TLS, each in one line that a person can act on.
//!
//! Errors are grouped by whose fault they were. An error prints itself only;
//! what lay beneath it is its `source()`. No type of the TLS library shows.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::Path;

/// What lay beneath an error, as the library below told it.
pub type Cause = Box<dyn Error + Send + Sync + 'static>;

/// An error of this layer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The peer's bytes: what it sent or showed cannot be accepted, or it
    /// said that it cannot accept us.
    #[error("{fault}")]
    Invalid {
        /// What was wrong.
        fault: PeerFault,
        /// The library's own words for it.
        #[source]
        source: Option<Cause>,
    },
    /// The peer's timing: it went away in the middle of the handshake.
    #[error("the {} closed the connection during the TLS handshake{}", .side.peer(), closed_hint(*.side))]
    Unexpected {
        /// The side that we were on.
        side: Side,
        /// How the end showed itself.
        source: io::Error,
    },
    /// Our caller: a file, a name or an option that cannot be used.
    #[error("{subject}: {problem}")]
    Misuse {
        /// What it is about: a file's path, a name, an option.
        subject: String,
        /// What is wrong with it and what would be right.
        problem: Problem,
    },
    /// The operating system would not do something.
    #[error("cannot {doing}")]
    Io {
        /// What was tried, such as `read /run/server.pem`.
        doing: String,
        /// Why it did not work.
        source: io::Error,
    },
    /// The cryptographic library would not do something that should always work.
    #[error("cannot {doing}")]
    Library {
        /// What was tried, such as `sign a certificate`.
        doing: &'static str,
        /// Why it did not work.
        source: Cause,
    },
}

impl TlsError {
    pub(crate) fn misuse(subject: impl Into<String>, problem: Problem) -> Self {
        Self::Misuse {
            subject: subject.into(),
            problem,
        }
    }

    pub(crate) fn io(doing: &str, path: &Path, source: io::Error) -> Self {
        Self::Io {
            doing: format!("{doing} {}", path.display()),
            source,
        }
    }

    pub(crate) fn library(doing: &'static str, source: impl Into<Cause>) -> Self {
        Self::Library {
            doing,
            source: source.into(),
        }
    }
}

impl From<TlsError> for io::Error {
    fn from(error: TlsError) -> Self {
        let kind = match &error {
            TlsError::Invalid { .. } => io::ErrorKind::InvalidData,
            TlsError::Unexpected { .. } => io::ErrorKind::UnexpectedEof,
            TlsError::Misuse { .. } => io::ErrorKind::InvalidInput,
            TlsError::Io { source, .. } => source.kind(),
            TlsError::Library { .. } => io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}

/// The side of a TLS connection that we are on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// We connected.
    Client,
    /// We accepted.
    Server,
}

impl Side {
    /// What the other side is called.
    pub(crate) fn peer(self) -> &'static str {
        match self {
            Self::Client => "server",
            Self::Server => "client",
        }
    }
}

fn closed_hint(side: Side) -> &'static str {
    match side {
        Side::Client => "; it may not speak TLS on this port: try tcp://",
        Side::Server => "",
    }
}

/// What was wrong with what the peer sent, or what it found wrong with us.
///
/// Each variant carries the side that *we* were on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PeerFault {
    /// The peer's first bytes were text; `opening` is how they began.
    PlainText {
        /// Our side.
        side: Side,
        /// The start of the first line, escaped for printing.
        opening: String,
    },
    /// The peer's bytes were neither TLS nor text.
    NotTls {
        /// Our side.
        side: Side,
    },
    /// The peer sent our own greeting back, as an echo service does.
    Echo,
    /// The server's certificate is for other names.
    NameMismatch {
        /// The name that we asked for.
        wanted: String,
        /// The names that the certificate is for.
        presented: Vec<String>,
    },
    /// The peer's certificate is past its end.
    Expired {
        /// Our side.
        side: Side,
        /// When it ended, as `2026-01-31 12:00 UTC`, where that is known.
        end: Option<String>,
    },
    /// The peer's certificate is before its start.
    NotYetValid {
        /// Our side.
        side: Side,
        /// When it starts, where that is known.
        start: Option<String>,
    },
    /// No authority that is trusted here signed the peer's certificate.
    UnknownAuthority {
        /// Our side.
        side: Side,
    },
    /// The server presented an authority's own certificate as its own.
    AuthorityAsServer,
    /// The peer's certificate is wrong in another way, which the text tells.
    Certificate {
        /// Our side.
        side: Side,
        /// What was wrong with it.
        what: String,
    },
    /// A client certificate is required and none was given.
    CertificateRequired {
        /// Our side.
        side: Side,
    },
    /// The peer refused our certificate; the text tells why.
    CertificateRefused {
        /// Our side.
        side: Side,
        /// Why the peer refused it.
        why: &'static str,
    },
    /// No application protocol (ALPN) is spoken by both sides.
    NoCommonProtocol {
        /// Our side.
        side: Side,
    },
    /// No version of TLS is spoken by both sides.
    NoCommonVersion {
        /// Our side.
        side: Side,
    },
    /// The two sides have no cipher suite, group or signature scheme in common.
    NothingInCommon {
        /// Our side.
        side: Side,
    },
    /// The peer gave the handshake up with the alert that says least.
    HandshakeFailure {
        /// Our side.
        side: Side,
    },
    /// The peer ended TLS with an alert; the text is the alert's name.
    Alert {
        /// Our side.
        side: Side,
        /// The name of the alert.
        name: String,
    },
    /// The peer broke the rules of TLS; the text tells how.
    Protocol {
        /// Our side.
        side: Side,
        /// What it did.
        what: String,
    },
}

impl fmt::Display for PeerFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PlainText { .. } | Self::NotTls { .. } | Self::Echo => self.write_not_tls(f),
            Self::NameMismatch { .. }
            | Self::Expired { .. }
            | Self::NotYetValid { .. }
            | Self::UnknownAuthority { .. }
            | Self::AuthorityAsServer
            | Self::Certificate { .. } => self.write_certificate(f),
            _ => self.write_disagreement(f),
        }
    }
}

impl PeerFault {
    fn write_not_tls(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PlainText {
                side: Side::Client,
                opening,
            } => write!(
                f,
                "the server answered in plain text ({opening}); use tcp:// for this port, or tls:// on the server's TLS port"
            ),
            Self::PlainText { opening, .. } => {
                write!(
                    f,
                    "the peer spoke plain text to a TLS port (it began with {opening})"
                )
            }
            Self::NotTls { side: Side::Client } => f.write_str(
                "the server did not answer in TLS; use tcp:// for this port, or tls:// on the server's TLS port",
            ),
            Self::NotTls { .. } => {
                f.write_str("the peer spoke something other than TLS to a TLS port")
            }
            _ => f.write_str(
                "the server answered in plain text (it sent our own bytes back); use tcp:// for this port, or tls:// on the server's TLS port",
            ),
        }
    }

    fn write_certificate(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NameMismatch { wanted, presented } if presented.is_empty() => write!(
                f,
                "the server's certificate is not for \"{wanted}\": it names no host at all"
            ),
            Self::NameMismatch { wanted, presented } => write!(
                f,
                "the server's certificate is not for \"{wanted}\" but for {}; connect by one of these, or name the one to expect (?name=NAME)",
                presented.join(", ")
            ),
            Self::Expired { side, end } => {
                write!(f, "the {}'s certificate has expired", side.peer())?;
                write_date(f, end.as_deref())
            }
            Self::NotYetValid { side, start } => {
                write!(f, "the {}'s certificate is not valid yet", side.peer())?;
                write_date(f, start.as_deref())?;
                f.write_str("; check the clocks of both sides")
            }
            Self::UnknownAuthority { side: Side::Client } => f.write_str(
                "the server's certificate is signed by an authority that is not trusted here; to trust it, give that authority's certificate (?ca=FILE)",
            ),
            Self::UnknownAuthority { .. } => f.write_str(
                "the client's certificate is signed by an authority that is not accepted here; to accept it, give that authority's certificate (?client_ca=FILE)",
            ),
            Self::AuthorityAsServer => f.write_str(
                "the server presented the certificate of an authority as its own; it needs one that the authority issued to it",
            ),
            Self::Certificate { side, what } => {
                write!(
                    f,
                    "the {}'s certificate cannot be accepted: {what}",
                    side.peer()
                )
            }
            _ => Ok(()),
        }
    }

    fn write_disagreement(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CertificateRequired { side: Side::Client } => f.write_str(
                "the server requires a client certificate; give one that it accepts (?cert=FILE&key=FILE)",
            ),
            Self::CertificateRequired { .. } => {
                f.write_str("the client gave no certificate, and this server requires one")
            }
            Self::CertificateRefused {
                side: Side::Server,
                why,
            } => {
                write!(
                    f,
                    "the client does not accept this server's certificate: {why}"
                )
            }
            Self::CertificateRefused { why, .. } => {
                write!(
                    f,
                    "the server does not accept our client certificate: {why}"
                )
            }
            Self::NoCommonProtocol { side } => write!(
                f,
                "the {} and we have no application protocol (ALPN) in common",
                side.peer()
            ),
            Self::NoCommonVersion { side } => write!(
                f,
                "the {} and we have no version of TLS in common; here it is TLS 1.2 and 1.3",
                side.peer()
            ),
            Self::NothingInCommon { side } => write!(
                f,
                "the {} and we have no cipher suite, key exchange or signature scheme in common",
                side.peer()
            ),
            Self::HandshakeFailure { side } => write!(
                f,
                "the {} gave the handshake up (alert HandshakeFailure): it may require a client certificate, or have no cipher suite in common with us",
                side.peer()
            ),
            Self::Alert { side, name } => {
                write!(f, "the {} ended TLS with the alert {name}", side.peer())
            }
            Self::Protocol { side, what } => {
                write!(f, "the {} broke the rules of TLS: {what}", side.peer())
            }
            _ => Ok(()),
        }
    }
}

fn write_date(f: &mut fmt::Formatter<'_>, date: Option<&str>) -> fmt::Result {
    match date {
        Some(date) => write!(f, " ({date})"),
        None => Ok(()),
    }
}

/// What is wrong with a file, a name or an option that our caller gave.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The file is not there.
    #[error("no such file")]
    NoSuchFile,
    /// There is no certificate in the file.
    #[error("there is no certificate in it{}", found(*.0))]
    NoCertificate(Option<&'static str>),
    /// There is no private key in the file.
    #[error("there is no private key in it{}", found(*.0))]
    NoKey(Option<&'static str>),
    /// The private key is protected by a passphrase.
    #[error(
        "its private key is encrypted with a passphrase; give it without one (openssl pkey -in FILE -out PLAIN)"
    )]
    EncryptedKey,
    /// The file's PEM armour is broken or cut short.
    #[error("it is broken or cut short: {0}")]
    BrokenPem(String),
    /// The certificate's content cannot be read.
    #[error("its certificate cannot be read: it is not valid X.509")]
    BrokenCertificate,
    /// The private key's content cannot be read, or is of a kind that is not supported.
    #[error("its private key cannot be used; RSA (2048 bits or more), ECDSA and Ed25519 keys can")]
    UnusableKey,
    /// The private key belongs to another certificate, which is named.
    #[error("its private key does not belong to the certificate in {0}")]
    KeyMismatch(String),
    /// The certificate is not one of an authority.
    #[error("its certificate is not one of an authority (it must have CA:TRUE)")]
    NotAuthority,
    /// The authority has expired.
    #[error(
        "this authority expired on {0}; remove its certificate and its key to have a new one made, and give the new certificate to all who trust it"
    )]
    ExpiredAuthority(String),
    /// A certificate is there without its private key, which is named.
    #[error(
        "its private key {0} is missing; put it back, or remove the certificate to have both made again"
    )]
    KeyMissing(String),
    /// A file that would be written is there already.
    #[error("it is there already and is not overwritten; remove it to have a new one made")]
    AlreadyThere,
    /// The name cannot be in a certificate or be asked for.
    #[error(
        "not a host name or an IP address; write names of other scripts in their xn-- form, and no port"
    )]
    BadHostName,
    /// The name cannot be a client's.
    #[error(
        "not a name for a client certificate: up to 64 letters, digits and . _ - @, not beginning with a dot or a dash, and neither \"ca\" nor \"server\""
    )]
    BadClientName,
    /// No name was given.
    #[error("at least one host name or IP address is needed")]
    NoNames,
    /// Client certificates are required, but no authority to check them by was given.
    #[error(
        "to require client certificates, give the authority that they must be from (?client_ca=FILE)"
    )]
    RequiredWithoutAuthority,
    /// An application protocol's name is too short or too long.
    #[error("an application protocol's name has 1 to 255 bytes")]
    BadProtocolName,
    /// This system has no list of trusted authorities.
    #[error(
        "none found on this system; install them (the package is often called ca-certificates), or give the server's authority (?ca=FILE)"
    )]
    NoSystemAuthorities,
}

fn found(what: Option<&'static str>) -> String {
    match what {
        Some(what) => format!(", but {what}"),
        None => String::from("; it must be in PEM form, with a line that starts with -----BEGIN"),
    }
}

//! The TLS library's errors, put into words that a person can act on.

use std::io;

use rustls::pki_types::UnixTime;
use rustls::{
    AlertDescription, CertificateError, Error as RustlsError, HandshakeType, InvalidMessage,
    PeerIncompatible,
};

use crate::certificate::date;
use crate::error::{PeerFault, Side, TlsError};
use crate::opening::NotTls;

/// What ended a handshake.
pub(crate) fn handshake_error(side: Side, error: io::Error) -> TlsError {
    match fault_of(side, &error) {
        Some(fault) => invalid(fault, error),
        None if error.kind() == io::ErrorKind::UnexpectedEof => TlsError::Unexpected {
            side,
            source: error,
        },
        None => TlsError::Io {
            doing: format!("finish the TLS handshake with the {}", side.peer()),
            source: error,
        },
    }
}

/// What ended a connection after its handshake, of the same kind as before
/// and with our words in it; an error of the stream below stays as it is.
pub(crate) fn stream_error(side: Side, error: io::Error) -> io::Error {
    match fault_of(side, &error) {
        Some(fault) => io::Error::new(error.kind(), invalid(fault, error)),
        None => error,
    }
}

fn invalid(fault: PeerFault, error: io::Error) -> TlsError {
    TlsError::Invalid {
        fault,
        source: error.into_inner(),
    }
}

fn fault_of(side: Side, error: &io::Error) -> Option<PeerFault> {
    let inner = error.get_ref()?;
    if let Some(not_tls) = inner.downcast_ref::<NotTls>() {
        return Some(match &not_tls.opening {
            Some(opening) => PeerFault::PlainText {
                side,
                opening: opening.clone(),
            },
            None => PeerFault::NotTls { side },
        });
    }
    inner
        .downcast_ref::<RustlsError>()
        .map(|error| explain(side, error))
}

fn explain(side: Side, error: &RustlsError) -> PeerFault {
    match error {
        RustlsError::InvalidCertificate(error) => certificate(side, error),
        RustlsError::NoCertificatesPresented => PeerFault::CertificateRequired { side },
        RustlsError::NoApplicationProtocol => PeerFault::NoCommonProtocol { side },
        RustlsError::AlertReceived(alert) => received(side, *alert),
        RustlsError::PeerIncompatible(reason) => incompatible(side, reason),
        RustlsError::InvalidMessage(
            InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion,
        ) => PeerFault::NotTls { side },
        RustlsError::InappropriateHandshakeMessage {
            got_type: HandshakeType::ClientHello,
            ..
        } if side == Side::Client => PeerFault::Echo,
        other => PeerFault::Protocol {
            side,
            what: other.to_string(),
        },
    }
}

fn certificate(side: Side, error: &CertificateError) -> PeerFault {
    match error {
        CertificateError::NotValidForNameContext {
            expected,
            presented,
        } => PeerFault::NameMismatch {
            wanted: expected.to_str().into_owned(),
            presented: presented.iter().map(|name| shown(name)).collect(),
        },
        CertificateError::Expired => PeerFault::Expired { side, end: None },
        CertificateError::ExpiredContext { not_after, .. } => PeerFault::Expired {
            side,
            end: Some(when(*not_after)),
        },
        CertificateError::NotValidYet => PeerFault::NotYetValid { side, start: None },
        CertificateError::NotValidYetContext { not_before, .. } => PeerFault::NotYetValid {
            side,
            start: Some(when(*not_before)),
        },
        CertificateError::UnknownIssuer => PeerFault::UnknownAuthority { side },
        CertificateError::BadSignature => PeerFault::Certificate {
            side,
            what: String::from(
                "the trusted authority of that name did not sign it; was the authority made anew?",
            ),
        },
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            PeerFault::Certificate {
                side,
                what: format!("it is not meant for a {}", side.peer()),
            }
        }
        // The library has no word of its own for this one.
        CertificateError::Other(other)
            if side == Side::Client && format!("{other:?}").contains("CaUsedAsEndEntity") =>
        {
            PeerFault::AuthorityAsServer
        }
        other => PeerFault::Certificate {
            side,
            what: other.to_string(),
        },
    }
}

fn received(side: Side, alert: AlertDescription) -> PeerFault {
    let refused = |why| PeerFault::CertificateRefused { side, why };
    match alert {
        AlertDescription::CertificateRequired if side == Side::Client => {
            PeerFault::CertificateRequired { side }
        }
        AlertDescription::NoApplicationProtocol => PeerFault::NoCommonProtocol { side },
        AlertDescription::ProtocolVersion => PeerFault::NoCommonVersion { side },
        AlertDescription::HandshakeFailure => PeerFault::HandshakeFailure { side },
        AlertDescription::InsufficientSecurity => PeerFault::NothingInCommon { side },
        AlertDescription::UnknownCA if side == Side::Server => refused(
            "it does not trust the authority; give it that authority's certificate (?ca=FILE)",
        ),
        AlertDescription::UnknownCA => refused("it does not trust the authority that signed it"),
        AlertDescription::CertificateExpired => refused("it has expired or is not valid yet"),
        AlertDescription::CertificateRevoked => refused("it was revoked"),
        AlertDescription::BadCertificate => {
            refused("it is for another name, or is not as it should be")
        }
        AlertDescription::UnsupportedCertificate => refused("it is of a kind that cannot be used"),
        AlertDescription::CertificateUnknown => refused("it gave no closer reason"),
        other => PeerFault::Alert {
            side,
            name: format!("{other:?}"),
        },
    }
}

fn incompatible(side: Side, reason: &PeerIncompatible) -> PeerFault {
    match reason {
        PeerIncompatible::ServerDoesNotSupportTls12Or13
        | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
        | PeerIncompatible::SupportedVersionsExtensionRequired
        | PeerIncompatible::Tls12NotOffered
        | PeerIncompatible::Tls12NotOfferedOrEnabled => PeerFault::NoCommonVersion { side },
        // OpenSSL's clients of TLS 1.1 leave this extension out, and the library
        // looks for it before it looks at the version.
        PeerIncompatible::SignatureAlgorithmsExtensionRequired if side == Side::Server => {
            PeerFault::NoCommonVersion { side }
        }
        PeerIncompatible::NoCertificateRequestSignatureSchemesInCommon
        | PeerIncompatible::NoCipherSuitesInCommon
        | PeerIncompatible::NoKxGroupsInCommon
        | PeerIncompatible::NoSignatureSchemesInCommon => PeerFault::NothingInCommon { side },
        other => PeerFault::Protocol {
            side,
            what: format!("{other:?}"),
        },
    }
}

/// The library writes names as `DnsName("localhost")` and `IpAddress(::1)`.
fn shown(name: &str) -> String {
    let inner = name
        .split_once('(')
        .and_then(|(_, rest)| rest.strip_suffix(')'))
        .unwrap_or(name)
        .trim_matches('"');
    match inner.parse::<std::net::IpAddr>() {
        Ok(address) => address.to_string(),
        Err(_) => inner.escape_debug().to_string(),
    }
}

fn when(time: UnixTime) -> String {
    date(i64::try_from(time.as_secs()).unwrap_or(i64::MAX))
}

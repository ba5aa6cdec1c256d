//! With which code a fetch ends that failed: the one that curl has for it, where it has one.

use std::io;
use std::path::Path;

use lariat_client::http::{DownloadError, Error, FieldError, ProxyFault};
use lariat_client::part::LocalError;
use lariat_net::OpenError;
use lariat_tls::{PeerFault, TlsError};

use crate::failure::{FAILED, Failure, USAGE, in_words};
use crate::url_words::in_urls;

const NO_URL: u8 = 3;
const NO_PROXY: u8 = 5;
const NO_NAME: u8 = 6;
const NO_CONNECTION: u8 = 7;
const NOT_ALL: u8 = 18;
/// The status of the answer is an error.
pub const BAD_STATUS: u8 = 22;
const NOT_WRITTEN: u8 = 23;
const NOT_READ: u8 = 26;
const TOO_LATE: u8 = 28;
const NO_TLS: u8 = 35;
const REDIRECTED: u8 = 47;
const NO_ANSWER: u8 = 52;
const BROKEN: u8 = 56;
const NOT_TRUSTED: u8 = 60;
const NOT_UNPACKED: u8 = 61;
const TOO_LARGE: u8 = 63;
const ONCE: u8 = 65;
const BAD_FILE: u8 = 77;
const NO_WAY: u8 = 97;

/// What was to be sent cannot be read.
pub fn unreadable(message: String) -> Failure {
    Failure::new(message).with_code(NOT_READ)
}

/// What came cannot be written.
pub fn unwritable(message: String) -> Failure {
    Failure::new(message).with_code(NOT_WRITTEN)
}

/// What came cannot be written there.
pub fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    unwritable(format!(
        "cannot write {}: {}",
        path.display(),
        in_words(error)
    ))
}

/// The same of a file that is not whole.
pub fn not_saved(error: LocalError) -> Failure {
    Failure::from(error).with_code(NOT_WRITTEN)
}

/// More came than is allowed.
pub fn too_large(message: String) -> Failure {
    Failure::new(message).with_code(TOO_LARGE)
}

/// It took too long.
pub fn too_late(message: String) -> Failure {
    Failure::new(message).with_code(TOO_LATE)
}

/// The answer says no.
pub fn bad_status(message: String) -> Failure {
    Failure::new(message).with_code(BAD_STATUS)
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let code = code(&error);
        let advice = advice(&error, code);
        let failure = match error {
            Error::Connect(error) => Failure::from(error),
            error => Failure::from_error(&error),
        };
        let failure = failure
            .in_other_words(|message| in_urls(message, "http", "https"))
            .with_code(code);
        match advice {
            Some(advice) => failure.with_advice(advice),
            None => failure,
        }
    }
}

/// Which option may help.
fn advice(error: &Error, code: u8) -> Option<&'static str> {
    match error {
        Error::Connect(lariat_net::Error::Open { endpoint, .. })
            if code == NOT_TRUSTED && endpoint.starts_with("the proxy ") =>
        {
            Some(
                "--proxy-ca FILE trusts the authorities of a file, and --proxy-insecure whoever answers",
            )
        }
        _ if code == NOT_TRUSTED => {
            Some("--ca FILE trusts the authorities of a file, and --insecure whoever answers")
        }
        Error::Proxy {
            fault: ProxyFault::WantsLogin,
            ..
        } => Some("-x with --proxy-user NAME logs in there"),
        Error::ToPlainText { .. } => Some("--redirect-to-plain follows it"),
        _ => None,
    }
}

impl From<DownloadError> for Failure {
    fn from(error: DownloadError) -> Self {
        let code = match error {
            DownloadError::Http(error) => return error.into(),
            DownloadError::Status { .. } => BAD_STATUS,
            DownloadError::Length { .. } => NOT_ALL,
            DownloadError::Limit { .. } => TOO_LARGE,
            DownloadError::Local { .. } => NOT_WRITTEN,
            _ => FAILED,
        };
        Failure::from_error(&error).with_code(code)
    }
}

impl From<FieldError> for Failure {
    fn from(error: FieldError) -> Self {
        let failure = Failure::from_error(&error);
        match error {
            FieldError::Local { .. } => failure.with_code(NOT_READ),
            _ => failure.into_usage(),
        }
    }
}

fn code(error: &Error) -> u8 {
    match error {
        Error::Misuse(_) => USAGE,
        Error::Address { .. } => NO_URL,
        Error::Connect(error) => connecting(error),
        Error::Proxy {
            fault: ProxyFault::NotFound,
            ..
        } => NO_PROXY,
        Error::Proxy { proxy, .. } if proxy.starts_with("socks") => NO_WAY,
        Error::Proxy { .. } => BROKEN,
        Error::TimedOut { .. } => TOO_LATE,
        Error::Truncated { .. } => NOT_ALL,
        Error::Unanswered { .. } => NO_ANSWER,
        Error::Closed { .. } | Error::Invalid { .. } => BROKEN,
        Error::Limit { .. } => TOO_LARGE,
        Error::Decoding { .. } => NOT_UNPACKED,
        Error::Redirect { .. } | Error::ToPlainText { .. } => REDIRECTED,
        Error::Once { .. } => ONCE,
        Error::Source(_) => NOT_READ,
        _ => FAILED,
    }
}

fn connecting(error: &lariat_net::Error) -> u8 {
    match error {
        lariat_net::Error::Endpoint(_) | lariat_net::Error::Misuse { .. } => USAGE,
        lariat_net::Error::Lookup(_) => NO_NAME,
        lariat_net::Error::Connect { .. } => NO_CONNECTION,
        lariat_net::Error::TimedOut { .. } => TOO_LATE,
        lariat_net::Error::Open { error, .. } => match error {
            OpenError::TimedOut(_) => TOO_LATE,
            OpenError::File { .. } => BAD_FILE,
            OpenError::Tls(error) => handshake(error),
            _ => NO_TLS,
        },
        _ => FAILED,
    }
}

fn handshake(error: &TlsError) -> u8 {
    match error {
        TlsError::Invalid {
            fault:
                PeerFault::NameMismatch { .. }
                | PeerFault::Expired { .. }
                | PeerFault::NotYetValid { .. }
                | PeerFault::UnknownAuthority { .. }
                | PeerFault::AuthorityAsServer
                | PeerFault::Certificate { .. },
            ..
        } => NOT_TRUSTED,
        TlsError::Misuse { .. } => BAD_FILE,
        _ => NO_TLS,
    }
}

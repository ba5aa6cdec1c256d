//! With which code a fetch ends that failed: the one that curl has for it, where it has one.

use lariat_client::http::{DownloadError, Error, FieldError};
use lariat_net::OpenError;
use lariat_tls::{PeerFault, TlsError};

use crate::failure::{FAILED, Failure, USAGE};

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
const BROKEN: u8 = 56;
const NOT_TRUSTED: u8 = 60;
const NOT_UNPACKED: u8 = 61;
const TOO_LARGE: u8 = 63;
const NO_WAY: u8 = 97;

/// What was to be sent cannot be read.
pub fn unreadable(message: String) -> Failure {
    Failure::new(message).with_code(NOT_READ)
}

/// What came cannot be written.
pub fn unwritable(message: String) -> Failure {
    Failure::new(message).with_code(NOT_WRITTEN)
}

/// The answer says no.
pub fn bad_status(message: String) -> Failure {
    Failure::new(message).with_code(BAD_STATUS)
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let code = code(&error);
        let is_untrusted = code == NOT_TRUSTED;
        let failure = match error {
            Error::Connect(error) => Failure::from(error),
            error => Failure::from_error(&error),
        };
        match is_untrusted {
            true => failure.with_code(code).with_advice(
                "--ca FILE trusts the authorities of a file, and --insecure whoever answers",
            ),
            false => failure.with_code(code),
        }
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
        Error::Address { .. } | Error::Misuse(_) => USAGE,
        Error::Connect(error) => connecting(error),
        Error::Proxy { .. } => NO_WAY,
        Error::TimedOut { .. } => TOO_LATE,
        Error::Closed { what, .. } if what.starts_with("the body ended") => NOT_ALL,
        Error::Closed { .. } | Error::Invalid { .. } => BROKEN,
        Error::Limit { .. } => TOO_LARGE,
        Error::Decoding { .. } => NOT_UNPACKED,
        Error::Redirect { .. } => REDIRECTED,
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
            OpenError::File { .. } => USAGE,
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
        TlsError::Misuse { .. } => USAGE,
        _ => NO_TLS,
    }
}

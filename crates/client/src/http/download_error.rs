//! What can go wrong with a file that is fetched, each in one line.

use std::io;
use std::time::{Duration, SystemTime};

use http::{StatusCode, Uri, response};

use super::Error;
use super::retry::{asked_for, is_passing};
use crate::part::LocalError;

/// Why a file is not there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DownloadError {
    /// There was no answer, or not all of it.
    #[error(transparent)]
    Http(#[from] Error),
    /// The answer is not the file.
    #[error("{url}: the server says {}", said(.status))]
    Status {
        /// What was asked for.
        url: String,
        /// What the server says.
        status: StatusCode,
        /// When it wants to be asked again, if it says so.
        retry_after: Option<Duration>,
    },
    /// The server sent another number of bytes than it had said.
    #[error("{url}: the server said that there are {said} bytes, and sent {sent}")]
    Length {
        /// What was asked for.
        url: String,
        /// How many were announced.
        said: u64,
        /// How many came, those of earlier attempts included.
        sent: u64,
    },
    /// The file is larger than the caller allows.
    #[error("{url}: it is larger than the {most} bytes that are allowed")]
    Limit {
        /// What was asked for.
        url: String,
        /// How many are allowed.
        most: u64,
    },
    /// What came could not be kept here.
    #[error("{what}: {error}")]
    Local {
        /// What was done, such as `cannot write a.part`.
        what: String,
        /// Why not.
        #[source]
        error: io::Error,
    },
}

impl DownloadError {
    pub(super) fn status(uri: &Uri, answer: &response::Parts) -> Self {
        DownloadError::Status {
            url: shown(uri),
            status: answer.status,
            retry_after: asked_for(&answer.headers, SystemTime::now()),
        }
    }

    pub(super) fn wrong_length(uri: &Uri, said: u64, sent: u64) -> Self {
        DownloadError::Length {
            url: shown(uri),
            said,
            sent,
        }
    }

    pub(super) fn too_large(uri: &Uri, most: u64) -> Self {
        DownloadError::Limit {
            url: shown(uri),
            most,
        }
    }

    /// Whether the same may go better at another time: the connection broke, or the server is busy.
    pub fn may_pass(&self) -> bool {
        match self {
            DownloadError::Http(error) => error.may_pass(),
            DownloadError::Status { status, .. } => is_passing(*status),
            DownloadError::Length { said, sent, .. } => sent < said,
            _ => false,
        }
    }

    /// How long the server asks to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            DownloadError::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Whether there was no connection at all.
    pub(super) fn is_connecting(&self) -> bool {
        matches!(
            self,
            DownloadError::Http(Error::Connect(_) | Error::Proxy { .. })
        )
    }
}

impl From<LocalError> for DownloadError {
    fn from(LocalError { what, error }: LocalError) -> Self {
        DownloadError::Local { what, error }
    }
}

/// The number, and what it is called, where it is one that is known.
fn said(status: &StatusCode) -> String {
    match status.canonical_reason() {
        Some(reason) => format!("{} {reason}", status.as_u16()),
        None => status.as_u16().to_string(),
    }
}

/// A URL as it is shown: without the name and the password that may be in it.
pub(super) fn shown(uri: &Uri) -> String {
    let text = uri.to_string();
    let Some((scheme, rest)) = text.split_once("://") else {
        return text;
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority.rsplit('@').next().unwrap_or(authority);
    format!("{scheme}://{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_without_what_is_secret_in_it() {
        let shown = |text: &'static str| shown(&Uri::from_static(text));
        assert_eq!(
            shown("http://anna:x@example.org/a@b?c"),
            "http://example.org/a@b?c"
        );
        assert_eq!(shown("http://example.org:80/"), "http://example.org:80/");
    }
}

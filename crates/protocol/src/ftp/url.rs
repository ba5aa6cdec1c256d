//! `ftp://user@host:port/path;type=i`: what is to be fetched, and from where (RFC 1738, 3.2).

use std::fmt;
use std::str::FromStr;

use crate::endpoint::{Endpoint, EndpointError, Host, percent};
use crate::ftp::{DEFAULT_PORT, IMPLICIT_TLS_PORT, Text};

/// How a control connection, and with it each data connection, is kept secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Security {
    /// Not at all (`ftp://`).
    #[default]
    Plain,
    /// By TLS that begins with `AUTH TLS` on the usual port (`ftpes://`).
    Explicit,
    /// By TLS from the first byte on, on a port of its own (`ftps://`).
    Implicit,
}

/// A URL of FTP.
///
/// The path is from the folder on in which the login ends; `//` or `/%2F` at its front makes it one from the
/// server's root on. There is no password in it: whoever looks at a list of processes or a history would see
/// it.
///
/// ```
/// use lariat_protocol::ftp::FtpUrl;
///
/// let url: FtpUrl = "ftp://anna@example.org/pub/a%20file".parse()?;
/// assert_eq!((url.user(), url.path()), (Some("anna"), "pub/a file"));
/// assert_eq!(url.endpoint().to_string(), "tcp://example.org:21");
/// assert_eq!(url.to_string(), "ftp://anna@example.org/pub/a%20file");
/// # Ok::<(), lariat_protocol::ftp::UrlError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FtpUrl {
    security: Security,
    user: Option<String>,
    host: Host,
    port: Option<u16>,
    /// Decoded; what stands in it can be sent.
    path: String,
    /// The letter behind `;type=`, small: a, i or d.
    kind: Option<char>,
}

/// Why a text is no URL of FTP.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// It is for another protocol.
    #[error("{0:?} is no scheme of FTP; write ftp, ftpes (TLS by AUTH) or ftps (TLS at once)")]
    Scheme(String),
    /// There is a password in it.
    #[error(
        "a password in a URL is seen in lists of processes and in histories; leave it out, and give it \
         when it is asked for, by ~/.netrc or in LARIAT_FTP_PASSWORD"
    )]
    Password,
    /// The host or the port is none.
    #[error(transparent)]
    Host(#[from] EndpointError),
    /// The path cannot be asked for.
    #[error("the path of the URL: {0}")]
    Path(String),
    /// What stands behind `;type=` is no type.
    #[error("{0:?} is no type; write ;type=a, ;type=i or ;type=d")]
    Type(String),
}

impl FtpUrl {
    /// The host by its name or address alone.
    pub fn of_host(host: impl Into<Host>, security: Security) -> Self {
        FtpUrl {
            security,
            user: None,
            host: host.into(),
            port: None,
            path: String::new(),
            kind: None,
        }
    }

    /// How it is kept secret.
    pub fn security(&self) -> Security {
        self.security
    }

    /// Whom to log in as, if that is said.
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// The host.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The path, decoded; empty for the folder in which the login ends.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The letter behind `;type=`: `a` for text, `i` for bytes, `d` for a listing.
    pub fn kind(&self) -> Option<char> {
        self.kind
    }

    /// Whether it names a folder: by its end, or by its type.
    pub fn is_directory(&self) -> bool {
        self.path.is_empty() || self.path.ends_with('/') || self.kind == Some('d')
    }

    /// Where the control connection goes: plain for [`Security::Explicit`] as well, where TLS comes
    /// later.
    pub fn endpoint(&self) -> Endpoint {
        let host = self.host.clone();
        match self.security {
            Security::Implicit => Endpoint::tls(host, self.port.unwrap_or(IMPLICIT_TLS_PORT)),
            _ => Endpoint::tcp(host, self.port.unwrap_or(DEFAULT_PORT)),
        }
    }
}

impl FromStr for FtpUrl {
    type Err = UrlError;

    /// Reads a URL; a text without a scheme is a plain one.
    fn from_str(text: &str) -> Result<Self, UrlError> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("ftp", text));
        let security = match scheme.to_ascii_lowercase().as_str() {
            "ftp" => Security::Plain,
            "ftpes" => Security::Explicit,
            "ftps" => Security::Implicit,
            _ => return Err(UrlError::Scheme(scheme.to_owned())),
        };
        let (authority, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let (user, place) = match authority.rsplit_once('@') {
            Some((user, _)) if user.contains(':') => return Err(UrlError::Password),
            Some((user, place)) => (Some(decoded(user)?), place),
            None => (None, authority),
        };
        let endpoint = Endpoint::parse_with_default(place, "tcp")?;
        let Some(host) = endpoint.host() else {
            return Err(UrlError::Scheme(endpoint.scheme()));
        };
        let (path, kind) = match path.rsplit_once(";type=") {
            Some((path, kind)) => (path, Some(letter(kind)?)),
            None => (path, None),
        };
        let path = decoded(path.strip_prefix('/').unwrap_or(path))?;
        for text in [Some(&path), user.as_ref()].into_iter().flatten() {
            Text::or_nothing(text.as_str()).map_err(|error| UrlError::Path(error.to_string()))?;
        }
        Ok(FtpUrl {
            security,
            user: user.filter(|user| !user.is_empty()),
            host: host.clone(),
            port: endpoint.port(),
            path,
            kind,
        })
    }
}

impl fmt::Display for FtpUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.security {
            Security::Plain => "ftp",
            Security::Explicit => "ftpes",
            Security::Implicit => "ftps",
        };
        write!(out, "{scheme}://")?;
        if let Some(user) = &self.user {
            write!(out, "{}@", percent::encode(user.as_bytes(), b":@/?#[];"))?;
        }
        match (&self.host, self.port) {
            (Host::V6(..), None) => write!(out, "[{}]", self.host)?,
            (Host::V6(..), Some(port)) => write!(out, "[{}]:{port}", self.host)?,
            (host, None) => write!(out, "{host}")?,
            (host, Some(port)) => write!(out, "{host}:{port}")?,
        }
        write!(out, "/{}", percent::encode(self.path.as_bytes(), b"?#[];"))?;
        match self.kind {
            Some(letter) => write!(out, ";type={letter}"),
            None => Ok(()),
        }
    }
}

fn letter(text: &str) -> Result<char, UrlError> {
    match text {
        "a" | "A" => Ok('a'),
        "i" | "I" => Ok('i'),
        "d" | "D" => Ok('d'),
        _ => Err(UrlError::Type(text.to_owned())),
    }
}

/// The text that percent-encoding stands for.
fn decoded(text: &str) -> Result<String, UrlError> {
    percent::decode_text(text).map_err(|error| UrlError::Path(error.to_string()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_url_says_where_and_what() {
        for (text, endpoint, user, path) in [
            ("ftp://a.example", "tcp://a.example:21", None, ""),
            ("a.example:2121/x", "tcp://a.example:2121", None, "x"),
            ("FTPS://a.example/x/", "tls://a.example:990", None, "x/"),
            (
                "ftpes://b%40c@[::1]:7//etc/x",
                "tcp://[::1]:7",
                Some("b@c"),
                "/etc/x",
            ),
            (
                "ftp://127.0.0.1/%2Fx%3By;type=a",
                "tcp://127.0.0.1:21",
                None,
                "/x;y",
            ),
        ] {
            let url: FtpUrl = text.parse().expect(text);
            assert_eq!(url.endpoint().to_string(), endpoint);
            assert_eq!((url.user(), url.path()), (user, path), "{text}");
            assert_eq!(url.to_string().parse(), Ok(url), "{text}");
        }
    }

    #[test]
    fn what_is_no_url_says_why() {
        for (text, words) in [
            ("http://a/b", "no scheme of FTP"),
            ("ftp://a:secret@b/", "lists of processes"),
            ("ftp://a/%0D%0ADELE%20b", "a line's end"),
            ("ftp://a/%zz", "hexadecimal"),
            ("ftp://a/%+1", "hexadecimal"),
            ("ftp://a/%ff", "UTF-8"),
            ("ftp://a/b;type=x", "no type"),
            ("ftp://a:99999/", "port"),
            ("ftp://%0a@b/", "a line's end"),
        ] {
            let error = text.parse::<FtpUrl>().expect_err(text).to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
        let error = "ftp://a:secret@b/"
            .parse::<FtpUrl>()
            .expect_err("a password");
        assert!(!error.to_string().contains("secret"));
    }

    proptest! {
        #[test]
        fn any_path_comes_back(path in "[^\r\n\0]{0,20}", user in "[^\r\n\0]{1,8}") {
            let url = FtpUrl {
                user: Some(user),
                path,
                ..FtpUrl::of_host("a.example", Security::Plain)
            };
            prop_assert_eq!(url.to_string().parse(), Ok(url));
        }
    }
}

//! `nntp://host/group/number`, `news:group` and their likes: what is to be read, and from where (RFC 5538).

use std::fmt;
use std::str::FromStr;

use crate::endpoint::{Endpoint, EndpointError, Host, percent};
use crate::nntp::{DEFAULT_PORT, GroupName, IMPLICIT_TLS_PORT, MessageId, Range, Text, Wildmat};

/// How a connection is kept secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Security {
    /// Not at all.
    #[default]
    Plain,
    /// By TLS that begins with `STARTTLS` on the usual port, for which there is no scheme.
    Explicit,
    /// By TLS from the first byte on, on a port of its own (`nntps://`, `snews://`).
    Implicit,
}

/// What a URL names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// The server.
    #[default]
    Server,
    /// The groups that fit.
    Groups(Wildmat),
    /// A group.
    Group(GroupName),
    /// Articles in a group, by their numbers on this server.
    Numbers(GroupName, Range),
    /// An article by its name.
    Id(MessageId),
}

/// A URL of news.
///
/// `nntp` and `nntps` name a server; `news` may leave it out (`news:misc.test`), and means the one that the reader
/// uses. There is no password in it: whoever looks at a list of processes or a history would see it.
///
/// ```
/// use lariat_protocol::nntp::{NewsUrl, Target};
///
/// let url: NewsUrl = "nntps://news.example.org/misc.test/12".parse()?;
/// assert_eq!(url.endpoint().expect("a server").to_string(), "tls://news.example.org:563");
/// assert_eq!(url.to_string(), "nntps://news.example.org/misc.test/12");
/// let url: NewsUrl = "news:1@a.example".parse()?;
/// assert!(url.host().is_none() && matches!(url.target(), Target::Id(_)));
/// # Ok::<(), lariat_protocol::nntp::UrlError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewsUrl {
    security: Security,
    /// `news`, where the target stands otherwise than with `nntp`.
    is_news: bool,
    user: Option<String>,
    host: Option<Host>,
    port: Option<u16>,
    target: Target,
}

/// Why a text is no URL of news.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// It is for another protocol.
    #[error("{0:?} is no scheme of news; write nntp, nntps (TLS at once) or news")]
    Scheme(String),
    /// There is a password in it.
    #[error(
        "a password in a URL is seen in lists of processes and in histories; leave it out, and give it when it is \
         asked for, by ~/.netrc or by the environment"
    )]
    Password,
    /// The host or the port is none.
    #[error(transparent)]
    Host(#[from] EndpointError),
    /// There is no server where one has to be named.
    #[error("{0}:// names a server; write for example {0}://news.example.org/misc.test")]
    NoServer(&'static str),
    /// What is to be read cannot be asked for.
    #[error("{path:?} in the URL: {problem}")]
    Target {
        /// What stands there.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
}

impl NewsUrl {
    /// A server by its name or address, and what is to be read there.
    pub fn of_host(host: impl Into<Host>, security: Security, target: Target) -> Self {
        NewsUrl {
            security,
            is_news: false,
            user: None,
            host: Some(host.into()),
            port: None,
            target,
        }
    }

    /// The same on another server: one that the reader uses, for a URL that names none.
    #[must_use]
    pub fn at(self, server: &NewsUrl) -> Self {
        NewsUrl {
            target: self.target,
            ..server.clone()
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

    /// The host, if one is named.
    pub fn host(&self) -> Option<&Host> {
        self.host.as_ref()
    }

    /// What is to be read.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Where the connection goes, if a server is named.
    pub fn endpoint(&self) -> Option<Endpoint> {
        let host = self.host.clone()?;
        Some(match self.security {
            Security::Implicit => Endpoint::tls(host, self.port.unwrap_or(IMPLICIT_TLS_PORT)),
            _ => Endpoint::tcp(host, self.port.unwrap_or(DEFAULT_PORT)),
        })
    }
}

impl FromStr for NewsUrl {
    type Err = UrlError;

    /// Reads a URL; a text without a scheme is a server, as behind `nntp://`.
    fn from_str(text: &str) -> Result<Self, UrlError> {
        // Without slashes there is no server, unless the text is nothing but one, maybe with its port behind a colon.
        let (scheme, rest, has_authority) = match (text.split_once("://"), text.split_once(':')) {
            (Some((scheme, rest)), _) => (scheme, rest, true),
            (None, Some((scheme, rest))) if is_scheme(scheme) => (scheme, rest, false),
            _ => ("nntp", text, true),
        };
        let (name, security, is_news) = match scheme.to_ascii_lowercase().as_str() {
            "nntp" => ("nntp", Security::Plain, false),
            "nntps" => ("nntps", Security::Implicit, false),
            "news" => ("news", Security::Plain, true),
            "snews" => ("snews", Security::Implicit, true),
            _ => return Err(UrlError::Scheme(scheme.to_owned())),
        };
        let mut url = NewsUrl {
            security,
            is_news,
            user: None,
            host: None,
            port: None,
            target: Target::Server,
        };
        let path = match has_authority {
            true => url.take_authority(rest)?,
            false => rest,
        };
        if url.host.is_none() && !is_news {
            return Err(UrlError::NoServer(name));
        }
        url.target = target(path, is_news)?;
        Ok(url)
    }
}

impl NewsUrl {
    /// Reads whom and where, and gives what stands behind.
    fn take_authority<'a>(&mut self, rest: &'a str) -> Result<&'a str, UrlError> {
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, place) = match authority.rsplit_once('@') {
            Some((user, _)) if user.contains(':') => return Err(UrlError::Password),
            Some((user, place)) => (Some(percent::decode_text(user)?), place),
            None => (None, authority),
        };
        if place.is_empty() {
            return Ok(path);
        }
        if let Some(user) = user.filter(|user| !user.is_empty()) {
            Text::new(user.as_str()).map_err(|error| wrong(&user, error.to_string()))?;
            self.user = Some(user);
        }
        let endpoint = Endpoint::parse_with_default(place, "tcp")?;
        let Some(host) = endpoint.host() else {
            return Err(UrlError::Scheme(endpoint.scheme()));
        };
        self.host = Some(host.clone());
        self.port = endpoint.port();
        Ok(path)
    }
}

fn is_scheme(scheme: &str) -> bool {
    ["news", "snews", "nntp", "nntps"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(scheme))
}

fn target(path: &str, is_news: bool) -> Result<Target, UrlError> {
    let told = |error: crate::contract::Error| wrong(path, error.to_string());
    if path.is_empty() {
        return Ok(Target::Server);
    }
    // In a group's name no slash stands, and in a message-id one may.
    let (first, behind) = match path.split_once('/') {
        Some((first, behind)) if !first.contains('@') && !is_news => (first, Some(behind)),
        _ => (path, None),
    };
    let name = percent::decode_text(first)?;
    if let Some(range) = behind.filter(|range| !range.is_empty()) {
        let range = Range::parse(range).map_err(told)?;
        return Ok(Target::Numbers(GroupName::new(name).map_err(told)?, range));
    }
    if name.contains('@') || name.starts_with('<') {
        return MessageId::bare(&name).map(Target::Id).map_err(told);
    }
    if name.contains(['*', '?', ',', '!']) {
        return Wildmat::new(name).map(Target::Groups).map_err(told);
    }
    GroupName::new(name).map(Target::Group).map_err(told)
}

fn wrong(path: &str, problem: String) -> UrlError {
    UrlError::Target {
        path: path.chars().take(60).collect(),
        problem,
    }
}

impl fmt::Display for NewsUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match (self.is_news, self.security) {
            (false, Security::Implicit) => "nntps",
            (false, _) => "nntp",
            (true, Security::Implicit) => "snews",
            (true, _) => "news",
        };
        write!(out, "{scheme}:")?;
        if let Some(host) = &self.host {
            out.write_str("//")?;
            if let Some(user) = &self.user {
                write!(out, "{}@", percent::encode(user.as_bytes(), b":@/?#[]"))?;
            }
            match (host, self.port) {
                (Host::V6(..), None) => write!(out, "[{host}]")?,
                (Host::V6(..), Some(port)) => write!(out, "[{host}]:{port}")?,
                (host, None) => write!(out, "{host}")?,
                (host, Some(port)) => write!(out, "{host}:{port}")?,
            }
            out.write_str("/")?;
        }
        let encoded = |text: &str| percent::encode(text.as_bytes(), b"/?#[]");
        // With an @ it would be taken for a message-id.
        let name_of = |name: &GroupName| percent::encode(name.as_str().as_bytes(), b"/?#[]@");
        match &self.target {
            Target::Server => Ok(()),
            Target::Groups(pattern) => out.write_str(&encoded(pattern.as_str())),
            Target::Group(name) => out.write_str(&name_of(name)),
            Target::Numbers(name, range) => write!(out, "{}/{range}", name_of(name)),
            Target::Id(id) => {
                // Without an @ it would be taken for a group.
                let inner = id.inner();
                match inner.contains('@') {
                    true => out.write_str(&encoded(inner)),
                    false => out.write_str(&encoded(id.as_str())),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_url_says_where_and_what() {
        for (text, endpoint, user, target) in [
            ("nntp://a.example", "tcp://a.example:119", None, "Server"),
            ("a.example", "tcp://a.example:119", None, "Server"),
            (
                "a.example:1119/misc.test",
                "tcp://a.example:1119",
                None,
                "Group(\"misc.test\")",
            ),
            (
                "NNTPS://a.example/misc.test/",
                "tls://a.example:563",
                None,
                "Group(\"misc.test\")",
            ),
            (
                "nntp://b%40c@[::1]:7/misc.test/3-",
                "tcp://[::1]:7",
                Some("b@c"),
                "Numbers(\"misc.test\", From(3))",
            ),
            (
                "nntp://a.example/misc.test/12",
                "tcp://a.example:119",
                None,
                "Numbers(\"misc.test\", One(12))",
            ),
            (
                "nntp://a.example/b%40c/7",
                "tcp://a.example:119",
                None,
                "Numbers(\"b@c\", One(7))",
            ),
            (
                "news://a.example/comp.*",
                "tcp://a.example:119",
                None,
                "Groups(\"comp.*\")",
            ),
            (
                "snews://a.example/1/x%25y@b",
                "tls://a.example:563",
                None,
                "Id(\"<1/x%y@b>\")",
            ),
            ("news:misc.test", "", None, "Group(\"misc.test\")"),
            ("news:*", "", None, "Groups(\"*\")"),
            ("news:1%2B2@b", "", None, "Id(\"<1+2@b>\")"),
            ("news:%3C12%3E", "", None, "Id(\"<12>\")"),
            ("news:", "", None, "Server"),
        ] {
            let url: NewsUrl = text.parse().expect(text);
            let place = url.endpoint().map(|endpoint| endpoint.to_string());
            assert_eq!(place.unwrap_or_default(), endpoint, "{text}");
            assert_eq!(
                (url.user(), format!("{:?}", url.target()).as_str()),
                (user, target),
                "{text}"
            );
            assert_eq!(url.to_string().parse(), Ok(url), "{text}");
        }
        let server: NewsUrl = "nntps://anna@a.example:7/".parse().expect("a server");
        let there = "news:misc.test"
            .parse::<NewsUrl>()
            .expect("a group")
            .at(&server);
        assert_eq!(there.to_string(), "nntps://anna@a.example:7/misc.test");
    }

    #[test]
    fn what_is_no_url_says_why() {
        for (text, words) in [
            ("http://a/b", "no scheme of news"),
            ("nntp://a:secret@b/", "lists of processes"),
            ("nntp:misc.test", "names a server"),
            ("nntp:///misc.test", "names a server"),
            ("nntp://a/b%0D%0AQUIT", "would end it"),
            ("nntp://a/b/x", "no range"),
            ("nntp://a/%zz", "hexadecimal"),
            ("nntp://a/%ff", "UTF-8"),
            ("news:a%20b@c", "no message-id"),
            ("news:a%3Eb@c", "no message-id"),
            ("nntp://a:99999/", "port"),
            ("nntp://%0a@b/", "a line's end"),
        ] {
            let error = text.parse::<NewsUrl>().expect_err(text).to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
        let error = "nntp://a:secret@b/"
            .parse::<NewsUrl>()
            .expect_err("a password");
        assert!(!error.to_string().contains("secret"));
    }

    proptest! {
        #[test]
        fn any_target_comes_back(
            inner in "[!-;=?-~]{1,12}",
            name in "[a-zü+%#&.]{1,12}",
            is_news in any::<bool>(),
        ) {
            let id = MessageId::bare(&inner).map(Target::Id).unwrap_or_default();
            let group = GroupName::new(name).map(Target::Group).unwrap_or_default();
            for target in [id, group] {
                let url = NewsUrl { is_news, ..NewsUrl::of_host("a.example", Security::Plain, target) };
                prop_assert_eq!(url.to_string().parse(), Ok(url));
            }
        }
    }
}

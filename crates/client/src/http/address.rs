//! Addresses: what a person writes, what a request has, and where an answer points to.

use http::Uri;
use http::uri::PathAndQuery;
use url::{Host, Position, Url};

use super::{Authentication, Error};

/// Reads an address as a person writes it: `example.org/a b`, `https://bücher.example/?q=ü#part`.
///
/// Without a scheme it is `http://`, as curl has it. What cannot stand in a request is encoded, and what stands
/// behind a `#` is left out, since no server is told it.
///
/// ```
/// use lariat_client::http::address;
///
/// let uri = address("https://bücher.example/a b#c")?;
/// assert_eq!(uri, "https://xn--bcher-kva.example/a%20b");
/// assert_eq!(address("localhost:8080")?, "http://localhost:8080/");
/// assert!(address("gopher://example.org").is_err());
/// # Ok::<(), lariat_client::http::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::Address`] for what names no host, and [`Error::Scheme`] for another protocol than `http` and `https`.
pub fn address(text: &str) -> Result<Uri, Error> {
    // The rules for URLs leave them out, and what is asked for then is something else than was said.
    if text.trim_ascii().contains(char::is_control) {
        return Err(Error::Address {
            address: without_password(text),
            problem: "there is a line's end or another control character in it".into(),
        });
    }
    let whole = match behind_scheme(text) {
        Some(_) => text.to_owned(),
        None => format!("http://{text}"),
    };
    let mut url = Url::parse(&whole).map_err(|error| Error::Address {
        address: without_password(text),
        problem: error.to_string(),
    })?;
    check_scheme(&url)?;
    url.set_fragment(None);
    uri(&url)
}

/// Where a text goes on behind the `://` of a scheme, if it begins with one (RFC 3986, section 3.1): the same may stand
/// in what is asked of a server.
pub(super) fn behind_scheme(text: &str) -> Option<usize> {
    let end = text.find("://")?;
    let is_scheme = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    (end > 0 && text.bytes().take(end).all(is_scheme)).then_some(end + 3)
}

/// Where a request goes: an address that certainly has a host and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// Of `http` or `https`, without a name, a password and a fragment.
    url: Url,
}

impl Target {
    /// The target that a request's address names, and who it says is asking.
    pub(super) fn new(uri: &Uri) -> Result<(Self, Option<Authentication>), Error> {
        let text = uri.to_string();
        if uri.scheme().is_none() {
            return Err(Error::Address {
                address: text,
                problem: "it needs a scheme and a host, as http://example.org/".into(),
            });
        }
        let url = Url::parse(&text).map_err(|error| Error::Address {
            address: without_password(&text),
            problem: error.to_string(),
        })?;
        Target::of(url)
    }

    /// Where an answer points to.
    pub(super) fn join(&self, location: &str) -> Result<(Self, Option<Authentication>), Error> {
        let problem = |problem: String| Error::Redirect {
            from: self.to_string(),
            problem: format!("it points to {:?}: {problem}", without_password(location)),
        };
        let url = self
            .url
            .join(location)
            .map_err(|error| problem(error.to_string()))?;
        match Target::of(url) {
            Ok(target) => Ok(target),
            Err(Error::Address { problem: words, .. }) => Err(problem(words)),
            Err(Error::Scheme { scheme, .. }) => {
                Err(problem(format!("{scheme} is another protocol")))
            }
            Err(error) => Err(error),
        }
    }

    fn of(mut url: Url) -> Result<(Self, Option<Authentication>), Error> {
        check_scheme(&url)?;
        url.set_fragment(None);
        let asking = login(&url);
        // Neither fails where there is a host, and every address of HTTP has one.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        Ok((Target { url }, asking))
    }

    /// Whether TLS is asked for.
    pub(super) fn is_secure(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// The host, without the brackets of an IPv6 address.
    pub(super) fn host(&self) -> String {
        match self.url.host() {
            Some(Host::Domain(name)) => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            None => String::new(),
        }
    }

    /// The port, the scheme's own if none is named.
    pub(super) fn port(&self) -> u16 {
        self.url
            .port_or_known_default()
            .unwrap_or(if self.is_secure() { 443 } else { 80 })
    }

    /// The host, and the port if it is not the scheme's own, as the header `Host` has them.
    pub(super) fn authority(&self) -> &str {
        &self.url[Position::BeforeHost..Position::AfterPort]
    }

    /// The host and the port whatever it is, as `CONNECT` has them.
    pub(super) fn host_and_port(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        format!("{host}:{}", self.port())
    }

    /// Who is spoken to, as messages name it: `https://example.org:8443`.
    pub(super) fn server(&self) -> String {
        self.url[..Position::AfterPort].to_owned()
    }

    /// Whether both are one server, of whom neither has secrets from the other.
    pub(super) fn is_same_server(&self, other: &Target) -> bool {
        self.is_secure() == other.is_secure()
            && self.url.host() == other.url.host()
            && self.port() == other.port()
    }

    /// The path and what is asked of it, as the first line of a request has them.
    pub(super) fn path_and_query(&self) -> Result<PathAndQuery, Error> {
        let text = &self.url[Position::BeforePath..Position::AfterQuery];
        text.parse().map_err(|_| unwritable(&self.url))
    }

    /// The path alone.
    pub(super) fn path(&self) -> &str {
        self.url.path()
    }

    /// The whole, for a proxy and for version 2.
    pub(super) fn uri(&self) -> Result<Uri, Error> {
        uri(&self.url)
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.url.fmt(out)
    }
}

/// Who an address says is asking.
pub(super) fn login(url: &Url) -> Option<Authentication> {
    match (url.username(), url.password()) {
        ("", None) => None,
        (user, password) => Some(Authentication::basic(
            &decoded(user),
            &decoded(password.unwrap_or_default()),
        )),
    }
}

fn uri(url: &Url) -> Result<Uri, Error> {
    url.as_str().parse().map_err(|_| unwritable(url))
}

/// The longest `Uri`.
const LONGEST: usize = 65_534;

/// What a `Url` may be and a `Uri` not: too long, or with a host such as `{a,b}.example`.
fn unwritable(url: &Url) -> Error {
    let problem = match url.as_str().len() > LONGEST {
        true => format!("it is longer than the {LONGEST} bytes that a request can have"),
        false => "there is a character in the host that no name has".into(),
    };
    Error::Address {
        address: url.host_str().unwrap_or_default().to_owned(),
        problem,
    }
}

fn check_scheme(url: &Url) -> Result<(), Error> {
    match url.scheme() {
        "http" | "https" => Ok(()),
        scheme => Err(Error::Scheme {
            address: without_password(url.as_str()),
            scheme: scheme.to_owned(),
        }),
    }
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text)
        .decode_utf8_lossy()
        .into_owned()
}

/// The text without what stands before an `@` in its host's part, which may be a password.
fn without_password(text: &str) -> String {
    // What an answer points to may leave the scheme out.
    let start = behind_scheme(text).unwrap_or(if text.starts_with("//") { 2 } else { 0 });
    let rest = &text[start..];
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    // In a password that is not encoded there may be anything, also what ends a host's part.
    let at = rest[..end].rfind('@').or_else(|| {
        let at = rest.rfind('@')?;
        rest[..end].contains(':').then_some(at)
    });
    match at {
        Some(at) => format!("{}…@{}", &text[..start], &rest[at + 1..]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn target(text: &str) -> Target {
        Target::new(&address(text).unwrap()).unwrap().0
    }

    #[test]
    fn a_target_is_what_its_address_says() {
        let there = target("HTTPS://Example.ORG:443/a/../b?c=d");
        assert_eq!(there.to_string(), "https://example.org/b?c=d");
        assert_eq!(there.authority(), "example.org");
        assert_eq!(there.host_and_port(), "example.org:443");
        assert_eq!(there.path_and_query().unwrap(), "/b?c=d");
        let there = target("http://[::1]:8080");
        assert_eq!(
            (there.host().as_str(), there.port(), there.authority()),
            ("::1", 8080, "[::1]:8080")
        );
        assert_eq!(there.server(), "http://[::1]:8080");
    }

    #[test]
    fn what_is_asked_may_have_an_address_in_it() {
        for (text, there) in [
            (
                "example.org/?next=http://b/",
                "http://example.org/?next=http://b/",
            ),
            (
                "localhost:8080/?u=http://x",
                "http://localhost:8080/?u=http://x",
            ),
            ("example.org/http://b", "http://example.org/http://b"),
        ] {
            assert_eq!(address(text).unwrap(), there);
        }
    }

    #[test]
    fn who_asks_is_taken_out_of_an_address() {
        let uri = address("http://a%20b:c%3Ad@example.org/").unwrap();
        let (there, asking) = Target::new(&uri).unwrap();
        assert_eq!(there.to_string(), "http://example.org/");
        assert_eq!(asking, Some(Authentication::basic("a b", "c:d")));
    }

    #[test]
    fn an_address_that_is_none_is_told_without_its_password() {
        for (text, words) in [
            ("http://", "empty host"),
            ("http://me:secret@exa mple/", "invalid"),
            ("ftp://me:secret@example.org/", "another protocol"),
            ("me:secret@exa mple/?u=http://x", "invalid"),
            ("http://me:se/cret@example.org/", "port"),
            ("http://{a,b}.example/", "in the host"),
            ("http://example.org:99999/", "port"),
            (
                "http://me:secret@example.org/a\r\nX: y",
                "control character",
            ),
            ("http://example.org/\tb", "control character"),
        ] {
            let error = address(text).expect_err(text).to_string();
            assert!(
                error.contains(words) && !error.contains("secret"),
                "{text}: {error}"
            );
        }
        let error = Target::new(&"/a".parse().unwrap()).unwrap_err().to_string();
        assert!(error.contains("http://example.org/"), "{error}");
    }

    #[test]
    fn an_answer_points_to_an_address_in_every_form() {
        let here = target("http://example.org/a/b?c");
        for (location, there) in [
            ("d", "http://example.org/a/d"),
            ("/d", "http://example.org/d"),
            ("?d", "http://example.org/a/b?d"),
            ("//other.org", "http://other.org/"),
            ("https://other.org/#x", "https://other.org/"),
            ("../../../d", "http://example.org/d"),
        ] {
            assert_eq!(here.join(location).unwrap().0.to_string(), there);
        }
        for location in [
            "//me:secret@[bad",
            "file:///etc/passwd",
            "javascript:x",
            "http://",
            "http://a b/",
        ] {
            let error = here.join(location).expect_err(location).to_string();
            assert!(
                error.starts_with("http://example.org/a/b?c: it points to"),
                "{error}"
            );
            assert!(!error.contains("secret"), "{error}");
        }
    }
}

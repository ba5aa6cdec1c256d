//! Proxies: which one passes a connection on, and for whom none does.

mod bypass;
mod socks;
mod socks4;
mod tunnel;

use std::fmt;
use std::str::FromStr;

use url::{Host, Url};

use super::address::{Target, behind_scheme, login};
use super::{Authentication, Error, ProxyFault};
use bypass::Bypass;
pub(super) use socks::pass_on as pass_on_by_socks;
pub(super) use tunnel::pass_on as pass_on_by_tunnel;

/// The port of a proxy that names none, as curl has it.
const DEFAULT_PORT: u16 = 1080;

/// How a proxy is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// By HTTP: it is given requests for `http`, and asked by `CONNECT` for connections to `https`.
    Http,
    /// The same over TLS with the proxy itself.
    Https,
    /// By SOCKS, version 5 (RFC 1928), with addresses that were looked up here.
    Socks,
    /// The same with names, which it looks up itself.
    SocksWithNames,
    /// By SOCKS, version 4, with addresses that were looked up here, of IPv4 alone.
    Socks4,
    /// The same with names (4a).
    Socks4WithNames,
}

impl Kind {
    /// Whether it is spoken to by HTTP.
    pub(super) fn is_http(self) -> bool {
        matches!(self, Kind::Http | Kind::Https)
    }

    /// How it is written before the host.
    fn scheme(self) -> &'static str {
        match self {
            Kind::Http => "http",
            Kind::Https => "https",
            Kind::Socks => "socks5",
            Kind::SocksWithNames => "socks5h",
            Kind::Socks4 => "socks4",
            Kind::Socks4WithNames => "socks4a",
        }
    }
}

/// One proxy, and who it is told is asking.
///
/// ```
/// use lariat_client::http::Proxy;
///
/// let proxy: Proxy = "socks5h://me:secret@localhost".parse()?;
/// assert_eq!(proxy.to_string(), "socks5h://localhost:1080");
/// let proxy: Proxy = "localhost:3128".parse()?;
/// assert_eq!(proxy.to_string(), "http://localhost:3128");
/// # Ok::<(), lariat_client::http::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    pub(super) kind: Kind,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) asking: Option<Authentication>,
}

impl Proxy {
    /// The same that is told who asks.
    #[must_use]
    pub fn with_authentication(mut self, asking: Authentication) -> Self {
        self.asking = Some(asking);
        self
    }

    /// Whether it is told a password.
    pub fn has_password(&self) -> bool {
        let login = self.asking.as_ref().and_then(Authentication::login);
        login.is_some_and(|(_, password)| !password.is_empty())
    }

    /// Whether it can be told a password: one of SOCKS 4 is told a name alone.
    pub fn takes_password(&self) -> bool {
        !matches!(self.kind, Kind::Socks4 | Kind::Socks4WithNames)
    }
}

impl FromStr for Proxy {
    type Err = Error;

    /// Reads `[http://|https://|socks5://|socks5h://|socks4://|socks4a://][NAME:PASSWORD@]HOST[:PORT]`. Version 4 of SOCKS is told the
    /// name and no password.
    fn from_str(text: &str) -> Result<Self, Error> {
        let whole = match behind_scheme(text) {
            Some(_) => text.to_owned(),
            None => format!("http://{text}"),
        };
        // Not the text: it may have a password in it.
        let wrong = |problem: String| {
            Err(Error::Misuse(format!(
                "a proxy is written as http://HOST:PORT, or with https://, socks5://, socks5h://, socks4:// or socks4a:// in \
                 front: {problem}"
            )))
        };
        let url = match Url::parse(&whole) {
            Ok(url) => url,
            Err(error) => return wrong(error.to_string()),
        };
        let kind = match url.scheme() {
            "http" => Kind::Http,
            "https" => Kind::Https,
            "socks5" => Kind::Socks,
            "socks5h" => Kind::SocksWithNames,
            "socks4" => Kind::Socks4,
            "socks4a" => Kind::Socks4WithNames,
            scheme => return wrong(format!("there is no {scheme}")),
        };
        let host = match url.host() {
            Some(Host::Ipv6(address)) => address.to_string(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Domain(name)) if !name.is_empty() => name.to_owned(),
            _ => return wrong("there is no host in it".into()),
        };
        let asking = login(&url);
        // The parser takes 80 out of `http://host:80`, which was said and is meant.
        let port = match url.port() {
            Some(port) => port,
            None if whole.trim_end_matches('/').ends_with(":80") => 80,
            None if kind == Kind::Https => 443,
            None => DEFAULT_PORT,
        };
        Ok(Proxy {
            kind,
            host,
            port,
            asking,
        })
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.kind.scheme();
        match self.host.contains(':') {
            true => write!(out, "{scheme}://[{}]:{}", self.host, self.port),
            false => write!(out, "{scheme}://{}:{}", self.host, self.port),
        }
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Proxy({self})")
    }
}

/// Which proxy is for what.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    http: Option<Proxy>,
    https: Option<Proxy>,
    bypass: Bypass,
}

impl Proxies {
    /// None at all.
    pub fn none() -> Self {
        Proxies::default()
    }

    /// One for everything.
    pub fn all(proxy: Proxy) -> Self {
        Proxies {
            http: Some(proxy.clone()),
            https: Some(proxy),
            bypass: Bypass::default(),
        }
    }

    /// Those that the environment names, as curl reads it: `http_proxy` for `http`, `https_proxy` for `https`, `all_proxy` where there is
    /// none of these, and `no_proxy` for whom there is none; in upper case where there is none in lower case.
    ///
    /// `HTTP_PROXY` is not read by a program that a web server runs (one that has a `REQUEST_METHOD`), since there it is a header
    /// of whoever asks.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] for what is no proxy, with the variable's name.
    pub fn from_environment() -> Result<Self, Error> {
        Proxies::from_variables(|name| std::env::var(name).ok())
    }

    fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let value = |lower: &str| {
            let upper = lower.to_ascii_uppercase();
            let is_safe = lower != "http_proxy" || variable("REQUEST_METHOD").is_none();
            variable(lower)
                .map(|value| (lower.to_owned(), value))
                .or_else(|| Some((upper.clone(), variable(&upper).filter(|_| is_safe)?)))
        };
        let proxy = |lower: &str| match value(lower) {
            None => Ok(None),
            // Said to be none, whatever there is for all.
            Some((_, text)) if text.is_empty() => Ok(Some(None)),
            Some((name, text)) => match text.parse() {
                Ok(proxy) => Ok(Some(Some(proxy))),
                Err(error) => Err(Error::Misuse(format!("{name}: {error}"))),
            },
        };
        let all = proxy("all_proxy")?.flatten();
        Ok(Proxies {
            http: proxy("http_proxy")?.unwrap_or_else(|| all.clone()),
            https: proxy("https_proxy")?.unwrap_or(all),
            bypass: value("no_proxy").map_or_else(Bypass::default, |(_, list)| Bypass::read(&list)),
        })
    }

    /// The same, with none for the hosts of a list with commas, in the place of those before: `example.org` and all names that end
    /// with `.example.org`, `192.0.2.7`, `10.0.0.0/8`, or `*` for everybody.
    #[must_use]
    pub fn except(mut self, list: &str) -> Self {
        self.bypass = Bypass::read(list);
        self
    }

    /// The same, all of which are told who asks.
    #[must_use]
    pub fn with_authentication(mut self, asking: &Authentication) -> Self {
        for proxy in [&mut self.http, &mut self.https].into_iter().flatten() {
            proxy.asking = Some(asking.clone());
        }
        self
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.http.is_none() && self.https.is_none()
    }

    /// Whether one of them can be told a password, as [`Proxy::takes_password`].
    pub fn take_password(&self) -> bool {
        let mut proxies = [&self.http, &self.https].into_iter().flatten();
        proxies.any(Proxy::takes_password)
    }

    /// The one for a target.
    pub(super) fn of(&self, target: &Target) -> Option<&Proxy> {
        let proxy = match target.is_secure() {
            true => self.https.as_ref(),
            false => self.http.as_ref(),
        };
        proxy.filter(|_| !self.bypass.has(&target.host()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn of(variables: &[(&str, &str)], address: &str) -> Option<String> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name)?;
            Some(found.1.to_owned())
        };
        let proxies = Proxies::from_variables(variable).unwrap();
        let (target, _) = Target::new(&address.parse().unwrap()).unwrap();
        proxies.of(&target).map(Proxy::to_string)
    }

    #[test]
    fn the_environment_is_read_as_curl_reads_it() {
        let plain = "http://example.org/";
        let secure = "https://example.org/";
        let both = [("http_proxy", "a:1"), ("HTTPS_PROXY", "socks5://b:2")];
        assert_eq!(of(&both, plain).as_deref(), Some("http://a:1"));
        assert_eq!(of(&both, secure).as_deref(), Some("socks5://b:2"));
        let cases = [("https_proxy", "a:1"), ("HTTPS_PROXY", "b:2")];
        assert_eq!(of(&cases, secure).as_deref(), Some("http://a:1"));
        assert_eq!(of(&cases, plain), None);
        let all = [("ALL_PROXY", "a:1"), ("http_proxy", "")];
        assert_eq!(of(&all, secure).as_deref(), Some("http://a:1"));
        assert_eq!(of(&all, plain), None);
        let header = [("HTTP_PROXY", "evil:1"), ("REQUEST_METHOD", "GET")];
        assert_eq!(of(&header, plain), None);
        assert_eq!(of(&header[..1], plain).as_deref(), Some("http://evil:1"));
        let but = [("all_proxy", "a:1"), ("no_proxy", "b.org, example.org")];
        assert_eq!(of(&but, plain), None);
        assert!(of(&but, "http://c.org/").is_some());
        assert_eq!(of(&[], plain), None);
    }

    #[test]
    fn what_is_no_proxy_is_told_with_its_variable_and_without_its_password() {
        for text in [
            "ftp://me:secret@a",
            "socks6://me:secret@a:1",
            "http://me:secret@",
            "::::",
        ] {
            let variable = |name: &str| (name == "ALL_PROXY").then(|| text.to_owned());
            let error = Proxies::from_variables(variable).unwrap_err().to_string();
            assert!(
                error.starts_with("ALL_PROXY: ") && !error.contains("secret"),
                "{error}"
            );
        }
        assert_eq!("http://a:80/".parse::<Proxy>().unwrap().port, 80);
        assert_eq!("https://a:80/".parse::<Proxy>().unwrap().port, 80);
        assert_eq!("https://a:443/".parse::<Proxy>().unwrap().port, 443);
        assert_eq!(
            "[::1]:8080".parse::<Proxy>().unwrap().to_string(),
            "http://[::1]:8080"
        );
    }
}

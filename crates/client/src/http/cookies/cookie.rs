//! One cookie: how a server sets it, and for whom it is.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use url::Host;

use super::date;

/// The bytes of a name and a value together at most (RFC 6265, section 6.1).
const LENGTH: usize = 4096;

/// The longest that a cookie is kept: 400 days, as the revision of RFC 6265 has it.
const LONGEST: Duration = Duration::from_secs(400 * 24 * 3600);

/// Who sets a cookie.
pub(super) struct Origin<'a> {
    pub(super) host: &'a str,
    pub(super) path: &'a str,
    pub(super) is_secure: bool,
}

/// A cookie that may be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::http) struct Cookie {
    pub(super) name: String,
    pub(super) value: String,
    /// In lower case, without a dot before it.
    pub(super) domain: String,
    /// Whether it is for that host alone.
    pub(super) is_host_only: bool,
    pub(super) path: String,
    pub(super) is_secure: bool,
    pub(super) is_http_only: bool,
    /// None for one that a browser forgets when it is closed.
    pub(super) expires: Option<SystemTime>,
    /// When it was made and used last, by the clock of the jar.
    pub(super) made: u64,
    pub(super) used: u64,
}

/// The attributes of a `Set-Cookie`.
#[derive(Default)]
struct Attributes<'a> {
    domain: Option<&'a str>,
    path: Option<&'a str>,
    expires: Option<SystemTime>,
    max_age: Option<i64>,
    is_secure: bool,
    is_http_only: bool,
}

impl Cookie {
    /// Reads the value of a `Set-Cookie` (RFC 6265, sections 5.2 and 5.3), or says why it is not taken.
    pub(super) fn parse(
        line: &[u8],
        origin: &Origin<'_>,
        now: SystemTime,
    ) -> Result<Self, &'static str> {
        let line = std::str::from_utf8(line).map_err(|_| "it is not UTF-8")?;
        let (pair, rest) = line.split_once(';').unwrap_or((line, ""));
        let (name, value) = pair.split_once('=').ok_or("it has no =")?;
        let (name, value) = (name.trim(), value.trim());
        if name.is_empty() {
            return Err("it has no name");
        }
        if name.len() + value.len() > LENGTH {
            return Err("it is longer than 4096 bytes");
        }
        if [name, value].iter().any(|text| has_control(text)) {
            return Err("it has a control character");
        }
        let attributes = Attributes::read(rest);
        if attributes.is_secure && !origin.is_secure {
            return Err("it is for TLS and comes without");
        }
        let (domain, is_host_only) = domain(attributes.domain, origin)?;
        let path = match attributes.path {
            Some(path) if path.starts_with('/') => path,
            _ => default_path(origin.path),
        };
        let expires = match attributes.max_age {
            Some(seconds) => Some(match u64::try_from(seconds) {
                Ok(seconds) => now + Duration::from_secs(seconds).min(LONGEST),
                Err(_) => SystemTime::UNIX_EPOCH,
            }),
            None => attributes.expires.map(|expires| expires.min(now + LONGEST)),
        };
        let prefix = name.to_ascii_lowercase();
        if prefix.starts_with("__secure-") && !attributes.is_secure {
            return Err("its name says that it is for TLS, and it is not");
        }
        let is_of_host = attributes.is_secure && attributes.domain.is_none() && path == "/";
        if prefix.starts_with("__host-") && !is_of_host {
            return Err("its name says that it is for one host, and it is not");
        }
        Ok(Cookie {
            name: name.to_owned(),
            value: value.to_owned(),
            domain,
            is_host_only,
            path: path.to_owned(),
            is_secure: attributes.is_secure,
            is_http_only: attributes.is_http_only,
            expires,
            made: 0,
            used: 0,
        })
    }

    pub(super) fn is_alive(&self, now: SystemTime) -> bool {
        self.expires.is_none_or(|expires| expires > now)
    }

    /// Whether it goes to a host, for a path (RFC 6265, section 5.4).
    pub(super) fn is_for(&self, host: &str, path: &str, is_secure: bool) -> bool {
        let is_there = match self.is_host_only {
            true => host == self.domain,
            false => is_in_domain(host, &self.domain),
        };
        is_there && (is_secure || !self.is_secure) && is_in_path(path, &self.path)
    }

    /// Whether one of both replaces the other.
    pub(super) fn is_same(&self, other: &Cookie) -> bool {
        (&self.name, &self.domain, &self.path) == (&other.name, &other.domain, &other.path)
    }

    /// Whether a host of that domain might be sent both.
    pub(super) fn is_of_domain(&self, domain: &str) -> bool {
        is_in_domain(domain, &self.domain) || is_in_domain(&self.domain, domain)
    }
}

impl<'a> Attributes<'a> {
    /// Of several of a kind the last one counts; what is not known is passed over.
    fn read(text: &'a str) -> Self {
        let mut attributes = Attributes::default();
        for attribute in text.split(';') {
            let (name, value) = attribute.split_once('=').unwrap_or((attribute, ""));
            let value = value.trim();
            match name.trim().to_ascii_lowercase().as_str() {
                "domain" => attributes.domain = Some(value).filter(|domain| !domain.is_empty()),
                "path" if !has_control(value) => attributes.path = Some(value),
                "expires" => attributes.expires = date::parse(value).or(attributes.expires),
                "max-age" => attributes.max_age = value.parse().ok().or(attributes.max_age),
                "secure" => attributes.is_secure = true,
                "httponly" => attributes.is_http_only = true,
                _ => {}
            }
        }
        attributes
    }
}

/// The site that a host is in: the domain that somebody has registered, as `example.co.uk`.
pub(super) fn site(host: &str) -> String {
    match host.parse::<IpAddr>() {
        Ok(_) => host.to_owned(),
        Err(_) => psl::domain_str(host).unwrap_or(host).to_owned(),
    }
}

/// The domain that a cookie is for, and whether it is for that host alone.
fn domain(named: Option<&str>, origin: &Origin<'_>) -> Result<(String, bool), &'static str> {
    let own = || (origin.host.to_owned(), true);
    let Some(named) = named else {
        return Ok(own());
    };
    let bare = named.strip_prefix('.').unwrap_or(named);
    let domain = match Host::parse(bare) {
        Ok(Host::Domain(domain)) => domain,
        // An address has no domains above it.
        Ok(_) if bare == origin.host => return Ok(own()),
        _ => return Err("its domain is another one"),
    };
    if psl::domain_str(&domain).is_none() {
        return match domain == origin.host {
            true => Ok(own()),
            false => Err("its domain is everybody's"),
        };
    }
    match is_in_domain(origin.host, &domain) {
        true => Ok((domain, false)),
        false => Err("its domain is another one"),
    }
}

fn is_in_domain(host: &str, domain: &str) -> bool {
    host == domain
        || host.parse::<IpAddr>().is_err()
            && host
                .strip_suffix(domain)
                .is_some_and(|before| before.ends_with('.'))
}

/// RFC 6265, section 5.1.4.
fn is_in_path(path: &str, of_cookie: &str) -> bool {
    path.strip_prefix(of_cookie)
        .is_some_and(|rest| rest.is_empty() || of_cookie.ends_with('/') || rest.starts_with('/'))
}

/// The folder of what was asked for.
fn default_path(path: &str) -> &str {
    match path.rfind('/') {
        Some(at) if at > 0 && path.starts_with('/') => &path[..at],
        _ => "/",
    }
}

pub(super) fn has_control(text: &str) -> bool {
    text.bytes().any(|byte| byte < b' ' || byte == 0x7f)
}

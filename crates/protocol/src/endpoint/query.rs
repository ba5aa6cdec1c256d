//! The options of an endpoint: what stands behind the `?`.
//!
//! The engine's own are read into [`Options`] and checked against the scheme here. The others are
//! kept as they are, for the service. No file is opened: a path is only a path.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::error::{EndpointError, quoted};
use super::host::Host;
use super::nearest::nearest;
use super::scheme::{Kind, Scheme};
use super::{Base, Endpoint, Layer, SocketPath, percent, service};
use crate::{Network, NetworkError, proxy};

/// The engine's own options, in the order in which they are printed.
pub(super) const KEYS: [&str; 18] = [
    "cert",
    "key",
    "ca",
    "client_ca",
    "client_cert",
    "verify",
    "name",
    "alpn",
    "backlog",
    "mode",
    "proxy_from",
    "proxy",
    "path",
    "low_ports",
    "amplify_to",
    "rate",
    "tag",
    "over",
];

/// The engine's own options of an endpoint.
///
/// The options of TLS are legal on every stream, not only under `tls`, because a protocol may
/// start TLS in the middle of a connection. `ws` without `tls` is the exception: it never does.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Options {
    /// `cert=FILE`: the certificate and its chain, PEM. Serving, the server's; connecting, the
    /// client's. Without `key`, the key is in this file too.
    pub cert: Option<PathBuf>,
    /// `key=FILE`: the private key of `cert`, PEM. Not without `cert`.
    pub key: Option<PathBuf>,
    /// `ca=FILE`: connecting, the authorities to trust instead of the system's, PEM.
    pub ca: Option<PathBuf>,
    /// `client_ca=FILE`: serving, the authorities that clients' certificates must come from, PEM.
    pub client_ca: Option<PathBuf>,
    /// `client_cert=request` or `client_cert=require`: serving, whether a client must show one.
    pub client_cert: Option<ClientCertificate>,
    /// `verify=full` or `verify=none`: connecting, whether the server's certificate is checked.
    pub verify: Option<Verify>,
    /// `name=HOST`: connecting, the name that the server's certificate must be for, where it is
    /// not the host connected to.
    pub name: Option<String>,
    /// `alpn=h2,http/1.1`: the protocols to offer or to accept, the preferred one first
    /// (RFC 7301). A comma within a name is written `%2C`.
    pub alpn: Vec<String>,
    /// `backlog=N`, 1 to 65535: serving, how many connections may wait to be accepted.
    pub backlog: Option<u32>,
    /// `mode=660`, octal: serving, the permissions of the socket's file.
    pub mode: Option<u32>,
    /// `proxy_from=10.0.0.0/8,192.0.2.7`: serving through `proxy+tcp`, the networks whose header
    /// of the PROXY protocol is believed, all others being turned away. None is this machine;
    /// [`Endpoint::trusts_proxy`] knows. Who may connect to a Unix socket its `mode` says.
    pub proxy_from: Vec<Network>,
    /// `proxy=v1` or `proxy=v2`: connecting, how that header is written. None is `v2`. Serving,
    /// both are read.
    pub proxy: Option<proxy::Version>,
    /// `path=/chat`, or the path of a `ws` URL: what a WebSocket handshake asks for, as it stands
    /// in the request (percent-encoded there, with its query if it has one). None is `/`.
    pub path: Option<String>,
    /// `low_ports=true`: serving `udp`, whether datagrams from ports below 1024 are heard. Not by
    /// default: the services there (echo, time, names) answer what they are sent, and a forged
    /// sender would have them and this one talk for ever.
    pub low_ports: bool,
    /// `amplify_to=10.0.0.0/8,192.0.2.7`: serving `udp`, the networks that may be sent more than
    /// three times what came from there, headers counted. This machine always may; for all
    /// others, whoever forges a sender would gain by it.
    pub amplify_to: Vec<Network>,
    /// `rate=N`: serving `udp`, how many datagrams a second are heard from one address, of IPv6
    /// from one /64, and twice as many at once; 0 is any number. None is 1000. This machine is
    /// never too fast.
    pub rate: Option<u32>,
    /// `tag=backup,eu`: connecting to a `name`, the tags that what is registered must have, all of
    /// them. A comma within a tag is written `%2C`.
    pub tag: Vec<String>,
    /// `over=tls,wss`: connecting to a `name`, the schemes over which it may be, as
    /// [`Endpoint::scheme`] prints them. None is any.
    pub over: Vec<String>,
}

/// Whether a server wants a certificate from its clients.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ClientCertificate {
    /// Asked for; a client may have none.
    Request,
    /// A client without one is turned away.
    Require,
}

/// Whether a client checks the server's certificate.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Verify {
    /// Its name, its time and who signed it.
    #[default]
    Full,
    /// Nothing: the connection is encrypted, but to whom is not known.
    None,
}

impl Endpoint {
    /// Reads the part behind the `?` into the options and the rest.
    pub(super) fn read_query(&mut self, query: &str) -> Result<(), EndpointError> {
        if query.is_empty() {
            return Ok(());
        }
        let mut seen: Vec<&str> = Vec::new();
        for pair in query.split('&') {
            let (key, value) = match pair.split_once('=') {
                Some((key, value)) => (key, Some(value)),
                None => (pair, None),
            };
            let key = percent::decode_text(key)?;
            if key.is_empty() {
                return Err(nameless(pair));
            }
            let value = value.unwrap_or_default();
            let Some(known) = KEYS.into_iter().find(|known| *known == key) else {
                self.rest.push((key, percent::decode_text(value)?));
                continue;
            };
            if seen.contains(&known) {
                return Err(refuse(known, "it is given twice".to_owned()));
            }
            seen.push(known);
            self.set_option(known, value)?;
        }
        if self.options.key.is_some() && self.options.cert.is_none() {
            return Err(refuse(
                "key",
                "a key needs its certificate; add cert=FILE".to_owned(),
            ));
        }
        Ok(())
    }

    /// Sets one of [`KEYS`] from its value as it stands in a URL.
    pub(super) fn set_option(&mut self, key: &str, value: &str) -> Result<(), EndpointError> {
        if let Some(reason) = self.objection(key) {
            return Err(refuse(key, reason));
        }
        match key {
            "cert" => self.options.cert = Some(file(key, value)?),
            "key" => self.options.key = Some(file(key, value)?),
            "ca" => self.options.ca = Some(file(key, value)?),
            "client_ca" => self.options.client_ca = Some(file(key, value)?),
            "client_cert" => self.options.client_cert = Some(client_certificate(value)?),
            "verify" => self.options.verify = Some(verify(value)?),
            "name" => self.options.name = Some(server_name(value)?),
            "alpn" => self.options.alpn = application_protocols(value)?,
            "backlog" => self.options.backlog = Some(backlog(value)?),
            "mode" => self.options.mode = Some(mode(value)?),
            "proxy_from" => self.options.proxy_from = networks(key, value)?,
            "proxy" => self.options.proxy = Some(proxy_version(value)?),
            "low_ports" => self.options.low_ports = truth(key, value)?,
            "amplify_to" => self.options.amplify_to = networks(key, value)?,
            "rate" => self.options.rate = Some(rate(value)?),
            "tag" => self.options.tag = service::tags(value)?,
            "over" => self.options.over = service::schemes(value)?,
            _ => self.set_path(&percent::decode_text(value)?)?,
        }
        Ok(())
    }

    /// Sets what a WebSocket handshake asks for; `/` is the same as nothing.
    pub(super) fn set_path(&mut self, path: &str) -> Result<(), EndpointError> {
        check_request_target(path)?;
        if self.options.path.is_some() {
            return Err(refuse("path", "the URL has a path already".to_owned()));
        }
        self.options.path = Some(path.to_owned()).filter(|path| path != "/");
        Ok(())
    }

    /// Why the option `key` makes no sense for this endpoint.
    fn objection(&self, key: &str) -> Option<String> {
        let kind = Kind::of(&self.base);
        let has = |layer| self.layers.contains(&layer);
        match key {
            "tag" | "over" if kind != Kind::Service => Some(format!(
                "{} is no service that is looked up; it is for name",
                self.scheme()
            )),
            "client_ca" | "client_cert" if kind == Kind::Service => {
                Some("it is for serving, and a name is only connected to".to_owned())
            }
            "backlog" if !matches!(kind, Kind::Tcp | Kind::Unix) => Some(format!(
                "{} has no queue of connections; it is for tcp and unix and what lies over them",
                kind.name()
            )),
            "mode" => match &self.base {
                Base::Unix { path } | Base::UnixGram { path } => match path {
                    SocketPath::File(_) => None,
                    SocketPath::Abstract(_) => {
                        Some("an abstract socket has no file to give a mode to".to_owned())
                    }
                },
                _ => Some(format!(
                    "{} has no socket file; it is for unix and unixgram",
                    self.scheme()
                )),
            },
            "proxy" | "proxy_from" if !has(Layer::Proxy) => Some(self.lacks_proxy()),
            "proxy_from" if kind == Kind::Unix => Some(
                "who connects to a Unix socket has no address; say by mode=660 who may".to_owned(),
            ),
            "path" if !has(Layer::WebSocket) => Some(format!(
                "{} has no path; it is for ws and wss",
                self.scheme()
            )),
            "low_ports" | "amplify_to" | "rate" if kind != Kind::Udp => Some(format!(
                "{} has no peers whose addresses can be forged; it is for udp",
                self.scheme()
            )),
            "backlog" | "proxy" | "proxy_from" | "path" | "low_ports" | "amplify_to" | "rate"
            | "tag" | "over" => None,
            _ if kind.is_datagram() => {
                Some(format!("{} carries datagrams and has no TLS", kind.name()))
            }
            _ if has(Layer::WebSocket) && !has(Layer::Tls) => Some(format!(
                "{} has no TLS; write {}",
                self.scheme(),
                self.scheme_with(Layer::Tls)
            )),
            _ => None,
        }
    }

    fn lacks_proxy(&self) -> String {
        if Kind::of(&self.base).may_be_proxied() {
            format!(
                "{} has no PROXY header; write {}",
                self.scheme(),
                self.scheme_with(Layer::Proxy)
            )
        } else {
            format!(
                "{} has no PROXY header; proxy lies over tcp and unix only",
                self.scheme()
            )
        }
    }

    /// The scheme as it would be with this layer, which it has not.
    fn scheme_with(&self, layer: Layer) -> String {
        let with: Vec<Layer> = Scheme::IN_ORDER
            .into_iter()
            .filter(|other| *other == layer || self.layers.contains(other))
            .collect();
        Scheme::name(&with, Kind::of(&self.base))
    }

    /// The options that are the service's own, in order, decoded.
    ///
    /// # Errors
    ///
    /// The first key that is neither the engine's nor among `known`, with the nearest right word.
    ///
    /// ```
    /// use lariat_protocol::Endpoint;
    ///
    /// let endpoint: Endpoint = "tcp://localhost?quiet_ms=50&backlog=9".parse()?;
    /// assert_eq!(endpoint.service_options(&["quiet_ms"])?, [("quiet_ms", "50")]);
    ///
    /// let mistyped: Endpoint = "tcp://localhost?quite_ms=50".parse()?;
    /// let error = mistyped.service_options(&["quiet_ms"]).expect_err("it is not known");
    /// assert!(error.to_string().starts_with(
    ///     "unknown option \"quite_ms\" (did you mean \"quiet_ms\"? known here: quiet_ms, cert, "
    /// ));
    /// # Ok::<(), lariat_protocol::endpoint::EndpointError>(())
    /// ```
    pub fn service_options(&self, known: &[&str]) -> Result<Vec<(&str, &str)>, EndpointError> {
        let unknown = |(key, _): &&(String, String)| !known.contains(&key.as_str());
        if let Some((key, _)) = self.rest.iter().find(unknown) {
            let legal = KEYS.into_iter().filter(|key| self.objection(key).is_none());
            let allowed: Vec<&str> = known.iter().copied().chain(legal).collect();
            return Err(EndpointError::UnknownOption {
                key: key.clone(),
                nearest: nearest(key, &allowed).map(str::to_owned),
                allowed: allowed.into_iter().map(str::to_owned).collect(),
            });
        }
        Ok(self
            .rest
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect())
    }

    /// The query as it is printed, with its `?`, or nothing. `path` is left out where the URL
    /// itself has it.
    pub(super) fn print_query(&self, path_in_url: bool) -> String {
        let mut query = String::new();
        let separator = |query: &str| if query.is_empty() { '?' } else { '&' };
        for key in KEYS {
            if key == "path" && path_in_url {
                continue;
            }
            if let Some(value) = self.options.print(key) {
                // Writing into a string cannot fail.
                let _ = write!(query, "{}{key}={value}", separator(&query));
            }
        }
        for (key, value) in &self.rest {
            let key = percent::encode(key.as_bytes(), b"&=#");
            let _ = write!(query, "{}{key}", separator(&query));
            if !value.is_empty() {
                let _ = write!(query, "={}", percent::encode(value.as_bytes(), b"&#"));
            }
        }
        query
    }
}

impl Options {
    /// The value of one of [`KEYS`] as it stands in a URL.
    fn print(&self, key: &str) -> Option<String> {
        let text = |text: &str| percent::encode(text.as_bytes(), b"&#");
        let file = |path: &Option<PathBuf>| {
            let path = path.as_ref()?;
            Some(percent::encode(path.as_os_str().as_encoded_bytes(), b"&#"))
        };
        match key {
            "cert" => file(&self.cert),
            "key" => file(&self.key),
            "ca" => file(&self.ca),
            "client_ca" => file(&self.client_ca),
            "client_cert" => self.client_cert.map(|wanted| match wanted {
                ClientCertificate::Request => "request".to_owned(),
                ClientCertificate::Require => "require".to_owned(),
            }),
            "verify" => self.verify.map(|verify| match verify {
                Verify::Full => "full".to_owned(),
                Verify::None => "none".to_owned(),
            }),
            "name" => self.name.as_deref().map(text),
            "alpn" => service::print_list(&self.alpn),
            "backlog" => self.backlog.map(|backlog| backlog.to_string()),
            "mode" => self.mode.map(|mode| format!("{mode:o}")),
            "proxy_from" => listed(&self.proxy_from),
            "proxy" => self.proxy.map(|version| match version {
                proxy::Version::V1 => "v1".to_owned(),
                proxy::Version::V2 => "v2".to_owned(),
            }),
            "low_ports" => self.low_ports.then(|| "true".to_owned()),
            "amplify_to" => listed(&self.amplify_to),
            "rate" => self.rate.map(|rate| rate.to_string()),
            "tag" => service::print_list(&self.tag),
            "over" => service::print_list(&self.over),
            _ => self.path.as_deref().map(text),
        }
    }
}

fn listed(networks: &[Network]) -> Option<String> {
    let texts: Vec<String> = networks.iter().map(Network::to_string).collect();
    (!texts.is_empty()).then(|| texts.join(","))
}

pub(super) fn nameless(pair: &str) -> EndpointError {
    refuse(
        "",
        format!(
            "{} has no name; write NAME=VALUE, joined by \"&\"",
            quoted(pair)
        ),
    )
}

pub(super) fn refuse(key: &str, reason: String) -> EndpointError {
    EndpointError::Option {
        key: key.to_owned(),
        reason,
    }
}

fn file(key: &str, value: &str) -> Result<PathBuf, EndpointError> {
    let path = percent::decode_text(value)?;
    if path.is_empty() {
        return Err(refuse(key, format!("it has no value; write {key}=FILE")));
    }
    if path.contains('\0') {
        return Err(refuse(key, "a NUL is in no file's name".to_owned()));
    }
    Ok(PathBuf::from(path))
}

fn client_certificate(value: &str) -> Result<ClientCertificate, EndpointError> {
    match value {
        "request" => Ok(ClientCertificate::Request),
        "require" => Ok(ClientCertificate::Require),
        _ => Err(refuse(
            "client_cert",
            format!("{} is neither request nor require", quoted(value)),
        )),
    }
}

fn verify(value: &str) -> Result<Verify, EndpointError> {
    match value {
        "full" => Ok(Verify::Full),
        "none" => Ok(Verify::None),
        _ => Err(refuse(
            "verify",
            format!("{} is neither full nor none", quoted(value)),
        )),
    }
}

fn server_name(value: &str) -> Result<String, EndpointError> {
    let name = percent::decode_text(value)?;
    match name.parse::<Host>() {
        Ok(_) => Ok(name),
        Err(error) => Err(refuse("name", error.to_string())),
    }
}

fn application_protocols(value: &str) -> Result<Vec<String>, EndpointError> {
    let names = value.split(',').map(percent::decode_text);
    let names: Vec<String> = names.collect::<Result<_, _>>()?;
    if names.iter().any(|name| name.is_empty() || name.len() > 255) {
        return Err(refuse(
            "alpn",
            format!(
                "{} is not a list of names of 1 to 255 bytes; write for example alpn=h2,http/1.1",
                quoted(value)
            ),
        ));
    }
    Ok(names)
}

fn backlog(value: &str) -> Result<u32, EndpointError> {
    match digits(value, 10) {
        Some(number @ 1..=65535) => Ok(number),
        _ => Err(refuse(
            "backlog",
            format!("{} is not a number from 1 to 65535", quoted(value)),
        )),
    }
}

fn mode(value: &str) -> Result<u32, EndpointError> {
    match digits(value.strip_prefix("0o").unwrap_or(value), 8) {
        Some(mode @ 0..=0o777) => Ok(mode),
        _ => Err(refuse(
            "mode",
            format!("{} is not an octal number from 0 to 777", quoted(value)),
        )),
    }
}

fn networks(key: &str, value: &str) -> Result<Vec<Network>, EndpointError> {
    let value = percent::decode_text(value)?;
    let networks = value.split(',').map(str::parse);
    let networks: Result<Vec<Network>, NetworkError> = networks.collect();
    networks.map_err(|error| refuse(key, error.to_string()))
}

fn truth(key: &str, value: &str) -> Result<bool, EndpointError> {
    match value {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(refuse(
            key,
            format!("{} is neither true nor false", quoted(value)),
        )),
    }
}

fn rate(value: &str) -> Result<u32, EndpointError> {
    match digits(value, 10) {
        Some(number @ 0..=1_000_000) => Ok(number),
        _ => Err(refuse(
            "rate",
            format!(
                "{} is not a number of datagrams a second from 0 to 1000000, 0 being any",
                quoted(value)
            ),
        )),
    }
}

fn proxy_version(value: &str) -> Result<proxy::Version, EndpointError> {
    match value {
        "v1" => Ok(proxy::Version::V1),
        "v2" => Ok(proxy::Version::V2),
        _ => Err(refuse(
            "proxy",
            format!("{} is neither v1 nor v2", quoted(value)),
        )),
    }
}

/// A number of digits only: the standard library would take a `+` before it.
pub(super) fn digits(text: &str, radix: u32) -> Option<u32> {
    let all_digits = text.chars().all(|character| character.is_digit(radix));
    all_digits.then(|| u32::from_str_radix(text, radix).ok())?
}

/// What a handshake asks for goes to the wire as it is (RFC 9112, section 3.2.1), so it must be
/// what may stand there.
fn check_request_target(path: &str) -> Result<(), EndpointError> {
    let wrong = |reason: String| Err(EndpointError::Path { reason });
    if !path.starts_with('/') {
        return wrong(format!(
            "the path of a WebSocket begins with \"/\"; {} does not",
            quoted(path)
        ));
    }
    percent::decode(path)?;
    let forbidden =
        |character: &char| !character.is_ascii_graphic() || "\"#<>\\^`{|}".contains(*character);
    match path.chars().find(forbidden) {
        None => Ok(()),
        Some(character) => {
            let mut buffer = [0; 4];
            let encoded = percent::encode(character.encode_utf8(&mut buffer).as_bytes(), b"#");
            wrong(if encoded.starts_with('%') {
                format!(
                    "{character:?} is not allowed in the path of a WebSocket; there it is {encoded}"
                )
            } else {
                format!(
                    "{character:?} is not allowed in the path of a WebSocket; percent-encode it"
                )
            })
        }
    }
}

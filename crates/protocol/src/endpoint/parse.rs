//! Text to an [`Endpoint`], part by part: characters, scheme, query, then what the base needs.
//!
//! It only reads; what may stand where is decided beside the type of each part.

use super::error::{EndpointError, quoted};
use super::host::{Host, is_ipv6, unclosed_bracket};
use super::nearest::nearest;
use super::query::digits;
use super::scheme::{KNOWN_SCHEMES, Kind, Scheme};
use super::service::{self, is_port};
use super::{Base, Endpoint, Layer, MAXIMUM_LENGTH, Options, SocketPath, percent};

/// Reads a whole URL.
pub(super) fn parse(text: &str) -> Result<Endpoint, EndpointError> {
    check_characters(text)?;
    match split_scheme(text)? {
        Some((scheme, after)) => parse_parts(scheme, after),
        None => Err(EndpointError::NoScheme {
            text: text.to_owned(),
        }),
    }
}

/// Reads a whole URL, or what may follow `default_scheme`.
pub(super) fn parse_with_default(
    text: &str,
    default_scheme: &str,
) -> Result<Endpoint, EndpointError> {
    check_characters(text)?;
    if let Some((scheme, after)) = split_scheme(text)? {
        return parse_parts(scheme, after);
    }
    if !Scheme::parse(default_scheme)?.kind.has_host() {
        return parse_parts(default_scheme, text);
    }
    if text.starts_with(['/', '.', '@']) {
        return Err(EndpointError::Host {
            reason: format!(
                "{} has no host; for a Unix socket write unix:PATH",
                quoted(text)
            ),
        });
    }
    let end = text.find(['/', '?', '#']).unwrap_or(text.len());
    let (head, tail) = text.split_at(end);
    if is_ipv6(head) {
        // With more colons than one there is no port that could be meant without brackets.
        return parse_parts(default_scheme, &format!("//[{head}]{tail}"));
    }
    parse_parts(default_scheme, &format!("//{text}"))
}

fn check_characters(text: &str) -> Result<(), EndpointError> {
    if text.is_empty() {
        return Err(EndpointError::Empty);
    }
    check_length(text)?;
    let forbidden = |character: char| character.is_control() || character.is_whitespace();
    let Some((position, character)) = text.char_indices().find(|(_, found)| forbidden(*found))
    else {
        return Ok(());
    };
    let mut buffer = [0; 4];
    Err(EndpointError::Character {
        character: match character {
            ' ' => "a space".to_owned(),
            other => format!("the character {other:?}"),
        },
        position,
        encoded: percent::encode(character.encode_utf8(&mut buffer).as_bytes(), b""),
    })
}

pub(super) fn check_length(text: &str) -> Result<(), EndpointError> {
    if text.len() > MAXIMUM_LENGTH {
        return Err(EndpointError::TooLong { length: text.len() });
    }
    Ok(())
}

/// The scheme and what follows its colon, or nothing where the text begins with a host. What
/// stands before `://` is a scheme; before a colon alone, it is one only if it is known, since
/// `localhost:80` looks the same. `proxy:80` is a host: no scheme is `proxy` alone. So is `name:80`,
/// and the service of that name is `name://80`.
fn split_scheme(text: &str) -> Result<Option<(&str, &str)>, EndpointError> {
    let Some((before, after)) = text.split_once(':') else {
        return Ok(None);
    };
    if before.is_empty() || before.contains(['/', '?', '#', '[', '@']) {
        return Ok(None);
    }
    let port_follows = after.starts_with(|character: char| character.is_ascii_digit());
    let is_known = match before.to_ascii_lowercase().as_str() {
        "proxy" => !port_follows,
        // A host may be called so too.
        "name" => !is_port(after),
        _ => Scheme::is_known(before),
    };
    if after.starts_with("//") || before.contains('+') || is_known {
        return Ok(Some((before, after)));
    }
    let meant = nearest(before, &KNOWN_SCHEMES);
    if meant.is_some() && !port_follows && !before.contains('.') {
        return Err(EndpointError::UnknownScheme {
            scheme: before.to_owned(),
            nearest: meant,
        });
    }
    Ok(None)
}

fn parse_parts(scheme: &str, after: &str) -> Result<Endpoint, EndpointError> {
    let Scheme { layers, kind } = Scheme::parse(scheme)?;
    if after.contains('#') {
        return Err(EndpointError::Fragment);
    }
    let (location, query) = after.split_once('?').unwrap_or((after, ""));
    let mut endpoint = Endpoint {
        layers,
        base: Base::Stdio,
        options: Options::default(),
        rest: Vec::new(),
    };
    match kind {
        Kind::Tcp | Kind::Udp => endpoint.read_authority(kind, scheme, location)?,
        Kind::Unix => {
            endpoint.base = Base::Unix {
                path: socket_path(scheme, location)?,
            };
        }
        Kind::UnixGram => {
            endpoint.base = Base::UnixGram {
                path: socket_path(scheme, location)?,
            };
        }
        Kind::Fd => endpoint.base = Base::Fd(descriptor(without_slashes(location))?),
        Kind::Memory => endpoint.base = Base::Memory(memory_name(without_slashes(location))?),
        Kind::Service => endpoint.base = Base::Service(service::name(without_slashes(location))?),
        Kind::Stdio if without_slashes(location).is_empty() => {}
        Kind::Stdio => {
            return Err(EndpointError::Path {
                reason: format!(
                    "nothing may follow \"stdio:\" but options; {} does",
                    quoted(location)
                ),
            });
        }
    }
    endpoint.read_query(query)?;
    // Printing can be longer than what was read (`%` in front of a scope becomes `%25`), and what
    // is printed must be readable again.
    check_length(&endpoint.to_string())?;
    Ok(endpoint)
}

impl Endpoint {
    fn read_authority(
        &mut self,
        kind: Kind,
        scheme: &str,
        location: &str,
    ) -> Result<(), EndpointError> {
        let Some(location) = location.strip_prefix("//") else {
            return Err(EndpointError::Host {
                reason: format!(
                    "after \"{scheme}:\" comes \"//\" and a host; write for example {scheme}://localhost"
                ),
            });
        };
        let end = location.find('/').unwrap_or(location.len());
        let (authority, path) = location.split_at(end);
        let (host, port) = host_and_port(authority)?;
        self.base = match kind {
            Kind::Udp => Base::Udp { host, port },
            _ => Base::Tcp { host, port },
        };
        if self.layers.contains(&Layer::WebSocket) {
            if !path.is_empty() {
                self.set_path(path)?;
            }
        } else if !matches!(path, "" | "/") {
            return Err(EndpointError::Path {
                reason: format!(
                    "{} has no path, and {} is one; only ws, wss, unix and unixgram have",
                    self.scheme(),
                    quoted(path)
                ),
            });
        }
        Ok(())
    }
}

fn host_and_port(authority: &str) -> Result<(Host, Option<u16>), EndpointError> {
    let wrong = |reason: String| Err(EndpointError::Host { reason });
    if authority.contains('@') {
        return Err(EndpointError::UserInfo);
    }
    if authority.is_empty() {
        return wrong("no host after \"//\"; write for example localhost or [::]".to_owned());
    }
    if let Some(bracketed) = authority.strip_prefix('[') {
        let Some((inner, after)) = bracketed.split_once(']') else {
            return Err(unclosed_bracket(authority));
        };
        let host = Host::parse_bracketed(inner)?;
        return match after.strip_prefix(':') {
            Some(port) => Ok((host, Some(parse_port(port)?))),
            None if after.is_empty() => Ok((host, None)),
            None => wrong(format!(
                "{} follows the \"]\"; only \":PORT\" may",
                quoted(after)
            )),
        };
    }
    match authority.split_once(':') {
        None => Ok((authority.parse()?, None)),
        Some(("", _)) if !is_ipv6(authority) => wrong(
            "no host before the port; for every address write [::], for this machine localhost"
                .to_owned(),
        ),
        Some((_, after)) if after.contains(':') => wrong(format!(
            "{} has more than one \":\"; an IPv6 address needs brackets, for example [::1]:21567",
            quoted(authority)
        )),
        Some((host, port)) => Ok((host.parse()?, Some(parse_port(port)?))),
    }
}

fn parse_port(text: &str) -> Result<u16, EndpointError> {
    digits(text, 10)
        .and_then(|number| u16::try_from(number).ok())
        .ok_or_else(|| EndpointError::Port {
            port: text.to_owned(),
        })
}

/// `///run/x.sock` and `/run/x.sock` are absolute, `x.sock` is relative, `@x` is abstract; a first
/// `@` of a file is written `%40`.
fn socket_path(scheme: &str, location: &str) -> Result<SocketPath, EndpointError> {
    let wrong = |reason: String| Err(EndpointError::Path { reason });
    let path = without_slashes(location);
    if path.is_empty() {
        return wrong(format!(
            "no path after \"{scheme}:\"; write {scheme}:///run/x.sock, {scheme}:x.sock or {scheme}:@name"
        ));
    }
    if let Some(name) = path.strip_prefix('@') {
        let name = percent::decode(name)?;
        if name.is_empty() {
            return wrong("no name after \"@\"; write for example @lariat".to_owned());
        }
        return Ok(SocketPath::Abstract(name));
    }
    if location.starts_with("//") && !path.starts_with('/') {
        let path = quoted(path);
        let path = path.trim_matches('"');
        return wrong(format!(
            "{scheme}://{path} has a host where the path begins; write {scheme}:///{path} (absolute) or {scheme}:{path} (relative)"
        ));
    }
    let path = percent::decode_text(path)?;
    if path.contains('\0') {
        return wrong("a NUL is in no file's name".to_owned());
    }
    Ok(SocketPath::File(path.into()))
}

fn descriptor(text: &str) -> Result<u32, EndpointError> {
    match digits(text, 10) {
        Some(number) if i32::try_from(number).is_ok() => Ok(number),
        _ => Err(EndpointError::Descriptor {
            descriptor: text.to_owned(),
        }),
    }
}

fn memory_name(text: &str) -> Result<String, EndpointError> {
    let name = percent::decode_text(text)?;
    if name.is_empty() {
        return Err(EndpointError::MissingName);
    }
    Ok(name)
}

/// Where there is no host, the `//` may be left out.
fn without_slashes(location: &str) -> &str {
    location.strip_prefix("//").unwrap_or(location)
}

//! The scheme of an endpoint: which layers lie over which base.
//!
//! It does not look at what follows the colon.

use super::error::EndpointError;
use super::nearest::nearest;
use super::{Base, Layer};

/// Every word that a scheme may be made of.
pub(super) const KNOWN_SCHEMES: [&str; 12] = [
    "tcp", "tls", "unix", "udp", "unixgram", "ws", "wss", "fd", "stdio", "mem", "name", "proxy",
];

/// A [`Base`] before its address is known.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Tcp,
    Udp,
    Unix,
    UnixGram,
    Fd,
    Stdio,
    Memory,
    Service,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::Tcp => "tcp",
            Kind::Udp => "udp",
            Kind::Unix => "unix",
            Kind::UnixGram => "unixgram",
            Kind::Fd => "fd",
            Kind::Stdio => "stdio",
            Kind::Memory => "mem",
            Kind::Service => "name",
        }
    }

    pub(super) fn of(base: &Base) -> Kind {
        match base {
            Base::Tcp { .. } => Kind::Tcp,
            Base::Udp { .. } => Kind::Udp,
            Base::Unix { .. } => Kind::Unix,
            Base::UnixGram { .. } => Kind::UnixGram,
            Base::Fd(_) => Kind::Fd,
            Base::Stdio => Kind::Stdio,
            Base::Memory(_) => Kind::Memory,
            Base::Service(_) => Kind::Service,
        }
    }

    /// Whether a host and a port follow.
    pub(super) fn has_host(self) -> bool {
        matches!(self, Kind::Tcp | Kind::Udp)
    }

    /// Whether a header of the PROXY protocol may come before everything else.
    pub(super) fn may_be_proxied(self) -> bool {
        matches!(self, Kind::Tcp | Kind::Unix)
    }

    pub(super) fn is_datagram(self) -> bool {
        matches!(self, Kind::Udp | Kind::UnixGram)
    }
}

/// A scheme taken apart.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Scheme {
    pub(super) layers: Vec<Layer>,
    pub(super) kind: Kind,
}

impl Scheme {
    /// Every layer, the one nearest to the wire first.
    pub(super) const IN_ORDER: [Layer; 3] = [Layer::Proxy, Layer::Tls, Layer::WebSocket];

    /// Reads `tcp`, `tls+ws+unix`, `wss` and so on, in any case (RFC 3986, section 3.1).
    pub(super) fn parse(text: &str) -> Result<Scheme, EndpointError> {
        let lower = text.to_ascii_lowercase();
        let words: Vec<&str> = lower.split('+').collect();
        if let Some(unknown) = words.iter().find(|word| !KNOWN_SCHEMES.contains(word)) {
            return Err(EndpointError::UnknownScheme {
                scheme: (*unknown).to_owned(),
                nearest: nearest(unknown, &KNOWN_SCHEMES),
            });
        }
        let refuse = |reason: String| EndpointError::Layers {
            scheme: text.to_owned(),
            reason,
        };
        let mut layers = Vec::new();
        let mut kind = Kind::Tcp;
        for (index, word) in words.iter().enumerate() {
            let last = index + 1 == words.len();
            match *word {
                // `proxy://` reads as if a proxy were to be connected to.
                "proxy" if last && layers.is_empty() => {
                    return Err(refuse(
                        "proxy is a layer over another; write for example proxy+tcp".to_owned(),
                    ));
                }
                "proxy" => layers.push(Layer::Proxy),
                "tls" => layers.push(Layer::Tls),
                "ws" => layers.push(Layer::WebSocket),
                "wss" if last => layers.extend([Layer::Tls, Layer::WebSocket]),
                "wss" => {
                    return Err(refuse(
                        "wss stands for tls+ws+tcp; over another base write tls+ws".to_owned(),
                    ));
                }
                base if last => kind = base_named(base),
                base => return Err(refuse(format!("{base} is a base and comes last"))),
            }
        }
        check_layers(&layers, kind).map_err(refuse)?;
        Ok(Scheme { layers, kind })
    }

    /// Whether every word of `text` is known, in whatever order.
    pub(super) fn is_known(text: &str) -> bool {
        let lower = text.to_ascii_lowercase();
        lower.split('+').all(|word| KNOWN_SCHEMES.contains(&word))
    }

    /// The shortest way to write it.
    pub(super) fn name(layers: &[Layer], kind: Kind) -> String {
        match (layers, kind) {
            ([Layer::Proxy, over @ ..], _) => format!("proxy+{}", Scheme::name(over, kind)),
            ([Layer::Tls], Kind::Tcp) => "tls".to_owned(),
            ([Layer::WebSocket], Kind::Tcp) => "ws".to_owned(),
            ([Layer::Tls, Layer::WebSocket], Kind::Tcp) => "wss".to_owned(),
            _ => {
                let mut words: Vec<&str> = layers.iter().copied().map(word_of).collect();
                words.push(kind.name());
                words.join("+")
            }
        }
    }
}

fn base_named(word: &str) -> Kind {
    match word {
        "udp" => Kind::Udp,
        "unix" => Kind::Unix,
        "unixgram" => Kind::UnixGram,
        "fd" => Kind::Fd,
        "stdio" => Kind::Stdio,
        "mem" => Kind::Memory,
        "name" => Kind::Service,
        _ => Kind::Tcp,
    }
}

fn word_of(layer: Layer) -> &'static str {
    match layer {
        Layer::Proxy => "proxy",
        Layer::Tls => "tls",
        Layer::WebSocket => "ws",
    }
}

fn check_layers(layers: &[Layer], kind: Kind) -> Result<(), String> {
    for wanted in Scheme::IN_ORDER {
        if layers.iter().filter(|layer| **layer == wanted).count() > 1 {
            return Err(format!("{} stands in it twice", word_of(wanted)));
        }
    }
    if layers.contains(&Layer::Proxy) && !kind.may_be_proxied() {
        return Err(format!(
            "proxy lies over tcp and unix only, and {} is neither",
            kind.name()
        ));
    }
    if !layers.is_empty() && kind == Kind::Service {
        return Err(
            "what lies over a service is said where it is registered, so write name:SERVICE; \
             name:SERVICE?over=tls takes only what is registered so"
                .to_owned(),
        );
    }
    if !layers.is_empty() && kind.is_datagram() {
        return Err(format!(
            "{} carries datagrams, and tls and ws need a stream",
            kind.name()
        ));
    }
    let in_order: Vec<Layer> = Scheme::IN_ORDER
        .into_iter()
        .filter(|layer| layers.contains(layer))
        .collect();
    if layers != in_order {
        let words: Vec<&str> = in_order.into_iter().map(word_of).collect();
        return Err(format!(
            "the layer nearest to the wire comes first, so write {}",
            words.join("+")
        ));
    }
    Ok(())
}

//! The ports that a service stands for: a number, or a word that may have another one for each kind of socket.

use socket2::{Protocol, Type};

use super::error::LookupError;
use super::service::service_by_name;

/// The ports of a service, for each kind of socket that has it.
#[derive(Debug)]
pub(super) enum Ports {
    Every(u16),
    ByKind {
        stream: Option<u16>,
        datagram: Option<u16>,
    },
}

impl Ports {
    /// Those of a service, as far as a kind and a protocol are asked for; 0 where there is none.
    ///
    /// # Errors
    ///
    /// [`LookupError::Invalid`] for a number over 65535, [`LookupError::NoService`] for a word that nobody knows.
    pub(super) fn of(
        service: Option<&str>,
        kind: Option<Type>,
        protocol: Option<Protocol>,
    ) -> Result<Self, LookupError> {
        let Some(service) = service else {
            return Ok(Ports::Every(0));
        };
        if !service.is_empty() && service.bytes().all(|byte| byte.is_ascii_digit()) {
            return match service.parse() {
                Ok(port) => Ok(Ports::Every(port)),
                Err(_) => Err(LookupError::Invalid(format!(
                    "port {service:?} is not a number from 0 to 65535"
                ))),
            };
        }
        let port_over = |of_kind: Type, over: Protocol, word: &str| {
            let is_asked = kind.is_none_or(|wanted| wanted == of_kind)
                && protocol.is_none_or(|wanted| wanted == over);
            is_asked
                .then(|| service_by_name(service, Some(word)).ok())
                .flatten()
        };
        let stream = port_over(Type::STREAM, Protocol::TCP, "tcp");
        let datagram = port_over(Type::DGRAM, Protocol::UDP, "udp");
        if stream.is_none() && datagram.is_none() {
            return Err(LookupError::NoService {
                name: service.to_owned(),
                protocol: match kind {
                    Some(Type::STREAM) => "tcp".to_owned(),
                    Some(Type::DGRAM) => "udp".to_owned(),
                    _ => "tcp or udp".to_owned(),
                },
            });
        }
        Ok(Ports::ByKind { stream, datagram })
    }

    /// The port for a kind of socket, if the service has one.
    pub(super) fn of_kind(&self, kind: Type) -> Option<u16> {
        match self {
            Self::Every(port) => Some(*port),
            Self::ByKind { stream, .. } if kind == Type::STREAM => *stream,
            Self::ByKind { datagram, .. } if kind == Type::DGRAM => *datagram,
            Self::ByKind { .. } => None,
        }
    }
}

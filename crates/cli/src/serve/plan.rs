//! From what was asked for to the endpoints that are to be listened on.

use std::net::UdpSocket;
use std::path::Path;

use lariat_protocol::Endpoint;
use lariat_protocol::endpoint::Base;

use crate::failure::Failure;
use crate::serve::services::{Default, Entry, FIRST_PORT, METRICS, SERVICES, Wanted};
use crate::serve::state;

/// An endpoint that is to be served.
#[derive(Debug)]
pub struct Planned {
    /// By which service.
    pub entry: &'static Entry,
    /// With its port, and with a certificate if it needs one.
    pub endpoint: Endpoint,
    /// Whether it was chosen by us.
    pub is_default: bool,
    /// Whether its certificate is the one in the state directory.
    pub is_ours: bool,
}

/// What the default endpoints are made of.
#[derive(Clone, Copy, Debug)]
pub struct Defaults<'a> {
    /// In the place of [`FIRST_PORT`]; 0 means any free ports.
    pub port_base: Option<u16>,
    /// On every address of the machine.
    pub public: bool,
    /// Where Unix sockets go.
    pub state: &'a Path,
}

/// Every endpoint of what is wanted, or of every service if nothing is named.
///
/// # Errors
///
/// A port over 65535, or a path that an endpoint cannot write.
pub fn plan(wanted: &[Wanted], defaults: Defaults<'_>) -> Result<Vec<Planned>, Failure> {
    let everything: Vec<Wanted> = SERVICES
        .iter()
        .map(|entry| Wanted {
            entry,
            endpoint: None,
        })
        .collect();
    let wanted = if wanted.is_empty() {
        &everything
    } else {
        wanted
    };
    let mut planned = Vec::new();
    for Wanted { entry, endpoint } in wanted {
        match endpoint {
            Some(endpoint) => planned.push(Planned {
                entry,
                endpoint: with_port(entry, endpoint, defaults)?,
                is_default: false,
                is_ours: false,
            }),
            None => {
                for default in entry.defaults {
                    let is_left_out = match default {
                        Default::SocketFile(_) => cfg!(not(unix)),
                        Default::IfNamed(..) => true,
                        Default::Port(..) => false,
                    };
                    if is_left_out {
                        continue;
                    }
                    planned.push(Planned {
                        entry,
                        endpoint: default.endpoint(defaults)?,
                        is_default: true,
                        is_ours: false,
                    });
                }
            }
        }
    }
    Ok(planned)
}

/// The endpoint of the metrics.
///
/// # Errors
///
/// One that carries no HTTP.
pub fn metrics(endpoint: &Endpoint, defaults: Defaults<'_>) -> Result<Planned, Failure> {
    let is_stream = !endpoint.is_datagram() && !endpoint.is_websocket();
    let nowhere = matches!(
        endpoint.base(),
        Base::Stdio | Base::Memory(_) | Base::Service(_)
    );
    if !is_stream || nowhere {
        return Err(Failure::usage(format!(
            "{endpoint}: metrics are read over HTTP; write for example \
             --metrics tcp://localhost:9464"
        )));
    }
    let mut endpoint = endpoint.clone();
    if let Some(port) = METRICS.default_port(&endpoint)
        && endpoint.port().is_none()
    {
        // It is not counted from the services' first port.
        let port = if defaults.port_base == Some(0) {
            0
        } else {
            port
        };
        endpoint = endpoint.with_port(port);
    }
    Ok(Planned {
        entry: &METRICS,
        endpoint,
        is_default: false,
        is_ours: false,
    })
}

/// The endpoint with the service's port for its scheme, if it names none.
fn with_port(
    entry: &Entry,
    endpoint: &Endpoint,
    defaults: Defaults<'_>,
) -> Result<Endpoint, Failure> {
    match entry.default_port(endpoint) {
        Some(port) if endpoint.port().is_none() => {
            Ok(endpoint.clone().with_port(defaults.port(port)?))
        }
        _ => Ok(endpoint.clone()),
    }
}

impl Default {
    fn endpoint(self, defaults: Defaults<'_>) -> Result<Endpoint, Failure> {
        match self {
            Default::Port(scheme, port) | Default::IfNamed(scheme, port) => {
                let host = match defaults.public {
                    true => every_address(),
                    false => "localhost",
                };
                let port = defaults.port(port)?;
                Ok(format!("{scheme}://{host}:{port}").parse()?)
            }
            Default::SocketFile(name) => {
                let path = defaults.state.join(name);
                state::text(&path)?;
                Ok(Endpoint::unix(path).with_option("mode", "600")?)
            }
        }
    }
}

impl Defaults<'_> {
    fn port(&self, port: u16) -> Result<u16, Failure> {
        let moved = match self.port_base {
            None => Some(port),
            Some(0) => Some(0),
            Some(base) => base.checked_add(port - FIRST_PORT),
        };
        moved.ok_or_else(|| Failure::usage("--port-base is too high: a port would be over 65535"))
    }
}

/// `[::]` is both families, where the machine has both.
fn every_address() -> &'static str {
    match UdpSocket::bind("[::]:0") {
        Ok(_) => "[::]",
        Err(_) => "0.0.0.0",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoints(wanted: &[&str], port_base: Option<u16>) -> Result<Vec<String>, String> {
        let wanted: Vec<Wanted> = wanted
            .iter()
            .map(|text| text.parse().expect("known"))
            .collect();
        let defaults = Defaults {
            port_base,
            public: false,
            state: Path::new("/state"),
        };
        let planned = plan(&wanted, defaults);
        let planned = planned.map_err(|failure| format!("{failure:?}"))?;
        Ok(planned
            .iter()
            .map(|planned| planned.endpoint.to_string())
            .collect())
    }

    #[test]
    fn everything_is_served_unless_something_is_named() {
        let timestamp = [
            "tcp://localhost:21567",
            "udp://localhost:21567",
            "tls://localhost:21568",
            "ws://localhost:21569",
            #[cfg(unix)]
            "unix:///state/timestamp.sock?mode=600",
        ];
        let small = [
            "tcp://localhost:21570",
            "udp://localhost:21570",
            "tcp://localhost:21571",
            "udp://localhost:21571",
            "tcp://localhost:21572",
            "tcp://localhost:21573",
            "tcp://localhost:21574",
            "udp://localhost:21574",
            "tcp://localhost:21575",
            "udp://localhost:21575",
            "tcp://localhost:21576",
            "tcp://localhost:21577",
            "tcp://localhost:21578",
            "tcp://localhost:21579",
        ];
        let all = [&timestamp[..], &small].concat();
        assert_eq!(endpoints(&[], None).expect("planned"), all);
        assert_eq!(endpoints(&["timestamp"], None).expect("planned"), timestamp);
        let one = ["timestamp=udp://127.0.0.1"];
        let udp = ["udp://127.0.0.1:21567"];
        assert_eq!(endpoints(&one, None).expect("planned"), udp);
    }

    #[test]
    fn what_floods_others_is_served_over_udp_only_where_it_is_named() {
        for (name, port) in [("chargen", 21572), ("qotd", 21573)] {
            let of_itself = endpoints(&[name], None).expect("planned");
            assert_eq!(of_itself, [format!("tcp://localhost:{port}")]);
            let named = endpoints(&[&format!("{name}=udp://[::1]")], None).expect("planned");
            assert_eq!(named, [format!("udp://[::1]:{port}")]);
        }
    }

    #[test]
    fn the_ports_move_together() {
        let moved = endpoints(&[], Some(3000)).expect("planned");
        let first = [
            "tcp://localhost:3000",
            "udp://localhost:3000",
            "tls://localhost:3001",
            "ws://localhost:3002",
        ];
        assert_eq!(moved[..4], first);
        let any = endpoints(&["timestamp=tls://[::1]"], Some(0)).expect("planned");
        assert_eq!(any, ["tls://[::1]:0"]);
        let named = endpoints(&["timestamp=tls://[::1]:5"], Some(3000)).expect("planned");
        assert_eq!(named, ["tls://[::1]:5"]);
        assert!(endpoints(&[], Some(65534)).is_err());
    }
}

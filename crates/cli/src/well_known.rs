//! Where the servers of the well-known small services are, and how long they are waited for: what
//! their clients have in common.

use std::time::Duration;

use lariat_client::asking::AskOptions;
use lariat_net::lookup::service_by_name;
use lariat_protocol::Endpoint;
use lariat_protocol::endpoint::Base;

use crate::client::{self, seconds};
use crate::failure::Failure;

/// A server of a well-known service.
#[derive(Debug, clap::Args)]
pub struct Server {
    /// The server: a host, or an endpoint such as tls://HOST:PORT or unix:PATH
    #[arg(value_name = "HOST|ENDPOINT", default_value = "localhost")]
    server: String,
    /// Its port, if not the one that the system, or else a table, knows for the service
    port: Option<u16>,
    /// Ask by datagrams: each that is not answered is sent again twice, after 1 s and 2 s
    #[arg(short, long)]
    udp: bool,
    /// How long connecting (30 s), and then an answer (10 s; over UDP 7 s in all), may take
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,
}

impl Server {
    /// Where it is, with the port of the service if none is named.
    ///
    /// # Errors
    ///
    /// Wrong usage: it is said twice, or in no way that leads anywhere.
    pub fn endpoint(&self, service: &str) -> Result<Endpoint, Failure> {
        let scheme = if self.udp { "udp" } else { "tcp" };
        let mut endpoint = client::endpoint_at(&self.server, scheme, self.port)?;
        if self.udp && endpoint.service().is_some() && endpoint.options().over.is_empty() {
            endpoint = endpoint.with_option("over", "udp")?;
            return Ok(endpoint);
        }
        if self.udp && !matches!(endpoint.base(), Base::Udp { .. }) {
            return Err(Failure::usage(format!(
                "{endpoint} is not over UDP; leave out --udp, or give the host alone"
            )));
        }
        if endpoint.host().is_none() || endpoint.port().is_some() {
            return Ok(endpoint);
        }
        if !endpoint.layers().is_empty() {
            return Err(Failure::usage(format!(
                "{endpoint} has no port, and there is no usual one for {service} over {}",
                endpoint.scheme()
            )));
        }
        let over = endpoint.scheme();
        // Some lists have a service under the other protocol only, where it has the same port.
        let port =
            service_by_name(service, Some(&over)).or_else(|_| service_by_name(service, None));
        let port = port.map_err(|error| Failure::from_error(&error))?;
        Ok(endpoint.with_port(port))
    }

    /// How long to wait.
    pub fn options(&self) -> AskOptions {
        AskOptions {
            connect: client::options(self.timeout),
            timeout: self.timeout,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(server: &str, port: Option<u16>, udp: bool) -> String {
        let server = Server {
            server: server.into(),
            port,
            udp,
            timeout: None,
        };
        match server.endpoint("daytime") {
            Ok(endpoint) => endpoint.to_string(),
            Err(failure) => failure.message().unwrap_or_default().to_string(),
        }
    }

    #[test]
    fn the_port_is_that_of_the_service_unless_one_is_named() {
        assert_eq!(read("localhost", None, false), "tcp://localhost:13");
        assert_eq!(read("localhost", None, true), "udp://localhost:13");
        assert_eq!(read("udp://localhost", None, false), "udp://localhost:13");
        assert_eq!(read("udp://localhost", None, true), "udp://localhost:13");
        assert_eq!(read("::1", Some(7), true), "udp://[::1]:7");
        assert_eq!(read("localhost:7", None, true), "udp://localhost:7");
        assert_eq!(read("unix:x.sock", None, false), "unix:x.sock");
        assert_eq!(read("name:time", None, false), "name:time");
        assert_eq!(read("name:time", None, true), "name:time?over=udp");
    }

    #[test]
    fn what_is_said_twice_or_not_at_all_is_told() {
        let said = |text: &str, port, udp, words: &str| {
            let said = read(text, port, udp);
            assert!(said.contains(words), "{said}");
        };
        said(
            "tcp://localhost",
            None,
            true,
            "is not over UDP; leave out --udp",
        );
        said("unix:x.sock", None, true, "is not over UDP");
        said("localhost:1", Some(2), false, "given twice");
        said(
            "tls://localhost",
            None,
            false,
            "no usual one for daytime over tls",
        );
    }
}

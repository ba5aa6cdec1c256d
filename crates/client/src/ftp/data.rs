//! The data connection: made by this side or by the server, and only between the two machines of the
//! control connection.

use std::io;
use std::net::SocketAddr;

use lariat_net::{Connection, Expected};
use lariat_protocol::Endpoint;
use lariat_protocol::endpoint::Host;
use lariat_protocol::ftp::{
    Command, DataType, Event, Extended, Reply, parse_extended_passive, parse_passive,
};
use tokio::time::timeout;

use super::{Client, Error};

/// How the data connection comes about.
enum Route {
    /// This side has made it.
    Made(Connection),
    /// The server is to make it.
    Awaited(Box<Expected>),
}

impl Client {
    /// Asks for a transfer from an offset on, and gives its data connection, and what the server said
    /// when it began.
    pub(super) async fn begin(
        &mut self,
        command: &Command,
        data_type: DataType,
        offset: u64,
    ) -> Result<(Connection, Reply), Error> {
        self.set_type(data_type).await?;
        let route = match self.options.active {
            true => Route::Awaited(Box::new(self.await_server().await?)),
            false => Route::Made(self.connect_passively().await?),
        };
        if offset > 0 || self.has_mark {
            // Whoever gives up the answer to it has the server know it all the same.
            self.has_mark = true;
            let reply = self.control.ask(&Command::Rest(offset)).await?;
            if offset > 0 && reply.code() != 350 {
                self.has_mark = false;
                return Err(self.control.refused(reply));
            }
        }
        self.control.send(command).await?;
        self.has_mark = false;
        let begun = match self.control.next().await? {
            Event::Preliminary(reply) => reply,
            Event::Closing(reply) => return Err(Error::Closing(reply)),
            Event::Reply(reply) if reply.is_success() => {
                let words = format!("{} came before the transfer had begun", reply.shown());
                let error = lariat_protocol::Error::unexpected(words);
                return Err(self.control.broken(error));
            }
            Event::Reply(reply) => return Err(self.control.refused(reply)),
        };
        let connection = match route {
            Route::Made(connection) => connection,
            Route::Awaited(expected) => self.accept(*expected).await?,
        };
        match self.is_private {
            true => Ok((self.secure(connection).await?, begun)),
            false => Ok((connection, begun)),
        }
    }

    /// Connects to the port that the server names: by `EPSV`, and by `PASV` where there is none.
    async fn connect_passively(&mut self) -> Result<Connection, Error> {
        let place = |server: SocketAddr, port| {
            let mut place = server;
            place.set_port(port);
            place
        };
        let server = self.server()?;
        if !self.needs_plain_passive {
            let reply = self.control.ask(&Command::Epsv(Extended::Same)).await?;
            if reply.is_success() {
                let port = parse_extended_passive(&reply.text());
                let port = port.map_err(|error| self.control.broken(error))?;
                match self.connect_to(place(server, port)).await {
                    // Some routers let only those through of which they have read in a reply to PASV.
                    Err(_) if server.is_ipv4() => {}
                    connected => return connected,
                }
            } else if !reply.is_permanent() || server.is_ipv6() {
                return Err(self.control.refused(reply));
            }
            self.needs_plain_passive = true;
        }
        let reply = self.control.expect_done(&Command::Pasv).await?;
        let named = parse_passive(&reply.text()).map_err(|error| self.control.broken(error))?;
        self.connect_to(place(server, named.port())).await
    }

    async fn connect_to(&mut self, place: SocketAddr) -> Result<Connection, Error> {
        let endpoint = self.data_endpoint(place)?;
        let connected = lariat_net::connect_with(&endpoint, self.connect.clone()).await;
        connected.map_err(|error| self.not_made(error))
    }

    /// There is no data connection; the control connection is as good as before.
    fn not_made(&self, error: lariat_net::Error) -> Error {
        Error::Data {
            command: self.control.last().to_owned(),
            error: io::Error::other(error),
        }
    }

    /// Tells the server a port of this machine to which it is to connect.
    async fn await_server(&mut self) -> Result<Expected, Error> {
        let Some(local) = self.control.local().inet() else {
            return Err(self.no_address());
        };
        let endpoint = self.data_endpoint(self.server()?)?;
        let tls = self.connect.tls.clone();
        let bound = Expected::bind(local, &endpoint, tls).await;
        let expected = bound.map_err(|error| Error::Local {
            what: "cannot await a data connection".into(),
            error: io::Error::other(error),
        })?;
        let place = expected.local();
        let command = match place {
            SocketAddr::V4(place) => Command::Port(place),
            SocketAddr::V6(_) => Command::Eprt(place),
        };
        self.control.expect_done(&command).await?;
        Ok(expected)
    }

    /// Waits for the server's connection; unless it says that it has none.
    async fn accept(&mut self, expected: Expected) -> Result<Connection, Error> {
        let from = self.server()?;
        let accepting = timeout(self.options.timeout, expected.accept(from.ip()));
        let failed = tokio::select! {
            biased;
            accepted = accepting => match accepted {
                Ok(Ok(accepted)) => return Ok(accepted),
                Ok(Err(error)) => self.not_made(error),
                Err(_) => self.control.timed_out("no data connection for the answer"),
            },
            said = self.control.next() => match said? {
                Event::Reply(reply) => return Err(self.control.refused(reply)),
                Event::Closing(reply) => return Err(Error::Closing(reply)),
                Event::Preliminary(_) => self.control.timed_out("no data connection for the answer"),
            },
        };
        // The control connection is of use again when the server has heard. Whether it has changes nothing of why
        // there was no data.
        let _ = self.abort_in_time().await;
        Err(failed)
    }

    async fn secure(&mut self, connection: Connection) -> Result<Connection, Error> {
        let failed = match timeout(self.options.timeout, connection.start_tls()).await {
            Ok(Ok(connection)) => return Ok(connection),
            Ok(Err(error)) => io::Error::other(error.to_string()),
            Err(_) => io::ErrorKind::TimedOut.into(),
        };
        Err(self.data_failed(failed).await)
    }

    /// Where the server is, whatever it says itself.
    fn server(&self) -> Result<SocketAddr, Error> {
        let server = self.control.peer().inet();
        server.ok_or_else(|| self.no_address())
    }

    fn no_address(&self) -> Error {
        let words = "a data connection needs an internet address, and this server has none";
        self.control.broken(lariat_protocol::Error::misuse(words))
    }

    fn data_endpoint(&self, place: SocketAddr) -> Result<Endpoint, Error> {
        let endpoint = Endpoint::tcp(host(place), place.port());
        match &self.server_name {
            Some(name) if self.connect.tls.is_some() => {
                let named = endpoint.with_option("name", name);
                Ok(named.map_err(lariat_net::Error::from)?)
            }
            _ => Ok(endpoint),
        }
    }
}

/// An address with its zone, without which one of a link alone leads nowhere.
fn host(place: SocketAddr) -> Host {
    match place {
        SocketAddr::V6(place) if place.scope_id() != 0 => {
            Host::V6(*place.ip(), Some(place.scope_id().to_string()))
        }
        place => place.ip().into(),
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv6Addr, SocketAddrV6};

    use super::*;

    #[test]
    fn an_address_keeps_its_zone() {
        let link_local = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
        // `25` is what stands before a zone in a URL.
        for zone in [3, 25, 253] {
            let place = SocketAddrV6::new(link_local, 21, 0, zone);
            assert_eq!(host(place.into()).to_string(), format!("fe80::1%{zone}"));
        }
        let without = SocketAddrV6::new(link_local, 21, 0, 0);
        assert_eq!(host(without.into()).to_string(), "fe80::1");
        assert_eq!(host(([127, 0, 0, 1], 21).into()).to_string(), "127.0.0.1");
    }
}

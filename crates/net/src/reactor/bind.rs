//! From an endpoint to the sockets that it is listened on by.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};

use lariat_protocol::endpoint::{Base, Endpoint, Host};
use socket2::{Domain, Protocol, Socket, Type};

use crate::carrier::memory::MemoryListener;
use crate::error::Error;
use crate::{lookup, platform};

/// How many connections may wait to be accepted; the system may allow fewer
/// (`net.core.somaxconn`). Beyond it, Linux drops the handshake and the peer tries again.
const BACKLOG: u32 = 1024;

/// How often an endpoint of two families may find its free port taken in the other.
const PORT_TRIES: usize = 16;

/// A socket that is bound, and registered with no runtime yet.
pub(crate) enum Bound {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(platform::UnixListener, Option<platform::SocketFile>),
    Udp(UdpSocket),
    #[cfg(unix)]
    UnixGram(platform::UnixDatagram, Option<platform::SocketFile>),
    Memory(MemoryListener),
    /// One connection that is open already.
    #[cfg(unix)]
    Descriptor(Socket),
    /// One connection over standard input and output.
    Stdio,
}

/// Binds everything that an endpoint stands for; with each socket comes the endpoint that
/// was really bound, its port filled in.
pub(crate) fn bind(endpoint: &Endpoint) -> Result<Vec<(Endpoint, Bound)>, Error> {
    let one = |bound| Ok(vec![(endpoint.clone(), bound)]);
    let listen = |address: String| {
        let endpoint = endpoint.to_string();
        move |error| Error::Listen {
            endpoint,
            address,
            error,
        }
    };
    match endpoint.base() {
        Base::Tcp { host, port } | Base::Udp { host, port } => {
            let Some(port) = *port else {
                return Err(Error::misuse(
                    endpoint,
                    "no port is given, as in tcp://localhost:21567",
                ));
            };
            bind_inet(endpoint, host, port)
        }
        Base::Unix { path } => one(listen_unix(endpoint, path).map_err(listen(path.to_string()))?),
        Base::UnixGram { path } => {
            one(bind_unixgram(endpoint, path).map_err(listen(path.to_string()))?)
        }
        Base::Memory(name) => {
            let listener = MemoryListener::bind(name);
            one(Bound::Memory(
                listener.map_err(listen(format!("mem://{name}")))?,
            ))
        }
        Base::Fd(number) => {
            let bound = platform::listening_descriptor(*number);
            one(bound.map_err(listen(format!("descriptor {number}")))?)
        }
        Base::Stdio => one(Bound::Stdio),
        Base::Service(_) => Err(Error::misuse(
            endpoint,
            "a name is connected to, and not listened on; listen on an address such as \
             tcp://[::]:21567, and register that under the name",
        )),
    }
}

#[cfg(unix)]
fn listen_unix(
    endpoint: &Endpoint,
    path: &lariat_protocol::endpoint::SocketPath,
) -> io::Result<Bound> {
    let options = endpoint.options();
    let backlog = options.backlog.unwrap_or(BACKLOG);
    let (listener, file) = platform::listen_unix(path, options.mode, backlog)?;
    Ok(Bound::Unix(listener, file))
}

#[cfg(unix)]
fn bind_unixgram(
    endpoint: &Endpoint,
    path: &lariat_protocol::endpoint::SocketPath,
) -> io::Result<Bound> {
    let (socket, file) = platform::bind_unixgram(path, endpoint.options().mode)?;
    Ok(Bound::UnixGram(socket, file))
}

/// Binds every address of a host, all to the same port.
fn bind_inet(endpoint: &Endpoint, host: &Host, port: u16) -> Result<Vec<(Endpoint, Bound)>, Error> {
    let addresses = addresses(host, port)?;
    let mut tries = 0;
    loop {
        match bind_all(endpoint, &addresses) {
            // Port 0 found one that is free in one family and taken in the other.
            Err((_, error))
                if port == 0
                    && addresses.len() > 1
                    && error.kind() == io::ErrorKind::AddrInUse
                    && tries < PORT_TRIES =>
            {
                tries += 1;
            }
            Err((address, error)) => {
                return Err(Error::Listen {
                    endpoint: endpoint.to_string(),
                    address: address.to_string(),
                    error,
                });
            }
            Ok(all) => return Ok(all),
        }
    }
}

fn bind_all(
    endpoint: &Endpoint,
    addresses: &[SocketAddr],
) -> Result<Vec<(Endpoint, Bound)>, (SocketAddr, io::Error)> {
    let mut all: Vec<(Endpoint, Bound)> = Vec::new();
    for address in addresses {
        let mut address = *address;
        if let Some(port) = all.first().and_then(|(endpoint, _)| endpoint.port()) {
            address.set_port(port);
        }
        match bind_one(endpoint, address) {
            // A machine without IPv6, or with it switched off, has the other family.
            Err(error) if !all.is_empty() && address.is_ipv6() && lacks_family(&error) => {}
            Err(error) => return Err((address, error)),
            Ok(bound) => all.push(bound),
        }
    }
    Ok(all)
}

fn lacks_family(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrNotAvailable
        || error.raw_os_error() == Some(platform::socket::FAMILY_NOT_SUPPORTED)
}

/// The addresses that a listening host stands for. `localhost` is both loopback addresses,
/// whatever the hosts file says, since its clients may come by either.
fn addresses(host: &Host, port: u16) -> Result<Vec<SocketAddr>, Error> {
    match host {
        Host::Name(name) if name.eq_ignore_ascii_case("localhost") => Ok(vec![
            SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port),
            SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), port),
        ]),
        host => Ok(lookup::resolve(&host.to_string(), port)?),
    }
}

fn bind_one(endpoint: &Endpoint, address: SocketAddr) -> io::Result<(Endpoint, Bound)> {
    let (kind, protocol) = match endpoint.is_datagram() {
        true => (Type::DGRAM, Protocol::UDP),
        false => (Type::STREAM, Protocol::TCP),
    };
    let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
    if address.is_ipv6() {
        // `[::]` is every address of both families.
        socket.set_only_v6(false)?;
    }
    if !endpoint.is_datagram() && cfg!(unix) {
        // A server that was killed starts again on its port at once: the old connections
        // that still wait out their time do not hold it. (On Windows the option would let
        // two servers share a port.)
        socket.set_reuse_address(true)?;
    }
    socket.bind(&address.into())?;
    socket.set_nonblocking(true)?;
    let (bound, local) = if endpoint.is_datagram() {
        let socket = UdpSocket::from(socket);
        let local = socket.local_addr()?;
        (Bound::Udp(socket), local)
    } else {
        let backlog = endpoint.options().backlog.unwrap_or(BACKLOG);
        socket.listen(i32::try_from(backlog).unwrap_or(i32::MAX))?;
        let listener = TcpListener::from(socket);
        let local = listener.local_addr()?;
        (Bound::Tcp(listener), local)
    };
    Ok((
        endpoint
            .clone()
            .with_host(local.ip())
            .with_port(local.port()),
        bound,
    ))
}

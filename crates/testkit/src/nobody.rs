//! Ports on which nobody is, held so that nobody will be.
//!
//! A port that was bound and given back may be somebody else's a moment later: other tests run at the
//! same time, and take any that is free.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener};

use socket2::{Domain, Socket, Type};

/// A port of 127.0.0.1 that refuses whoever comes, for as long as this is there.
#[derive(Debug)]
pub struct Nobody {
    socket: Socket,
    address: SocketAddr,
}

impl Nobody {
    /// One of TCP: bound, and not listening.
    ///
    /// # Panics
    ///
    /// When the system gives no port.
    pub fn tcp() -> Self {
        Nobody::of(Type::STREAM)
    }

    /// One of UDP: connected to itself, so that datagrams of others are for nobody.
    ///
    /// # Panics
    ///
    /// When the system gives no port.
    pub fn udp() -> Self {
        let nobody = Nobody::of(Type::DGRAM);
        let connected = nobody.socket.connect(&nobody.address.into());
        connected.expect("a socket may be its own peer");
        nobody
    }

    fn of(kind: Type) -> Self {
        let socket = Socket::new(Domain::IPV4, kind, None).expect("a socket");
        let any = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0);
        socket.bind(&any.into()).expect("a free port");
        let address = socket.local_addr().expect("it is bound");
        let address = address.as_socket().expect("of the internet");
        Nobody { socket, address }
    }

    /// Where nobody is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Somebody from now on, at one of TCP.
    ///
    /// # Panics
    ///
    /// When the system does not listen.
    pub fn listen(self) -> TcpListener {
        self.socket.listen(16).expect("it listens");
        self.socket.into()
    }
}

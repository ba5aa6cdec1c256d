//! TCP, over IPv4 and IPv6.

use std::ffi::OsStr;
use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;

use socket2::{SockRef, Type};

use crate::address::Address;
use crate::options::Options;
use crate::platform::{self, AsFd, BorrowedFd};
use crate::request::{Cut, StreamRequest, Wire};
use crate::transport::{Accepted, Transport, inet};

/// TCP (`TCPServer`). Its addresses are `HOST:PORT`, `[IPV6]:PORT` and, for every address of this
/// machine, `:PORT`; port 0 is any that is free.
#[derive(Debug)]
pub struct Tcp {
    listener: TcpListener,
}

impl Transport for Tcp {
    type Socket = Arc<TcpStream>;
    type Request = StreamRequest;

    fn bind(address: &OsStr, options: &Options) -> io::Result<Self> {
        let socket = inet::bind(address, Type::STREAM, options)?;
        Ok(Tcp {
            listener: socket.into(),
        })
    }

    fn activate(&self, options: &Options) -> io::Result<()> {
        let backlog = options.request_queue_size.try_into().unwrap_or(i32::MAX);
        SockRef::from(&self.listener).listen(backlog)?;
        // `poll` says when somebody waits; who went away meanwhile must not hold us up.
        self.listener.set_nonblocking(true)
    }

    fn deactivate(&self) {
        // One that does not listen needs no ending.
        let _ = SockRef::from(&self.listener).shutdown(Shutdown::Both);
    }

    fn server_address(&self) -> io::Result<Address> {
        Ok(self.listener.local_addr()?.into())
    }

    fn get_request(&self, options: &Options) -> io::Result<(Self::Socket, Address)> {
        let (stream, client) = self.listener.accept()?;
        platform::inherit_nothing(&stream)?;
        if options.disable_nagle_algorithm {
            stream.set_nodelay(true)?;
        }
        Ok((Arc::new(stream), client.into()))
    }

    fn open(
        socket: Self::Socket,
        accepted: &Accepted,
        options: &Options,
    ) -> io::Result<Self::Request> {
        Wire::set_timeouts(&*socket, None, options.deadlines.idle)?;
        Ok(StreamRequest::new(socket, accepted, options))
    }

    fn shutdown_request(request: &mut Self::Request) -> io::Result<()> {
        request.end()
    }

    fn refuse(socket: &Self::Socket, words: &[u8]) {
        // A new connection takes a few words at once; who cannot be told is just refused.
        let _ = socket
            .set_nonblocking(true)
            .and_then(|()| socket.send(words));
    }

    fn cutter(socket: &Self::Socket) -> Option<Arc<dyn Cut>> {
        Some(Arc::clone(socket) as Arc<dyn Cut>)
    }
}

impl AsFd for Tcp {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.listener.as_fd()
    }
}

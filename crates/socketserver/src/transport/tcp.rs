//! TCP, over IPv4 and IPv6.

use std::ffi::OsStr;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use socket2::{SockRef, Type};

use crate::address::Address;
use crate::options::Options;
use crate::platform::{self, AsFd, BorrowedFd};
use crate::request::{Cut, StreamRequest};
use crate::transport::{Accepted, Transport, inet, stream};

/// TCP (`TCPServer`). Its addresses are `HOST:PORT`, `[IPV6]:PORT` and, for every address of this
/// machine, `:PORT`; port 0 is any that is free.
///
/// On Linux its connections have Nagle's algorithm and the time-out of the first byte from their listener, as
/// [`activate`](Transport::activate) has set them: a transport that takes its sockets from this one has them so too.
#[derive(Debug)]
pub struct Tcp {
    listener: TcpListener,
}

/// Whether a connection has its listener's options, so that they need not be set for each.
const INHERITS: bool = cfg!(target_os = "linux");

/// How long the reads of a connection wait from its beginning on. What the system might round to no time at all, which means for
/// ever, is set where it is needed.
fn inherited(options: &Options) -> Option<Duration> {
    let first_byte = options.deadlines.first_byte;
    first_byte.filter(|length| *length >= Duration::from_millis(1))
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
        if INHERITS {
            let listener = SockRef::from(&self.listener);
            listener.set_tcp_nodelay(options.disable_nagle_algorithm)?;
            listener.set_read_timeout(inherited(options))?;
        }
        stream::listen(&self.listener, options)
    }

    fn deactivate(&self) {
        stream::stop_listening(&self.listener);
    }

    fn server_address(&self) -> io::Result<Address> {
        Ok(self.listener.local_addr()?.into())
    }

    fn get_request(&self, options: &Options) -> io::Result<(Self::Socket, Address)> {
        let (stream, client) = self.listener.accept()?;
        platform::inherit_nothing(&stream)?;
        if options.disable_nagle_algorithm && !INHERITS {
            // Who is gone already is found out by who reads.
            let _ = stream.set_nodelay(true);
        }
        Ok((Arc::new(stream), client.into()))
    }

    fn open(
        socket: Self::Socket,
        accepted: &Accepted,
        options: &Options,
    ) -> io::Result<Self::Request> {
        let request = stream::open(socket, accepted, options)?;
        Ok(match INHERITS && !accepted.is_refused() {
            true => request.armed(inherited(options)),
            false => request,
        })
    }

    fn shutdown_request(request: &mut Self::Request) -> io::Result<()> {
        request.end()
    }

    fn refuse(socket: &Self::Socket, words: &[u8]) {
        stream::refuse(&**socket, words);
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

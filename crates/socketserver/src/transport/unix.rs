//! Unix stream sockets.

use std::ffi::OsStr;
use std::io;
use std::sync::Arc;

use socket2::{Domain, Socket, Type};

use crate::address::Address;
use crate::options::Options;
use crate::platform::{self, AsFd, BorrowedFd, SocketFile, UnixListener, UnixStream};
use crate::request::{Cut, StreamRequest};
use crate::transport::{Accepted, Transport, stream};

/// Unix stream sockets (`UnixStreamServer`). An address is a path, whose file is removed when the
/// server is closed; one that a server which is gone has left behind is replaced.
#[derive(Debug)]
pub struct Unix {
    listener: UnixListener,
    file: SocketFile,
}

impl Transport for Unix {
    type Socket = Arc<UnixStream>;
    type Request = StreamRequest;

    fn bind(address: &OsStr, _: &Options) -> io::Result<Self> {
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        let file = SocketFile::bind(&socket, address, |path| UnixStream::connect(path).map(drop))?;
        Ok(Unix {
            listener: socket.into(),
            file,
        })
    }

    fn activate(&self, options: &Options) -> io::Result<()> {
        stream::listen(&self.listener, options)
    }

    fn deactivate(&self) {
        stream::stop_listening(&self.listener);
    }

    fn server_address(&self) -> io::Result<Address> {
        Ok(self.file.address())
    }

    fn get_request(&self, _: &Options) -> io::Result<(Self::Socket, Address)> {
        let (stream, client) = self.listener.accept()?;
        platform::inherit_nothing(&stream)?;
        Ok((Arc::new(stream), platform::unix_address(&client)))
    }

    fn open(
        socket: Self::Socket,
        accepted: &Accepted,
        options: &Options,
    ) -> io::Result<Self::Request> {
        stream::open(socket, accepted, options)
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

impl AsFd for Unix {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.listener.as_fd()
    }
}

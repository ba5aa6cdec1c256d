//! Unix datagram sockets.

use std::ffi::OsStr;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use socket2::{Domain, Socket, Type};

use crate::address::Address;
use crate::options::Options;
use crate::platform::{self, AsFd, BorrowedFd, SocketFile, UnixDatagram as Datagrams};
use crate::request::DatagramRequest;
use crate::transport::udp::{Packet, sent};
use crate::transport::{Accepted, Transport};

/// Unix datagram sockets (`UnixDatagramServer`). An address is a path, as for
/// [`Unix`](crate::Unix). A client whose socket has no path can be heard and not be answered.
#[derive(Debug)]
pub struct UnixDatagram {
    socket: Arc<Datagrams>,
    file: SocketFile,
    buffer: Mutex<Vec<u8>>,
}

impl Transport for UnixDatagram {
    type Socket = Packet<Datagrams, Option<PathBuf>>;
    type Request = DatagramRequest;

    fn bind(address: &OsStr, options: &Options) -> io::Result<Self> {
        let socket = Socket::new(Domain::UNIX, Type::DGRAM, None)?;
        socket.set_nonblocking(true)?;
        let file = SocketFile::bind(&socket, address, |path| Datagrams::unbound()?.connect(path))?;
        Ok(UnixDatagram {
            socket: Arc::new(socket.into()),
            file,
            buffer: Mutex::new(vec![0; options.max_packet_size]),
        })
    }

    fn activate(&self, _: &Options) -> io::Result<()> {
        Ok(())
    }

    fn server_address(&self) -> io::Result<Address> {
        Ok(self.file.address())
    }

    fn get_request(&self, _: &Options) -> io::Result<(Self::Socket, Address)> {
        let mut buffer = self.buffer.lock().unwrap_or_else(PoisonError::into_inner);
        let (length, client) = self.socket.recv_from(&mut buffer)?;
        let client = platform::unix_address(&client);
        let packet = Packet {
            data: buffer[..length].to_vec(),
            socket: Arc::clone(&self.socket),
            sender: client.path().map(PathBuf::from),
        };
        Ok((packet, client))
    }

    fn open(packet: Self::Socket, accepted: &Accepted, _: &Options) -> io::Result<Self::Request> {
        let Packet {
            data,
            socket,
            sender,
        } = packet;
        let reply = move |words: &[u8]| {
            let path = sender.as_ref().ok_or_else(nameless)?;
            sent(words.len(), socket.send_to(words, path))
        };
        Ok(DatagramRequest::new(data, accepted, reply))
    }

    fn shutdown_request(request: &mut Self::Request) -> io::Result<()> {
        request.reply()
    }
}

impl AsFd for UnixDatagram {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn nameless() -> io::Error {
    let words = "the client's socket has no name to answer to";
    io::Error::new(io::ErrorKind::AddrNotAvailable, words)
}

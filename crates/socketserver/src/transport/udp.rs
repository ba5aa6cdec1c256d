//! UDP, over IPv4 and IPv6.

use std::ffi::OsStr;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex, PoisonError};

use socket2::Type;

use crate::address::Address;
use crate::options::Options;
use crate::platform::{AsFd, BorrowedFd};
use crate::request::DatagramRequest;
use crate::transport::{Accepted, Transport, inet};

/// UDP (`UDPServer`). Its addresses are those of [`Tcp`](crate::Tcp).
#[derive(Debug)]
pub struct Udp {
    socket: Arc<UdpSocket>,
    /// What the next datagram is received into.
    buffer: Mutex<Vec<u8>>,
}

/// A datagram that has come, the socket that a reply leaves from, and where that goes.
#[derive(Debug)]
pub struct Packet<S, A> {
    pub(super) data: Vec<u8>,
    pub(super) socket: Arc<S>,
    pub(super) sender: A,
}

impl Transport for Udp {
    type Socket = Packet<UdpSocket, SocketAddr>;
    type Request = DatagramRequest;

    fn bind(address: &OsStr, options: &Options) -> io::Result<Self> {
        let socket = inet::bind(address, Type::DGRAM, options)?;
        // `poll` says when something has come; what is gone again must not hold us up.
        socket.set_nonblocking(true)?;
        Ok(Udp {
            socket: Arc::new(socket.into()),
            buffer: Mutex::new(vec![0; options.max_packet_size]),
        })
    }

    fn activate(&self, _: &Options) -> io::Result<()> {
        Ok(())
    }

    fn server_address(&self) -> io::Result<Address> {
        Ok(self.socket.local_addr()?.into())
    }

    fn get_request(&self, _: &Options) -> io::Result<(Self::Socket, Address)> {
        let mut buffer = self.buffer.lock().unwrap_or_else(PoisonError::into_inner);
        let (length, client) = self.socket.recv_from(&mut buffer)?;
        let packet = Packet {
            data: buffer[..length].to_vec(),
            socket: Arc::clone(&self.socket),
            // A socket of both families is told of IPv4 as IPv6, and wants it so for the reply.
            sender: client,
        };
        Ok((packet, client.into()))
    }

    fn open(packet: Self::Socket, accepted: &Accepted, _: &Options) -> io::Result<Self::Request> {
        let Packet {
            data,
            socket,
            sender,
        } = packet;
        let reply = move |words: &[u8]| {
            match sent(words.len(), socket.send_to(words, sender)) {
                // One that would have to wait is lost, as the network may lose any.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
                sent => sent,
            }
        };
        Ok(DatagramRequest::new(data, accepted, reply))
    }

    fn shutdown_request(request: &mut Self::Request) -> io::Result<()> {
        request.reply()
    }
}

/// Whether all of a reply was taken.
pub(super) fn sent(length: usize, result: io::Result<usize>) -> io::Result<()> {
    match result {
        Ok(count) if count == length => Ok(()),
        Ok(_) => Err(io::ErrorKind::WriteZero.into()),
        Err(error) => Err(error),
    }
}

impl AsFd for Udp {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

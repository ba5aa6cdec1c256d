//! UDP, over IPv4 and IPv6.

use std::ffi::OsStr;
use std::io;
use std::net::UdpSocket;
use std::sync::{Arc, Mutex, PoisonError};

use socket2::Type;

use crate::address::Address;
use crate::options::Options;
use crate::platform::{AsFd, BorrowedFd};
use crate::request::{DatagramRequest, Replies};
use crate::transport::{Accepted, Transport, inet, wrong};

/// UDP (`UDPServer`). Its addresses are those of [`Tcp`](crate::Tcp).
#[derive(Debug)]
pub struct Udp {
    socket: Arc<UdpSocket>,
    /// What the next datagram is received into.
    buffer: Mutex<Vec<u8>>,
}

/// A datagram that has come, and the socket that a reply leaves from.
#[derive(Debug)]
pub struct Packet<S> {
    pub(super) data: Vec<u8>,
    pub(super) socket: Arc<S>,
}

impl Transport for Udp {
    type Socket = Packet<UdpSocket>;
    type Request = DatagramRequest;

    fn bind(address: &OsStr, options: &Options) -> io::Result<Self> {
        let socket = inet::bind(address, Type::DGRAM, options)?;
        Ok(Udp {
            socket: Arc::new(socket.into()),
            buffer: Mutex::new(vec![0; options.max_packet_size]),
        })
    }

    fn activate(&self, _: &Options) -> io::Result<()> {
        self.socket.set_nonblocking(true)
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
        };
        // Not as IPv4 where the socket is of both families: the reply goes there as it came.
        Ok((packet, Address::Inet(client)))
    }

    fn open(packet: Self::Socket, accepted: &Accepted, _: &Options) -> io::Result<Self::Request> {
        Ok(DatagramRequest::new(packet.data, accepted, packet.socket))
    }

    fn shutdown_request(request: &mut Self::Request) -> io::Result<()> {
        request.reply()
    }
}

impl Replies for UdpSocket {
    fn reply(&self, data: &[u8], to: &Address) -> io::Result<()> {
        let Address::Inet(to) = to else {
            return Err(wrong(format!("{to} is no address of UDP")));
        };
        sent(data.len(), self.send_to(data, to))
    }
}

/// A reply that would have to wait is lost, as the network may lose any.
pub(super) fn sent(length: usize, result: io::Result<usize>) -> io::Result<()> {
    match result {
        Ok(count) if count == length => Ok(()),
        Ok(_) => Err(io::ErrorKind::WriteZero.into()),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
        Err(error) => Err(error),
    }
}

impl AsFd for Udp {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

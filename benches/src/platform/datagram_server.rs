//! The peer for datagrams: a timestamp server by hand that takes and sends many at once.

use std::io::{self, IoSlice, IoSliceMut};
use std::net::UdpSocket;
use std::os::fd::AsRawFd;

use lariat::service::clock::local_ctime;
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrStorage, recvmmsg, sendmmsg};

/// How many datagrams a system call takes or sends at most.
const BATCH: usize = 64;

/// The longest datagram that is answered.
const DATAGRAM: usize = 2048;

/// Answers every datagram, for ever.
///
/// # Errors
///
/// When the socket fails.
pub fn serve(socket: &UdpSocket) -> io::Result<()> {
    let mut received = vec![[0_u8; DATAGRAM]; BATCH];
    let mut answers = vec![Vec::new(); BATCH];
    let mut peers: Vec<Option<SockaddrStorage>> = Vec::with_capacity(BATCH);
    let mut incoming = MultiHeaders::<SockaddrStorage>::preallocate(BATCH, None);
    let mut outgoing = MultiHeaders::<SockaddrStorage>::preallocate(BATCH, None);
    loop {
        peers.clear();
        let mut slices: Vec<_> = received
            .iter_mut()
            .map(|buffer| [IoSliceMut::new(buffer)])
            .collect();
        let flags = MsgFlags::MSG_WAITFORONE;
        let messages = match recvmmsg(
            socket.as_raw_fd(),
            &mut incoming,
            slices.iter_mut(),
            flags,
            None,
        ) {
            Ok(messages) => messages,
            Err(Errno::EINTR) => continue,
            Err(error) => return Err(error.into()),
        };
        let time = local_ctime();
        for (message, answer) in messages.zip(&mut answers) {
            answer.clear();
            answer.push(b'[');
            answer.extend_from_slice(&time);
            answer.extend_from_slice(b"] ");
            for part in message.iovs() {
                answer.extend_from_slice(part);
            }
            peers.push(message.address);
        }
        let slices: Vec<_> = answers[..peers.len()]
            .iter()
            .map(|answer| [IoSlice::new(answer)])
            .collect();
        let flags = MsgFlags::empty();
        // A datagram that cannot be sent is lost, as any may be.
        let _ = sendmmsg(
            socket.as_raw_fd(),
            &mut outgoing,
            &slices,
            &peers,
            [],
            flags,
        );
    }
}

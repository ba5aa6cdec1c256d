//! What only Unix has: its sockets, waiting for several descriptors, and processes.

mod bell;
mod children;
mod disposition;
mod socket_file;
mod spare;
mod wait;

use std::io;

use nix::libc;

pub use std::os::fd::{AsFd, BorrowedFd};
pub(crate) use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};

pub(crate) use bell::Bell;
pub(crate) use children::{Child, Forked, fork, wait_for_any};
pub(crate) use disposition::has_default_action;
pub(crate) use socket_file::{SocketFile, unix_address};
pub(crate) use spare::{Spare, is_exhausted, is_passing};
pub(crate) use wait::until_readable;

/// Where accepted sockets are born like the listening one, they are told to block again.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn inherit_nothing(_: &impl AsFd) -> io::Result<()> {
    Ok(())
}

/// Where accepted sockets are born like the listening one, they are told to block again.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn inherit_nothing(socket: &impl AsFd) -> io::Result<()> {
    socket2::SockRef::from(socket).set_nonblocking(false)
}

/// Sends as much as the system takes without a wait.
pub(crate) fn send_at_once(socket: &impl AsFd, data: &[u8]) -> io::Result<usize> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    const FLAGS: i32 = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    const FLAGS: i32 = libc::MSG_DONTWAIT;
    socket2::SockRef::from(socket).send_with_flags(data, FLAGS)
}

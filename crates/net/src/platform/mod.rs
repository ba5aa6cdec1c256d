//! What the engine needs of one system or another: everywhere else the code is the same on all.

pub(crate) mod accept;
pub(crate) mod clock;
pub(crate) mod datagrams;
pub(crate) mod descriptor;
pub(crate) mod interfaces;
pub(crate) mod lookup;
pub(crate) mod selector;
pub(crate) mod socket;
#[cfg(unix)]
mod unix_gram;
mod unix_socket;
#[cfg(unix)]
mod watch;

pub(crate) use descriptor::*;
#[cfg(unix)]
pub(crate) use std::os::unix::net::{
    SocketAddr as UnixAddress, UnixDatagram, UnixListener, UnixStream,
};
#[cfg(unix)]
pub(crate) use unix_gram::UnixGram;
pub(crate) use unix_socket::*;

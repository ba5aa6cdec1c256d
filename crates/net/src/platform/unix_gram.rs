//! A connected Unix datagram socket: the client's side of `unixgram://`.

use std::io;
use std::os::unix::net::{SocketAddr, UnixDatagram as StdDatagram};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::io::ReadBuf;
use tokio::net::UnixDatagram;

use crate::carrier::Received;

/// A datagram socket that is connected to a server's path, and bound to one of its own,
/// since a server can answer no other.
pub(crate) struct UnixGram {
    socket: UnixDatagram,
    own: OwnPath,
}

/// A path that is removed with its socket.
struct OwnPath(PathBuf);

impl Drop for OwnPath {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

impl UnixGram {
    pub(crate) fn connect(server: &SocketAddr) -> io::Result<Self> {
        let own = OwnPath(unused_path());
        let socket = StdDatagram::bind(&own.0)?;
        socket.set_nonblocking(true)?;
        socket.connect_addr(server)?;
        let socket = UnixDatagram::from_std(socket)?;
        Ok(UnixGram { socket, own })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.own.0
    }

    pub(crate) fn poll_receive(
        &self,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<Received>> {
        let mut buffer = ReadBuf::new(buffer);
        ready!(self.socket.poll_recv(context, &mut buffer))?;
        Poll::Ready(Ok(Received::Message(buffer.filled().len())))
    }

    pub(crate) fn poll_send(
        &self,
        context: &mut Context<'_>,
        message: &Bytes,
    ) -> Poll<io::Result<()>> {
        self.socket.poll_send(context, message).map_ok(drop)
    }
}

/// A path that no other socket of this machine has.
fn unused_path() -> PathBuf {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("lariat-{}-{count}.sock", std::process::id());
    std::env::temp_dir().join(name)
}

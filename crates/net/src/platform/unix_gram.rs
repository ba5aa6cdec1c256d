//! A connected Unix datagram socket: the client's side of `unixgram://`.

use std::io;
use std::os::unix::net::UnixDatagram as StdDatagram;
use std::path::{Path, PathBuf};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use socket2::{SockAddr, SockRef};
use tokio::io::ReadBuf;
use tokio::net::UnixDatagram;

use crate::carrier::Received;
use crate::platform::SocketFile;

/// How many paths are tried until one is free. Of so many by chance, one is.
const ATTEMPTS: usize = 8;

/// A datagram socket that is connected to a server's path, and bound to one of its own,
/// since a server can answer no other.
pub(crate) struct UnixGram {
    socket: UnixDatagram,
    own: SocketFile,
}

impl UnixGram {
    pub(crate) fn connect(server: &SockAddr) -> io::Result<Self> {
        let (socket, own) = bind_one_of(path_by_chance)?;
        socket.set_nonblocking(true)?;
        SockRef::from(&socket).connect(server)?;
        let socket = UnixDatagram::from_std(socket)?;
        Ok(UnixGram { socket, own })
    }

    pub(crate) fn path(&self) -> &Path {
        self.own.path()
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

/// Binds a socket to the first of some paths that is free; the others are somebody's.
fn bind_one_of(mut path: impl FnMut() -> PathBuf) -> io::Result<(StdDatagram, SocketFile)> {
    let mut attempt = 1;
    loop {
        let path = path();
        match StdDatagram::bind(&path) {
            Ok(socket) => return Ok((socket, SocketFile::new(&path)?)),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && attempt < ATTEMPTS => {
                attempt += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

/// A path that hardly any other socket has. The number of the process would come again, and
/// find what one that was killed has left.
fn path_by_chance() -> PathBuf {
    std::env::temp_dir().join(format!("lariat-{:016x}.sock", fastrand::u64(..)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_somebody_elses_is_left_and_another_path_is_taken() {
        let folder = tempfile::tempdir().expect("a folder");
        let [taken, free] = ["taken", "free"].map(|name| folder.path().join(name));
        // The standard library leaves its files behind.
        drop(StdDatagram::bind(&taken).expect("bound"));
        let mut paths = [&taken, &free].into_iter();
        let bound = bind_one_of(|| paths.next().expect("enough").clone());
        let (_socket, own) = bound.expect("bound");
        assert_eq!(own.path(), free);
        drop(own);
        assert!(taken.exists() && !free.exists());

        let bound = bind_one_of(|| taken.clone());
        assert_eq!(bound.expect_err("taken").kind(), io::ErrorKind::AddrInUse);
        assert!(taken.exists());
    }
}

//! The file by which a Unix socket is found.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::SocketAddr;
use std::path::{Path, PathBuf};

use socket2::{SockAddr, Socket};

use crate::address::Address;

/// A socket's file, which goes when the server does.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    /// The file that we made; another of the name is somebody else's.
    inode: (u64, u64),
}

impl SocketFile {
    /// Binds a socket to a path. A socket that nobody serves any more, which `connect` finds out,
    /// makes room.
    pub(crate) fn bind(
        socket: &Socket,
        path: &OsStr,
        connect: impl FnOnce(&Path) -> io::Result<()>,
    ) -> io::Result<Self> {
        let path = Path::new(path);
        let address = SockAddr::unix(path)?;
        let mut bound = socket.bind(&address);
        if is(&bound, io::ErrorKind::AddrInUse) && is_socket(path) {
            let answer = connect(path);
            if is(&answer, io::ErrorKind::ConnectionRefused) {
                fs::remove_file(path)?;
                bound = socket.bind(&address);
            }
        }
        bound.map_err(|error| {
            let words = format!("cannot listen at {}: {error}", path.display());
            io::Error::new(error.kind(), words)
        })?;
        Ok(SocketFile {
            path: path.to_path_buf(),
            inode: inode(path)?,
        })
    }

    pub(crate) fn address(&self) -> Address {
        Address::Unix(Some(self.path.clone()))
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if inode(&self.path).is_ok_and(|inode| inode == self.inode) {
            // Whoever has taken it away already has done it for us.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Where a client is, as the system has it.
pub(crate) fn unix_address(address: &SocketAddr) -> Address {
    Address::Unix(address.as_pathname().map(Path::to_path_buf))
}

fn is<T>(result: &io::Result<T>, kind: io::ErrorKind) -> bool {
    result.as_ref().is_err_and(|error| error.kind() == kind)
}

fn is_socket(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket())
}

fn inode(path: &Path) -> io::Result<(u64, u64)> {
    let file = fs::symlink_metadata(path)?;
    Ok((file.dev(), file.ino()))
}

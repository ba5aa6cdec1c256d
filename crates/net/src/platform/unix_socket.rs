//! Unix sockets by path: binding over a stale file, removing it at the end, connecting.

#[cfg(not(unix))]
pub(crate) use absent::{connect_unix, connect_unixgram};
#[cfg(unix)]
pub(crate) use present::*;

#[cfg(unix)]
mod present {
    use std::io;
    use std::os::unix::fs::{FileTypeExt, PermissionsExt};
    use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener, UnixStream};
    use std::path::{Path, PathBuf};
    use std::sync::Arc;
    use std::time::Duration;

    use lariat_protocol::endpoint::SocketPath;
    use lariat_protocol::{Address, ConnectionInfo};
    use socket2::{Domain, SockAddr, Socket, Type};

    use crate::carrier::Carrier;
    use crate::platform::UnixGram;

    /// How long connecting waits for a place in a listener's full queue: the system tells
    /// nobody when there is one.
    const FULL_QUEUE: Duration = Duration::from_millis(10);

    /// A socket's file, removed when this is dropped if it is still the one that was made.
    #[derive(Debug)]
    pub(crate) struct SocketFile {
        path: PathBuf,
        identity: (u64, u64),
    }

    impl SocketFile {
        pub(crate) fn new(path: &Path) -> io::Result<Self> {
            Ok(SocketFile {
                path: path.to_path_buf(),
                identity: identity(path)?,
            })
        }

        pub(crate) fn path(&self) -> &Path {
            &self.path
        }
    }

    impl Drop for SocketFile {
        fn drop(&mut self) {
            // Another server may have taken the path since.
            if identity(&self.path).is_ok_and(|now| now == self.identity) {
                let _ = std::fs::remove_file(&self.path);
            }
        }
    }

    fn identity(path: &Path) -> io::Result<(u64, u64)> {
        use std::os::unix::fs::MetadataExt;

        let metadata = std::fs::symlink_metadata(path)?;
        Ok((metadata.dev(), metadata.ino()))
    }

    fn address(path: &SocketPath) -> io::Result<SockAddr> {
        match path {
            SocketPath::File(path) => {
                // The standard library's says more clearly what is wrong with a path.
                SocketAddr::from_pathname(path)?;
                SockAddr::unix(path)
            }
            #[cfg(any(target_os = "linux", target_os = "android"))]
            SocketPath::Abstract(name) => {
                use std::os::unix::ffi::OsStrExt;
                let name = [&[0], &name[..]].concat();
                SockAddr::unix(std::ffi::OsStr::from_bytes(&name))
            }
            #[cfg(not(any(target_os = "linux", target_os = "android")))]
            SocketPath::Abstract(_) => Err(io::Error::new(
                io::ErrorKind::Unsupported,
                format!("{} has no abstract socket names", std::env::consts::OS),
            )),
        }
    }

    /// Removes a socket's file that nobody listens on any more; one that somebody listens
    /// on, and what is not a socket, stay and are an error.
    fn clear_stale(path: &Path, kind: Type) -> io::Result<()> {
        match std::fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
            Ok(metadata) if !metadata.file_type().is_socket() => {
                return Err(io::Error::new(
                    io::ErrorKind::AlreadyExists,
                    "there is a file that is not a socket",
                ));
            }
            Ok(_) => {}
        }
        // A listener whose queue is full would have a blocking probe wait for it.
        let probe = Socket::new(Domain::UNIX, kind, None)?;
        probe.set_nonblocking(true)?;
        match probe.connect(&SockAddr::unix(path)?) {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                std::fs::remove_file(path)
            }
            _ => Err(io::ErrorKind::AddrInUse.into()),
        }
    }

    /// A socket that is bound to a path, by a file with this mode if it is one. On a stream's
    /// socket nobody is listening yet, so that nobody comes in by the mode it had before.
    fn bind(
        path: &SocketPath,
        mode: Option<u32>,
        kind: Type,
    ) -> io::Result<(Socket, Option<SocketFile>)> {
        let address = address(path)?;
        if let SocketPath::File(file) = path {
            clear_stale(file, kind)?;
        }
        let socket = Socket::new(Domain::UNIX, kind, None)?;
        socket.set_nonblocking(true)?;
        socket.bind(&address)?;
        let SocketPath::File(file) = path else {
            return Ok((socket, None));
        };
        let guard = SocketFile::new(file)?;
        if let Some(mode) = mode {
            std::fs::set_permissions(file, std::fs::Permissions::from_mode(mode))?;
        }
        Ok((socket, Some(guard)))
    }

    /// Listens on a path.
    pub(crate) fn listen_unix(
        path: &SocketPath,
        mode: Option<u32>,
        backlog: u32,
    ) -> io::Result<(UnixListener, Option<SocketFile>)> {
        let (socket, file) = bind(path, mode, Type::STREAM)?;
        socket.listen(i32::try_from(backlog).unwrap_or(i32::MAX))?;
        Ok((socket.into(), file))
    }

    /// Binds a datagram socket to a path.
    pub(crate) fn bind_unixgram(
        path: &SocketPath,
        mode: Option<u32>,
    ) -> io::Result<(UnixDatagram, Option<SocketFile>)> {
        let (socket, file) = bind(path, mode, Type::DGRAM)?;
        Ok((socket.into(), file))
    }

    /// Connects to a path. Waits for as long as the listener's queue is full, but never with
    /// the thread: how long that may be is the caller's to say.
    pub(crate) async fn connect_unix(path: &SocketPath) -> io::Result<(Carrier, ConnectionInfo)> {
        let address = address(path)?;
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        loop {
            match socket.connect(&address) {
                Ok(()) => break,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    tokio::time::sleep(FULL_QUEUE).await;
                }
                Err(error) => return Err(error),
            }
        }
        let stream = tokio::net::UnixStream::from_std(UnixStream::from(socket))?;
        let info = ConnectionInfo::stream(shown(path), Address::Unix(None));
        Ok((Carrier::Unix(stream), info))
    }

    /// Connects a datagram socket to a path.
    pub(crate) fn connect_unixgram(path: &SocketPath) -> io::Result<(Carrier, ConnectionInfo)> {
        let socket = UnixGram::connect(&address(path)?)?;
        let own = Address::Unix(Some(Arc::from(socket.path())));
        let info = ConnectionInfo::messages(shown(path), own);
        Ok((Carrier::UnixGram(Box::new(socket)), info))
    }

    fn shown(path: &SocketPath) -> Address {
        Address::Unix(match path {
            SocketPath::File(path) => Some(Arc::from(path.as_path())),
            SocketPath::Abstract(_) => None,
        })
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_stale_file_is_replaced_and_a_live_one_is_not() {
            let folder = tempfile::tempdir().expect("a folder");
            let file = folder.path().join("x.sock");
            let path = SocketPath::File(file.clone());
            // Dropping the standard library's listener leaves its file behind.
            drop(UnixListener::bind(&file).expect("bound"));
            let (listener, guard) = listen_unix(&path, Some(0o600), 8).expect("stale");
            let mode = std::fs::metadata(&file)
                .expect("there")
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600);
            let error = listen_unix(&path, None, 8).expect_err("live");
            assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
            drop((listener, guard));
            assert!(!file.exists());
        }

        // Elsewhere a full queue refuses at once.
        #[cfg(target_os = "linux")]
        #[test]
        fn a_listener_with_a_full_queue_is_live() {
            let folder = tempfile::tempdir().expect("a folder");
            let path = SocketPath::File(folder.path().join("full.sock"));
            let (_listener, _guard) = listen_unix(&path, None, 0).expect("bound");
            let connect = || {
                let socket = Socket::new(Domain::UNIX, Type::STREAM, None).expect("a socket");
                socket.set_nonblocking(true).expect("set");
                let connected = socket.connect(&address(&path).expect("an address"));
                connected.map(|()| socket)
            };
            let _waiting = connect().expect("the queue's one place");
            let full = connect().expect_err("full");
            assert_eq!(full.kind(), io::ErrorKind::WouldBlock);
            let error = listen_unix(&path, None, 8).expect_err("live");
            assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        }

        #[test]
        fn what_is_not_a_socket_stays() {
            let folder = tempfile::tempdir().expect("a folder");
            let file = folder.path().join("precious");
            std::fs::write(&file, "data").expect("written");
            let path = SocketPath::File(file.clone());
            assert!(listen_unix(&path, None, 8).is_err());
            assert!(bind_unixgram(&path, None).is_err());
            assert_eq!(std::fs::read(&file).expect("still there"), b"data");
        }
    }
}

#[cfg(not(unix))]
mod absent {
    use std::io;

    use lariat_protocol::ConnectionInfo;
    use lariat_protocol::endpoint::SocketPath;

    use crate::carrier::Carrier;

    fn unsupported<T>() -> io::Result<T> {
        let platform = std::env::consts::OS;
        let problem = format!("Unix sockets are not supported on {platform}");
        Err(io::Error::new(io::ErrorKind::Unsupported, problem))
    }

    pub(crate) async fn connect_unix(_: &SocketPath) -> io::Result<(Carrier, ConnectionInfo)> {
        unsupported()
    }

    pub(crate) fn connect_unixgram(_: &SocketPath) -> io::Result<(Carrier, ConnectionInfo)> {
        unsupported()
    }
}

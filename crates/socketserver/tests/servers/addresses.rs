//! Where a server listens: both families of IP or one of them, and the files of Unix sockets.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::os::unix::net::{UnixDatagram as Datagrams, UnixListener, UnixStream};
use std::path::Path;

use lariat_socketserver::{
    AddressFamily, DatagramRequest, HandlerResult, Options, Server, StreamRequest, Tcp, Threading,
    Unix, UnixDatagram,
};
use socket2::{Domain, SockAddr, Socket, Type};

use crate::alone::nobody_starts;
use crate::classes::shout;
use crate::clients::{PATIENCE, ask, serving};

/// Whether clients of IPv4 and of IPv6 are served by a server of this family without a host.
fn serves(address_family: AddressFamily) -> [bool; 2] {
    let server = Server::<Tcp, Threading, _>::builder(shout)
        .options(Options {
            address_family,
            ..Options::default()
        })
        .bind(":0")
        .expect("a free port");
    let port = server.server_address().expect("bound").port();
    let port = port.expect("an address of IP");
    serving(&server, || {
        let four = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let six = SocketAddr::from((Ipv6Addr::LOCALHOST, port));
        [four, six].map(|address| match TcpStream::connect(address) {
            Ok(stream) => {
                stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
                assert_eq!(ask(stream, b"hi"), b"HI");
                true
            }
            Err(error) => {
                assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused, "{error}");
                false
            }
        })
    })
}

#[test]
fn without_a_host_a_server_hears_the_families_that_it_is_to() {
    assert_eq!(serves(AddressFamily::Any), [true, true]);
    assert_eq!(serves(AddressFamily::Inet), [true, false]);
    assert_eq!(serves(AddressFamily::Inet6), [false, true]);
}

type Shouting<T> = Server<T, Threading, fn(&mut StreamRequest) -> HandlerResult>;

/// Binds a server at a path.
fn bound(path: &Path) -> io::Result<Shouting<Unix>> {
    Server::bind(path, shout as fn(&mut StreamRequest) -> HandlerResult)
}

#[test]
fn a_unix_socket_that_nobody_serves_makes_room_and_one_that_is_served_does_not() {
    let _closed = nobody_starts();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("socket");
    drop(UnixListener::bind(&path).expect("a path"));
    assert!(path.exists(), "it was left behind");
    let server = bound(&path).expect("it makes room");
    let taken = bound(&path).expect_err("it is served");
    assert_eq!(taken.kind(), io::ErrorKind::AddrInUse, "{taken}");
    serving(&server, || {
        let client = UnixStream::connect(&path).expect("it is still there");
        drop(client);
    });
    // What is no socket is nobody's to take away.
    let file = folder.path().join("file");
    std::fs::write(&file, "kept").expect("a file");
    bound(&file).expect_err("there is a file");
    assert_eq!(std::fs::read_to_string(&file).expect("a file"), "kept");
    // Another's socket of the same name stays when the server goes.
    std::fs::remove_file(&path).expect("a socket");
    let _other = UnixListener::bind(&path).expect("a path");
    drop(server);
    assert!(path.exists(), "it is another's");
}

#[test]
fn so_it_is_with_datagrams() {
    let _closed = nobody_starts();
    let quiet = |_: &mut DatagramRequest| -> HandlerResult { Ok(()) };
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("socket");
    drop(Datagrams::bind(&path).expect("a path"));
    let server = Server::<UnixDatagram, Threading, _>::bind(&path, quiet);
    let server = server.expect("it makes room");
    let taken = Server::<UnixDatagram, Threading, _>::bind(&path, quiet);
    let taken = taken.expect_err("it is served");
    assert_eq!(taken.kind(), io::ErrorKind::AddrInUse, "{taken}");
    drop(server);
    assert!(!path.exists());
}

#[test]
fn so_many_clients_wait_to_be_accepted_as_are_let() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("socket");
    let options = Options {
        request_queue_size: 3,
        ..Options::default()
    };
    let _server = Server::<Unix, Threading, _>::builder(shout)
        .options(options)
        .bind(&path)
        .expect("a path");
    let mut waiting = Vec::new();
    let full = loop {
        let client = Socket::new(Domain::UNIX, Type::STREAM, None).expect("a socket");
        client.set_nonblocking(true).expect("a socket");
        match client.connect(&SockAddr::unix(&path).expect("a path")) {
            Ok(()) => waiting.push(client),
            Err(error) => break error,
        }
    };
    assert_eq!(full.kind(), io::ErrorKind::WouldBlock, "{full}");
    // Linux lets one more wait than it is told.
    assert_eq!(waiting.len(), 4);
}

//! What only Unix has: its sockets, asked by plain ones, and sockets by descriptor.

use std::io::Write;
use std::net::{Shutdown, TcpListener, UdpSocket};
use std::os::fd::AsRawFd;
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::path::Path;

use super::streams::ask_plainly;
use super::{MESSAGES, read_answer, serve, unstamp};
use crate::common::{PATIENCE, connect_to, datagrams_to, reactor};

fn patient(stream: UnixStream) -> UnixStream {
    stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    stream
        .set_write_timeout(Some(PATIENCE))
        .expect("a time-out");
    stream
}

#[test]
fn unix_sockets_are_answered() {
    let reactor = reactor();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("time.sock");
    let _listening = serve(&reactor, &format!("unix://{}", path.display()));
    let mut stream = patient(UnixStream::connect(&path).expect("connected"));
    ask_plainly(&mut stream);
    stream.write_all(b"half").expect("sent");
    stream.shutdown(Shutdown::Write).expect("ended");
    assert_eq!(read_answer(&mut stream, 4), b"half");
}

#[cfg(target_os = "linux")]
#[test]
fn abstract_names_are_answered() {
    use std::os::linux::net::SocketAddrExt;

    let reactor = reactor();
    let name = format!("lariat-abstract-{}", std::process::id());
    let _listening = serve(&reactor, &format!("unix:@{name}"));
    let address = std::os::unix::net::SocketAddr::from_abstract_name(name).expect("a name");
    let stream = UnixStream::connect_addr(&address).expect("connected");
    ask_plainly(&mut patient(stream));
}

fn bound(path: &Path) -> UnixDatagram {
    let socket = UnixDatagram::bind(path).expect("bound");
    socket.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    socket
}

#[test]
fn unix_datagrams_are_answered_each() {
    let reactor = reactor();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("time.sock");
    let _listening = serve(&reactor, &format!("unixgram://{}", path.display()));
    // Who has no address cannot be answered, and harms nobody.
    let unnamed = UnixDatagram::unbound().expect("a socket");
    unnamed.send_to(b"to nobody", &path).expect("sent");
    let peers = ["one", "two"].map(|name| bound(&folder.path().join(name)));
    for message in MESSAGES.into_iter().chain([&b"two\nlines\n"[..]]) {
        for peer in &peers {
            peer.send_to(message, &path).expect("sent");
        }
        for peer in &peers {
            let mut answer = [0; 100];
            let length = peer.recv(&mut answer).expect("answered in time");
            assert_eq!(unstamp(&answer[..length]), message);
        }
    }
}

#[test]
fn listening_descriptors_are_served_and_stay_their_owners() {
    let reactor = reactor();
    let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
    let address = listener.local_addr().expect("an address");
    let served = serve(&reactor, &format!("fd://{}", listener.as_raw_fd()));
    ask_plainly(&mut connect_to(address));
    served.close();
    // The descriptor that was adopted is a duplicate: ours is open still.
    assert_eq!(listener.local_addr().expect("open"), address);

    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("time.sock");
    let listener = UnixListener::bind(&path).expect("bound");
    let _served = serve(&reactor, &format!("fd://{}", listener.as_raw_fd()));
    ask_plainly(&mut patient(UnixStream::connect(&path).expect("connected")));

    let socket = UdpSocket::bind("127.0.0.1:0").expect("bound");
    let address = socket.local_addr().expect("an address");
    let _served = serve(&reactor, &format!("fd://{}", socket.as_raw_fd()));
    let client = datagrams_to(address);
    client.send(b"hi").expect("sent");
    let mut answer = [0; 100];
    let length = client.recv(&mut answer).expect("answered");
    assert_eq!(unstamp(&answer[..length]), b"hi");
}

#[test]
fn a_connected_descriptor_is_one_connection() {
    let reactor = reactor();
    let (ours, theirs) = UnixStream::pair().expect("a pair");
    let _served = serve(&reactor, &format!("fd://{}", theirs.as_raw_fd()));
    drop(theirs);
    let mut ours = patient(ours);
    ask_plainly(&mut ours);
    ours.shutdown(Shutdown::Write).expect("ended");
    let mut rest = Vec::new();
    std::io::Read::read_to_end(&mut ours, &mut rest).expect("closed in order");
    assert_eq!(rest, b"");

    let (ours, theirs) = lariat::socket::tcp_pair().expect("a pair");
    let _served = serve(&reactor, &format!("fd://{}", theirs.as_raw_fd()));
    drop(theirs);
    ours.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    ask_plainly(&mut std::net::TcpStream::from(socket2::Socket::from(ours)));
}

/// Both ends by descriptor: our client over one, our server over the other.
#[test]
fn our_client_talks_over_a_descriptor() {
    let reactor = reactor();
    let (client, server) = UnixStream::pair().expect("a pair");
    let _served = serve(&reactor, &format!("fd://{}", server.as_raw_fd()));
    drop(server);
    let endpoint = format!("fd://{}", client.as_raw_fd())
        .parse()
        .expect("an endpoint");
    reactor.handle().wait(async move {
        let asked = lariat::client::timestamp::Client::connect(&endpoint).await;
        let mut asked = asked.expect("connected");
        drop(client);
        let answer = asked.ask(b"hi").await.expect("answered").expect("open");
        assert_eq!(unstamp(&answer.text), b"hi");
    });
}

//! Each kind of socket under each way of handling requests.

use std::io::{Read, Write};
use std::net::{Shutdown, UdpSocket};
use std::os::unix::net::{UnixDatagram as Datagrams, UnixStream};

use lariat_socketserver::{
    Address, DatagramRequest, HandlerResult, Pooled, Sequential, Server, Strategy, StreamRequest,
    Tcp, Threading, Udp, Unix, UnixDatagram,
};

use crate::clients::{PATIENCE, ask, connect, inet, serving};

/// Says each line back in capitals, over one connection for as long as there are lines.
pub fn shout(request: &mut StreamRequest) -> HandlerResult {
    while let Some(line) = request.rfile.read_line(1024)? {
        request.wfile.write_all(&line.to_ascii_uppercase())?;
    }
    Ok(())
}

fn shout_back(request: &mut DatagramRequest) -> HandlerResult {
    let mut words = String::new();
    request.rfile.read_to_string(&mut words)?;
    request
        .wfile
        .write_all(words.to_ascii_uppercase().as_bytes())?;
    Ok(())
}

fn tcp<S: Strategy + Default>() {
    for address in ["127.0.0.1:0", "[::1]:0", ":0"] {
        let server = Server::<Tcp, S, _>::bind(address, shout).expect("a free port");
        serving(&server, || {
            assert_eq!(
                ask(connect(&server), b"one\ntwo\r\nthree"),
                b"ONE\nTWO\r\nTHREE"
            );
            assert_eq!(ask(connect(&server), b""), b"");
        });
    }
}

fn udp<S: Strategy + Default>() {
    for (at, from) in [("127.0.0.1:0", "127.0.0.1:0"), ("[::1]:0", "[::1]:0")] {
        let server = Server::<Udp, S, _>::bind(at, shout_back).expect("a free port");
        let client = UdpSocket::bind(from).expect("a free port");
        client.set_read_timeout(Some(PATIENCE)).expect("a socket");
        client
            .connect(inet(&server.server_address().expect("bound")))
            .expect("an address");
        serving(&server, || {
            for words in ["one", "two"] {
                client.send(words.as_bytes()).expect("sent");
                let mut answer = [0; 100];
                let length = client.recv(&mut answer).expect("an answer");
                assert_eq!(&answer[..length], words.to_ascii_uppercase().as_bytes());
            }
        });
    }
}

#[test]
fn a_datagram_of_ipv4_is_of_ipv4_on_a_server_of_both_families() {
    let told = |request: &mut DatagramRequest| -> HandlerResult {
        write!(request.wfile, "{}", request.client_address)?;
        Ok(())
    };
    let server = Server::<Udp, Threading, _>::bind(":0", told).expect("a free port");
    let port = server.server_address().expect("bound").port();
    let port = port.expect("an address of IP");
    serving(&server, || {
        for host in ["127.0.0.1", "::1"] {
            let client = UdpSocket::bind((host, 0)).expect("a free port");
            client.set_read_timeout(Some(PATIENCE)).expect("a socket");
            client.send_to(b"who am I", (host, port)).expect("sent");
            let mut answer = [0; 100];
            let length = client.recv(&mut answer).expect("an answer");
            let own = client.local_addr().expect("bound").to_string();
            assert_eq!(String::from_utf8_lossy(&answer[..length]), own);
        }
    });
}

fn unix<S: Strategy + Default>() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("socket");
    let server = Server::<Unix, S, _>::bind(&path, shout).expect("a path");
    assert_eq!(
        server.server_address().expect("bound"),
        Address::Unix(Some(path.clone()))
    );
    serving(&server, || {
        let mut client = UnixStream::connect(&path).expect("it listens");
        client.set_read_timeout(Some(PATIENCE)).expect("a socket");
        client.write_all(b"hi\n").expect("it reads");
        client.shutdown(Shutdown::Write).expect("connected");
        let mut answer = String::new();
        client.read_to_string(&mut answer).expect("it answers");
        assert_eq!(answer, "HI\n");
    });
    server.server_close();
    assert!(!path.exists(), "its file goes with the server");
}

fn unix_datagram<S: Strategy + Default>() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("socket");
    let server = Server::<UnixDatagram, S, _>::bind(&path, shout_back).expect("a path");
    let client = Datagrams::bind(folder.path().join("client")).expect("a path");
    client.set_read_timeout(Some(PATIENCE)).expect("a socket");
    serving(&server, || {
        // Who has no name cannot be answered, which is told and hurts nobody.
        let nameless = Datagrams::unbound().expect("a socket");
        nameless.send_to(b"nameless", &path).expect("sent");
        client.send_to(b"hi", &path).expect("sent");
        let mut answer = [0; 100];
        let length = client.recv(&mut answer).expect("an answer");
        assert_eq!(&answer[..length], b"HI");
    });
}

macro_rules! each_class {
    ($($strategy:ident: $tcp:ident, $udp:ident, $unix:ident, $unix_datagram:ident;)*) => {$(
        #[test]
        fn $tcp() {
            tcp::<$strategy>();
        }

        #[test]
        fn $udp() {
            udp::<$strategy>();
        }

        #[test]
        fn $unix() {
            unix::<$strategy>();
        }

        #[test]
        fn $unix_datagram() {
            unix_datagram::<$strategy>();
        }
    )*};
}

each_class! {
    Sequential: tcp_server, udp_server, unix_stream_server, unix_datagram_server;
    Threading: threading_tcp_server, threading_udp_server, threading_unix_stream_server,
        threading_unix_datagram_server;
    Pooled: pooled_tcp_server, pooled_udp_server, pooled_unix_stream_server,
        pooled_unix_datagram_server;
}

/// Whether two requests that wait for each other are handled at the same time.
fn overlap<S: Strategy + Default>() -> bool {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    let inside = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)));
    let counted = Arc::clone(&inside);
    let meet = move |request: &mut StreamRequest| -> HandlerResult {
        let now = counted.0.fetch_add(1, Ordering::SeqCst) + 1;
        counted.1.fetch_max(now, Ordering::SeqCst);
        // The line comes when both clients have connected, and is in both requests' way.
        request.rfile.read_line(100)?;
        request.wfile.write_all(b"met\n")?;
        counted.0.fetch_sub(1, Ordering::SeqCst);
        Ok(())
    };
    let server = Server::<Tcp, S, _>::bind("127.0.0.1:0", meet).expect("a free port");
    serving(&server, || {
        let (first, second) = (connect(&server), connect(&server));
        // Until both were taken, or one of them cannot be before the other is over.
        while server.active_requests() < 2 && !is_sequential::<S>() {
            std::thread::yield_now();
        }
        while is_sequential::<S>() && inside.0.load(Ordering::SeqCst) == 0 {
            std::thread::yield_now();
        }
        while !is_sequential::<S>() && inside.0.load(Ordering::SeqCst) < 2 {
            std::thread::yield_now();
        }
        assert_eq!(ask(first, b"\n"), b"met\n");
        assert_eq!(ask(second, b"\n"), b"met\n");
    });
    inside.1.load(Ordering::SeqCst) > 1
}

fn is_sequential<S: 'static>() -> bool {
    std::any::TypeId::of::<S>() == std::any::TypeId::of::<Sequential>()
}

#[test]
fn requests_overlap_under_threading_and_pooled_and_not_under_sequential() {
    assert!(!overlap::<Sequential>());
    assert!(overlap::<Threading>());
    assert!(overlap::<Pooled>());
}

//! The timestamp service, the whole way: over every carrier, asked by our own client and by
//! plain sockets.

mod datagrams;
mod hostile;
#[cfg(unix)]
mod platform;
mod streams;
mod websocket;

use std::io::Read;

use lariat::client::timestamp::Client;
use lariat::service::clock::local_ctime;
use lariat::service::timestamp::Timestamp;
use lariat::timestamp::Ending;
use lariat::{ConnectOptions, Endpoint, ListenOptions, Listening, Reactor};

use crate::common::{Certificates, address, alone, connect, connect_to, datagrams_to, reactor};

/// What any carrier must bring back unchanged: words, UTF-8, NUL, Latin-1, nothing, a space.
const MESSAGES: [&[u8]; 6] = [
    b"hi",
    "gr\u{fc}\u{df}e \u{4f60}".as_bytes(),
    b"a\0b",
    b"gr\xfc\xdfe",
    b"",
    b" ",
];

/// Serves an endpoint as its own options want it.
fn serve_with(reactor: &Reactor, endpoint: &str, options: ListenOptions) -> Listening {
    let endpoint: Endpoint = endpoint.parse().expect("an endpoint");
    let service = Timestamp::from_endpoint(&endpoint).expect("known options");
    let listening = reactor.handle().listen_with(endpoint, options, service);
    listening.expect("listening")
}

fn serve(reactor: &Reactor, endpoint: &str) -> Listening {
    serve_with(reactor, endpoint, ListenOptions::default())
}

/// The message in an answer, which must be in the form of the protocol.
fn unstamp(answer: &[u8]) -> &[u8] {
    assert!(
        answer.len() >= 27,
        "{:?}",
        answer.escape_ascii().to_string()
    );
    let (stamp, message) = answer.split_at(27);
    assert_eq!((stamp[0], &stamp[25..]), (b'[', &b"] "[..]));
    let time = std::str::from_utf8(&stamp[1..25]).expect("a time");
    // `Sat Jun 17 17:27:21 2006`
    assert_eq!(time.split_ascii_whitespace().count(), 5, "{time}");
    assert_eq!(time.matches(':').count(), 2, "{time}");
    message
}

/// Reads the answer to a message of this length.
fn read_answer(stream: &mut impl Read, length: usize) -> Vec<u8> {
    let mut answer = vec![0; 27 + length];
    stream.read_exact(&mut answer).expect("an answer in time");
    unstamp(&answer).to_vec()
}

/// Asks everything through our client, with every kind of line end.
fn converse(reactor: &Reactor, endpoint: &Endpoint, options: ConnectOptions) {
    let endpoint = endpoint.clone();
    reactor.handle().wait(async move {
        for ending in [Ending::Lf, Ending::CrLf, Ending::Bare] {
            let options = options.clone();
            let mut client = Client::connect_with(&endpoint, ending, options)
                .await
                .expect("connected");
            // Each bare one takes the time of two silences.
            let bare = ending == Ending::Bare && !endpoint.is_message_oriented();
            for message in &MESSAGES[..if bare { 1 } else { MESSAGES.len() }] {
                let answer = client
                    .ask(message)
                    .await
                    .unwrap_or_else(|error| panic!("{endpoint}, {ending:?}: {error}"));
                let answer = answer.unwrap_or_else(|| panic!("{endpoint} closed"));
                assert_eq!(unstamp(&answer.text), *message, "{endpoint}, {ending:?}");
            }
            client.close().await.expect("closed");
        }
    });
}

#[test]
fn every_carrier_answers_our_client() {
    let reactor = reactor();
    let certificates = Certificates::create();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().display();
    let endpoints = [
        "tcp://127.0.0.1:0".to_string(),
        "tcp://[::1]:0".into(),
        "tcp://localhost:0".into(),
        "tcp://[::]:0".into(),
        "tls://127.0.0.1:0".into(),
        "tls://localhost:0".into(),
        "udp://127.0.0.1:0".into(),
        "udp://localhost:0".into(),
        "ws://127.0.0.1:0/time".into(),
        "wss://localhost:0/time".into(),
        "mem://timestamp-of-every-carrier".into(),
        #[cfg(unix)]
        format!("unix://{path}/plain.sock"),
        #[cfg(unix)]
        format!("unixgram://{path}/grams.sock"),
        #[cfg(unix)]
        format!("tls+unix://{path}/tls.sock"),
        #[cfg(unix)]
        format!("ws+unix://{path}/ws.sock"),
        #[cfg(unix)]
        format!("tls+ws+unix://{path}/wss.sock"),
        #[cfg(target_os = "linux")]
        format!("unix:@lariat-timestamp-{}", std::process::id()),
    ];
    for endpoint in &endpoints {
        let secure: Endpoint = endpoint.parse().expect("an endpoint");
        let (listening, connecting) = match secure.is_tls() {
            true => (certificates.listening(), certificates.connecting()),
            false => Default::default(),
        };
        let listening = serve_with(&reactor, endpoint, listening);
        for bound in listening.endpoints() {
            converse(&reactor, bound, connecting.clone());
        }
    }
}

#[test]
fn the_time_is_the_local_one() {
    let reactor = reactor();
    let listening = serve(&reactor, "udp://127.0.0.1:0");
    let socket = datagrams_to(address(&listening));
    let mut answer = [0; 100];
    // The second may turn between the two looks at the clock; not every time.
    loop {
        let before = local_ctime();
        socket.send(b"hi").expect("sent");
        assert_eq!(socket.recv(&mut answer).expect("answered"), 29);
        if before == local_ctime() {
            assert_eq!(answer[1..25], before);
            return;
        }
    }
}

#[test]
fn localhost_has_one_port_in_both_families() {
    let reactor = reactor();
    for scheme in ["tcp", "udp"] {
        let listening = serve(&reactor, &format!("{scheme}://localhost:0"));
        let [v4, v6] = listening.endpoints() else {
            panic!("{:?}", listening.endpoints());
        };
        assert_eq!(v4.port(), v6.port());
        assert_ne!(v4.port(), Some(0));
        let [v4, v6] = [v4, v6].map(|one| crate::common::address_of(one).ip().to_string());
        assert_eq!((&v4[..], &v6[..]), ("127.0.0.1", "::1"));
    }
}

#[test]
fn the_wildcard_of_ipv6_is_that_of_both_families() {
    use std::io::Write;

    let reactor = reactor();
    let port = serve(&reactor, "tcp://[::]:0")
        .endpoint()
        .port()
        .expect("a port");
    for ip in ["127.0.0.1", "::1"] {
        if ip == "::1" && std::net::TcpListener::bind((ip, 0)).is_err() {
            eprintln!("left out: no loopback of IPv6");
            continue;
        }
        let mut stream =
            connect_to((ip.parse::<std::net::IpAddr>().expect("an address"), port).into());
        stream.write_all(b"hi\n").expect("sent");
        assert_eq!(read_answer(&mut stream, 3), b"hi\n");
    }
}

#[test]
fn what_was_closed_serves_those_who_are_there_and_nobody_new() {
    use std::io::Write;

    let reactor = reactor();
    let listening = serve(&reactor, &alone());
    let mut stream = connect(&listening);
    stream.write_all(b"one\n").expect("sent");
    assert_eq!(read_answer(&mut stream, 4), b"one\n");
    listening.close();
    let address = address(&listening);
    crate::common::wait_until("the port is free", || {
        std::net::TcpStream::connect(address).is_err()
    });
    stream.write_all(b"two\n").expect("sent");
    assert_eq!(read_answer(&mut stream, 4), b"two\n");
}

//! Connections that end in every way at once: nothing is left of them.

use std::io::Write;
use std::net::SocketAddr;

use lariat::observe::Ended;
use lariat::{Connection, Limits, Listening, Reactor};
use lariat_protocol::proxy::{self, Header, Version};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::common::{Certificates, address, connect_to, wait_until};
use crate::host::{Host, UNWANTED, greeting, is_all_over, reset, rest};

/// One letter at a time, each of which ends it in a way of its own.
async fn asked_how(mut connection: Connection) -> std::io::Result<()> {
    connection.write_all(b"hello\n").await?;
    match connection.read_u8().await? {
        b'p' => panic!("on purpose"),
        b'e' => Err(std::io::Error::other("on purpose")),
        b't' => {
            // Somebody else has it from now on.
            tokio::spawn(async move {
                let _ = connection.read_u8().await;
            });
            Ok(())
        }
        _ => connection.shutdown().await,
    }
}

struct Doors {
    events: Listening,
    functions: Listening,
    tls: Listening,
    tls_functions: Listening,
    proxied: Listening,
}

impl Doors {
    fn open(reactor: &Reactor) -> Self {
        let certificates = Certificates::create();
        let listen = |url: &str| reactor.listen(url, Host).expect("listening");
        let handle = reactor.handle();
        let tls = handle.listen_with("tls://127.0.0.1:0", certificates.listening(), Host);
        let options = certificates.listening();
        let tls_functions = handle.listen_with("tls://127.0.0.1:0", options, asked_how);
        let functions = reactor.listen("tcp://127.0.0.1:0", asked_how);
        Doors {
            events: listen("tcp://127.0.0.1:0"),
            functions: functions.expect("listening"),
            tls: tls.expect("listening"),
            tls_functions: tls_functions.expect("listening"),
            proxied: listen("proxy+tcp://127.0.0.1:0"),
        }
    }

    fn all(&self) -> [&Listening; 5] {
        [
            &self.events,
            &self.functions,
            &self.tls,
            &self.tls_functions,
            &self.proxied,
        ]
    }
}

fn end_events(server: SocketAddr, way: usize) {
    let stream = connect_to(server);
    if way == 0 {
        return reset(stream);
    }
    greeting(&stream);
    let mut writer = &stream;
    match way {
        1 => drop(stream),
        2 => reset(stream),
        3..=5 => {
            let line = ["panic", "close", "abort"][way - 3];
            writeln!(writer, "{line}").expect("sent");
            assert_eq!(rest(&mut &stream), "");
        }
        6 => {
            writer.write_all(b"half a li").expect("sent");
            reset(stream);
        }
        _ => {
            writer.write_all(b"big 3000000\n").expect("sent");
            reset(stream);
        }
    }
}

fn end_function(server: SocketAddr, way: usize) {
    let mut stream = connect_to(server);
    greeting(&stream);
    match b"petsx".get(way) {
        Some(b'x') => reset(stream),
        Some(letter) => {
            stream.write_all(&[*letter]).expect("sent");
            if *letter != b't' {
                rest(&mut stream);
            }
        }
        None => drop(stream),
    }
}

fn end_opening(server: SocketAddr, way: usize) {
    let mut stream = connect_to(server);
    match way {
        0 => drop(stream),
        1 => reset(stream),
        2 => {
            stream.write_all(b"GET / HTTP/1.0\r\n\r\n").expect("sent");
            rest(&mut stream);
        }
        // A record that is announced and does not come.
        _ => stream.write_all(&[22, 3, 1, 2, 0, 1]).expect("sent"),
    }
}

fn end_proxied(server: SocketAddr, way: usize) {
    let mut stream = connect_to(server);
    let source = ["10.1.1.1:9", "10.1.1.2:9", UNWANTED].map(|text| match text.contains(':') {
        true => text.to_string(),
        false => format!("{text}:9"),
    });
    let header = Header::Proxied {
        source: source[way % 3].parse().expect("an address"),
        destination: "10.0.0.1:25".parse().expect("an address"),
    };
    let header = proxy::encode(&header, Version::V2);
    match way {
        0..=3 => {
            stream.write_all(&header).expect("sent");
            greeting(&stream);
            reset(stream);
        }
        4 => stream.write_all(&header[..header.len() / 2]).expect("sent"),
        _ => reset(stream),
    }
}

fn limited() -> Reactor {
    let limits = Limits {
        exempt: Vec::new(),
        accept_rate: None,
        ..Limits::default()
    };
    let builder = Reactor::builder().threads(2).limits(limits);
    builder.build().expect("the reactor starts")
}

#[test]
fn nothing_is_left_of_a_storm() {
    let reactor = limited();
    let doors = Doors::open(&reactor);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let doors = &doors;
            scope.spawn(move || {
                for round in 0..48 {
                    let way = round + thread;
                    end_events(address(&doors.events), way % 8);
                    end_function(address(&doors.functions), way % 6);
                    end_opening(address(&doors.tls), way % 4);
                    end_opening(address(&doors.tls_functions), way % 4);
                    end_proxied(address(&doors.proxied), way % 6);
                }
            });
        }
    });
    let handle = reactor.handle();
    // Some wait for nothing when they have connected, and may not be accepted yet.
    wait_until("all are accepted", || {
        let mut all = doors.all().into_iter();
        all.all(|listening| listening.stats().accepted == 4 * 48)
    });
    wait_until("all is over", || {
        is_all_over(&handle) && handle.connections() == 0
    });
    for (listening, how) in [
        (&doors.events, Ended::Panicked),
        (&doors.functions, Ended::Panicked),
        (&doors.tls, Ended::Failed),
        (&doors.tls_functions, Ended::Failed),
        (&doors.proxied, Ended::Failed),
    ] {
        let stats = listening.stats();
        assert!(stats.ended(how) > 0, "{stats:?}");
    }
}

#[test]
fn nothing_is_left_of_those_whose_runtime_goes_down() {
    let reactor = limited();
    let doors = Doors::open(&reactor);
    let all = doors.all();
    let streams = all.map(|listening| connect_to(address(listening)));
    greeting(&streams[0]);
    greeting(&streams[1]);
    let handle = reactor.handle();
    wait_until("all are there", || handle.connections() == all.len());
    drop(reactor);
    assert!(is_all_over(&handle), "{:?}", handle.stats());
    drop(streams);
}

//! Each limit by itself, on TCP.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};

use lariat::{Limits, ListenOptions, Listening, Reactor};
use lariat_protocol::{Network, Refusal};

use crate::common::{Certificates, address, reactor, wait_until};
use crate::host::{Host, connect_from, greeting, is_all_over};

/// The reactor's limits are one gate, the service's another: each is tried as both.
fn limited(limits: &Limits) -> [(Reactor, Listening); 2] {
    let own = reactor();
    let options = ListenOptions {
        limits: Some(limits.clone()),
        ..ListenOptions::default()
    };
    let listening = own.handle().listen_with("tcp://127.0.0.1:0", options, Host);
    let builder = Reactor::builder().threads(2).limits(limits.clone());
    let all = builder.build().expect("the reactor starts");
    let of_all = all.listen("tcp://127.0.0.1:0", Host);
    [
        (own, listening.expect("listening")),
        (all, of_all.expect("listening")),
    ]
}

fn nobody_exempt() -> Limits {
    Limits {
        exempt: Vec::new(),
        ..Limits::none()
    }
}

fn served(own: &str, server: SocketAddr) -> TcpStream {
    let stream = connect_from(own, server);
    let hello = greeting(&stream);
    assert!(hello.starts_with(&format!("hello {own}:")), "{hello}");
    stream
}

fn refused(own: &str, listening: &Listening, why: Refusal) {
    let before = listening.stats().refused(why);
    let stream = connect_from(own, address(listening));
    assert_eq!(greeting(&stream), format!("NO {why}\n"), "{own}");
    assert_eq!(greeting(&stream), "", "closed");
    assert_eq!(listening.stats().refused(why), before + 1);
}

/// Whoever comes as often as is one time too many.
fn refused_at_last(own: &str, listening: &Listening, why: Refusal) {
    let before = listening.stats().refused(why);
    wait_until("one is refused", || {
        let stream = connect_from(own, address(listening));
        let said = greeting(&stream);
        let is_refused = said == format!("NO {why}\n");
        assert!(is_refused || said.starts_with("hello"), "{own}: {said}");
        if is_refused {
            assert_eq!(greeting(&stream), "", "closed");
        }
        is_refused
    });
    assert_eq!(listening.stats().refused(why), before + 1);
}

/// Whoever comes once there is a place.
fn served_at_last(own: &str, server: SocketAddr) {
    wait_until("a place is free", || {
        greeting(&connect_from(own, server)).starts_with("hello")
    });
}

#[test]
fn in_total() {
    let limits = Limits {
        connections: Some(2),
        ..nobody_exempt()
    };
    for (reactor, listening) in limited(&limits) {
        let server = address(&listening);
        let inside = ["127.0.0.1", "127.0.0.2"].map(|own| served(own, server));
        refused("127.0.0.3", &listening, Refusal::Total);
        let more = Limits {
            connections: Some(3),
            ..limits.clone()
        };
        reactor.handle().set_limits(more.clone());
        listening.set_limits(more);
        let third = served("127.0.0.3", server);
        refused("127.0.0.4", &listening, Refusal::Total);
        drop((inside, third));
        served_at_last("127.0.0.4", server);
        wait_until("all is over", || is_all_over(&reactor.handle()));
    }
}

#[test]
fn by_address_and_by_network() {
    let limits = Limits {
        per_address: Some(2),
        per_network: Some(3),
        ..nobody_exempt()
    };
    for (_reactor, listening) in limited(&limits) {
        let server = address(&listening);
        let one = [(); 2].map(|()| served("127.0.0.2", server));
        refused("127.0.0.2", &listening, Refusal::Address);
        let _other = served("127.0.0.3", server);
        refused("127.0.0.4", &listening, Refusal::Network);
        let _another = served("127.0.1.4", server);
        drop(one);
        served_at_last("127.0.0.2", server);
    }
}

#[test]
fn by_rate() {
    let limits = Limits {
        accept_rate: Some(1),
        accept_burst: 2,
        ..nobody_exempt()
    };
    for (_reactor, listening) in limited(&limits) {
        let server = address(&listening);
        drop([(); 2].map(|()| served("127.0.0.2", server)));
        // On a busy machine another may be let in by the time that it comes.
        refused_at_last("127.0.0.2", &listening, Refusal::Rate);
        drop(served("127.0.0.3", server));
        served_at_last("127.0.0.2", server);
    }
}

#[test]
fn by_lists() {
    let network = |text: &str| vec![text.parse::<Network>().expect("a network")];
    for limits in [
        Limits {
            allow: network("127.0.0.2"),
            ..nobody_exempt()
        },
        Limits {
            deny: network("127.0.1.0/24"),
            ..nobody_exempt()
        },
    ] {
        for (_reactor, listening) in limited(&limits) {
            drop(served("127.0.0.2", address(&listening)));
            refused("127.0.1.3", &listening, Refusal::Denied);
        }
    }
}

#[test]
fn who_is_exempt_is_under_the_total_alone() {
    let limits = Limits {
        connections: Some(5),
        per_address: Some(1),
        per_network: Some(1),
        accept_rate: Some(1),
        accept_burst: 1,
        ..Limits::none()
    };
    for (_reactor, listening) in limited(&limits) {
        let _inside = [(); 5].map(|()| served("127.0.0.1", address(&listening)));
        refused("127.0.0.1", &listening, Refusal::Total);
    }
}

#[test]
fn by_what_all_hold() {
    let limits = Limits {
        memory: Some(4000),
        ..Limits::none()
    };
    for (reactor, listening) in limited(&limits) {
        let handle = reactor.handle();
        let server = address(&listening);
        let mut hoarder = served("127.0.0.1", server);
        hoarder.write_all(&[b'x'; 5000]).expect("sent");
        // The gate of the service holds what the reactor's does.
        wait_until("it is held", || handle.stats().buffered == 5000);
        refused("127.0.0.1", &listening, Refusal::Memory);
        drop(hoarder);
        wait_until("it is given back", || handle.stats().buffered == 0);
        drop(served("127.0.0.1", server));
    }
}

/// One that is over its share and grows is ended; others that hold little are not.
#[test]
fn who_holds_most_is_ended_for_it() {
    let limits = Limits {
        memory: Some(1 << 20),
        ..Limits::none()
    };
    for (reactor, listening) in limited(&limits) {
        let server = address(&listening);
        let modest = served("127.0.0.1", server);
        let mut greedy = served("127.0.0.1", server);
        greedy.write_all(b"big 12000000\n").expect("sent");
        wait_until("it is ended", || {
            listening.stats().ended.iter().sum::<u64>() == 1
        });
        assert_eq!(crate::host::ask(&modest, "still here"), "still here\n");
        drop((modest, greedy));
        wait_until("all is over", || is_all_over(&reactor.handle()));
    }
}

#[test]
fn by_handshakes_without_a_word() {
    let limits = Limits {
        handshakes: Some(1),
        ..Limits::none()
    };
    let certificates = Certificates::create();
    let reactor = reactor();
    let options = ListenOptions {
        limits: Some(limits),
        ..certificates.listening()
    };
    let handle = reactor.handle();
    let listening = handle.listen_with("tls://127.0.0.1:0", options, Host);
    let listening = listening.expect("listening");
    let server = address(&listening);
    let silent = connect_from("127.0.0.1", server);
    wait_until("one is under way", || handle.stats().handshakes == 1);
    let stream = connect_from("127.0.0.1", server);
    assert_eq!(greeting(&stream), "", "closed without a word");
    // It is closed by being dropped, and counted when that is over.
    wait_until("it is counted", || {
        listening.stats().refused(Refusal::Handshakes) == 1
    });
    drop(silent);
    wait_until("all is over", || is_all_over(&handle));
    let endpoint = listening.endpoint().clone();
    let hello = handle.wait(async move {
        let options = certificates.connecting();
        let connection = lariat::connect_with(&endpoint, options).await;
        let mut connection = connection.expect("there is a place");
        let mut hello = [0; 5];
        tokio::io::AsyncReadExt::read_exact(&mut connection, &mut hello)
            .await
            .expect("greeted");
        hello
    });
    assert_eq!(&hello, b"hello");
}

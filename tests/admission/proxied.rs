//! Connections that a proxy passes on: whom they count as, and what is no header.

use std::io::Write;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use lariat::observe::Ended;
use lariat::{ConnectOptions, Limits, ListenOptions, Listening, Reactor};
use lariat_protocol::proxy::{self, Header, Version};
use lariat_protocol::{Deadline, Deadlines, Refusal};
use tokio::io::AsyncReadExt;

use crate::common::{Certificates, PATIENCE, address, connect, reactor, wait_until};
use crate::host::{Host, UNWANTED, ask, greeting, is_all_over, only_one_in, rest, with_deadlines};

fn header(source: &str) -> Header {
    Header::Proxied {
        source: source.parse().expect("an address"),
        destination: "10.0.0.1:25".parse().expect("an address"),
    }
}

fn listen(reactor: &Reactor, options: ListenOptions) -> Listening {
    let listening = reactor
        .handle()
        .listen_with("proxy+tcp://127.0.0.1:0", options, Host);
    listening.expect("listening")
}

#[test]
fn the_client_is_who_the_header_says() {
    let reactor = reactor();
    let listening = listen(&reactor, ListenOptions::default());
    for version in [Version::V1, Version::V2] {
        let mut stream = connect(&listening);
        let mut first = proxy::encode(&header("10.1.2.3:4567"), version).to_vec();
        // What comes behind it in the same segment is the next layer's.
        first.extend_from_slice(b"first\n");
        stream.write_all(&first).expect("sent");
        assert_eq!(greeting(&stream), "hello 10.1.2.3:4567\n");
        assert_eq!(greeting(&stream), "first\n");
        let status = only_one_in(&reactor.handle(), lariat::observe::Phase::Idle);
        assert_eq!(status.peer.to_string(), "10.1.2.3:4567");
        drop(stream);
        wait_until("all is over", || is_all_over(&reactor.handle()));
    }
}

#[test]
fn a_header_may_be_cut_anywhere() {
    let reactor = reactor();
    let listening = listen(&reactor, ListenOptions::default());
    for version in [Version::V1, Version::V2] {
        let mut all = proxy::encode(&header("10.1.2.3:4567"), version).to_vec();
        all.extend_from_slice(b"x\n");
        for cut in 1..all.len() {
            let mut stream = connect(&listening);
            stream.write_all(&all[..cut]).expect("sent");
            // Seen by itself, or not: either must do.
            std::thread::yield_now();
            stream.write_all(&all[cut..]).expect("sent");
            assert_eq!(greeting(&stream), "hello 10.1.2.3:4567\n", "{cut}");
            assert_eq!(greeting(&stream), "x\n", "{cut}");
        }
        let mut stream = connect(&listening);
        for byte in all {
            stream.write_all(&[byte]).expect("sent");
        }
        assert_eq!(greeting(&stream), "hello 10.1.2.3:4567\n");
    }
}

#[test]
fn a_proxy_that_speaks_for_itself_changes_nothing() {
    let reactor = reactor();
    let listening = listen(&reactor, ListenOptions::default());
    let headers = [
        proxy::encode(&Header::Local, Version::V2),
        proxy::encode(&Header::Unknown, Version::V2),
        proxy::encode(&Header::Unknown, Version::V1),
    ];
    for header in headers {
        let mut stream = connect(&listening);
        let own = stream.local_addr().expect("an address");
        stream.write_all(&header).expect("sent");
        assert_eq!(greeting(&stream), format!("hello {own}\n"));
    }
}

#[test]
fn limits_are_for_who_is_spoken_for() {
    let reactor = reactor();
    let options = ListenOptions {
        limits: Some(Limits {
            per_address: Some(1),
            ..Limits::none()
        }),
        ..ListenOptions::default()
    };
    let listening = listen(&reactor, options);
    let come = |source: &str| {
        let mut stream = connect(&listening);
        let header = proxy::encode(&header(source), Version::V2);
        stream.write_all(&header).expect("sent");
        let said = greeting(&stream);
        (stream, said)
    };
    let first = come("10.1.1.1:1");
    let other = come("10.1.1.2:1");
    assert!(first.1.starts_with("hello") && other.1.starts_with("hello"));
    assert_eq!(come("10.1.1.1:2").1, format!("NO {}\n", Refusal::Address));
    wait_until("it is counted", || {
        listening.stats().refused(Refusal::Address) == 1
    });
    assert_eq!(come(&format!("{UNWANTED}:1")).1, "");
    drop((first, other));
    wait_until("all is over", || is_all_over(&reactor.handle()));
    assert!(come("10.1.1.1:3").1.starts_with("hello"));
}

#[test]
fn who_is_not_trusted_is_closed_and_not_believed() {
    let reactor = reactor();
    let listening = reactor.listen("proxy+tcp://127.0.0.1:0?proxy_from=10.0.0.0/8", Host);
    let listening = listening.expect("listening");
    let mut stream = connect(&listening);
    let header = proxy::encode(&header("10.1.2.3:4567"), Version::V1);
    // It may be closed by then.
    let _ = stream.write_all(&header);
    assert_eq!(rest(&mut stream), "");
    let stats = listening.stats();
    assert_eq!((stats.accepted, stats.refused(Refusal::Proxy)), (0, 1));
}

#[test]
fn what_is_no_header_ends_the_connection() {
    let reactor = reactor();
    let listening = listen(&reactor, ListenOptions::default());
    let garbage: [&[u8]; 4] = [
        b"hello there, who are you?\n",
        b"PROXY TCP4 nonsense\r\n",
        b"\r\n\r\n\0\r\nQUIT\n\x99\x11\0\x0c",
        &[b'P'; 200],
    ];
    for (index, bytes) in garbage.iter().enumerate() {
        let mut stream = connect(&listening);
        stream.write_all(bytes).expect("sent");
        assert_eq!(rest(&mut stream), "", "{index}");
    }
    let mut half = connect(&listening);
    half.write_all(b"PROXY TC").expect("sent");
    half.shutdown(std::net::Shutdown::Write).expect("shut");
    assert_eq!(rest(&mut half), "");
    wait_until("all is over", || is_all_over(&reactor.handle()));
    assert_eq!(listening.stats().ended(Ended::Failed), 5);
}

#[test]
fn silence_and_a_drip_have_the_time_of_a_header() {
    let reactor = reactor();
    let time = Duration::from_millis(300);
    let listening = listen(
        &reactor,
        with_deadlines(Deadlines {
            proxy_header: Some(time),
            ..Deadlines::NONE
        }),
    );
    for drips in [false, true] {
        let begun = Instant::now();
        let mut stream = connect(&listening);
        let mut writer = stream.try_clone().expect("cloned");
        let drip = std::thread::spawn(move || {
            let mut header = proxy::encode(&header("10.1.2.3:4567"), Version::V1).into_iter();
            while let Some(byte) = header.next().filter(|_| drips) {
                if writer.write_all(&[byte]).is_err() {
                    break;
                }
                std::thread::sleep(Duration::from_millis(40));
            }
        });
        assert_eq!(rest(&mut stream), "");
        assert!(begun.elapsed() >= time);
        drip.join().expect("no panic");
    }
    wait_until("all is over", || is_all_over(&reactor.handle()));
    let stats = listening.stats();
    assert_eq!(stats.deadline(Deadline::ProxyHeader), 2);
    assert_eq!(stats.ended(Ended::Deadline), 2);
}

#[test]
fn our_client_s_header_is_read_by_our_server_under_every_layer() {
    let reactor = reactor();
    let certificates = Certificates::create();
    for scheme in ["proxy+tcp", "proxy+tls", "proxy+ws", "proxy+wss"] {
        for version in ["v1", "v2"] {
            let options = match scheme.ends_with("tls") || scheme.ends_with("wss") {
                true => (certificates.listening(), certificates.connecting()),
                false => (
                    ListenOptions::default(),
                    ConnectOptions {
                        timeout: PATIENCE,
                        ..ConnectOptions::default()
                    },
                ),
            };
            let url = format!("{scheme}://127.0.0.1:0");
            let listening = reactor.handle().listen_with(url, options.0, Host);
            let server: SocketAddr = address(&listening.expect("listening"));
            let url = format!("{scheme}://{server}?proxy={version}");
            let (said, own) = reactor.handle().wait(async move {
                let endpoint = url.parse().expect("a URL");
                let connection = lariat::connect_with(&endpoint, options.1).await;
                let mut connection = connection.expect("connected");
                let mut said = vec![0; 100];
                let length = connection.read(&mut said).await.expect("greeted");
                said.truncate(length);
                (
                    String::from_utf8(said).expect("text"),
                    connection.local().clone(),
                )
            });
            assert_eq!(
                said.trim_end(),
                format!("hello {own}"),
                "{scheme} {version}"
            );
        }
    }
    // Plain TCP still answers those who need no layer.
    let listening = listen(&reactor, ListenOptions::default());
    let mut stream = connect(&listening);
    let header = proxy::encode(&Header::Local, Version::V2);
    stream.write_all(&header).expect("sent");
    greeting(&stream);
    assert_eq!(ask(&stream, "hi"), "hi\n");
}

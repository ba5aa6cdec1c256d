//! The PROXY protocol as haproxy, nginx and curl write and read it.
//!
//! Every client comes from 127.0.0.2 or through one more proxy that says nothing of it, so
//! that the right address can be known from the header only.

use crate::lariat::{Certificates, Server, ask, assert_stamped, lariat};
use crate::peer::{Peer, program};
use crate::proxies::Proxy;

/// What the server says of who has come.
const CONNECTED: &str = "connected from: ";

/// The server, which believes every proxy on this machine.
fn server(endpoint: &str) -> Server {
    let service = format!("timestamp={endpoint}?proxy_from=127.0.0.0/8");
    Server::with(&["-v", &service])
}

/// A client on 127.0.0.2, which waits for answers behind its end too.
fn stranger(address: &str) -> Peer {
    let address = format!("TCP:{address},bind=127.0.0.2");
    program("socat", ["-t", "20", "-", &address])
}

/// Says a line and reads its answer.
fn is_answered(client: &mut Peer) {
    client.say("hi\n");
    assert_stamped(&[client.line()], &["hi"]);
}

/// That the server knows a client of this proxy by the address that the proxy has of it, and
/// answers what was said before a half-close.
fn client_is_known(mut server: Server, mut proxy: Proxy) {
    let mut client = stranger(proxy.address());
    is_answered(&mut client);
    client.say("bye\n");
    assert_stamped(&client.succeed(), &["bye"]);
    let known = server.note(CONNECTED);
    assert!(known.starts_with("127.0.0.2:"), "{known}");
    assert_eq!(known, proxy.line());
}

#[test]
fn haproxy_tells_who_its_client_is_in_both_versions() {
    for version in ["send-proxy", "send-proxy-v2"] {
        let server = server("proxy+tcp://127.0.0.1:0");
        let to = format!("{} {version}", server.address("proxy+tcp"));
        client_is_known(server, Proxy::haproxy("", &to, &[]));
    }
}

#[test]
fn haproxy_over_a_unix_socket_tells_who_its_client_is() {
    let server = Server::with(&["-v", "timestamp=proxy+unix:STATE/socket"]);
    let to = format!("unix@{} send-proxy-v2", server.address("proxy+unix"));
    client_is_known(server, Proxy::haproxy("", &to, &[]));
}

#[test]
fn nginx_tells_who_its_client_is() {
    let server = server("proxy+tcp://127.0.0.1:0");
    let proxy = Proxy::nginx(
        "",
        &server.address("proxy+tcp"),
        "$remote_addr:$remote_port",
    );
    client_is_known(server, proxy);
}

/// The header comes before the first byte of TLS.
#[test]
fn haproxy_that_passes_tls_on_tells_who_its_client_is() {
    let mut server = server("proxy+tls://127.0.0.1:0");
    let to = format!("{} send-proxy-v2", server.address("proxy+tls"));
    let mut proxy = Proxy::haproxy("", &to, &[]);
    let address = format!(
        "OPENSSL:{},bind=127.0.0.2,cafile={},verify=1,commonname=localhost",
        proxy.address(),
        server.authority()
    );
    let mut client = program("socat", ["-", &address]);
    is_answered(&mut client);
    client.succeed();
    let known = server.note(CONNECTED);
    assert!(known.starts_with("127.0.0.2:"), "{known}");
    assert_eq!(known, proxy.line());
}

/// It then has more to tell than addresses: what it knows of TLS, a checksum, a number.
#[test]
fn haproxy_that_ends_tls_may_say_more_than_an_address() {
    let certificates = Certificates::new();
    let mut server = server("proxy+tcp://127.0.0.1:0");
    let to = format!(
        "{} send-proxy-v2-ssl-cn proxy-v2-options \
         cert-cn,cert-key,cert-sig,ssl-cipher,authority,crc32c,unique-id",
        server.address("proxy+tcp")
    );
    let bind = format!("ssl crt {}", certificates.both());
    let mut proxy = Proxy::haproxy(&bind, &to, &["unique-id-format %{+X}o%Ts-%rt"]);
    let address = format!(
        "OPENSSL:{},bind=127.0.0.2,snihost=localhost,cafile={},verify=1,commonname=localhost",
        proxy.address(),
        certificates.authority()
    );
    let mut client = program("socat", ["-", &address]);
    is_answered(&mut client);
    client.succeed();
    let known = server.note(CONNECTED);
    assert!(known.starts_with("127.0.0.2:"), "{known}");
    assert_eq!(known, proxy.line());
}

#[test]
fn a_proxy_that_is_not_listed_is_closed_without_an_answer() {
    let listed = "-v timestamp=proxy+tcp://127.0.0.1:0?proxy_from=192.0.2.0/24";
    let server = Server::with(&listed.split(' ').collect::<Vec<_>>());
    let to = format!("{} send-proxy-v2", server.address("proxy+tcp"));
    let proxy = Proxy::haproxy("", &to, &[]);
    let mut client = stranger(proxy.address());
    client.say("hi\n");
    assert_eq!(client.finish().lines, [""; 0]);
}

/// Connections of its own, which it says are not of a client, and which it resets.
#[test]
fn health_checks_of_haproxy_leave_the_server_well() {
    let talk = [
        "option tcp-check",
        "tcp-check send \"well\\n\"",
        "tcp-check expect string well",
    ];
    for (version, checks) in [
        ("send-proxy", &[][..]),
        ("send-proxy-v2", &[][..]),
        ("send-proxy-v2", &talk[..]),
    ] {
        let mut server = server("proxy+tcp://127.0.0.1:0");
        let to = format!(
            "{} {version} check inter 200ms",
            server.address("proxy+tcp")
        );
        // Without a time of its own, a check has the interval for everything.
        let more = [&["option log-health-checks", "timeout check 20s"], checks].concat();
        let mut proxy = Proxy::haproxy("", &to, &more);
        let judged = proxy.line();
        assert!(judged.contains("succeeded"), "{judged}");
        for _ in 0..10 {
            let known = server.note(CONNECTED);
            assert!(known.starts_with("127.0.0.1:"), "{known}");
        }
        let mut client = stranger(proxy.address());
        is_answered(&mut client);
        client.succeed();
        let said = proxy.end().lines.join("\n");
        assert!(!said.contains("failed") && !said.contains("DOWN"), "{said}");
    }
}

#[test]
fn curl_says_who_it_is_itself() {
    let mut server = server("proxy+tcp://127.0.0.1:0");
    let mut silent = Proxy::silent(&server.address("proxy+tcp"));
    let url = format!("telnet://{}", silent.address());
    let options = ["-s", "-N", "--haproxy-protocol", "--interface", "127.0.0.2"];
    let mut client = program("curl", [&options[..], &[&url]].concat());
    client.say("hi\n");
    client.end_input();
    assert_stamped(&[client.line()], &["hi"]);
    let known = server.note(CONNECTED);
    assert!(known.starts_with("127.0.0.2:"), "{known}");
    // It listens until somebody closes.
    drop(client);
    assert_eq!(known, silent.line());
}

/// Since curl 8.2; where it is older there is nothing to be judged.
#[test]
fn curl_that_speaks_for_another_is_believed() {
    let help = program("curl", ["--help", "all"]).succeed();
    if !help.iter().any(|line| line.contains("--haproxy-clientip")) {
        eprintln!("left out: this curl cannot speak for another");
        return;
    }
    let mut server = server("proxy+tcp://127.0.0.1:0");
    let url = format!("telnet://{}", server.address("proxy+tcp"));
    let mut client = program(
        "curl",
        ["-s", "-N", "--haproxy-clientip", "192.0.2.7", &url],
    );
    client.say("hi\n");
    client.end_input();
    assert_stamped(&[client.line()], &["hi"]);
    let known = server.note(CONNECTED);
    assert!(known.starts_with("192.0.2.7:"), "{known}");
}

/// Asks through a proxy that is silent, and another that must learn from our header, in both
/// versions, who it was that spoke with the first.
fn our_header_is_read(reader: impl Fn(&str) -> Proxy) {
    for option in ["proxy=v1", "proxy=v2"] {
        let mut server = server("proxy+tcp://127.0.0.1:0");
        let mut reader = reader(&server.address("proxy+tcp"));
        let mut silent = Proxy::silent(reader.address());
        let endpoint = format!("proxy+tcp://{}?{option}", silent.address());
        assert_stamped(&ask(&endpoint, &["hi", "there"]), &["hi", "there"]);
        let client = silent.line();
        assert_eq!(reader.line(), client, "{option}");
        let known = server.note(CONNECTED);
        // nginx says who spoke with it, haproxy what it was told.
        assert!(known.starts_with("127.0.0.1:"), "{known}");
    }
}

#[test]
fn haproxy_reads_our_header() {
    our_header_is_read(|server| {
        Proxy::haproxy("accept-proxy", &format!("{server} send-proxy-v2"), &[])
    });
}

#[test]
fn haproxy_reads_our_header_before_tls() {
    let certificates = Certificates::new();
    let server = Server::with(&["timestamp=tcp://127.0.0.1:0"]);
    let bind = format!("accept-proxy ssl crt {}", certificates.both());
    let mut reader = Proxy::haproxy(&bind, &server.address("tcp"), &[]);
    let mut silent = Proxy::silent(reader.address());
    for option in ["proxy=v1", "proxy=v2"] {
        let endpoint = format!(
            "proxy+tls://{}?{option}&ca={}&name=localhost",
            silent.address(),
            certificates.authority()
        );
        assert_stamped(&ask(&endpoint, &["hi"]), &["hi"]);
        assert_eq!(reader.line(), silent.line(), "{option}");
    }
}

#[test]
fn nginx_reads_our_header() {
    our_header_is_read(|server| {
        let log = "$proxy_protocol_addr:$proxy_protocol_port";
        Proxy::nginx("proxy_protocol", server, log)
    });
}

/// What we are without a header: nobody whom a proxy that wants one would serve.
#[test]
fn haproxy_that_awaits_a_header_serves_nobody_without() {
    let server = Server::with(&["timestamp=tcp://127.0.0.1:0"]);
    let reader = Proxy::haproxy("accept-proxy", &server.address("tcp"), &[]);
    let endpoint = format!("tcp://{}", reader.address());
    let ended = lariat(["timestamp", &endpoint, "-m", "hi"]).finish();
    assert!(!ended.status.success(), "{:?}", ended.lines);
}

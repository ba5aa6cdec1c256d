//! Endpoints read, printed and built, by example.
#![allow(clippy::unwrap_used)]

use super::refusals::message;
use super::*;

fn parse(text: &str) -> Endpoint {
    text.parse()
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn prints_the_shortest_form() {
    for (written, printed) in [
        ("tcp://[::]:21567", "tcp://[::]:21567"),
        ("TCP://localhost", "tcp://localhost"),
        ("tcp://localhost/", "tcp://localhost"),
        ("tcp://localhost:00080?", "tcp://localhost:80"),
        ("tls+tcp://h:0", "tls://h:0"),
        ("ws+tcp://h:1/", "ws://h:1"),
        ("tls+ws+tcp://h/a?ca=x", "wss://h/a?ca=x"),
        ("tls+ws://h", "wss://h"),
        ("wss://h?path=/a", "wss://h/a"),
        ("ws://h?path=/a%3Ftoken=1", "ws://h?path=/a?token=1"),
        ("tls+unix:///x", "tls+unix:///x"),
        ("ws+unix:///x?path=/chat", "ws+unix:///x?path=/chat"),
        ("tls+ws+fd:3", "tls+ws+fd://3"),
        ("proxy+tcp://h:1", "proxy+tcp://h:1"),
        ("PROXY+tls+tcp://h:1", "proxy+tls://h:1"),
        ("proxy+ws://h/a", "proxy+ws://h/a"),
        ("proxy+tls+ws://h", "proxy+wss://h"),
        ("proxy+wss://h/a", "proxy+wss://h/a"),
        ("proxy+unix:x?proxy=v1", "proxy+unix:x?proxy=v1"),
        (
            "proxy+tls+ws+unix:x?proxy=v2&ca=a",
            "proxy+tls+ws+unix:x?ca=a&proxy=v2",
        ),
        (
            "proxy+tcp://h?proxy_from=10.0.0.0/8,::FFFF:192.0.2.7/128,2001:db8::%2F32",
            "proxy+tcp://h?proxy_from=10.0.0.0/8,192.0.2.7,2001:db8::/32",
        ),
        ("unix:/run/x.sock", "unix:///run/x.sock"),
        ("unix:relative.sock", "unix:relative.sock"),
        ("unix://@abstract", "unix:@abstract"),
        ("unix:%40file", "unix:%40file"),
        ("unix:@%00%FF", "unix:@%00%FF"),
        ("unixgram:a%3Fb?mode=0o600", "unixgram:a%3Fb?mode=600"),
        ("stdio://", "stdio:"),
        ("mem:name", "mem://name"),
        ("udp://[fe80::1%25eth0]:7", "udp://[fe80::1%25eth0]:7"),
        ("udp://[fe80::1%eth0]:7", "udp://[fe80::1%25eth0]:7"),
        ("udp://[fe80::1%25]:7", "udp://[fe80::1%2525]:7"),
        (
            "tcp://h?z=1&backlog=5&a=%26&a&cert=c%20d",
            "tcp://h?cert=c%20d&backlog=5&z=1&a=%26&a",
        ),
        ("tls://h?alpn=h2,a%2Cb", "tls://h?alpn=h2,a%2Cb"),
    ] {
        assert_eq!(parse(written).to_string(), printed, "{written}");
        check_round_trip(written);
    }
}

#[test]
fn assumes_a_scheme_where_there_is_none() {
    for (text, scheme, meant) in [
        ("localhost", "tcp", "tcp://localhost"),
        ("localhost:80", "tls", "tls://localhost:80"),
        ("[::1]:80", "udp", "udp://[::1]:80"),
        ("::1", "tcp", "tcp://[::1]"),
        (
            "fe80::1%eth0?backlog=1",
            "tcp",
            "tcp://[fe80::1%25eth0]?backlog=1",
        ),
        ("tcp.example:80", "ws", "ws://tcp.example:80"),
        ("proxy:80", "tls", "tls://proxy:80"),
        ("h:80", "proxy+tls", "proxy+tls://h:80"),
        ("x.sock", "proxy+unix", "proxy+unix:x.sock"),
        ("x.sock", "unix", "unix:x.sock"),
        ("unix:x.sock", "tcp", "unix:x.sock"),
        ("udp://h", "tcp", "udp://h"),
        ("h?next=a://b", "tcp", "tcp://h?next=a://b"),
    ] {
        let endpoint = Endpoint::parse_with_default(text, scheme);
        assert_eq!(
            endpoint.map(|endpoint| endpoint.to_string()),
            Ok(meant.to_owned())
        );
    }
    let refused = |text, scheme| {
        Endpoint::parse_with_default(text, scheme)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        refused("/x", "tcp"),
        "\"/x\" has no host; for a Unix socket write unix:PATH"
    );
    assert_eq!(
        refused("21567", "tcp"),
        "host \"21567\" is only a number; to give a port write localhost:21567"
    );
    assert!(refused("h", "quic").starts_with("unknown scheme \"quic\" (known: tcp, "));
}

#[test]
fn reads_every_option() {
    let endpoint = parse(
        "tls+ws+unix:x?cert=c&key=k&ca=a&client_ca=d&client_cert=require&verify=none&name=h\
         &alpn=h2,http/1.1&backlog=65535&mode=0660&path=/p",
    );
    let proxied = parse("proxy+tcp://h?proxy_from=10.0.0.0/8,::1&proxy=v1");
    let networks = ["10.0.0.0/8", "::1"].map(|network| network.parse().unwrap());
    assert_eq!(proxied.options().proxy_from, networks);
    assert_eq!(proxied.options().proxy, Some(crate::proxy::Version::V1));
    let udp = parse("udp://h?low_ports=true&amplify_to=10.0.0.0/8,::1&rate=0");
    assert!(udp.options().low_ports);
    assert_eq!(udp.options().amplify_to, networks);
    assert_eq!(udp.options().rate, Some(0));
    let options = endpoint.options();
    assert_eq!(options.cert.as_deref(), Some(Path::new("c")));
    assert_eq!(options.key.as_deref(), Some(Path::new("k")));
    assert_eq!(options.ca.as_deref(), Some(Path::new("a")));
    assert_eq!(options.client_ca.as_deref(), Some(Path::new("d")));
    assert_eq!(options.client_cert, Some(ClientCertificate::Require));
    assert_eq!(options.verify, Some(Verify::None));
    assert_eq!(options.name.as_deref(), Some("h"));
    assert_eq!(options.alpn, ["h2", "http/1.1"]);
    assert_eq!(options.backlog, Some(65535));
    assert_eq!(options.mode, Some(0o660));
    assert_eq!(endpoint.websocket_path(), "/p");
    assert_eq!(endpoint.service_options(&[]), Ok(vec![]));
    assert!(
        parse("tcp://h?cert=c").options().cert.is_some(),
        "for a start of TLS later"
    );
}

#[test]
fn keeps_the_options_of_the_service_in_order() {
    let endpoint = parse("udp://h?b=2&a=1&b=%33&flag");
    let expected = vec![("b", "2"), ("a", "1"), ("b", "3"), ("flag", "")];
    assert_eq!(endpoint.service_options(&["a", "b", "flag"]), Ok(expected));
    assert_eq!(
        endpoint
            .service_options(&["a", "flags", "b"])
            .unwrap_err()
            .to_string(),
        "unknown option \"flag\" (did you mean \"flags\"? known here: a, flags, b, low_ports, \
         amplify_to, rate)"
    );
    assert_eq!(
        parse("tcp://h?backlg=5")
            .service_options(&["quiet_ms"])
            .unwrap_err()
            .to_string(),
        "unknown option \"backlg\" (did you mean \"backlog\"? known here: quiet_ms, cert, key, \
         ca, client_ca, client_cert, verify, name, alpn, backlog)"
    );
}

#[test]
fn builders_agree_with_text() {
    for (built, text) in [
        (Endpoint::tcp("localhost", 1), "tcp://localhost:1"),
        (
            Endpoint::tls(std::net::Ipv4Addr::LOCALHOST, 1),
            "tls://127.0.0.1:1",
        ),
        (Endpoint::udp("fe80::1%eth0", 1), "udp://[fe80::1%25eth0]:1"),
        (Endpoint::unix("/x"), "unix:///x"),
        (Endpoint::unix(Path::new("@x")), "unix:%40x"),
        (Endpoint::unixgram("@x"), "unixgram:@x"),
        (Endpoint::ws("h", 1, "/a").unwrap(), "ws://h:1/a"),
        (Endpoint::memory("a b"), "mem://a%20b"),
        (
            parse("tcp://h").with_default_port(5).with_default_port(6),
            "tcp://h:5",
        ),
        (parse("tcp://h:5").with_port(6), "tcp://h:6"),
        (parse("unix:x").with_port(6), "unix:x"),
        (
            parse("ws://h/a").with_option("path", "/b").unwrap(),
            "ws://h/b",
        ),
        (
            parse("tls://h").with_option("alpn", "a,b").unwrap(),
            "tls://h?alpn=a,b",
        ),
    ] {
        assert_eq!(built.to_string(), text);
        assert_eq!(parse(text), built);
    }
    assert!(Endpoint::tcp("h", 1).with_option("mode", "600").is_err());
    assert!(Endpoint::tcp("h", 1).with_option("", "600").is_err());
    assert!(Endpoint::ws("h", 1, "a").is_err());
    let hostile = Endpoint::tcp("a/b?c", 1).to_string();
    assert!(hostile.parse::<Endpoint>().is_err(), "{hostile}");
}

#[test]
fn knows_what_carries_messages() {
    for (text, message_oriented, datagram) in [
        ("tcp://h", false, false),
        ("tls+unix:x", false, false),
        ("udp://h", true, true),
        ("unixgram:x", true, true),
        ("wss://h", true, false),
        ("ws+mem:x", true, false),
    ] {
        let endpoint = parse(text);
        assert_eq!(endpoint.is_message_oriented(), message_oriented, "{text}");
        assert_eq!(endpoint.is_datagram(), datagram, "{text}");
    }
    assert_eq!(parse("tls+unix:x").scheme(), "tls+unix");
    assert_eq!(
        parse("tls+ws+tcp://h").layers(),
        [Layer::Tls, Layer::WebSocket]
    );
}

#[test]
fn trusts_the_proxies_that_are_listed_or_on_this_machine() {
    for (text, peer, trusted) in [
        ("proxy+tcp://h", Some("127.0.0.1"), true),
        ("proxy+tcp://h", Some("::ffff:127.0.0.2"), true),
        ("proxy+wss://h", Some("::1"), true),
        ("proxy+tcp://h", Some("10.0.0.1"), false),
        ("proxy+tcp://h", None, false),
        (
            "proxy+tcp://h?proxy_from=10.0.0.0/8,2001:db8::/32",
            Some("10.9.9.9"),
            true,
        ),
        (
            "proxy+tcp://h?proxy_from=10.0.0.0/8,2001:db8::/32",
            Some("2001:db8::1"),
            true,
        ),
        (
            "proxy+tcp://h?proxy_from=10.0.0.0/8",
            Some("11.0.0.1"),
            false,
        ),
        (
            "proxy+tcp://h?proxy_from=10.0.0.0/8",
            Some("127.0.0.1"),
            false,
        ),
        ("proxy+unix:x", None, true),
        ("proxy+tls+unix:x?mode=600", None, true),
        ("tcp://h", Some("127.0.0.1"), false),
        ("unix:x", None, false),
    ] {
        let peer = peer.map(|address| address.parse().unwrap());
        assert_eq!(parse(text).trusts_proxy(peer), trusted, "{text} {peer:?}");
        assert_eq!(parse(text).is_proxied(), text.starts_with("proxy+"));
    }
}

#[test]
fn holds_the_limit_of_length() {
    let fits = format!("mem://{}", "a".repeat(MAXIMUM_LENGTH - 6));
    check_round_trip(&fits);
    assert!(fits.parse::<Endpoint>().is_ok());
    let over = format!("{fits}a");
    assert_eq!(
        message(&over),
        "the endpoint has 4097 bytes; at most 4096 are allowed"
    );
    let printed_longer = over.replace("mem://", "mem:");
    assert_eq!(printed_longer.len(), 4095);
    assert_eq!(
        message(&printed_longer),
        "the endpoint has 4097 bytes; at most 4096 are allowed"
    );
}

//! Endpoints read, printed and refused: examples, and a table of messages.
#![allow(clippy::unwrap_used)]

use super::*;

fn parse(text: &str) -> Endpoint {
    text.parse()
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn message(text: &str) -> String {
    match text.parse::<Endpoint>() {
        Ok(endpoint) => format!("accepted as {endpoint}"),
        Err(error) => error.to_string(),
    }
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
        "unknown option \"flag\" (did you mean \"flags\"? known here: a, flags, b)"
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

const LAYERS: &str = "; allowed: [tls+][ws+](tcp|unix|fd|stdio|mem), udp, unixgram";
const SCHEMES: &str = "known: tcp, tls, unix, udp, unixgram, ws, wss, fd, stdio, mem)";

/// What is refused, and in which words; `LAYERS` and `SCHEMES` stand for the lists.
const REFUSED: &[(&str, &str)] = &[
    (
        "",
        "the endpoint is empty; write for example tcp://localhost:21567",
    ),
    (
        "localhost:80",
        "no scheme in \"localhost:80\"; write for example tcp://localhost:80",
    ),
    (
        "/run/x.sock",
        "no scheme in \"/run/x.sock\"; write for example unix:/run/x.sock",
    ),
    (
        "tpc://h",
        "unknown scheme \"tpc\" (did you mean \"tcp\"? SCHEMES",
    ),
    (
        "unx:x.sock",
        "unknown scheme \"unx\" (did you mean \"unix\"? SCHEMES",
    ),
    ("gopher://h", "unknown scheme \"gopher\" (SCHEMES"),
    ("tls+://h", "unknown scheme \"\" (SCHEMES"),
    (
        "tls+udp://h",
        "scheme \"tls+udp\" cannot be: udp carries datagrams, and tls and ws need a streamLAYERS",
    ),
    (
        "ws+unixgram:x",
        "scheme \"ws+unixgram\" cannot be: unixgram carries datagrams, and tls and ws need a streamLAYERS",
    ),
    (
        "ws+tls://h",
        "scheme \"ws+tls\" cannot be: the layer nearest to the wire comes first, so write tls+wsLAYERS",
    ),
    (
        "tls+tls://h",
        "scheme \"tls+tls\" cannot be: tls stands in it twiceLAYERS",
    ),
    (
        "tls+wss://h",
        "scheme \"tls+wss\" cannot be: tls stands in it twiceLAYERS",
    ),
    (
        "ws+ws+tcp://h",
        "scheme \"ws+ws+tcp\" cannot be: ws stands in it twiceLAYERS",
    ),
    (
        "wss+unix:x",
        "scheme \"wss+unix\" cannot be: wss stands for tls+ws+tcp; over another base write tls+wsLAYERS",
    ),
    (
        "tcp+tls://h",
        "scheme \"tcp+tls\" cannot be: tcp is a base and comes lastLAYERS",
    ),
    (
        "tcp:h",
        "after \"tcp:\" comes \"//\" and a host; write for example tcp://localhost",
    ),
    (
        "tcp://",
        "no host after \"//\"; write for example localhost or [::]",
    ),
    (
        "tcp://:80",
        "no host before the port; for every address write [::], for this machine localhost",
    ),
    (
        "tcp://h:70000",
        "port \"70000\" is not a number from 0 to 65535",
    ),
    ("tcp://h:x", "port \"x\" is not a number from 0 to 65535"),
    ("tcp://h:", "port \"\" is not a number from 0 to 65535"),
    ("tcp://h:+1", "port \"+1\" is not a number from 0 to 65535"),
    (
        "tcp://[::1]:-1",
        "port \"-1\" is not a number from 0 to 65535",
    ),
    (
        "tcp://[::1",
        "the \"[\" in \"[::1\" is not closed; write for example [::1]:21567",
    ),
    (
        "tcp://[::1]80",
        "\"80\" follows the \"]\"; only \":PORT\" may",
    ),
    (
        "tcp://[1.2.3.4]",
        "\"1.2.3.4\" in brackets is not an IPv6 address; write for example [::1]",
    ),
    (
        "tcp://[fe80::1%25]x]",
        "\"x]\" follows the \"]\"; only \":PORT\" may",
    ),
    (
        "tcp://[fe80::1%]",
        "scope \"\" is not an interface; write for example [fe80::1%25eth0]",
    ),
    (
        "tcp://::1:80",
        "\"::1:80\" has more than one \":\"; an IPv6 address needs brackets, for example [::1]:21567",
    ),
    (
        "tcp://user@host",
        "user info (what stands before \"@\") is not allowed; write the host alone",
    ),
    (
        "tcp://*:80",
        "host \"*\" is not one; for every address write [::]",
    ),
    (
        "tcp://a%20b",
        "'%' is not allowed in host \"a%20b\"; letters, digits, \"-\", \"_\" and \".\" are",
    ),
    (
        "tcp://bücher.example",
        "host \"bücher.example\" is not ASCII; write an international name in its xn-- form",
    ),
    (
        "tcp://256.1.1.1",
        "host \"256.1.1.1\" is not an IPv4 address; that is four numbers from 0 to 255",
    ),
    (
        "tcp://a..b",
        "host \"a..b\" is not a name; between dots stand 1 to 63 characters, 253 in all",
    ),
    (
        "tcp://a b",
        "a space at byte 7 is not allowed in an endpoint; write it as %20",
    ),
    (
        "tcp://h\n",
        "the character '\\n' at byte 7 is not allowed in an endpoint; write it as %0A",
    ),
    (
        "mem://a\u{a0}b",
        "the character '\\u{a0}' at byte 7 is not allowed in an endpoint; write it as %C2%A0",
    ),
    (
        "tcp://h#x",
        "an endpoint has no fragment; write \"#\" as %23",
    ),
    (
        "tcp://h/x",
        "tcp has no path, and \"/x\" is one; only ws, wss, unix and unixgram have",
    ),
    (
        "unix:",
        "no path after \"unix:\"; write unix:///run/x.sock, unix:x.sock or unix:@name",
    ),
    (
        "unix://?mode=600",
        "no path after \"unix:\"; write unix:///run/x.sock, unix:x.sock or unix:@name",
    ),
    ("unix:@", "no name after \"@\"; write for example @lariat"),
    (
        "unix://run/x",
        "unix://run/x has a host where the path begins; write unix:///run/x (absolute) or unix:run/x (relative)",
    ),
    ("unix:a%00b", "a NUL is in no file's name"),
    (
        "unix:%zz",
        "in \"%zz\" a \"%\" is not followed by two hexadecimal digits; the character itself is written %25",
    ),
    ("unix:%FF", "\"%FF\" does not stand for UTF-8 text"),
    (
        "fd://x",
        "descriptor \"x\" is not a number from 0 to 2147483647",
    ),
    (
        "fd://2147483648",
        "descriptor \"2147483648\" is not a number from 0 to 2147483647",
    ),
    (
        "stdio:x",
        "nothing may follow \"stdio:\" but options; \"x\" does",
    ),
    (
        "mem://",
        "no name after \"mem://\"; write for example mem://test",
    ),
    (
        "tcp://h?mode=600",
        "option \"mode\": tcp has no socket file; it is for unix and unixgram",
    ),
    (
        "unix:@x?mode=600",
        "option \"mode\": an abstract socket has no file to give a mode to",
    ),
    (
        "unix:x?mode=888",
        "option \"mode\": \"888\" is not an octal number from 0 to 777",
    ),
    (
        "unix:x?mode=1777",
        "option \"mode\": \"1777\" is not an octal number from 0 to 777",
    ),
    (
        "tcp://h?backlog=0",
        "option \"backlog\": \"0\" is not a number from 1 to 65535",
    ),
    (
        "udp://h?backlog=5",
        "option \"backlog\": udp has no queue of connections; it is for tcp and unix and what lies over them",
    ),
    (
        "udp://h?cert=x",
        "option \"cert\": udp carries datagrams and has no TLS",
    ),
    ("ws://h?ca=x", "option \"ca\": ws has no TLS; write wss"),
    (
        "ws+unix:x?ca=x",
        "option \"ca\": ws+unix has no TLS; write tls+ws+unix",
    ),
    (
        "tls://h?path=/x",
        "option \"path\": tls has no path; it is for ws and wss",
    ),
    (
        "tls://h?cert",
        "option \"cert\": it has no value; write cert=FILE",
    ),
    ("tls://h?ca=a&%63a=b", "option \"ca\": it is given twice"),
    (
        "tls://h?key=k",
        "option \"key\": a key needs its certificate; add cert=FILE",
    ),
    (
        "tls://h?verify=no",
        "option \"verify\": \"no\" is neither full nor none",
    ),
    (
        "tls://h?client_cert=yes",
        "option \"client_cert\": \"yes\" is neither request nor require",
    ),
    (
        "tls://h?name=a%20b",
        "option \"name\": ' ' is not allowed in host \"a b\"; letters, digits, \"-\", \"_\" and \".\" are",
    ),
    (
        "tls://h?alpn=h2,",
        "option \"alpn\": \"h2,\" is not a list of names of 1 to 255 bytes; write for example alpn=h2,http/1.1",
    ),
    (
        "tcp://h?=x",
        "option \"\": \"=x\" has no name; write NAME=VALUE, joined by \"&\"",
    ),
    (
        "ws://h/a?path=/b",
        "option \"path\": the URL has a path already",
    ),
    (
        "ws+unix:x?path=chat",
        "the path of a WebSocket begins with \"/\"; \"chat\" does not",
    ),
    (
        "ws://h/é",
        "'é' is not allowed in the path of a WebSocket; percent-encode it",
    ),
    (
        "ws://h/<",
        "'<' is not allowed in the path of a WebSocket; there it is %3C",
    ),
];

#[test]
fn says_which_part_is_wrong_and_what_is_allowed() {
    let table: String = REFUSED
        .iter()
        .map(|(text, _)| format!("{text:?}: {}\n", message(text)))
        .collect();
    let expected: String = REFUSED
        .iter()
        .map(|(text, words)| {
            let words = words.replace("LAYERS", LAYERS).replace("SCHEMES", SCHEMES);
            format!("{text:?}: {words}\n")
        })
        .collect();
    for (got, wanted) in table.lines().zip(expected.lines()) {
        assert_eq!(got, wanted);
    }
    assert_eq!(table.len(), expected.len());
}

//! Endpoints refused: a table of texts and of what is said of them.

use super::*;

/// What is said of a text that is no endpoint.
pub(super) fn message(text: &str) -> String {
    match text.parse::<Endpoint>() {
        Ok(endpoint) => format!("accepted as {endpoint}"),
        Err(error) => error.to_string(),
    }
}

const LAYERS: &str = "; allowed: [proxy+][tls+][ws+](tcp|unix), [tls+][ws+](fd|stdio|mem), udp, \
                      unixgram, name";
const SCHEMES: &str = "known: tcp, tls, unix, udp, unixgram, ws, wss, fd, stdio, mem, name, proxy)";

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
        "proxy://h",
        "scheme \"proxy\" cannot be: proxy is a layer over another; write for example proxy+tcpLAYERS",
    ),
    (
        "proxy:h",
        "scheme \"proxy\" cannot be: proxy is a layer over another; write for example proxy+tcpLAYERS",
    ),
    (
        "proxy:80",
        "no scheme in \"proxy:80\"; write for example tcp://proxy:80",
    ),
    (
        "proxy+tls+proxy+tcp://h",
        "scheme \"proxy+tls+proxy+tcp\" cannot be: proxy stands in it twiceLAYERS",
    ),
    (
        "tls+proxy+tcp://h",
        "scheme \"tls+proxy+tcp\" cannot be: the layer nearest to the wire comes first, so write proxy+tlsLAYERS",
    ),
    (
        "ws+proxy+tls+unix:x",
        "scheme \"ws+proxy+tls+unix\" cannot be: the layer nearest to the wire comes first, so write proxy+tls+wsLAYERS",
    ),
    (
        "proxy+udp://h",
        "scheme \"proxy+udp\" cannot be: proxy lies over tcp and unix only, and udp is neitherLAYERS",
    ),
    (
        "proxy+tls+fd://3",
        "scheme \"proxy+tls+fd\" cannot be: proxy lies over tcp and unix only, and fd is neitherLAYERS",
    ),
    (
        "proxy+mem://x",
        "scheme \"proxy+mem\" cannot be: proxy lies over tcp and unix only, and mem is neitherLAYERS",
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
        "tls://h?proxy=v1",
        "option \"proxy\": tls has no PROXY header; write proxy+tls",
    ),
    (
        "ws+unix:x?proxy_from=::1",
        "option \"proxy_from\": ws+unix has no PROXY header; write proxy+ws+unix",
    ),
    (
        "udp://h?proxy=v1",
        "option \"proxy\": udp has no PROXY header; proxy lies over tcp and unix only",
    ),
    (
        "proxy+unix:x?proxy_from=10.0.0.0/8",
        "option \"proxy_from\": who connects to a Unix socket has no address; say by mode=660 who may",
    ),
    (
        "proxy+tcp://h?proxy=v3",
        "option \"proxy\": \"v3\" is neither v1 nor v2",
    ),
    (
        "proxy+tcp://h?proxy_from",
        "option \"proxy_from\": \"\" is not an address; write for example 10.0.0.0/8, 2001:db8::/32 or 192.0.2.7",
    ),
    (
        "proxy+tcp://h?proxy_from=10.0.0.0/8,10.1.1.1/16",
        "option \"proxy_from\": 10.1.1.1/16 is an address within a network; the network is 10.1.0.0/16, the address alone 10.1.1.1",
    ),
    (
        "tcp://h?low_ports=true",
        "option \"low_ports\": tcp has no peers whose addresses can be forged; it is for udp",
    ),
    (
        "unixgram:x?rate=5",
        "option \"rate\": unixgram has no peers whose addresses can be forged; it is for udp",
    ),
    (
        "udp://h?low_ports",
        "option \"low_ports\": \"\" is neither true nor false",
    ),
    (
        "udp://h?amplify_to=10.0.0.1/8",
        "option \"amplify_to\": 10.0.0.1/8 is an address within a network; the network is 10.0.0.0/8, the address alone 10.0.0.1",
    ),
    (
        "udp://h?rate=1000001",
        "option \"rate\": \"1000001\" is not a number of datagrams a second from 0 to 1000000, 0 being any",
    ),
    (
        "proxy+ws://h?ca=x",
        "option \"ca\": proxy+ws has no TLS; write proxy+wss",
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

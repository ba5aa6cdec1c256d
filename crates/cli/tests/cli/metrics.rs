//! `lariat serve --metrics`: read as Prometheus reads it.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;

use nix::sys::signal::Signal::SIGTERM;

use crate::operated::Operated;
use crate::process::{DEADLINE, run};

const METRICS: [&str; 2] = ["--metrics", "tcp://127.0.0.1:0"];

/// One request, and the whole of what came back.
fn ask(address: &str, request: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let request = format!("{request} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").expect("a header");
    (head.to_lowercase(), body.to_string())
}

/// The samples of a text of format 0.0.4, by name and labels; panics at what is none.
fn samples(text: &str) -> BTreeMap<String, f64> {
    let mut kinds = BTreeMap::new();
    let mut samples = BTreeMap::new();
    assert!(text.ends_with('\n'));
    for line in text.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            let mut words = comment.splitn(3, ' ');
            let (what, name) = (words.next().unwrap(), words.next().unwrap());
            let rest = words.next().expect("a type or a help");
            match what {
                "HELP" => assert!(!kinds.contains_key(name), "{name} comes twice"),
                "TYPE" => {
                    assert!(["counter", "gauge", "histogram"].contains(&rest), "{line}");
                    kinds.insert(name.to_string(), rest.to_string());
                }
                _ => panic!("{line}"),
            }
            continue;
        }
        let (name, value) = line.rsplit_once(' ').expect("a value");
        let value: f64 = value.parse().expect(line);
        let bare = name.split('{').next().unwrap();
        let family = ["_bucket", "_sum", "_count"]
            .iter()
            .find_map(|suffix| kinds.get(bare.strip_suffix(suffix)?))
            .or_else(|| kinds.get(bare));
        assert!(family.is_some(), "{line} comes before its type");
        if let Some((_, labels)) = name.split_once('{') {
            let labels = labels.strip_suffix('}').expect("an end of the labels");
            for label in labels.split("\",") {
                let (key, value) = label.split_once("=\"").expect(line);
                assert!(key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'));
                assert!(!value.trim_end_matches('"').contains(['"', '\n']), "{line}");
            }
        }
        assert!(samples.insert(name.to_string(), value).is_none(), "{line}");
    }
    samples
}

#[test]
fn a_scrape_counts_a_message() {
    let server = Operated::timestamp(&METRICS);
    let address = server.address("metrics");
    let to_try = &server.listing.last().unwrap()["try"];
    assert_eq!(to_try, &format!("curl http://{address}/metrics"));
    let labels = format!(
        "{{service=\"timestamp\",endpoint=\"tcp://{}\"}}",
        server.address("timestamp")
    );
    let count = |name: &str, clients: usize| {
        server.settle(clients);
        let (head, text) = ask(&address, "GET /metrics");
        assert!(head.starts_with("http/1.1 200 ok\r\n"), "{head}");
        let content = "content-type: text/plain; version=0.0.4";
        assert!(head.contains(content), "{head}");
        samples(&text)[&format!("{name}{labels}")]
    };
    assert_eq!(count("lariat_messages_total", 0), 0.0);
    let mut client = server.client();
    assert_eq!(count("lariat_messages_total", 1), 1.0);
    assert_eq!(count("lariat_accepted_total", 1), 1.0);
    client.ask();
    assert_eq!(count("lariat_message_seconds_count", 1), 2.0);
    assert_eq!(count("lariat_sent_bytes_total", 1), 60.0);
}

#[test]
fn nothing_else_is_there() {
    let server = Operated::timestamp(&METRICS);
    let address = server.address("metrics");
    let (head, body) = ask(&address, "HEAD /metrics");
    assert!(head.starts_with("http/1.1 200 ok"), "{head}");
    assert!(
        head.contains("content-length: ") && body.is_empty(),
        "{head}"
    );
    let (head, _) = ask(&address, "POST /metrics");
    assert!(head.starts_with("http/1.1 405 "), "{head}");
    assert!(head.contains("allow: get, head"), "{head}");
    for path in ["/", "/metrics/x", "/favicon.ico"] {
        let (head, _) = ask(&address, &format!("GET {path}"));
        assert!(head.starts_with("http/1.1 404 "), "{head}");
    }
    // None of these were connections to a service.
    assert_eq!(server.ctl_json(&["stats"])["total"]["accepted"], 0);
}

#[test]
fn it_answers_while_the_server_drains() {
    let server = Operated::timestamp(&[&METRICS[..], &["chargen=tcp://127.0.0.1:0"]].concat());
    let mut client = server.client();
    let stuck = server.stuck();
    server.running.signal(SIGTERM);
    assert!(client.has_ended());
    let (_, text) = ask(&server.address("metrics"), "GET /metrics");
    // One that does not read, and perhaps the one whose end is still awaited.
    assert!(samples(&text)["lariat_open_connections"] >= 1.0);
    drop((client, stuck));
    assert_eq!(server.running.finish().code, Some(0));
}

#[test]
fn it_is_off_unless_it_is_said_where() {
    let server = Operated::timestamp(&[]);
    assert_eq!(server.listing.len(), 1);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "metrics = 'tcp://127.0.0.1:0'\n").unwrap();
    let server = Operated::timestamp(&["--config", file.path().to_str().unwrap()]);
    ask(&server.address("metrics"), "GET /metrics");

    for endpoint in ["udp://localhost", "ws://localhost", "stdio:"] {
        let outcome = run(&["serve", "--metrics", endpoint], b"");
        assert_eq!(outcome.code, Some(2), "{outcome:?}");
        let words = "metrics are read over HTTP; write for example --metrics tcp://localhost:9464";
        assert!(outcome.errors.contains(words), "{outcome:?}");
    }
}

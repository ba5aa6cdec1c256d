//! The clients of the small services, RFC 862 to 868, and what of them is served.

use std::io::{Read, Write};
use std::net::UdpSocket;
use std::process::Stdio;

use lariat_service::chargen::Chargen;
use lariat_service::daytime::Daytime;
use lariat_service::discard::Discard;
use lariat_service::echo::Echo;
use lariat_service::qotd::Qotd;
use lariat_service::time::Time;
use lariat_testkit::Nobody;
use nix::sys::signal::Signal;
use serde_json::Value;

use crate::operated::Operated;
use crate::process::{DEADLINE, Outcome, Running, lariat, run};
use crate::server::{Server, once};

/// Runs a client to its end, which must be a good one.
fn said(arguments: &[&str], input: &[u8]) -> String {
    let outcome = run(arguments, input);
    let well = outcome.code == Some(0) && outcome.errors.is_empty();
    assert!(well, "{arguments:?}: {outcome:?}");
    outcome.text()
}

/// Runs a client that must fail with one line of words.
fn complaint(arguments: &[&str], input: &[u8], code: i32) -> String {
    let Outcome {
        code: came, errors, ..
    } = run(arguments, input);
    assert_eq!(came, Some(code), "{arguments:?}: {errors}");
    assert_eq!(errors.lines().count(), 1, "{arguments:?}: {errors}");
    errors
}

fn port(endpoint: &str) -> &str {
    endpoint.rsplit(':').next().unwrap()
}

#[test]
fn what_is_echoed_is_shown_byte_by_byte() {
    let server = Server::start();
    let endpoint = server.serve("tcp://127.0.0.1:0", Echo);
    assert_eq!(
        said(&["echo", &endpoint, "-m", "hi", "-m", ""], b""),
        "hi\n\n"
    );
    let host = ["echo", "127.0.0.1", port(&endpoint), "-m", "hi"];
    assert_eq!(said(&host, b""), "hi\n");
    // More than the buffers between the two hold, and without a line end.
    let input: Vec<u8> = (0..3_000_000_u32)
        .map(|at| ((at / 7) ^ (at / 1000)) as u8)
        .collect();
    let outcome = run(&["echo", &endpoint], &input);
    assert_eq!((outcome.code, outcome.errors.as_str()), (Some(0), ""));
    assert!(outcome.output == input);
    let udp = server.serve("udp://127.0.0.1:0", Echo);
    let by_lines = ["echo", "--udp", "127.0.0.1", port(&udp)];
    assert_eq!(said(&by_lines, b"one\n\ntwo"), "one\n\ntwo\n");
}

#[test]
fn an_echo_that_is_another_is_told() {
    let answering = |answer: &'static [u8]| {
        once(move |mut stream| {
            let mut heard = [0; 3];
            stream.read_exact(&mut heard).unwrap();
            stream.write_all(answer).unwrap();
        })
    };
    let (endpoint, _server) = answering(b"ho\n");
    let said = complaint(&["echo", &endpoint, "-m", "hi"], b"", 1);
    assert!(
        said.contains("byte 1 came back as 0x6f, and was sent as 0x69"),
        "{said}"
    );
    let (endpoint, _server) = answering(b"h");
    let said = complaint(&["echo", &endpoint], b"hi\n", 1);
    assert!(
        said.contains("closed before the last 2 bytes came back"),
        "{said}"
    );
}

#[test]
fn what_is_discarded_is_counted() {
    let server = Server::start();
    let tcp = server.serve("tcp://127.0.0.1:0", Discard);
    let said_of = said(&["discard", &tcp], &[b'x'; 1_000_000]);
    assert!(said_of.starts_with("sent 1000000 bytes in "), "{said_of}");
    assert!(said_of.ends_with(" MB/s\n"), "{said_of}");
    let said_of = said(&["discard", &tcp], b"");
    assert!(said_of.starts_with("sent 0 bytes in "), "{said_of}");
    let udp = server.serve("udp://127.0.0.1:0", Discard);
    let said_of = said(
        &["discard", "--udp", "127.0.0.1", port(&udp)],
        &[b'x'; 2000],
    );
    assert!(said_of.starts_with("sent 2000 bytes in "), "{said_of}");
    assert!(
        said_of.ends_with("(datagrams: 2; nobody says what arrived)\n"),
        "{said_of}"
    );
}

#[test]
fn characters_come_until_there_are_enough() {
    let server = Server::start();
    let endpoint = server.serve("tcp://127.0.0.1:0", Chargen::default());
    let two = said(&["chargen", &endpoint, "--lines", "2"], b"");
    assert_eq!(
        two,
        " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefg\r\n\
         !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefgh\r\n"
    );
    assert_eq!(
        said(&["chargen", &endpoint, "-n", "1000000"], b"").len(),
        1_000_000
    );
    assert_eq!(said(&["chargen", &endpoint, "-n", "0"], b""), "");
    let udp = server.serve("udp://127.0.0.1:0", Chargen::default());
    let answer = said(&["chargen", "--udp", "127.0.0.1", port(&udp)], b"");
    assert!((1..=512).contains(&answer.len()), "{answer}");
    assert_eq!(said(&["chargen", &udp, "-n", "2000"], b"").len(), 2000);
    let limited = Chargen::from_endpoint(&"tcp://localhost?bytes=100".parse().unwrap());
    let limited = server.serve("tcp://127.0.0.1:0", limited.unwrap());
    assert_eq!(said(&["chargen", &limited], b"").len(), 100);
    let said = complaint(&["chargen", &limited, "-n", "101"], b"", 1);
    assert!(said.contains("closed the connection before"), "{said}");
}

#[test]
fn a_pipe_that_is_closed_and_a_signal_end_the_characters() {
    let server = Server::start();
    let endpoint = server.serve("tcp://127.0.0.1:0", Chargen::default());
    let mut command = lariat(&["chargen", &endpoint]);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = child.stdout.take().unwrap();
    output.read_exact(&mut [0; 1000]).unwrap();
    drop(output);
    let outcome = child.wait_with_output().unwrap();
    assert_eq!(
        (outcome.status.code(), &outcome.stderr[..]),
        (Some(0), &b""[..])
    );

    let running = Running::start(&["chargen", &endpoint]);
    assert!(running.line().starts_with(" !\"#"));
    running.signal(Signal::SIGINT);
    let outcome = running.finish();
    assert_eq!((outcome.code, outcome.errors.as_str()), (Some(130), ""));
}

#[test]
fn times_and_quotes_are_shown() {
    let server = Server::start();
    for scheme in ["tcp", "udp"] {
        let listen = format!("{scheme}://127.0.0.1:0");
        let daytime = server.serve(&listen, Daytime);
        let time = said(&["daytime", &daytime], b"");
        assert_eq!(time.split_whitespace().count(), 5, "{time}");
        let of_time = server.serve(&listen, Time);
        let read = said(&["rdate", &of_time], b"");
        assert!(read.ends_with("\nThe clocks agree, as far as whole seconds can tell.\n"));
        let json: Value = serde_json::from_str(&said(&["rdate", &of_time, "--json"], b"")).unwrap();
        assert!(json["ahead_at_least"].as_f64().unwrap() <= 0.0, "{json}");
        assert!(json["time"].as_str().unwrap().ends_with('Z'), "{json}");
        assert_eq!(json["server"], of_time.split("://").nth(1).unwrap());
        let qotd = Qotd::from_endpoint(&listen.parse().unwrap()).unwrap();
        let quote = said(&["qotd", &server.serve(&listen, qotd)], b"");
        assert!((4..=512).contains(&quote.len()), "{quote}");
    }
}

/// A clock that is an hour ahead, and one in the next era, where the number has begun again.
#[test]
fn clocks_that_differ_are_told() {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    for (unix, seconds, direction) in [
        (now + 3600, 3600, "ahead of"),
        (now - 86_400, 86_400, "behind"),
        (now + 315_360_000, 315_360_000, "ahead of"),
    ] {
        let sent = ((unix + 2_208_988_800) as u32).to_be_bytes();
        let (endpoint, _server) = once(move |mut stream| stream.write_all(&sent).unwrap());
        let read = said(&["rdate", &endpoint], b"");
        let told = read
            .split_once("The server's clock is ")
            .expect("a difference")
            .1;
        let expected = format!(" s {direction} this machine's.\n");
        let told = told.strip_suffix(&expected).expect("a direction");
        let told: u64 = told.parse().expect("a number");
        // The clock goes on meanwhile, for as long as a busy machine takes.
        assert!(told.abs_diff(seconds) < 20, "{read}");
    }
    let (endpoint, _server) = once(|mut stream| stream.write_all(b"\0\0\0").unwrap());
    let said = complaint(&["rdate", &endpoint], b"", 1);
    assert!(said.contains("a time is four bytes, and 3 came"), "{said}");
}

#[test]
fn no_answer_over_udp_is_told() {
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    silent.set_read_timeout(Some(DEADLINE)).unwrap();
    let port = silent.local_addr().unwrap().port().to_string();
    for command in ["daytime", "rdate", "qotd", "chargen", "echo"] {
        let mut arguments = vec![command, "--udp", "127.0.0.1", &port, "--timeout", "0.07"];
        if command == "echo" {
            arguments.extend(["-m", "hi"]);
        }
        let said = complaint(&arguments, b"", 1);
        assert_eq!(
            said,
            format!(
                "lariat: 127.0.0.1:{port}: no answer to 3 datagrams within 0.07 s; they may be \
                 lost, or nobody may be there\n"
            )
        );
        for _ in 0..3 {
            silent.recv(&mut [0; 1000]).unwrap();
        }
    }
    let nobody = Nobody::udp();
    let port = nobody.port().to_string();
    let said = complaint(&["daytime", "--udp", "127.0.0.1", &port], b"", 1);
    assert!(said.contains("connection refused"), "{said}");
}

#[test]
fn wrong_usage_of_a_client_is_told() {
    for (arguments, words) in [
        (
            &["daytime", "tls://localhost"][..],
            "no usual one for daytime over tls",
        ),
        (&["daytime", "--udp", "tcp://localhost"], "leave out --udp"),
        (&["echo", "localhost:7", "8"], "given twice"),
        (&["rdate", "stdio:"], "connect to another endpoint"),
    ] {
        let said = complaint(arguments, b"", 2);
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn what_floods_others_is_served_over_udp_where_it_is_named() {
    let operated = Operated::start(&["chargen=udp://127.0.0.1:0", "qotd=udp://127.0.0.1:0"]);
    for name in ["chargen", "qotd"] {
        let endpoint = format!("udp://{}", operated.address(name));
        assert!(!said(&[name, &endpoint], b"").is_empty());
    }
    let help = run(&["serve", "--help"], b"").text();
    assert!(help.contains("chargen=udp://"), "{help}");
}

#[test]
fn quotes_that_cannot_be_served_are_told_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("quotes.txt");
    std::fs::write(&path, format!("fine\n\n{}\n", "long ".repeat(120))).unwrap();
    let service = format!("qotd=tcp://127.0.0.1:0?file={}", path.display());
    let state = folder.path().join("state");
    let arguments = ["serve", "--state", state.to_str().unwrap(), &service];
    let said_of = complaint(&arguments, b"", 2);
    assert!(
        said_of.contains("quotes.txt: the quote in line 3 is 601 bytes long"),
        "{said_of}"
    );
    std::fs::write(&path, "my own\n").unwrap();
    let operated = Operated::start(&[&service]);
    let endpoint = format!("tcp://{}", operated.address("qotd"));
    assert_eq!(said(&["qotd", &endpoint], b""), "my own\n");
}

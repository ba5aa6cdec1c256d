//! `lariat bench` against the real service, and against servers that do something wrong.

mod lost;
mod wrong;

use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};

use lariat_protocol::{Factory, Protocol, Transport};
use nix::sys::signal::Signal;
use serde_json::Value;

use crate::process::{Outcome, Running, run};
use crate::server::Server;

const SCHEMES: [&str; 7] = ["tcp", "udp", "unix", "unixgram", "tls", "ws", "wss"];

/// Runs `lariat bench` with these words behind the endpoint.
fn bench(endpoint: &str, options: &str) -> Outcome {
    let mut arguments = vec!["bench", endpoint];
    arguments.extend(options.split_whitespace());
    run(&arguments, b"")
}

/// The same for figures, with how it ended.
fn figures(endpoint: &str, options: &str) -> (Value, Option<i32>) {
    let outcome = bench(endpoint, &format!("{options} --json"));
    let figures = serde_json::from_slice(&outcome.output);
    (
        figures.unwrap_or_else(|_| panic!("{outcome:?}")),
        outcome.code,
    )
}

/// The summary with `N` for each number, `T` for each time and `B/s` for each rate of bytes. Its
/// heading stays as it is.
fn masked(summary: &str) -> String {
    let (heading, rest) = summary.split_once('\n').unwrap();
    let line = |line: &str| {
        let mut shown: Vec<&str> = Vec::new();
        for word in line.split_whitespace() {
            let bare = word.trim_end_matches(',');
            let digits = |text: &str| text.bytes().all(|byte| b"0123456789.,".contains(&byte));
            match (shown.last(), bare) {
                (Some(&"N"), "ns" | "µs" | "ms" | "s") => *shown.last_mut().unwrap() = "T",
                (Some(&"N"), "B/s" | "kB/s" | "MB/s" | "GB/s") => {
                    *shown.last_mut().unwrap() = "B/s";
                }
                (_, bare) if digits(bare) => shown.push("N"),
                (_, bare) if bare.strip_suffix("/s").is_some_and(digits) => shown.push("N/s"),
                _ => shown.push(word),
            }
        }
        shown.join(" ")
    };
    let rest: Vec<String> = rest.lines().map(line).collect();
    format!("{heading}\n{}\n", rest.join("\n"))
}

/// Says back what `answer` makes of each piece that comes.
struct Answering<F>(F);

impl<F: FnMut(&mut Transport, &[u8]) + Send + 'static> Protocol for Answering<F> {
    fn data_received(&mut self, transport: &mut Transport, data: &[u8]) {
        (self.0)(transport, data);
    }
}

/// A service that answers by this, beginning anew with each connection.
fn answering<F>(answer: impl Fn() -> F + Send + Sync + 'static) -> impl Factory
where
    F: FnMut(&mut Transport, &[u8]) + Send + 'static,
{
    move || Answering(answer())
}

#[test]
fn every_message_is_answered_over_every_carrier() {
    let server = Server::start();
    for scheme in SCHEMES {
        let endpoint = server.timestamp(scheme);
        let (figures, code) = figures(&endpoint, "-n 500 -c 4 --threads 2");
        assert_eq!(figures["answers"], 500, "{figures:#}");
        assert_eq!(figures["connections_made"], 4, "{figures:#}");
        assert_eq!(code, Some(0), "{endpoint}");
    }
}

#[test]
fn messages_are_pipelined_whatever_their_size() {
    let server = Server::start();
    for (scheme, options) in [
        ("tcp", "-n 5000 -c 2 -p 100"),
        // More than both sides' buffers hold.
        ("tcp", "-n 300 -c 1 -p 127 -s 65537"),
        ("unix", "-n 300 -c 2 -p 100 -s 1"),
        ("tls", "-n 300 -c 2 -p 64 -s 20000"),
        ("ws", "-n 300 -c 2 -p 16 -s 65536"),
        ("ws", "-n 300 -c 2 -p 16 -s 0"),
        ("udp", "-n 100 -c 2 -p 4 -s 1000"),
        // More of these than one would not fit into the server's buffer together.
        ("udp", "-n 50 -c 1 -s 65480"),
    ] {
        let (figures, code) = figures(&server.timestamp(scheme), options);
        assert_eq!(code, Some(0), "{scheme} {options}: {figures:#}");
    }
}

#[test]
fn a_connection_for_each_message() {
    for scheme in ["tcp", "tls", "ws", "udp"] {
        let server = Server::start();
        let (figures, code) = figures(&server.timestamp(scheme), "--churn -n 50 -c 3");
        assert_eq!(figures["answers"], 50, "{figures:#}");
        assert_eq!(figures["connections_made"], 50);
        assert!(figures["connections_per_second"].is_f64());
        assert_eq!(code, Some(0), "{scheme}");
        // A sender of datagrams is known by its port, which the system may give to a later one again.
        if scheme != "udp" {
            assert_eq!(server.connections(), 50, "{scheme}");
        }
    }
}

#[test]
fn connections_are_held_open() {
    let server = Server::start();
    let (figures, code) = figures(&server.timestamp("tcp"), "--idle -c 150 -d 100ms");
    assert_eq!(figures["connections_held"], 150, "{figures:#}");
    assert_eq!(figures["connections_ended"], 0);
    assert_eq!(code, Some(0));
    // The system connects, and the server may come to accept only later.
    server.wait_for_connections(150);
}

#[test]
fn connections_that_the_server_ends_are_counted() {
    /// Hangs up at once.
    struct Rude;

    impl Protocol for Rude {
        fn connection_made(&mut self, transport: &mut Transport) {
            transport.lose_connection();
        }

        fn data_received(&mut self, _: &mut Transport, _: &[u8]) {}
    }

    let server = Server::start();
    let endpoint = server.serve("tcp://127.0.0.1:0", || Rude);
    // It need not wait for the end when nothing is left to be held.
    let (figures, code) = figures(&endpoint, "--idle -c 20 -d 1h");
    assert_eq!(figures["connections_held"], 0, "{figures:#}");
    assert_eq!(figures["connections_ended"], 20);
    let why = &figures["connections_ended_by_reason"]["the server closed the connection"];
    assert_eq!((why.as_u64(), code), (Some(20), Some(0)));
}

#[test]
fn a_schedule_is_kept() {
    let server = Server::start();
    for scheme in ["tcp", "udp"] {
        let (figures, code) = figures(&server.timestamp(scheme), "--rate 2000 -n 200 -c 3");
        assert_eq!(figures["answers"], 200, "{figures:#}");
        assert_eq!(figures["wanted_messages_per_second"], 2000.0);
        assert_eq!(code, Some(0));
        // It cannot be quicker than it is told to be: the last is due after 99.5 ms.
        assert!(
            figures["elapsed_seconds"].as_f64() >= Some(0.0995),
            "{figures:#}"
        );
    }
}

#[test]
fn a_schedule_does_not_wait_for_answers() {
    let server = Server::start();
    let together = || {
        let mut held = Vec::new();
        move |transport: &mut Transport, data: &[u8]| {
            held.extend_from_slice(data);
            if held.len() == 20 * 64 {
                transport.write(&held);
            }
        }
    };
    let endpoint = server.serve("tcp://127.0.0.1:0", answering(together));
    let (figures, code) = figures(&endpoint, "--expect echo --rate 1000 -n 20 -c 1");
    assert_eq!((figures["answers"].as_u64(), code), (Some(20), Some(0)));
    // The first waited for the last, which was due 19 ms behind it.
    assert!(figures["latency_us"]["max"].as_f64() >= Some(19_000.0));
}

#[test]
fn what_cannot_be_done_is_wrong_usage() {
    for (endpoint, options, words) in [
        ("tcp://localhost", "", "no port is given"),
        ("tpc://x:1", "", "tpc"),
        ("fd://3", "", "is one connection"),
        ("tcp://x:1", "--churn --idle", "cannot be used with"),
        ("tcp://x:1", "--churn -p 2", "cannot be used with"),
        ("tcp://x:1", "--rate 5 -p 2", "cannot be used with"),
        ("tcp://x:1", "--idle -n 5", "cannot be used with"),
        ("tcp://x:1", "-n 5 -d 5s", "cannot be used with"),
        ("tcp://x:1", "-n 5 --warmup 1s", "cannot be used with"),
        (
            "tcp://x:1",
            "-s 0",
            "a line with its end has 1 to 65537 bytes",
        ),
        (
            "udp://x:1",
            "-s 65481",
            "with its answer has 0 to 65480 bytes",
        ),
        (
            "ws://x:1",
            "-s 65537",
            "a WebSocket message has 0 to 65536 bytes",
        ),
        (
            "tcp://x:1",
            "-s 60000 -p 999",
            "--pipeline 139 at --size 60000",
        ),
        ("tcp://x:1", "-c 0", "'0'"),
        ("tcp://x:1", "-d 5y", "such as 10, 0.5s"),
    ] {
        let outcome = bench(endpoint, options);
        assert!(outcome.output.is_empty(), "{outcome:?}");
        assert!(
            outcome.errors.contains(words),
            "{options}: {}",
            outcome.errors
        );
        assert_eq!(outcome.code, Some(2), "{endpoint} {options}");
    }
}

/// A server that says back what comes, and tells when it has done so a hundred times.
fn telling() -> (Server, String, Receiver<()>) {
    let server = Server::start();
    let (sender, told) = channel();
    let left = Arc::new(Mutex::new((100, sender)));
    let echo = move || {
        let left = Arc::clone(&left);
        move |transport: &mut Transport, data: &[u8]| {
            transport.write(data);
            let (left, sender) = &mut *left.lock().unwrap();
            *left -= 1;
            if *left == 0 {
                sender.send(()).unwrap();
            }
        }
    };
    let endpoint = server.serve("tcp://127.0.0.1:0", answering(echo));
    (server, endpoint, told)
}

#[test]
fn an_interrupted_run_tells_what_it_has_measured() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let (_server, endpoint, told) = telling();
        let options = "-d 1h --warmup 0 -c 1 --expect echo --json";
        let arguments: Vec<&str> = ["bench", &endpoint]
            .into_iter()
            .chain(options.split(' '))
            .collect();
        let running = Running::start(&arguments);
        told.recv_timeout(crate::process::DEADLINE).unwrap();
        running.signal(signal);
        let outcome = running.finish();
        assert_eq!((outcome.code, outcome.errors.as_str()), (Some(130), ""));
        let figures: Value = serde_json::from_slice(&outcome.output).unwrap();
        assert_eq!(figures["interrupted"], true);
        assert!(figures["answers"].as_u64() >= Some(99), "{figures:#}");
        assert_eq!(figures["messages_lost"], 0, "{figures:#}");
    }
}

#[test]
fn a_run_that_is_interrupted_before_it_counts_has_nothing_to_tell() {
    let (_server, endpoint, told) = telling();
    let options = ["--warmup", "1h", "-c", "1", "--expect", "echo"];
    let arguments: Vec<&str> = ["bench", &endpoint].into_iter().chain(options).collect();
    let running = Running::start(&arguments);
    told.recv_timeout(crate::process::DEADLINE).unwrap();
    running.signal(Signal::SIGINT);
    let outcome = running.finish();
    assert_eq!((outcome.code, outcome.errors.as_str()), (Some(130), ""));
    assert_eq!(outcome.text(), "");
}

#[test]
fn summaries_look_like_this() {
    let server = Server::start();
    let endpoint = server.timestamp("tcp");
    let summary = |options: &str| masked(&bench(&endpoint, options).text());
    assert_eq!(
        summary("-d 1s --warmup 10ms -c 4 -p 8 --threads 2"),
        format!(
            "{endpoint}: 4 connections, each with 8 messages of 64 bytes in flight, 2 threads\n\
             \n\
             received N answers in T\n\
             throughput N messages/s, B/s sent, B/s received\n\
             latency p50 T p90 T p99 T p99.9 T max T\n\
             errors none\n"
        )
    );
    assert_eq!(
        summary("--churn -n 10 -c 2 --threads 1"),
        format!(
            "{endpoint}: 2 connections at a time, each for one message of 64 bytes, 1 thread\n\
             \n\
             received N answers in T\n\
             throughput N messages/s, B/s sent, B/s received\n\
             connections N/s\n\
             connecting p50 T p90 T p99 T p99.9 T max T\n\
             latency p50 T p90 T p99 T p99.9 T max T\n\
             errors none\n"
        )
    );
    assert_eq!(
        summary("--idle -d 10ms -c 3 --threads 1"),
        format!(
            "{endpoint}: 3 connections, held open, 1 thread\n\
             \n\
             held N connections for T\n\
             connecting p50 T p90 T p99 T p99.9 T max T\n\
             ended N connections by the server\n\
             errors none\n"
        )
    );
}

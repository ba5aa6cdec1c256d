//! `lariat bench` against the real service, and against servers that do something wrong.

use std::io::Write;
use std::net::{TcpListener, UdpSocket};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use lariat_protocol::{Factory, Protocol, Transport};
use nix::sys::signal::Signal;
use serde_json::Value;

use crate::process::{Outcome, Running, run};
use crate::server::{Server, once, read_some};

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
        assert_eq!((server.connections(), code), (50, Some(0)), "{scheme}");
    }
}

#[test]
fn connections_are_held_open() {
    let server = Server::start();
    let (figures, code) = figures(&server.timestamp("tcp"), "--idle -c 150 -d 100ms");
    assert_eq!(figures["connections_held"], 150, "{figures:#}");
    assert_eq!(figures["connections_ended"], 0);
    assert_eq!((server.connections(), code), (150, Some(0)));
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
fn a_wrong_answer_is_noticed() {
    let server = Server::start();
    let mut count = 0;
    let one_byte = move |transport: &mut Transport, data: &[u8]| {
        count += 1;
        let mut answer = data.to_vec();
        if count == 3 {
            answer[40] = b'#';
        }
        transport.write(&answer);
    };
    let endpoint = server.serve("tcp://127.0.0.1:0", answering(move || one_byte));
    let outcome = bench(&endpoint, "--expect echo -n 5 -c 1 --threads 1");
    let expected = format!(
        "{endpoint}: 1 connection, each with 1 message of 64 bytes in flight, 1 thread\n\
         \n\
         received N answers in T\n\
         throughput N messages/s, B/s B/s received\n\
         latency p50 T p90 T p99 T p99.9 T max T\n\
         errors N wrong answer\n\
         expected \"2000000000000000 fox jumps over the lazy dog the quick brown fo\\n\"\n\
         received \"2000000000000000 fox jumps over the lazy#dog the quick brown fo\\n\"\n"
    );
    let expected = expected.replace("B/s B/s", "B/s sent, B/s");
    assert_eq!(masked(&outcome.text()), expected);
    assert_eq!((outcome.code, outcome.errors.as_str()), (Some(1), ""));
}

#[test]
fn the_time_must_be_one() {
    let server = Server::start();
    let stamp = |time: &'static str| {
        answering(move || {
            move |transport: &mut Transport, data: &[u8]| {
                transport.write(&[time.as_bytes(), data].concat());
            }
        })
    };
    let endpoint = server.serve("tcp://127.0.0.1:0", stamp("[Sat Jun 17 17:27:21 2006] "));
    assert_eq!(figures(&endpoint, "-n 5 -c 1").1, Some(0));
    let endpoint = server.serve("tcp://127.0.0.1:0", stamp("[Sat Jun 17 17:27:xx 2006] "));
    let (figures, code) = figures(&endpoint, "-n 5 -c 1");
    assert_eq!(
        (figures["wrong_answers"].as_u64(), code),
        (Some(5), Some(1))
    );
}

#[test]
fn an_answer_that_nobody_asked_for_is_wrong() {
    let server = Server::start();
    let twice = || {
        |transport: &mut Transport, data: &[u8]| {
            transport.write(data);
            transport.write(data);
        }
    };
    let endpoint = server.serve("tcp://127.0.0.1:0", answering(twice));
    let (figures, code) = figures(&endpoint, "--expect echo -n 1 -c 1");
    assert_eq!((figures["answers"].as_u64(), code), (Some(1), Some(1)));
    assert_eq!(figures["first_wrong_answer"]["expected"], "nothing");
}

#[test]
fn a_line_without_end_is_wrong_and_not_kept() {
    let server = Server::start();
    let endless = || |transport: &mut Transport, _: &[u8]| transport.write(&[b'x'; 4096]);
    let endpoint = server.serve("tcp://127.0.0.1:0", answering(endless));
    let (figures, code) = figures(&endpoint, "-n 2 -c 1");
    assert_eq!(
        (figures["wrong_answers"].as_u64(), code),
        (Some(2), Some(1))
    );
}

/// Answers the first of two messages behind the second.
fn swapped(transport: &mut Transport, data: &[u8], first: &mut Option<Vec<u8>>) {
    match first.take() {
        None => *first = Some(data.to_vec()),
        Some(first) => {
            transport.write(data);
            transport.write(&first);
        }
    }
}

#[test]
fn datagrams_may_overtake_each_other_and_lines_may_not() {
    let server = Server::start();
    let swapping = || {
        let mut first = None;
        move |transport: &mut Transport, data: &[u8]| {
            for line in data.split_inclusive(|byte| *byte == b'\n') {
                swapped(transport, line, &mut first);
            }
        }
    };
    let endpoint = server.serve("udp://127.0.0.1:0", answering(swapping));
    let (datagrams, code) = figures(&endpoint, "--expect echo -p 2 -n 2 -c 1");
    assert_eq!((datagrams["answers"].as_u64(), code), (Some(2), Some(0)));
    let endpoint = server.serve("tcp://127.0.0.1:0", answering(swapping));
    let (lines, code) = figures(&endpoint, "--expect echo -p 2 -n 2 -c 1");
    assert_eq!((lines["wrong_answers"].as_u64(), code), (Some(2), Some(1)));
}

#[test]
fn a_lost_datagram_is_counted_and_the_next_one_sent() {
    let server = Server::start();
    let every_other = || {
        let mut answers = false;
        move |transport: &mut Transport, data: &[u8]| {
            answers = !answers;
            if answers {
                transport.write(data);
            }
        }
    };
    let endpoint = server.serve("udp://127.0.0.1:0", answering(every_other));
    let (figures, code) = figures(&endpoint, "--expect echo -n 6 -c 1 --timeout 1s");
    assert_eq!(figures["answers"], 3, "{figures:#}");
    let why = &figures["messages_lost_by_reason"]["no answer within 1 s"];
    assert_eq!(*why, 3, "{figures:#}");
    assert_eq!(figures["connections_made"], 1, "the socket is still good");
    assert_eq!(code, Some(1));
}

#[test]
fn a_late_datagram_is_not_taken_for_another_answer() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("udp://{}", socket.local_addr().unwrap());
    let server = thread::spawn(move || {
        let (mut first, mut second) = ([0; 100], [0; 100]);
        let (length, _) = socket.recv_from(&mut first).unwrap();
        let (_, peer) = socket.recv_from(&mut second).unwrap();
        socket.send_to(&first[..length], peer).unwrap();
        socket.send_to(&second[..length], peer).unwrap();
    });
    let (figures, code) = figures(&endpoint, "--expect echo -n 2 -c 1 --timeout 2s");
    server.join().unwrap();
    assert_eq!(figures["late_answers"], 1, "{figures:#}");
    assert_eq!(figures["answers"], 1, "{figures:#}");
    assert_eq!(figures["wrong_answers"], 0, "{figures:#}");
    assert_eq!(
        (figures["messages_lost"].as_u64(), code),
        (Some(1), Some(1))
    );
}

#[test]
fn a_silent_server_is_given_up_and_tried_again() {
    let server = Server::start();
    let silence = || |_: &mut Transport, _: &[u8]| {};
    let endpoint = server.serve("tcp://127.0.0.1:0", answering(silence));
    for manner in ["-p 1", "--churn"] {
        let options = format!("{manner} -n 2 -c 1 --timeout 100ms");
        let (figures, code) = figures(&endpoint, &options);
        let why = &figures["messages_lost_by_reason"]["no answer within 0.1 s"];
        assert_eq!(*why, 2, "{figures:#}");
        assert_eq!(figures["connections_made"], 2, "{figures:#}");
        assert!(figures["latency_us"].is_null());
        assert_eq!(code, Some(1));
    }
}

#[test]
fn a_connection_that_ends_loses_what_was_in_flight() {
    let (endpoint, server) = once(|mut stream| {
        let came = read_some(&mut stream);
        stream.write_all(&came[..64]).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    });
    let outcome = bench(&endpoint, "--expect echo -p 3 -n 3 -c 1 --threads 1");
    server.join().unwrap();
    let expected = "errors N messages without an answer (the server closed the connection)\n";
    let text = masked(&outcome.text());
    assert!(text.ends_with(expected), "{text}");
    assert!(
        outcome.text().contains("received     1 answer in "),
        "{outcome:?}"
    );
    assert_eq!(outcome.code, Some(1));
}

#[test]
fn a_server_that_goes_away_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("tcp://{}", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        read_some(&mut stream);
        // Else the client may be let in once more.
        drop(listener);
    });
    let (figures, code) = figures(&endpoint, "-n 1000 -c 1 --timeout 1s");
    server.join().unwrap();
    assert_eq!(figures["messages_lost"], 1, "{figures:#}");
    assert_eq!(figures["messages_unsent"], 999, "{figures:#}");
    assert!(figures["connections_failed"].as_u64() > Some(0));
    assert_eq!(code, Some(1));
}

#[test]
fn nobody_there_is_told_in_one_line() {
    let nobody = |endpoint: &str, reason: &str| {
        for options in ["-c 3 -d 1h", "--churn -c 3 -n 5", "--idle -c 3 -d 1h"] {
            if endpoint.starts_with("udp") && options.starts_with("--idle") {
                continue;
            }
            let outcome = bench(endpoint, options);
            assert!(outcome.output.is_empty(), "{outcome:?}");
            let words = format!("lariat: cannot connect to {endpoint}: {reason}\n");
            assert_eq!((outcome.code, outcome.errors), (Some(1), words));
        }
    };
    nobody("tcp://127.0.0.1:1", "connection refused (127.0.0.1:1)");
    nobody("udp://127.0.0.1:1", "connection refused");
    nobody("unix:///nowhere/x", "no such file (/nowhere/x)");
    let outcome = bench("tls://127.0.0.1:1?ca=/nowhere/ca.pem", "");
    let words = "lariat: tls://127.0.0.1:1?ca=/nowhere/ca.pem: cannot read /nowhere/ca.pem: no \
                 such file\n";
    assert_eq!((outcome.code, outcome.errors.as_str()), (Some(1), words));
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

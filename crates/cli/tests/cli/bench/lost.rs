//! Answers that do not come, from servers that are silent, leave, or are not there.

use std::io::Write;
use std::net::{TcpListener, UdpSocket};
use std::thread;

use lariat_protocol::Transport;

use super::{answering, bench, figures, masked};
use crate::server::{Server, once, read_some};

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
    let (figures, code) = figures(&endpoint, "--expect echo -n 6 -c 1 --timeout 3s");
    assert_eq!(figures["answers"], 3, "{figures:#}");
    let why = &figures["messages_lost_by_reason"]["no answer within 3 s"];
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
        let options = format!("{manner} -n 2 -c 1 --timeout 500ms");
        let (figures, code) = figures(&endpoint, &options);
        let why = &figures["messages_lost_by_reason"]["no answer within 0.5 s"];
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
    let (figures, code) = figures(&endpoint, "-n 1000 -c 1 --timeout 5s");
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

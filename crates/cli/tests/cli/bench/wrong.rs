//! Answers that are none, or not those to what was sent.

use lariat_protocol::Transport;

use super::{answering, bench, figures, masked};
use crate::server::Server;

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

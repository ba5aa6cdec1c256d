//! Protocols on streams, framed and raw, on every carrier.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use lariat::observe::{Ended, Phase};
use lariat::{Listening, Protocol, Reactor, Transport};
use lariat_protocol::{Deadline, Deadlines};

use super::{LONG, PATIENT, SHORT};
use crate::common::{address, connect, reactor, wait_until};
use crate::host::{Host, ask, greeting, is_all_over, only_one_in, rest, with_deadlines};

fn listen(reactor: &Reactor, deadlines: Deadlines) -> Listening {
    let options = with_deadlines(deadlines);
    let listening = reactor
        .handle()
        .listen_with("tcp://127.0.0.1:0", options, Host);
    listening.expect("listening")
}

/// The only connection there was ended by this deadline.
fn ended_by(reactor: &Reactor, listening: &Listening, deadline: Deadline) {
    wait_until("all is over", || is_all_over(&reactor.handle()));
    let stats = listening.stats();
    assert_eq!(stats.deadline(deadline), 1);
    assert_eq!(stats.deadlines.iter().sum::<u64>(), 1);
    assert_eq!(stats.ended(Ended::Deadline), 1);
    assert_eq!(stats.ended.iter().sum::<u64>(), 1);
}

/// Sends a byte of this every 20 ms, until that fails.
fn drip(stream: &TcpStream, byte: u8) -> std::thread::JoinHandle<()> {
    let mut stream = stream.try_clone().expect("cloned");
    std::thread::spawn(move || {
        while stream.write_all(&[byte]).is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
    })
}

#[test]
fn nobody_says_anything() {
    let deadlines = Deadlines {
        first_message: Some(SHORT),
        ..PATIENT
    };
    let reactor = reactor();
    let listening = listen(&reactor, deadlines);
    let begun = Instant::now();
    let mut stream = connect(&listening);
    greeting(&stream);
    assert_eq!(rest(&mut stream), "late first-message\n");
    assert!(begun.elapsed() >= SHORT);
    ended_by(&reactor, &listening, Deadline::FirstMessage);
}

#[test]
fn a_drip_has_the_time_of_one_message() {
    let deadlines = Deadlines {
        message: Some(SHORT),
        ..PATIENT
    };
    for said_something in [false, true] {
        let reactor = reactor();
        let listening = listen(&reactor, deadlines);
        let mut stream = connect(&listening);
        greeting(&stream);
        if said_something {
            ask(&stream, "hi");
        }
        let begun = Instant::now();
        let dripping = drip(&stream, b'x');
        assert_eq!(rest(&mut stream), "late message\n");
        // A drip of 50 bytes a second gains a tenth of its time at a rate of 500.
        assert!(begun.elapsed() >= SHORT);
        assert!(begun.elapsed() < Duration::from_secs(10));
        drop(stream);
        dripping.join().expect("no panic");
        ended_by(&reactor, &listening, Deadline::Message);
    }
}

#[test]
fn a_message_behind_a_whole_one_has_its_own_time() {
    let deadlines = Deadlines {
        message: Some(SHORT),
        ..PATIENT
    };
    let reactor = reactor();
    let listening = listen(&reactor, deadlines);
    let mut stream = connect(&listening);
    greeting(&stream);
    stream.write_all(b"who").expect("sent");
    only_one_in(&reactor.handle(), Phase::Message);
    let begun = Instant::now();
    stream.write_all(b"le\nhalf").expect("sent");
    assert_eq!(greeting(&stream), "whole\n");
    assert_eq!(rest(&mut stream), "late message\n");
    assert!(begun.elapsed() >= SHORT);
    ended_by(&reactor, &listening, Deadline::Message);
}

/// A long message may take long, if it comes at the rate.
#[test]
fn who_is_slow_but_steady_is_heard_to_the_end() {
    let deadlines = Deadlines {
        message: Some(SHORT),
        ..PATIENT
    };
    let reactor = reactor();
    let listening = listen(&reactor, deadlines);
    let mut stream = connect(&listening);
    greeting(&stream);
    let begun = Instant::now();
    let mut sent = 0;
    // Each piece earns more than the time until the next, and so makes up for a late one.
    while begun.elapsed() < 3 * SHORT {
        stream.write_all(&[b'x'; 300]).expect("sent");
        sent += 300;
        std::thread::sleep(Duration::from_millis(20));
    }
    stream.write_all(b"\n").expect("sent");
    assert_eq!(greeting(&stream).len(), sent + 1);
}

#[test]
fn idle_begins_behind_the_last_reply() {
    let deadlines = Deadlines {
        idle: Some(2 * SHORT),
        ..PATIENT
    };
    let reactor = reactor();
    let listening = listen(&reactor, deadlines);
    let mut stream = connect(&listening);
    greeting(&stream);
    let begun = Instant::now();
    // A reply of a timer's, on its own.
    stream.write_all(b"later 1000\n").expect("sent");
    assert_eq!(greeting(&stream), "later\n");
    assert!(begun.elapsed() >= SHORT);
    assert_eq!(rest(&mut stream), "late idle\n");
    assert!(begun.elapsed() >= SHORT + 2 * SHORT);
    ended_by(&reactor, &listening, Deadline::Idle);
}

#[test]
fn who_is_worked_for_is_not_idle() {
    let deadlines = Deadlines {
        idle: Some(SHORT),
        message: Some(SHORT),
        ..PATIENT
    };
    let reactor = reactor();
    let listening = listen(&reactor, deadlines);
    let mut stream = connect(&listening);
    greeting(&stream);
    let begun = Instant::now();
    // What has begun behind it waits for our side.
    stream.write_all(b"work 2000\nha").expect("sent");
    assert_eq!(only_one_in(&reactor.handle(), Phase::Working).messages, 1);
    assert_eq!(greeting(&stream), "later\n");
    assert!(begun.elapsed() >= 2 * SHORT);
    stream.write_all(b"lf\n").expect("sent");
    assert_eq!(greeting(&stream), "half\n");
    assert_eq!(rest(&mut stream), "late idle\n");
    ended_by(&reactor, &listening, Deadline::Idle);
}

#[test]
fn a_life_ends_whatever_is_done() {
    let deadlines = Deadlines {
        life: Some(2 * SHORT),
        ..PATIENT
    };
    for working in [false, true] {
        let reactor = reactor();
        let listening = listen(&reactor, deadlines);
        let begun = Instant::now();
        let mut stream = connect(&listening);
        greeting(&stream);
        if working {
            stream.write_all(b"pause\n").expect("sent");
            assert_eq!(rest(&mut stream), "late life\n");
        } else {
            let mut asking = std::iter::repeat_with(|| {
                let _ = stream.write_all(b"hi\n");
                crate::host::heard(&stream)
            });
            let last = asking.find(|line| line != "hi\n");
            assert_eq!(last.as_deref(), Some("late life\n"));
        }
        assert!(begun.elapsed() >= 2 * SHORT);
        drop(stream);
        ended_by(&reactor, &listening, Deadline::Life);
    }
}

/// Who never reads is ended at its time; the others are served meanwhile.
#[test]
fn who_never_reads_is_ended() {
    let deadlines = Deadlines {
        write: Some(SHORT),
        ..PATIENT
    };
    let reactor = Reactor::builder().threads(1).build().expect("started");
    let listening = listen(&reactor, deadlines);
    let other = connect(&listening);
    greeting(&other);
    let mut stream = connect(&listening);
    greeting(&stream);
    let begun = Instant::now();
    stream.write_all(b"big 12000000\n").expect("sent");
    wait_until("it is ended", || {
        assert_eq!(ask(&other, "hi"), "hi\n");
        listening.stats().deadline(Deadline::Write) == 1
    });
    assert!(begun.elapsed() >= SHORT);
    assert_eq!(rest(&mut stream).trim_matches('x'), "", "no words");
    drop(other);
    wait_until("all is over", || is_all_over(&reactor.handle()));
    assert_eq!(listening.stats().ended(Ended::Deadline), 1);
}

#[test]
fn who_reads_at_the_rate_gets_everything() {
    let deadlines = Deadlines {
        write: Some(SHORT),
        ..PATIENT
    };
    let reactor = reactor();
    let listening = listen(&reactor, deadlines);
    let mut stream = connect(&listening);
    greeting(&stream);
    let size = 12_000_000;
    stream
        .write_all(format!("big {size}\n").as_bytes())
        .expect("sent");
    let (mut read, mut buffer) = (0, vec![0; 100_000]);
    while read < size {
        read += stream.read(&mut buffer).expect("all of it");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(read, size);
    assert_eq!(ask(&stream, "hi"), "hi\n");
}

/// What our side still has to say when the life is over has the time of a write, and no more.
#[test]
fn last_words_that_are_not_read_do_not_keep_a_connection() {
    let deadlines = Deadlines {
        life: Some(SHORT),
        write: Some(2 * SHORT),
        ..PATIENT
    };
    let reactor = reactor();
    let listening = listen(&reactor, deadlines);
    let mut stream = connect(&listening);
    greeting(&stream);
    stream.write_all(b"big 12000000\n").expect("sent");
    wait_until("all is over", || is_all_over(&reactor.handle()));
    let stats = listening.stats();
    assert_eq!(stats.deadline(Deadline::Life), 1);
    assert_eq!(stats.deadline(Deadline::Write), 1);
    assert_eq!(stats.ended(Ended::Deadline), 1);
    drop(stream);
}

/// What is no frame is a message by each piece: a raw protocol has first message and idle.
#[test]
fn a_raw_protocol_is_under_deadlines_too() {
    struct Raw;

    impl Protocol for Raw {
        fn data_received(&mut self, transport: &mut Transport, data: &[u8]) {
            transport.write(data);
        }

        fn deadline_passed(&mut self, transport: &mut Transport, deadline: Deadline) {
            transport.write(deadline.name().as_bytes());
        }
    }

    for deadline in [Deadline::FirstMessage, Deadline::Idle] {
        let deadlines = Deadlines {
            first_message: Some(if deadline == Deadline::Idle {
                LONG
            } else {
                SHORT
            }),
            idle: Some(SHORT),
            ..PATIENT
        };
        let reactor = reactor();
        let options = with_deadlines(deadlines);
        let listening = reactor
            .handle()
            .listen_with("tcp://127.0.0.1:0", options, || Raw);
        let listening = listening.expect("listening");
        let begun = Instant::now();
        let mut stream = connect(&listening);
        if deadline == Deadline::Idle {
            stream.write_all(b"x").expect("sent");
            stream.read_exact(&mut [0]).expect("echoed");
        }
        assert_eq!(rest(&mut stream), deadline.name());
        assert!(begun.elapsed() >= SHORT);
        ended_by(&reactor, &listening, deadline);
    }
}

#[test]
fn timers_and_deadlines_share_one_entry() {
    let deadlines = Deadlines {
        first_message: Some(4 * SHORT),
        idle: Some(4 * SHORT),
        ..PATIENT
    };
    let reactor = reactor();
    let listening = listen(&reactor, deadlines);
    let mut stream = connect(&listening);
    greeting(&stream);
    let begun = Instant::now();
    for (time, words) in [(50, "later 50\n"), (600, "later 600\n")] {
        stream.write_all(words.as_bytes()).expect("sent");
        assert_eq!(greeting(&stream), "later\n");
        assert!(begun.elapsed() >= Duration::from_millis(time));
    }
    // One that would come behind the deadline does not come at all.
    let begun = Instant::now();
    stream.write_all(b"later 3600000\n").expect("sent");
    assert_eq!(rest(&mut stream), "late idle\n");
    assert!(begun.elapsed() >= 4 * SHORT);
    let _ = address(&listening);
}

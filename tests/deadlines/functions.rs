//! Async services, with marks and without.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use lariat::observe::{Ended, Phase};
use lariat::{Connection, Listening, Reactor};
use lariat_protocol::{Deadline, Deadlines};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

use super::{LONG, PATIENT, SHORT};
use crate::common::{connect, reactor, wait_until};
use crate::host::{greeting, is_all_over, only_one_in, rest, with_deadlines};

/// Echoes lines, and marks them.
async fn marking(connection: Connection) -> io::Result<()> {
    let progress = connection.progress();
    let mut stream = BufReader::new(connection);
    let mut line = String::new();
    loop {
        if stream.fill_buf().await?.is_empty() {
            return Ok(());
        }
        progress.message_begun();
        stream.read_line(&mut line).await?;
        progress.message_done();
        stream.write_all(line.as_bytes()).await?;
        line.clear();
    }
}

/// Echoes what comes.
async fn unmarked(mut connection: Connection) -> io::Result<()> {
    let mut buffer = [0; 100];
    loop {
        let length = connection.read(&mut buffer).await?;
        if length == 0 {
            return Ok(());
        }
        connection.write_all(&buffer[..length]).await?;
    }
}

fn listen<F, R>(reactor: &Reactor, deadlines: Deadlines, function: F) -> Listening
where
    F: Fn(Connection) -> R + Send + Sync + 'static,
    R: Future<Output = io::Result<()>> + Send + 'static,
{
    let options = with_deadlines(deadlines);
    let listening = reactor
        .handle()
        .listen_with("tcp://127.0.0.1:0", options, function);
    listening.expect("listening")
}

fn ended_by(reactor: &Reactor, listening: &Listening, deadline: Deadline) {
    wait_until("somebody came", || listening.stats().accepted == 1);
    wait_until("all is over", || is_all_over(&reactor.handle()));
    let stats = listening.stats();
    assert_eq!(stats.deadline(deadline), 1);
    assert_eq!(stats.deadlines.iter().sum::<u64>(), 1);
    assert_eq!(stats.ended(Ended::Deadline), 1);
}

#[test]
fn silence_has_the_time_of_a_first_message_and_then_of_idleness() {
    for says in [false, true] {
        let deadlines = Deadlines {
            first_message: Some(if says { LONG } else { SHORT }),
            idle: Some(2 * SHORT),
            ..PATIENT
        };
        for marks in [false, true] {
            let reactor = reactor();
            let listening = match marks {
                true => listen(&reactor, deadlines, marking),
                false => listen(&reactor, deadlines, unmarked),
            };
            let begun = Instant::now();
            let mut stream = connect(&listening);
            if says {
                assert_eq!(crate::host::ask(&stream, "hi"), "hi\n");
                wait_until("it is counted", || listening.stats().messages == 1);
            }
            assert_eq!(rest(&mut stream), "");
            let (length, deadline) = match says {
                true => (2 * SHORT, Deadline::Idle),
                false => (SHORT, Deadline::FirstMessage),
            };
            assert!(begun.elapsed() >= length);
            ended_by(&reactor, &listening, deadline);
        }
    }
}

#[test]
fn a_marked_drip_has_the_time_of_one_message() {
    let deadlines = Deadlines {
        message: Some(SHORT),
        ..PATIENT
    };
    let reactor = reactor();
    let listening = listen(&reactor, deadlines, marking);
    let mut stream = connect(&listening);
    let begun = Instant::now();
    let mut writer = stream.try_clone().expect("cloned");
    let dripping = std::thread::spawn(move || {
        while writer.write_all(b"x").is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    assert_eq!(rest(&mut stream), "");
    assert!(begun.elapsed() >= SHORT);
    drop(stream);
    dripping.join().expect("no panic");
    ended_by(&reactor, &listening, Deadline::Message);
    assert_eq!(listening.stats().messages, 0);
}

#[test]
fn work_is_not_idleness() {
    async fn working(mut connection: Connection) -> io::Result<()> {
        connection.read_u8().await?;
        tokio::time::sleep(4 * SHORT).await;
        connection.write_all(b"done\n").await?;
        connection.read_u8().await.map(drop)
    }
    let deadlines = Deadlines {
        idle: Some(SHORT),
        ..PATIENT
    };
    let reactor = reactor();
    let listening = listen(&reactor, deadlines, working);
    let mut stream = connect(&listening);
    stream.write_all(b"x").expect("sent");
    only_one_in(&reactor.handle(), Phase::Working);
    assert_eq!(greeting(&stream), "done\n");
    assert_eq!(rest(&mut stream), "");
    ended_by(&reactor, &listening, Deadline::Idle);
}

#[test]
fn who_does_not_read_is_ended_also_at_the_shutdown() {
    async fn talking(mut connection: Connection) -> io::Result<()> {
        connection.write_all(&[b'x'; 12_000_000]).await
    }
    let deadlines = Deadlines {
        write: Some(SHORT),
        ..PATIENT
    };
    let reactor = reactor();
    let listening = listen(&reactor, deadlines, talking);
    let begun = Instant::now();
    let stream = connect(&listening);
    ended_by(&reactor, &listening, Deadline::Write);
    assert!(begun.elapsed() >= SHORT);
    drop(stream);
}

/// The function goes on although its reads fail: it has a moment more.
#[test]
fn who_does_not_hear_of_the_end_is_dropped() {
    async fn deaf(mut connection: Connection) -> io::Result<()> {
        loop {
            if connection.read_u8().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
    let deadlines = Deadlines {
        first_message: Some(SHORT),
        ..PATIENT
    };
    let reactor = reactor();
    let listening = listen(&reactor, deadlines, deaf);
    let mut stream = connect(&listening);
    assert_eq!(rest(&mut stream), "");
    ended_by(&reactor, &listening, Deadline::FirstMessage);
}

/// The function is over, and somebody else has the connection: it is under its deadlines.
#[test]
fn who_was_given_the_connection_is_under_deadlines_and_is_killed() {
    async fn passing_on(mut connection: Connection) -> io::Result<()> {
        tokio::spawn(async move {
            while let Ok(byte) = connection.read_u8().await {
                let _ = connection.write_all(&[byte]).await;
            }
        });
        Ok(())
    }
    for kills in [false, true] {
        let deadlines = Deadlines {
            idle: (!kills).then_some(SHORT),
            ..PATIENT
        };
        let reactor = reactor();
        let listening = listen(&reactor, deadlines, passing_on);
        let mut stream = connect(&listening);
        stream.write_all(b"x\n").expect("sent");
        assert_eq!(greeting(&stream), "x\n");
        if kills {
            let status = only_one_in(&reactor.handle(), Phase::Idle);
            assert!(reactor.handle().kill(status.key));
        }
        assert_eq!(rest(&mut stream), "");
        match kills {
            true => wait_until("it is counted", || {
                listening.stats().ended(Ended::Killed) == 1
            }),
            false => ended_by(&reactor, &listening, Deadline::Idle),
        }
    }
}

/// Two tasks share the connection, and the function only waits for them.
#[test]
fn tasks_of_a_function_s_are_under_its_deadlines() {
    async fn sharing(connection: Connection) -> io::Result<()> {
        let (mut reader, mut writer) = tokio::io::split(connection);
        let (pass, mut passed) = tokio::sync::mpsc::channel(10);
        let reading = tokio::spawn(async move {
            while let Ok(byte) = reader.read_u8().await {
                let _ = pass.send(byte).await;
            }
        });
        let writing = tokio::spawn(async move {
            while let Some(byte) = passed.recv().await {
                let _ = writer.write_all(&[byte]).await;
            }
        });
        let _ = tokio::join!(reading, writing);
        Ok(())
    }
    let deadlines = Deadlines {
        idle: Some(SHORT),
        ..PATIENT
    };
    let reactor = reactor();
    let listening = listen(&reactor, deadlines, sharing);
    let mut stream = connect(&listening);
    assert_eq!(crate::host::ask(&stream, "x"), "x\n");
    assert_eq!(rest(&mut stream), "");
    ended_by(&reactor, &listening, Deadline::Idle);
}

#[test]
fn a_life_ends_a_function_that_works() {
    async fn endless(connection: Connection) -> io::Result<()> {
        let _kept = connection;
        std::future::pending().await
    }
    let deadlines = Deadlines {
        life: Some(SHORT),
        ..PATIENT
    };
    let reactor = reactor();
    let listening = listen(&reactor, deadlines, endless);
    let begun = Instant::now();
    let mut stream = connect(&listening);
    assert_eq!(rest(&mut stream), "");
    assert!(begun.elapsed() >= SHORT);
    ended_by(&reactor, &listening, Deadline::Life);
}

//! On a clock that stands still until all wait, deadlines are exact.

use std::time::Duration;

use lariat::observe::Ended;
use lariat::{Handle, Listening, Reactor};
use lariat_protocol::{Deadline, Deadlines};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep};

use super::{LONG, PATIENT};
use crate::host::{Host, with_deadlines};

const SECOND: Duration = Duration::from_secs(1);

/// The names of `mem://` endpoints are the whole program's.
fn listen(name: &str, deadlines: Deadlines) -> (Handle, Listening) {
    let handle = Reactor::builder().attach();
    let options = with_deadlines(deadlines);
    let listening = handle.listen_with(format!("mem://deadlines-{name}"), options, Host);
    (handle, listening.expect("listening"))
}

async fn connect(listening: &Listening) -> lariat::Connection {
    let connection = lariat::connect(listening.endpoint()).await;
    let mut connection = connection.expect("connected");
    let mut byte = 0;
    while byte != b'\n' {
        byte = connection.read_u8().await.expect("greeted");
    }
    connection
}

async fn rest(connection: &mut lariat::Connection) -> String {
    let mut rest = String::new();
    connection.read_to_string(&mut rest).await.expect("ended");
    rest.replace('\r', "")
}

/// Within a millisecond, which is what a clock that counts them can lose.
fn passed(since: Instant, expected: Duration) {
    let passed = since.elapsed();
    let tick = Duration::from_millis(2);
    assert!(passed + tick >= expected, "{passed:?}, not {expected:?}");
    assert!(passed <= expected + tick, "{passed:?}, not {expected:?}");
}

#[tokio::test(start_paused = true)]
async fn the_defaults_are_to_the_millisecond() {
    let (_handle, listening) = listen("defaults", Deadlines::DEFAULT);
    let begun = Instant::now();
    let mut silent = connect(&listening).await;
    assert_eq!(rest(&mut silent).await, "late first-message\n");
    passed(begun, 30 * SECOND);

    let mut idle = connect(&listening).await;
    sleep(29 * SECOND).await;
    let begun = Instant::now();
    idle.write_all(b"hi\n").await.expect("sent");
    assert_eq!(rest(&mut idle).await, "hi\nlate idle\n");
    passed(begun, 300 * SECOND);

    let mut half = connect(&listening).await;
    sleep(29 * SECOND).await;
    let begun = Instant::now();
    half.write_all(b"h").await.expect("sent");
    assert_eq!(rest(&mut half).await, "late message\n");
    passed(begun, 30 * SECOND);

    // The writer's other end takes 64 KiB and no more.
    let mut reads_nothing = connect(&listening).await;
    let begun = Instant::now();
    reads_nothing
        .write_all(b"big 1000000\n")
        .await
        .expect("sent");
    while listening.stats().deadline(Deadline::Write) == 0 {
        sleep(Duration::from_millis(1)).await;
    }
    passed(begun, 60 * SECOND);
    assert_eq!(listening.stats().ended(Ended::Deadline), 4);
}

#[tokio::test(start_paused = true)]
async fn a_byte_a_second_gains_two_milliseconds_each() {
    let (_handle, listening) = listen("drip", Deadlines::DEFAULT);
    let stream = connect(&listening).await;
    let begun = Instant::now();
    let (mut reader, mut writer) = tokio::io::split(stream);
    let dripping = tokio::spawn(async move {
        while writer.write_all(b"x").await.is_ok() {
            sleep(SECOND).await;
        }
    });
    let mut said = Vec::new();
    let _ = reader.read_to_end(&mut said).await;
    assert_eq!(said, b"late message\r\n");
    // The first byte begins the message, and 30 more come within its time.
    passed(begun, 30 * SECOND + 30 * Duration::from_millis(2));
    dripping.abort();
}

/// An hour of steady talk, then silence: none of it is credit for later.
#[tokio::test(start_paused = true)]
async fn nothing_is_saved_up() {
    let (_handle, listening) = listen("saved", Deadlines::DEFAULT);
    let mut stream = connect(&listening).await;
    for _ in 0..3600 {
        stream.write_all(b"hi\n").await.expect("sent");
        stream.read_exact(&mut [0; 4]).await.expect("answered");
        sleep(SECOND).await;
    }
    let begun = Instant::now();
    stream.write_all(b"half").await.expect("sent");
    assert_eq!(rest(&mut stream).await, "late message\n");
    passed(begun, 30 * SECOND);
}

/// Every connection has its own deadline, and one entry for it, whatever it does.
#[tokio::test(start_paused = true)]
async fn ten_thousand_are_each_ended_at_their_time() {
    const COUNT: u64 = 10_000;
    let deadlines = Deadlines {
        first_message: Some(LONG),
        idle: Some(101 * SECOND),
        ..PATIENT
    };
    let (handle, listening) = listen("ten-thousand", deadlines);
    handle.set_limits(lariat::Limits::none());
    let mut streams = Vec::new();
    for _ in 0..COUNT {
        let mut stream = connect(&listening).await;
        stream.write_all(b"hi\n").await.expect("sent");
        streams.push(stream);
        if streams.len() % 100 == 0 {
            sleep(SECOND).await;
        }
    }
    // The first are about to go, and are heard once more.
    let begun = Instant::now();
    for stream in &mut streams[..100] {
        stream.write_all(b"hi\n").await.expect("sent");
    }
    sleep(99 * SECOND).await;
    let gone = listening.stats().deadline(Deadline::Idle);
    assert!((COUNT - 300..COUNT).contains(&gone), "{gone}");
    while listening.stats().deadline(Deadline::Idle) < COUNT {
        sleep(Duration::from_millis(100)).await;
    }
    assert!(begun.elapsed() >= 101 * SECOND - Duration::from_millis(2));
    assert!(begun.elapsed() <= 102 * SECOND);
    drop(streams);
    while handle.connections() > 0 {
        sleep(Duration::from_millis(100)).await;
    }
    assert!(crate::host::is_all_over(&handle));
}

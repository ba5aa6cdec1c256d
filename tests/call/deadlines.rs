//! On a clock that stands still until all wait: what calls do to the time that peers are given.

use std::time::Duration;

use lariat::call::{CallFailure, Caller, code};
use lariat::client::call::connect;
use lariat::service::sleep::Sleeper;
use lariat::sleep::{Longest, SleepClient, SleepError};
use lariat::{Handle, Listening, Reactor};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::time::{Instant, sleep};

const SECOND: Duration = Duration::from_secs(1);

/// The names of `mem://` endpoints are the whole program's.
fn listen(name: &str) -> (Handle, Listening) {
    let handle = Reactor::builder().attach();
    let calls = Sleeper::default().into_calls();
    let listening = handle.listen(format!("mem://call-{name}"), calls);
    (handle, listening.expect("listening"))
}

async fn caller(listening: &Listening) -> Caller {
    connect(listening.endpoint()).await.expect("connected")
}

/// Within what a clock that counts milliseconds can lose, and never too early.
fn took(since: Instant, expected: Duration) {
    let passed = since.elapsed();
    assert!(passed >= expected, "{passed:?}, not {expected:?}");
    let late = Duration::from_millis(3);
    assert!(passed <= expected + late, "{passed:?}, not {expected:?}");
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_an_answer_is_not_idle_and_is_so_afterwards() {
    let (_handle, listening) = listen("idle");
    let caller = caller(&listening).await;
    let client = SleepClient::new(caller.clone());
    let begun = Instant::now();
    client.sleep(400.0).await.expect("slept");
    took(begun, 400 * SECOND);
    // The time of who has nothing going on begins anew: 300 seconds.
    sleep(290 * SECOND).await;
    client.sleep(0.0).await.expect("still there");
    sleep(310 * SECOND).await;
    match client.sleep(0.0).await {
        Err(CallFailure::Lost(why)) => assert_eq!(
            &*why,
            "the other side ended the connection: idle for too long"
        ),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_has_to_come_in_time_whatever_is_being_slept() {
    let (_handle, listening) = listen("drip");
    let connection = lariat::connect(listening.endpoint()).await;
    let mut stream = BufReader::new(connection.expect("connected"));
    let call = b"{\"id\":1,\"method\":\"sleep\",\"params\":[3000]}\n{\"id\"";
    stream.write_all(call).await.expect("sent");
    let begun = Instant::now();
    let mut rest = String::new();
    stream.read_to_string(&mut rest).await.expect("ended");
    // What is still being slept is answered too, as every call is.
    let late = |id: &str| {
        let words = "a message was not finished in time";
        format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":-32004,"message":"{words}"}}}}"#)
    };
    assert_eq!(rest, format!("{}\n{}\n", late("1"), late("null")));
    took(begun, 30 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn the_time_of_a_call_ends_it_on_both_sides() {
    let (_handle, listening) = listen("timeout");
    let caller = caller(&listening).await;
    let client = SleepClient::new(caller.clone()).within(2 * SECOND);
    let begun = Instant::now();
    match client.sleep(10.0).await {
        Err(CallFailure::TimedOut(after)) => assert_eq!(after, 2 * SECOND),
        other => panic!("{other:?}"),
    }
    took(begun, 2 * SECOND);
    assert!(client.sleep(1.9).await.is_ok());

    // A peer that only says so is told by the server.
    let connection = lariat::connect(listening.endpoint()).await;
    let mut stream = BufReader::new(connection.expect("connected"));
    let call = b"{\"id\":1,\"method\":\"sleep\",\"params\":[10],\"timeout_ms\":2000}\n";
    stream.write_all(call).await.expect("sent");
    let begun = Instant::now();
    let mut line = String::new();
    stream.read_line(&mut line).await.expect("answered");
    assert!(line.contains(&code::TIMED_OUT.to_string()), "{line}");
    took(begun, 2 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn what_is_slept_is_refused_or_exact() {
    let (_handle, listening) = listen("refused");
    let client = SleepClient::new(caller(&listening).await);
    for seconds in [-1.0, 3600.001, 1e300] {
        match client.sleep(seconds).await {
            Err(CallFailure::Method(SleepError::OutOfRange {
                seconds: said,
                maximum,
            })) => {
                assert_eq!((said, maximum), (seconds, 3600.0));
            }
            other => panic!("{seconds}: {other:?}"),
        }
    }
    // JSON has no such numbers, and what stands for them is none.
    for seconds in [f64::NAN, f64::INFINITY] {
        let said = client
            .sleep(seconds)
            .await
            .expect_err("no number")
            .to_string();
        assert_eq!(said, "argument seconds: invalid type: null, expected f64");
    }
    let begun = Instant::now();
    let sleeps = [3.0, 0.001, 2.5, 0.0, 1.0].map(|seconds| {
        let client = client.clone();
        tokio::spawn(async move {
            client.sleep(seconds).await.expect("slept");
            (seconds, begun.elapsed())
        })
    });
    for sleep in sleeps {
        let (seconds, passed) = sleep.await.expect("done");
        let late = passed.as_secs_f64() - seconds;
        assert!((0.0..0.003).contains(&late), "{seconds} s took {passed:?}");
    }
    let maximum = Longest::default().check(3600.0).expect("the longest");
    let begun = Instant::now();
    client.sleep(3600.0).await.expect("slept");
    took(begun, maximum);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_goes_down_finishes_what_it_can_and_says_so_to_the_rest() {
    let (handle, listening) = listen("drain");
    let client = SleepClient::new(caller(&listening).await);
    let begun = Instant::now();
    let call = |seconds: f64| {
        let client = client.clone();
        tokio::spawn(async move { (client.sleep(seconds).await, begun.elapsed()) })
    };
    let (short, long) = (call(5.0), call(60.0));
    sleep(SECOND).await;
    handle.stop();
    let stopped = tokio::spawn(async move { handle.stopped().await });
    sleep(SECOND).await;
    let late = client.sleep(0.5).await.expect_err("too late").to_string();
    assert_eq!(late, "this side is going down");
    let (outcome, after) = short.await.expect("done");
    assert!(
        outcome.is_ok() && after < 6 * SECOND,
        "{outcome:?} after {after:?}"
    );
    let (outcome, after) = long.await.expect("done");
    match outcome {
        Err(CallFailure::Refused(error)) => assert_eq!(error.code, code::GOING_DOWN),
        other => panic!("{other:?}"),
    }
    // Ten seconds after the stop.
    assert!(after >= 11 * SECOND && after < 12 * SECOND, "{after:?}");
    let report = stopped.await.expect("stopped");
    assert_eq!((report.said_goodbye, report.forced), (1, 0));
}

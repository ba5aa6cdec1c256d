//! Calls over real connections.

use std::io::{BufReader, Read, Write};
use std::time::{Duration, Instant};

use lariat::call::{CallFailure, Limits, Nothing};
use lariat::client::call::{connect, connect_with};
use lariat::service::call::Calls;
use lariat::service::sleep::Sleeper;
use lariat::sleep::SleepClient;
use lariat::{ConnectOptions, Endpoint, Limits as Admission, ListenOptions};
use tokio::task::JoinSet;

use super::{ErrandsClient, Named, NamesClient, Porter, serve};
use crate::common::{self, Certificates, reactor, read_line, wait_until};

#[test]
fn calls_go_over_every_carrier() {
    let reactor = reactor();
    let certificates = Certificates::create();
    let folder = tempfile::tempdir().expect("a folder");
    let endpoints = [
        "tcp://127.0.0.1:0".to_string(),
        "tls://localhost:0".into(),
        "ws://127.0.0.1:0".into(),
        "wss://localhost:0".into(),
        "mem://call-carriers".into(),
        #[cfg(unix)]
        format!("unix:{}", folder.path().join("call.sock").display()),
    ];
    for endpoint in endpoints {
        let parsed: Endpoint = endpoint.parse().expect("an endpoint");
        let (listening, connecting): (ListenOptions, ConnectOptions) = match parsed.is_tls() {
            true => (certificates.listening(), certificates.connecting()),
            false => Default::default(),
        };
        let calls = Sleeper::default().into_calls();
        let listening = reactor.handle().listen_with(parsed, listening, calls);
        let bound = listening.expect(&endpoint).endpoint().clone();
        let handle = reactor.handle();
        handle.wait(async move {
            let caller = connect_with(&bound, connecting, Nothing).await;
            let client = SleepClient::new(caller.expect(&endpoint));
            let slept = tokio::join!(client.sleep(0.05), client.sleep(0.0), client.sleep(0.02));
            for slept in [slept.0, slept.1, slept.2] {
                slept.expect(&endpoint);
            }
            client.caller().clone().close().await;
            let lost = client.sleep(0.0).await;
            assert!(
                matches!(lost, Err(CallFailure::Lost(_))),
                "{endpoint}: {lost:?}"
            );
        });
    }
}

#[test]
fn ten_thousand_sleep_at_once_over_one_connection() {
    let reactor = reactor();
    let calls = Sleeper::default().into_calls();
    let listening = reactor
        .listen("tcp://127.0.0.1:0", calls)
        .expect("listening");
    let endpoint = listening.endpoint().clone();
    reactor.handle().wait(async move {
        let client = SleepClient::new(connect(&endpoint).await.expect("connected"));
        let mut sleeps = JoinSet::new();
        for number in 0..10_000_u32 {
            let client = client.clone();
            let seconds = 1.0 + f64::from(number % 100) / 100.0;
            sleeps.spawn(async move {
                let begun = Instant::now();
                let slept = client.sleep(seconds).await.expect("slept");
                let took = begun.elapsed().as_secs_f64();
                assert!(slept.seconds >= seconds && took >= slept.seconds);
            });
        }
        // One more than there may be: it is not sent, and harms nobody.
        tokio::task::yield_now().await;
        let mut done = 0;
        while let Some(slept) = sleeps.join_next().await {
            slept.expect("no earlier than asked");
            done += 1;
        }
        assert_eq!(done, 10_000);
    });
}

#[test]
fn both_sides_may_have_more_to_say_than_fits_between_them() {
    let reactor = reactor();
    // A pipe that holds 64 KiB.
    let calls = Calls::new(ErrandsClient::methods(Porter::default()));
    let listening = reactor.listen("mem://call-full", calls);
    let endpoint = listening.expect("listening").endpoint().clone();
    reactor.handle().wait(async move {
        let client = ErrandsClient::new(connect(&endpoint).await.expect("connected"));
        let mut calls = JoinSet::new();
        for _ in 0..60 {
            let client = client.clone();
            calls.spawn(async move { client.hello("x".repeat(60_000)).await });
        }
        let all = async {
            while let Some(said) = calls.join_next().await {
                assert_eq!(said.expect("no panic").expect("said").len(), 60_007);
            }
        };
        let done = tokio::time::timeout(common::PATIENCE, all).await;
        done.expect("neither waits for the other to read");
    });
}

#[test]
fn what_nobody_waits_for_is_dropped_at_the_server() {
    let reactor = reactor();
    let (porter, listening) = serve(&reactor, Limits::default());
    let endpoint = listening.endpoint().clone();
    let staying = porter.clone();
    reactor.handle().wait(async move {
        let client = ErrandsClient::new(connect(&endpoint).await.expect("connected"));
        let until = async |count| {
            while staying.staying() != count {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let mut calls = JoinSet::new();
        for _ in 0..3 {
            let client = client.clone();
            calls.spawn(async move { client.stay().await });
        }
        until(3).await;
        calls.abort_all();
        until(0).await;
        // Its time is over, or the connection is.
        let brief = client.within(Duration::from_millis(20));
        let timed_out = brief.stay().await;
        assert!(
            matches!(timed_out, Err(CallFailure::TimedOut(_))),
            "{timed_out:?}"
        );
        until(0).await;
        let still = client.clone();
        let call = tokio::spawn(async move { still.stay().await });
        until(1).await;
        client.caller().clone().close().await;
        until(0).await;
        let lost = call.await.expect("no panic").expect_err("lost").to_string();
        assert_eq!(lost, "this side closed the connection");
    });
    // A peer that breaks off, by a plain socket.
    let mut stream = common::connect(&listening);
    stream
        .write_all(b"{\"id\":1,\"method\":\"stay\"}\n")
        .expect("sent");
    wait_until("it stays", || porter.staying() == 1);
    socket2::SockRef::from(&stream)
        .set_linger(Some(Duration::ZERO))
        .expect("set");
    drop(stream);
    wait_until("it is dropped", || porter.staying() == 0);
}

#[test]
fn a_method_that_breaks_down_ends_its_call_alone() {
    let reactor = reactor();
    let (_, listening) = serve(&reactor, Limits::default());
    let endpoint = listening.endpoint().clone();
    reactor.handle().wait(async move {
        let client = ErrandsClient::new(connect(&endpoint).await.expect("connected"));
        for late in [false, true] {
            let said = client
                .break_down(late)
                .await
                .expect_err("broken")
                .to_string();
            assert_eq!(said, "the method broke down");
        }
        assert_eq!(
            client.hello("Ann".into()).await.expect("there"),
            "hello, Ann"
        );
    });
}

#[test]
fn the_server_calls_whoever_calls() {
    let reactor = reactor();
    let (_, listening) = serve(&reactor, Limits::default());
    let endpoint = listening.endpoint().clone();
    reactor.handle().wait(async move {
        let names = NamesClient::methods(Named("Ann"));
        let named = connect_with(&endpoint, ConnectOptions::default(), names).await;
        let named = ErrandsClient::new(named.expect("connected"));
        assert_eq!(named.who().await.expect("asked"), "Ann");
        let nameless = ErrandsClient::new(connect(&endpoint).await.expect("connected"));
        let said = nameless.who().await.expect_err("no name").to_string();
        assert_eq!(said, "no method \"name\" (there are none)");
    });
}

#[test]
fn who_is_not_taken_is_told_in_a_line_of_json() {
    let reactor = reactor();
    let options = ListenOptions {
        limits: Some(Admission {
            connections: Some(0),
            ..Admission::default()
        }),
        ..ListenOptions::default()
    };
    let calls = Sleeper::default().into_calls();
    let listening = reactor
        .handle()
        .listen_with("tcp://127.0.0.1:0", options, calls);
    let listening = listening.expect("listening");
    let mut said = String::new();
    let mut stream = common::connect(&listening);
    stream.read_to_string(&mut said).expect("ended");
    let line: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(line["error"]["message"], "too many connections");
    let endpoint = listening.endpoint().clone();
    reactor.handle().wait(async move {
        let client = SleepClient::new(connect(&endpoint).await.expect("connected"));
        // It may be refused before it asks, or while it does.
        let lost = client.sleep(0.0).await.expect_err("refused");
        assert!(matches!(lost, CallFailure::Lost(_)), "{lost:?}");
    });
}

#[test]
fn another_protocol_is_told_apart() {
    let reactor = reactor();
    let echo = || lariat::echo::EchoServer;
    let echo = reactor
        .listen("tcp://127.0.0.1:0", echo)
        .expect("listening");
    let quotes = lariat::service::daytime::Daytime;
    let daytime = reactor
        .listen("tcp://127.0.0.1:0", quotes)
        .expect("listening");
    let (echo, daytime) = (echo.endpoint().clone(), daytime.endpoint().clone());
    reactor.handle().wait(async move {
        let client = SleepClient::new(connect(&echo).await.expect("connected"));
        let said = client.sleep(0.0).await.expect_err("an echo").to_string();
        assert_eq!(said, "no method \"sleep\" (there are none)");
        let client = SleepClient::new(connect(&daytime).await.expect("connected"));
        let lost = client.sleep(0.0).await.expect_err("a time");
        assert!(matches!(lost, CallFailure::Lost(_)), "{lost:?}");
    });
}

#[test]
fn a_person_types_calls_and_is_answered_out_of_order() {
    let reactor = reactor();
    let calls = Sleeper::default().into_calls();
    let listening = reactor
        .listen("tcp://127.0.0.1:0", calls)
        .expect("listening");
    let mut stream = BufReader::new(common::connect(&listening));
    let lines = "{\"id\":1,\"method\":\"sleep\",\"params\":[0.2]}\n\
                 {\"id\":2,\"method\":\"sleep\",\"params\":{\"seconds\":0.05}}\n\
                 {\"id\":3,\"method\":\"sleep\",\"params\":[60]}\n\
                 {\"method\":\"$/cancelRequest\",\"params\":{\"id\":3}}\n\
                 {\"id\":4,\"method\":\"sleep\",\"params\":[\"long\"]}\n";
    stream.get_mut().write_all(lines.as_bytes()).expect("sent");
    // The end of what is asked for is not the end of what is answered.
    stream
        .get_mut()
        .shutdown(std::net::Shutdown::Write)
        .expect("ended");
    let answers = [0; 4].map(|_| {
        let line = read_line(&mut stream);
        let answer: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        answer["id"].as_u64().expect("its id")
    });
    assert_eq!(answers, [3, 4, 2, 1]);
    assert_eq!(read_line(&mut stream), "");
}

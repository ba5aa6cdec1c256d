//! `lariat sleep`, and what of it is served.

use std::io::{BufRead, BufReader, Write};

use lariat_service::sleep::Sleeper;
use nix::sys::signal::Signal;
use serde_json::Value;

use crate::operated::Operated;
use crate::process::{Running, run};
use crate::server::{Server, once};

fn serve(server: &Server) -> String {
    server.serve("tcp://127.0.0.1:0", Sleeper::default().into_calls())
}

#[test]
fn sleeps_are_shown_as_they_end() {
    let server = Server::start();
    let endpoint = serve(&server);
    let outcome = run(&["sleep", &endpoint, "0.3", "0", "0.15"], b"");
    assert_eq!((outcome.code, outcome.errors.as_str()), (Some(0), ""));
    let text = outcome.text();
    let slept: Vec<&str> = text
        .lines()
        .map(|line| line.split(" s, ").next().unwrap())
        .collect();
    assert_eq!(slept, ["0", "0.15", "0.3"], "{text}");
    assert!(
        text.lines().all(|line| line.ends_with(" ms late")),
        "{text}"
    );

    let host = endpoint.strip_prefix("tcp://").unwrap();
    let outcome = run(&["sleep", host, "0.05", "--json", "--timeout", "5"], b"");
    let said: Value = serde_json::from_str(&outcome.text()).unwrap();
    assert_eq!(said["seconds"], 0.05);
    let (took, there) = (
        said["took"].as_f64().unwrap(),
        said["took_at_server"].as_f64().unwrap(),
    );
    assert!(there >= 0.05 && took >= there, "{said}");
    let late = (took - 0.05) * 1000.0;
    assert!(
        (said["late_ms"].as_f64().unwrap() - late).abs() < 0.001,
        "{said}"
    );
}

#[test]
fn what_cannot_be_slept_is_one_clear_line() {
    let server = Server::start();
    let endpoint = serve(&server);
    for (arguments, code, words) in [
        (
            &["sleep", "soon"][..],
            2,
            "\"soon\" is not a number of seconds, such as 5 or 0.5",
        ),
        (&["sleep", "-1"], 2, "\"-1\" is not a number of seconds"),
        (
            &["sleep", &endpoint, "nan"],
            2,
            "\"nan\" is not a number of seconds",
        ),
        (
            &["sleep", &endpoint, "3601"],
            1,
            "3601 s cannot be slept; from 0 to 3600 can",
        ),
        (
            &["sleep", &endpoint, "9", "--timeout", "0.1"],
            1,
            "no answer within 0.1 s",
        ),
        (&["sleep", "stdio:", "1"], 2, "connect to another endpoint"),
    ] {
        let outcome = run(arguments, b"");
        assert_eq!(outcome.code, Some(code), "{arguments:?}: {outcome:?}");
        assert_eq!(outcome.errors.lines().count(), 1, "{outcome:?}");
        assert!(outcome.errors.contains(words), "{outcome:?}");
    }
    // The others are slept.
    let outcome = run(&["sleep", &endpoint, "9999", "0.01"], b"");
    assert!(outcome.text().starts_with("0.01 s, "), "{outcome:?}");
    assert_eq!((outcome.code, outcome.errors.lines().count()), (Some(1), 1));
}

#[test]
fn a_server_that_goes_away_is_told_once() {
    let (endpoint, _server) = once(|stream| {
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).unwrap();
    });
    let outcome = run(&["sleep", &endpoint, "1", "2", "3"], b"");
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert_eq!(outcome.errors.lines().count(), 1, "{outcome:?}");
    assert!(outcome.errors.contains(&endpoint), "{outcome:?}");
}

#[test]
fn an_interrupt_cancels_at_the_server() {
    let (told, heard) = std::sync::mpsc::channel();
    let (endpoint, _server) = once(move |mut stream| {
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        let first = lines.next().unwrap().unwrap();
        stream
            .write_all(b"{\"id\":1,\"result\":{\"seconds\":0}}\n")
            .unwrap();
        told.send(first).unwrap();
        for line in lines {
            told.send(line.unwrap()).unwrap();
        }
    });
    let running = Running::start(&["sleep", &endpoint, "0", "60"]);
    assert!(running.line().starts_with("0 s, "));
    running.signal(Signal::SIGINT);
    let outcome = running.finish();
    assert_eq!((outcome.code, outcome.errors.as_str()), (Some(130), ""));
    let lines: Vec<Value> = heard
        .iter()
        .map(|line| serde_json::from_str(&line).unwrap())
        .collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert_eq!(lines[0]["method"], "sleep");
    assert_eq!(lines[2]["method"], "$/cancelRequest");
    assert_eq!(lines[2]["params"]["id"], 2);
}

#[test]
fn the_longest_sleep_is_an_option_of_the_endpoint() {
    let operated = Operated::start(&["sleep=tcp://127.0.0.1:0?max_seconds=0.5"]);
    let endpoint = format!("tcp://{}", operated.address("sleep"));
    assert_eq!(run(&["sleep", &endpoint, "0.5"], b"").code, Some(0));
    let said = run(&["sleep", &endpoint, "0.6"], b"").errors;
    assert!(
        said.ends_with("0.6 s cannot be slept; from 0 to 0.5 can\n"),
        "{said}"
    );
    for wrong in ["udp://127.0.0.1:0", "tcp://127.0.0.1:0?max_seconds=no"] {
        let outcome = run(&["serve", &format!("sleep={wrong}")], b"");
        assert_eq!(
            (outcome.code, outcome.errors.lines().count()),
            (Some(2), 1),
            "{outcome:?}"
        );
    }
}

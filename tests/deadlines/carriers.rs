//! The same deadlines on every carrier: they are the engine's, and no carrier's.

use std::time::{Duration, Instant};

use lariat::observe::Ended;
use lariat::{ConnectOptions, Connection, Endpoint, ListenOptions, Listening, Reactor};
use lariat_protocol::{Deadline, Deadlines};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{BRIEF, PATIENT};
use crate::common::{Certificates, PATIENCE, wait_until};
use crate::host::{Host, is_all_over};

fn listen(
    reactor: &Reactor,
    url: &str,
    certificates: &Certificates,
    deadlines: Deadlines,
) -> Listening {
    let options = ListenOptions {
        deadlines: Some(deadlines),
        ..certificates.listening()
    };
    let listening = reactor.handle().listen_with(url, options, Host);
    listening.expect("listening")
}

async fn connect(endpoint: &Endpoint, certificates: &Certificates) -> Connection {
    let options = match endpoint.is_tls() {
        true => certificates.connecting(),
        false => ConnectOptions {
            timeout: PATIENCE,
            ..ConnectOptions::default()
        },
    };
    let connection = lariat::connect_with(endpoint, options).await;
    connection.expect("connected")
}

/// All that is said after `says`.
async fn said(mut connection: Connection, says: &str) -> String {
    if !says.is_empty() {
        connection.write_all(says.as_bytes()).await.expect("sent");
        connection.flush().await.expect("sent");
    }
    let mut said = Vec::new();
    // A WebSocket that is closed, or a reset, is an end as any.
    let _ = connection.read_to_end(&mut said).await;
    let said = String::from_utf8(said).expect("text").replace('\r', "");
    let (_, behind) = said.split_once('\n').expect("a greeting");
    behind.to_string()
}

/// The other deadlines are not to come, however late we are.
fn only(deadline: Deadline, length: Duration) -> Deadlines {
    let length = Some(length);
    match deadline {
        Deadline::FirstMessage => Deadlines {
            first_message: length,
            ..PATIENT
        },
        Deadline::Message => Deadlines {
            message: length,
            ..PATIENT
        },
        _ => Deadlines {
            idle: length,
            ..PATIENT
        },
    }
}

#[test]
fn silence_half_a_line_and_idleness_end_on_each() {
    let folder = tempfile::tempdir().expect("a folder");
    let unix = format!("unix://{}", folder.path().join("socket").display());
    let certificates = Certificates::create();
    let mut urls = vec![
        "tcp://127.0.0.1:0",
        "tls://127.0.0.1:0",
        "wss://127.0.0.1:0",
        "tls+mem://deadlines-on-each",
    ];
    if cfg!(unix) {
        urls.push(&unix);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.expect("started");
    for url in urls {
        let reactor = crate::common::reactor();
        let listening = listen(&reactor, url, &certificates, PATIENT);
        // A message of a WebSocket's is whole in itself, with an end of line or without.
        let half = match url.starts_with("ws") {
            true => ("half", "half\nlate idle\n", 3 * BRIEF, Deadline::Idle),
            false => ("half", "late message\n", 2 * BRIEF, Deadline::Message),
        };
        for (says, hears, length, deadline) in [
            ("", "late first-message\n", BRIEF, Deadline::FirstMessage),
            half,
            ("hi\n", "hi\nlate idle\n", 3 * BRIEF, Deadline::Idle),
        ] {
            listening.set_deadlines(only(deadline, length));
            let before = listening.stats().deadline(deadline);
            let begun = Instant::now();
            let heard = runtime.block_on(async {
                said(connect(listening.endpoint(), &certificates).await, says).await
            });
            assert_eq!(heard, hears, "{url}");
            assert!(begun.elapsed() >= length, "{url}");
            assert_eq!(listening.stats().deadline(deadline), before + 1, "{url}");
        }
        wait_until("all is over", || is_all_over(&reactor.handle()));
        assert_eq!(listening.stats().ended(Ended::Deadline), 3);
    }
}

#[test]
fn who_never_reads_is_ended_on_each() {
    let folder = tempfile::tempdir().expect("a folder");
    let unix = format!("unix://{}", folder.path().join("socket").display());
    let certificates = Certificates::create();
    let deadlines = Deadlines {
        write: Some(BRIEF),
        ..PATIENT
    };
    let mut urls = vec!["tls://127.0.0.1:0", "tls+mem://deadlines-of-writing"];
    if cfg!(unix) {
        urls.push(&unix);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.expect("started");
    for url in urls {
        let reactor = crate::common::reactor();
        let listening = listen(&reactor, url, &certificates, deadlines);
        let begun = Instant::now();
        let _connection = runtime.block_on(async {
            let mut connection = connect(listening.endpoint(), &certificates).await;
            connection.write_all(b"big 12000000\n").await.expect("sent");
            connection.flush().await.expect("sent");
            connection
        });
        wait_until("it is ended", || {
            listening.stats().deadline(Deadline::Write) == 1
        });
        assert!(begun.elapsed() >= BRIEF, "{url}");
        wait_until("all is over", || is_all_over(&reactor.handle()));
        assert_eq!(listening.stats().ended(Ended::Deadline), 1);
    }
}

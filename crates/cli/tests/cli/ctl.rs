//! `lariat ctl`: every command, for a person and for a program.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;

use nix::sys::signal::Signal::{SIGKILL, SIGTERM};
use serde_json::json;

use crate::operated::Operated;
use crate::process::run;

#[test]
fn connections_are_listed() {
    let server = Operated::timestamp(&[]);
    let empty = server.ctl(&["connections"]);
    assert_eq!(
        empty.text(),
        "ID  SERVICE  PEER  PHASE  AGE  IN  OUT  MESSAGES  HELD\n"
    );
    assert_eq!(server.ctl(&["connections", "--json"]).text(), "");

    let first = server.client();
    let second = server.client();
    let table = server.connections(&[], 2);
    let rows: Vec<Vec<&str>> = table
        .lines()
        .skip(1)
        .map(|row| row.split_whitespace().collect())
        .collect();
    assert_eq!(rows.len(), 2, "{table}");
    // The older one first.
    for (row, client) in rows.iter().zip([&first, &second]) {
        let address = client.address();
        assert_eq!(row[1..4], ["timestamp", &address, "idle"], "{table}");
        assert_eq!(row[5..], ["3", "30", "1", "0"], "{table}");
    }
    let lines = server.connections(&["--json"], 2);
    let all: Vec<serde_json::Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(all.len(), 2, "{lines}");
    assert_eq!(all[0]["id"], rows[0][0]);
    assert_eq!(all[1]["peer"], second.address());
    assert_eq!(
        (&all[0]["received"], &all[0]["sent"], &all[0]["messages"]),
        (&json!(3), &json!(30), &json!(1))
    );
    assert!(all[0]["age_seconds"].as_f64() >= all[1]["age_seconds"].as_f64());
    assert_eq!(
        all[0]["endpoint"],
        format!("tcp://{}", server.address("timestamp"))
    );
}

#[test]
fn a_connection_that_is_killed_ends_and_the_others_stay() {
    let server = Operated::timestamp(&[]);
    let mut stays = server.client();
    let mut ends = server.client();
    let table = server.connections(&[], 2);
    let id = |address: &str| {
        let row = table.lines().find(|row| row.contains(address)).unwrap();
        row.split_whitespace().next().unwrap().to_string()
    };
    let wanted = id(&ends.address());
    let outcome = server.ctl(&["kill", &wanted, "0-999-0"]);
    let said = format!("Ended {wanted} (timestamp, {})\n", ends.address());
    assert_eq!(outcome.text(), said);
    assert_eq!(outcome.errors, "lariat: there is no connection 0-999-0\n");
    assert_eq!(outcome.code, Some(1));
    assert!(ends.has_ended());
    stays.ask();
    assert!(server.logged("ended by lariat ctl").contains(&wanted));

    let other = id(&stays.address());
    let killed = server.ctl_json(&["kill", &other]);
    let row = json!({"id": other, "service": "timestamp", "peer": stays.address()});
    assert_eq!(killed, json!({"ended": [row], "missing": []}));
    assert!(stays.has_ended());
    server.counts("ended", "killed", 2);

    let wrong = server.ctl(&["kill", "seventeen"]);
    assert_eq!(wrong.code, Some(2));
    let words = "a connection is named by three numbers, as 0-17-4";
    assert!(wrong.errors.contains(words), "{wrong:?}");
}

#[test]
fn what_was_counted_is_shown() {
    let server = Operated::start(&["timestamp=tcp://127.0.0.1:0", "timestamp=udp://127.0.0.1:0"]);
    let mut client = server.client();
    client.ask();
    server.settle(1);
    let text = server.ctl(&["stats"]).text();
    let rows: Vec<Vec<&str>> = text
        .lines()
        .map(|row| row.split_whitespace().collect())
        .collect();
    assert_eq!(rows[0][..4], ["SERVICE", "LISTENS", "ON", "OPEN"], "{text}");
    // Open, accepted, refused, messages, in, out.
    let tcp = rows
        .iter()
        .find(|row| row[1].starts_with("tcp://"))
        .unwrap();
    assert_eq!(tcp[2..8], ["1", "1", "0", "2", "6", "60"], "{text}");
    assert!(tcp[8].ends_with("s") && tcp[9].ends_with("s"), "{text}");
    let udp = rows
        .iter()
        .find(|row| row[1].starts_with("udp://"))
        .unwrap();
    assert_eq!(udp[2..], ["0", "0", "0", "0", "0", "0", "-", "-"], "{text}");
    let total = rows.iter().find(|row| row[0] == "total").unwrap();
    assert_eq!(total[1..7], tcp[2..8], "{text}");
    assert!(text.contains("\nopen        idle 1\n"), "{text}");

    let stats = server.ctl_json(&["stats"]);
    assert_eq!(stats["connections"], 1);
    assert_eq!(stats["draining"], false);
    assert_eq!(stats["services"].as_array().unwrap().len(), 2);
    assert_eq!(stats["total"]["active"]["idle"], 1);
    assert_eq!(stats["total"]["latency"]["count"], 2);
    assert!(stats["total"]["latency"]["p99_seconds"].as_f64() > Some(0.0));
}

#[test]
fn a_drain_is_waited_for_and_reported() {
    for as_json in [false, true] {
        let server = Operated::timestamp(&["chargen=tcp://127.0.0.1:0"]);
        let mut client = server.client();
        let stuck = server.stuck();
        let arguments: &[&str] = if as_json {
            &["drain", "--json"]
        } else {
            &["drain"]
        };
        let draining = server.begin_ctl(arguments);
        if !as_json {
            assert_eq!(draining.line(), "Draining 2 connections.\n");
        }
        // The server says goodbye, and goes on until the other has read what it was sent.
        assert!(client.has_ended());
        let stats = server.ctl_json(&["stats"]);
        assert_eq!(stats["draining"], true, "it answers while it drains");
        drop((client, stuck));
        let outcome = draining.finish();
        let said = match as_json {
            false => "Drained; 2 connections: 1 finished, 1 said goodbye, 0 forced.\n",
            true => "{\"finished\":1,\"forced\":0,\"said_goodbye\":1}\n",
        };
        assert_eq!((outcome.code, outcome.text().as_str()), (Some(0), said));
        let ended = server.running.finish();
        let stopped: serde_json::Value = serde_json::from_str(&ended.text()).unwrap();
        let same = json!({"stopped": true, "finished": 1, "said_goodbye": 1, "forced": 0});
        assert_eq!((ended.code, stopped), (Some(0), same));
    }
}

#[test]
fn who_does_not_end_in_time_is_forced() {
    let server = Operated::timestamp(&["--deadline", "drain=200ms"]);
    let stuck = server.client();
    // Who sends and does not read has answers on the way, until the server takes no more.
    let mut stream = std::net::TcpStream::connect(server.address("timestamp")).unwrap();
    let patience = std::time::Duration::from_millis(500);
    stream.set_write_timeout(Some(patience)).unwrap();
    let line = [&[b'x'; 4095][..], b"\n"].concat();
    while stream.write(&line).is_ok() {}
    let drained = server.ctl_json(&["drain"]);
    assert_eq!(
        drained["forced"].as_u64().map(|forced| forced > 0),
        Some(true)
    );
    drop((stuck, stream));
    let outcome = server.running.finish();
    assert_eq!(outcome.code, Some(0));
    assert!(outcome.errors.contains("forced="), "{outcome:?}");
}

#[test]
fn without_a_server_it_says_how_to_start_one() {
    let state = tempfile::tempdir().unwrap();
    let path = state.path().to_str().unwrap();
    for command in ["connections", "stats", "drain", "reload"] {
        let outcome = run(&["ctl", command, "--state", path], b"");
        let words = format!(
            "lariat: no server listens on {path}/control.sock; start one by lariat serve, or \
             name its state directory by --state DIR\n"
        );
        assert_eq!((outcome.code, outcome.errors), (Some(1), words));
    }
}

#[test]
fn the_socket_is_private_and_a_stale_one_is_replaced() {
    let server = Operated::timestamp(&[]);
    let socket = server.state.path().join("control.sock");
    let mode = std::fs::metadata(&socket).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let Operated { running, state, .. } = server;
    running.signal(SIGKILL);
    running.finish();
    assert!(socket.exists());
    let server = Operated::with(state, &["timestamp=tcp://127.0.0.1:0"]);
    assert_eq!(server.ctl(&["connections"]).code, Some(0));
    server.running.signal(SIGTERM);
    assert_eq!(server.running.finish().code, Some(0));
    assert!(!socket.exists());
}

#[test]
fn a_second_server_of_one_state_goes_on_without() {
    let first = Operated::timestamp(&[]);
    let path = first.state.path().to_str().unwrap().to_string();
    let second = Operated::start(&["--state", &path, "timestamp=tcp://127.0.0.1:0"]);
    let line = second.logged("lariat ctl does not reach this server");
    let words = format!("{path}/control.sock: another server with the same state directory has it");
    assert!(line.contains(&words), "{line}");
    second.client();
    // The first one's stays, also when the second has gone.
    second.running.signal(SIGTERM);
    second.running.finish();
    assert_eq!(first.ctl_json(&["stats"])["total"]["accepted"], 0);
}

#[test]
fn what_is_no_request_is_told() {
    let server = Operated::timestamp(&[]);
    let socket = server.state.path().join("control.sock");
    for request in ["{}\n", "drain\n", "{\"do\":\"dance\"}\n", "\n"] {
        let mut stream = UnixStream::connect(&socket).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("{\"error\":\"no request: "), "{answer}");
    }
    server.client();
}

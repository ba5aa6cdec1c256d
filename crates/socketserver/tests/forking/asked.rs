//! What is asked of the forking servers.

use std::env;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream, UdpSocket};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::process::Command;
use std::time::{Duration, Instant};

use lariat_tls::{ClientOptions, ClientTls, Trust};

use crate::SERVED;
use crate::server::{PATIENCE, Served, ask, ask_tcp, line};

pub const TESTS: &[(&str, fn())] = &[
    ("forking_tcp_server", forking_tcp_server),
    ("forking_udp_server", forking_udp_server),
    ("forking_unix_stream_server", forking_unix_stream_server),
    ("forking_unix_datagram_server", forking_unix_datagram_server),
    (
        "each_request_has_a_process_of_its_own_and_they_overlap",
        processes_overlap,
    ),
    (
        "a_panic_or_an_exit_ends_one_process",
        a_panic_or_an_exit_ends_one_process,
    ),
    ("there_are_no_more_children_than_may_be", || {
        no_more_children("few")
    }),
    (
        "there_are_no_more_children_by_handle_request_either",
        || no_more_children("by-hand"),
    ),
    (
        "a_child_that_has_ended_does_not_count_for_its_address",
        ended_children_do_not_count,
    ),
    ("failures_are_told_under_forking_too", failures_are_told),
    ("forking_speaks_tls", speaks_tls),
    (
        "resets_and_silence_hurt_nobody_under_forking_either",
        resets_and_silence,
    ),
    ("an_answer_is_whole_under_forking_too", answers_are_whole),
    (
        "a_forking_server_without_descriptors_says_so_and_goes_on",
        descriptors_run_out,
    ),
    (
        "children_leave_no_zombies_and_no_descriptors",
        nothing_leaks,
    ),
    ("it_refuses_to_serve_beside_other_threads", refuses_threads),
    ("a_child_ends_the_server_that_forked_it", ended_by_a_child),
    ("closing_waits_for_the_children", closing_waits),
    (
        "closing_does_not_wait_for_children_where_it_is_not_to_block",
        closing_does_not_wait,
    ),
    ("a_child_has_no_connection_but_its_own", others_are_left),
    ("draining_ends_the_children_that_are_late", draining_forces),
];

fn forking_tcp_server() {
    let server = Served::start("tcp", None);
    for _ in 0..3 {
        assert_eq!(ask_tcp(&server.connect(), b"one\ntwo"), b"ONE\nTWO");
    }
    let (said, status) = server.end();
    assert_eq!(said, "shut down\n");
    assert!(status.success());
}

fn forking_udp_server() {
    let server = Served::start("udp", None);
    let client = UdpSocket::bind("127.0.0.1:0").expect("a port");
    client.set_read_timeout(Some(PATIENCE)).expect("a socket");
    for _ in 0..3 {
        client.send_to(b"hi", &server.address).expect("sent");
        let mut answer = [0; 10];
        let length = client.recv(&mut answer).expect("an answer");
        assert_eq!(&answer[..length], b"HI");
    }
    assert!(server.end().1.success());
}

fn forking_unix_stream_server() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Served::start("unix", folder.path().to_str());
    let stream = UnixStream::connect(folder.path().join("socket")).expect("it listens");
    let answer = ask(&stream, b"hi\n", || {
        stream.shutdown(Shutdown::Write).expect("connected");
    });
    assert_eq!(answer, b"HI\n");
    assert!(server.end().1.success());
    assert!(!folder.path().join("socket").exists());
}

fn forking_unix_datagram_server() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Served::start("unix-datagram", folder.path().to_str());
    let client = UnixDatagram::bind(folder.path().join("client")).expect("a path");
    client.set_read_timeout(Some(PATIENCE)).expect("a socket");
    client
        .send_to(b"hi", folder.path().join("socket"))
        .expect("sent");
    let mut answer = [0; 10];
    let length = client.recv(&mut answer).expect("an answer");
    assert_eq!(&answer[..length], b"HI");
    assert!(server.end().1.success());
}

fn processes_overlap() {
    let server = Served::start("tcp", None);
    let (first, second) = (server.connect(), server.connect());
    let own = server.child.id().to_string();
    // Both are open at the same time.
    let (one, two) = (line(&first, "pid\n"), line(&second, "pid\n"));
    assert_ne!(one, two);
    assert!(one.trim() != own && two.trim() != own, "{own} {one} {two}");
    assert_eq!(line(&first, "still\n"), "STILL\n");
}

fn a_panic_or_an_exit_ends_one_process() {
    let server = Served::start("tcp", None);
    let other = server.connect();
    assert_eq!(line(&other, "hi\n"), "HI\n");
    for word in ["panic\n", "exit\n", "die\n"] {
        let answer = ask_tcp(&server.connect(), word.as_bytes());
        assert_eq!(answer, b"", "{word}");
    }
    assert_eq!(line(&other, "hi\n"), "HI\n");
    drop(other);
    let (said, status) = server.end();
    assert_eq!(said, "shut down\n");
    assert!(status.success());
}

fn ended_children_do_not_count() {
    let server = Served::start("one-each", None);
    for _ in 0..3 {
        assert_eq!(ask_tcp(&server.connect(), b"hi"), b"HI");
        // It has ended, and nobody has looked at it since.
        while server.children() != ["Z"] {
            std::thread::yield_now();
        }
    }
    // One that has not does.
    let first = server.connect();
    assert_eq!(line(&first, "hi\n"), "HI\n");
    assert_eq!(ask_tcp(&server.connect(), b""), b"");
    assert_eq!(line(&first, "hi\n"), "HI\n");
    drop(first);
    assert_eq!(server.end().0, "shut down\n");
}

fn failures_are_told() {
    let mut server = Served::start("telling", None);
    for (word, failure) in [
        ("fail\n", "failed: it said fail"),
        ("panic\n", "failed: the handler panicked: as it was told"),
    ] {
        assert_eq!(ask_tcp(&server.connect(), word.as_bytes()), b"");
        assert_eq!(server.next_line(), failure);
    }
    assert_eq!(ask_tcp(&server.connect(), b"hi"), b"HI");
    assert_eq!(server.end().0, "shut down\n");
}

fn speaks_tls() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Served::start("tls", folder.path().to_str());
    let authority = std::fs::read(folder.path().join("authority.pem")).expect("a file");
    let client = ClientTls::new(ClientOptions {
        trust: Trust::Authorities(authority),
        ..ClientOptions::default()
    });
    let client = client.expect("a client's side");
    for _ in 0..2 {
        let mut stream = client
            .connect_blocking("localhost", server.connect())
            .expect("a handshake");
        stream.write_all(b"over TLS\n").expect("it reads");
        let mut answer = [0; 9];
        stream.read_exact(&mut answer).expect("it answers");
        assert_eq!(&answer, b"OVER TLS\n");
        stream.close().expect("an end");
        assert_eq!(stream.read(&mut answer).expect("the end"), 0);
    }
    assert_eq!(server.end().0, "shut down\n");
}

fn no_more_children(scenario: &str) {
    let mut server = Served::start(scenario, None);
    let (first, second, third) = (server.connect(), server.connect(), server.connect());
    assert_eq!(line(&first, "hi\n"), "HI\n");
    assert_eq!(line(&second, "hi\n"), "HI\n");
    (&third)
        .write_all(b"hi\n")
        .expect("it waits to be accepted");
    assert_eq!(server.children().len(), 2);
    drop(first);
    assert_eq!(line(&third, ""), "HI\n");
    assert_eq!(line(&second, "hi\n"), "HI\n");
    drop((second, third));
    // An end finds room too, while there is none for requests.
    let full = (server.connect(), server.connect());
    assert_eq!(line(&full.0, "hi\n"), "HI\n");
    assert_eq!(line(&full.1, "hi\n"), "HI\n");
    server.terminate();
    drop(full);
    assert_eq!(server.finished().0, "shut down\n");
}

/// As many requests as the other strategies are asked, each a process: that takes a minute of the
/// processor, so without this variable it is a fifth of them.
const ALL: &str = "LARIAT_ALL_REQUESTS";

fn nothing_leaks() {
    let count = match env::var_os(ALL) {
        Some(_) => 100_000,
        None => 20_000,
    };
    let folder = tempfile::tempdir().expect("a folder");
    let server = Served::start("unix-datagram", folder.path().to_str());
    let client = UnixDatagram::bind(folder.path().join("client")).expect("a path");
    client.set_read_timeout(Some(PATIENCE)).expect("a socket");
    client
        .connect(folder.path().join("socket"))
        .expect("it is bound");
    let ask_often = |count: usize| {
        for _ in 0..count {
            client.send(b"hi").expect("it hears");
            let mut answer = [0; 2];
            client.recv(&mut answer).expect("an answer");
            assert_eq!(&answer, b"HI");
        }
        // What has ended is reaped at the latest when the loop looks round.
        while !server.children().is_empty() {
            std::thread::yield_now();
        }
    };
    ask_often(count / 20);
    let before = (server.descriptors(), server.memory());
    ask_often(count - count / 20);
    server.comes_down_to(before.0);
    // Less than what 50 bytes of each of them come to.
    let most = before.1 + count / 20;
    let after = server.memory();
    assert!(after < most, "{} KiB became {after} KiB", before.1);

    // Connections are handled by other processes than datagrams, and leave nothing either.
    let server = Served::start("tcp", None);
    assert_eq!(ask_tcp(&server.connect(), b"hi"), b"HI");
    while !server.children().is_empty() {
        std::thread::yield_now();
    }
    let before = server.descriptors();
    for _ in 0..500 {
        assert_eq!(ask_tcp(&server.connect(), b"hi"), b"HI");
    }
    while !server.children().is_empty() {
        std::thread::yield_now();
    }
    server.comes_down_to(before);
}

fn resets_and_silence() {
    let server = Served::start("tcp", None);
    let silent = server.connect();
    for _ in 0..20 {
        let resetting = server.connect();
        (&resetting).write_all(b"half a line").expect("it reads");
        let socket = socket2::SockRef::from(&resetting);
        socket.set_linger(Some(Duration::ZERO)).expect("a socket");
        drop(resetting);
    }
    assert_eq!(ask_tcp(&server.connect(), b"hi"), b"HI");
    drop(silent);
    assert_eq!(server.end().0, "shut down\n");
}

fn answers_are_whole() {
    let server = Served::start("long", None);
    for _ in 0..5 {
        let mut client = server.connect();
        client.write_all(&[b'?'; 10_000]).expect("it is taken");
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).expect("no reset");
        assert_eq!(answer.len(), 600_000);
    }
}

fn descriptors_run_out() {
    let mut server = Served::start_after("ulimit -n 24", "telling", None);
    let mut clients = Vec::new();
    let failed = loop {
        let client = server.connect();
        let mut answer = [0; 3];
        let asked = (&client).write_all(b"hi\n");
        if asked
            .and_then(|()| (&client).read_exact(&mut answer))
            .is_err()
        {
            break server.next_line();
        }
        clients.push(client);
    };
    assert!(failed.contains("Too many open files"), "{failed}");
    // When they are gone, there is room again.
    drop(clients);
    while !server.children().is_empty() {
        std::thread::yield_now();
    }
    assert_eq!(ask_tcp(&server.connect(), b"hi"), b"HI");
}

fn refuses_threads() {
    let output = Command::new(env::current_exe().expect("this program"))
        .env(SERVED, "threads")
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        said.contains("needs a program of one thread, and this has 2 threads"),
        "{said}"
    );
}

fn ended_by_a_child() {
    let mut server = Served::start("ended-by-a-child", None);
    let answer = ask_tcp(&server.connect(), b"");
    assert_eq!(answer, b"it has ended\n");
    let (said, status) = server.finished();
    assert_eq!(said, "shut down\n");
    assert!(status.success());
}

fn closing_waits() {
    let mut server = Served::start("tcp", None);
    let client = server.connect();
    assert_eq!(line(&client, "hi\n"), "HI\n");
    server.terminate();
    assert_eq!(server.next_line(), "shut down");
    // It waits for this one, and takes no other: it closes as soon as it has said so.
    let over = Instant::now() + PATIENCE;
    while TcpStream::connect(&server.address).is_ok() {
        assert!(Instant::now() < over, "it listens");
    }
    assert_eq!(ask_tcp(&client, b"bye\n"), b"BYE\n");
    assert!(server.finished().1.success());
}

fn closing_does_not_wait() {
    let mut server = Served::start("left-alone", None);
    let client = server.connect();
    assert_eq!(line(&client, "hi\n"), "HI\n");
    server.terminate();
    assert_eq!(server.next_line(), "shut down");
    assert_eq!(server.next_line(), "closed");
    // What was begun is finished all the same.
    assert_eq!(ask_tcp(&client, b"bye\n"), b"BYE\n");
    assert!(server.finished().1.success());
}

/// How many descriptors the process has that handles this.
fn held(client: &TcpStream) -> usize {
    let process = line(client, "pid\n");
    let folder = format!("/proc/{}/fd", process.trim());
    std::fs::read_dir(folder).expect("Linux").count()
}

fn others_are_left() {
    let server = Served::start("one-each", None);
    let first = server.connect();
    let before = held(&first);
    // It is refused, and the server waits for its end.
    let refused = server.connect();
    assert_eq!((&refused).read(&mut [0]).expect("the end"), 0);
    drop(first);
    // Whether it was reaped by then depends on when the server looked at the one that it waits for.
    while server.children().iter().any(|state| state != "Z") {
        std::thread::yield_now();
    }
    let next = server.connect();
    assert_eq!(held(&next), before);
    drop((next, refused));
}

fn draining_forces() {
    let server = Served::start("drained", None);
    let client = server.connect();
    assert_eq!(line(&client, "hi\n"), "HI\n");
    let (said, status) = server.end();
    assert_eq!(
        said,
        "shut down\nDrainReport { finished: 0, forced: 1, left: 0 }\n"
    );
    assert!(status.success());
    let mut rest = Vec::new();
    let _ = (&client).read_to_end(&mut rest);
    assert_eq!(rest, b"");
}

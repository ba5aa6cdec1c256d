//! Clients that misbehave hurt nobody but themselves, and nothing leaks.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use lariat_socketserver::{
    POLL_INTERVAL, Pooled, Server, Strategy, Tcp, Threading, ThreadingTcpServer,
};

use crate::classes::shout;
use crate::clients::{ask, connect, heard, serving};

#[test]
fn a_client_that_resets_or_says_nothing_hurts_nobody() {
    let server = ThreadingTcpServer::bind("127.0.0.1:0", shout).expect("a free port");
    serving(&server, || {
        let silent = connect(&server);
        for _ in 0..20 {
            let resetting = connect(&server);
            (&resetting).write_all(b"half a line").expect("it reads");
            let socket = socket2::SockRef::from(&resetting);
            socket.set_linger(Some(Duration::ZERO)).expect("a socket");
            drop(resetting);
        }
        assert_eq!(ask(connect(&server), b"hi"), b"HI");
        drop(silent);
    });
}

/// How many threads and descriptors this process has.
fn belongings() -> (usize, usize) {
    let count = |folder: &str| std::fs::read_dir(folder).expect("Linux").count();
    (count("/proc/self/task"), count("/proc/self/fd"))
}

/// The server of the tests below, in a process of its own, since others count here too.
#[test]
fn served_in_a_process_of_its_own() {
    let Ok(scenario) = std::env::var("LARIAT_SOCKETSERVER") else {
        return;
    };
    match scenario.as_str() {
        "threading" => leaks::<Threading>(),
        "pooled" => leaks::<Pooled>(),
        _ => starves(),
    }
}

/// Serves until it is told to end.
fn starves() {
    let server = ThreadingTcpServer::bind("127.0.0.1:0", shout).expect("a free port");
    server.shutdown_on_signals().expect("signals");
    println!("at {}", server.server_address().expect("bound"));
    server.serve_forever(POLL_INTERVAL).expect("it serves");
    println!("drained {:?}", server.drain(Duration::ZERO));
}

/// Serves a hundred thousand requests, and compares what the process has after some and after all
/// of them. Most are asked one after the other on connections that last, and one in 25 on a
/// connection of its own.
fn leaks<S: Strategy + Default>() {
    let server = Server::<Tcp, S, _>::bind("127.0.0.1:0", shout).expect("a free port");
    serving(&server, || {
        let anew = |count: usize| {
            for _ in 0..count {
                assert_eq!(ask(connect(&server), b"hi"), b"HI");
            }
            while server.active_requests() > 0 {
                std::thread::yield_now();
            }
        };
        anew(100);
        let before = settled();
        for _ in 0..4 {
            anew(1_000);
            std::thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| converse(connect(&server), 6_000));
                }
            });
        }
        anew(0);
        assert_eq!(settled(), before, "threads and descriptors");
    });
    println!("nothing leaked");
}

/// Asks so often on one connection, each time when the answer before is there.
fn converse(mut client: TcpStream, requests: usize) {
    let mut answer = [0; 3];
    for _ in 0..requests {
        client.write_all(b"hi\n").expect("it reads");
        client.read_exact(&mut answer).expect("it answers");
        assert_eq!(&answer, b"HI\n");
    }
}

/// A thread is there for a moment after its request is over.
fn settled() -> (usize, usize) {
    let mut least = belongings();
    for _ in 0..1000 {
        std::thread::yield_now();
        let now = belongings();
        least = (least.0.min(now.0), least.1.min(now.1));
    }
    least
}

fn alone(scenario: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command
        .args([
            "faults::served_in_a_process_of_its_own",
            "--exact",
            "--nocapture",
        ])
        .env("LARIAT_SOCKETSERVER", scenario)
        .stdout(Stdio::piped());
    command
}

#[test]
fn nothing_is_left_of_requests_that_are_over() {
    for scenario in ["threading", "pooled"] {
        let output = alone(scenario).output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.contains("nothing leaked"), "{scenario}: {said}");
    }
}

#[test]
fn with_60_descriptors_and_120_clients_nobody_waits_in_silence() {
    let starved = alone("starved");
    // The shell sets the limit, and is the server then.
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "ulimit -n 60 && exec \"$0\" \"$@\""])
        .arg(starved.get_program())
        .args(starved.get_args())
        .env("LARIAT_SOCKETSERVER", "starved")
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = shell.spawn().expect("a shell");
    let mut output = std::io::BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    while !line.contains("at 127.0.0.1") {
        line.clear();
        let read = std::io::BufRead::read_line(&mut output, &mut line).expect("it speaks");
        assert!(read > 0, "it says where it is");
    }
    let address = line
        .trim()
        .rsplit(' ')
        .next()
        .expect("an address")
        .to_string();

    let mut clients: Vec<TcpStream> = (0..120)
        .map(|_| TcpStream::connect(&address).expect("it listens"))
        .collect();
    for client in &mut clients {
        client
            .set_read_timeout(Some(crate::clients::PATIENCE))
            .expect("a socket");
        // Who was turned away already may not be able to write.
        let _ = client.write_all(b"hi\n");
    }
    let mut answered = 0;
    for client in &mut clients {
        let mut word = [0; 3];
        match client.read_exact(&mut word) {
            Ok(()) => {
                assert_eq!(&word, b"HI\n");
                answered += 1;
            }
            Err(error) => assert_ne!(error.kind(), std::io::ErrorKind::WouldBlock, "in silence"),
        }
    }
    assert!(
        (20..60).contains(&answered),
        "{answered} of 120 were answered"
    );
    // When they are gone, there is room again.
    drop(clients);
    let mut next = loop {
        let mut client = TcpStream::connect(&address).expect("it listens");
        let _ = client.write_all(b"hi\n");
        let _ = client.shutdown(std::net::Shutdown::Write);
        if heard(&mut client).is_ok_and(|said| said == b"HI\n") {
            break client;
        }
    };
    assert_eq!(next.read(&mut [0]).expect("the end"), 0);
    assert!(
        Command::new("kill")
            .arg(child.id().to_string())
            .status()
            .expect("kill")
            .success()
    );
    let mut rest = String::new();
    output.read_to_string(&mut rest).expect("it speaks");
    assert!(rest.contains("drained DrainReport"), "{rest}");
    assert!(child.wait().expect("it ends").success());
}

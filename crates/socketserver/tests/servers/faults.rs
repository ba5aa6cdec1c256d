//! Clients that misbehave hurt nobody but themselves, and nothing leaks.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::UnixDatagram as Datagrams;
use std::time::Duration;

use lariat_socketserver::{
    DatagramRequest, Deadlines, HandlerResult, Options, POLL_INTERVAL, Pooled, RequestHandler,
    Sequential, Server, Strategy, StreamRequest, Tcp, Threading, UnixDatagram,
};

use crate::alone::{Alone, scenario};
use crate::classes::shout;
use crate::clients::{PATIENCE, ask, connect, heard, serving};

/// Clients that reset their connections, and one that is silent until its time is over.
fn resets_and_silence_hurt_nobody<S: Strategy + Default>() {
    let server = Server::<Tcp, S, _>::builder(shout)
        .options(Options {
            deadlines: Deadlines {
                first_byte: Some(Duration::from_millis(200)),
                ..Deadlines::default()
            },
            ..Options::default()
        })
        .bind("127.0.0.1:0")
        .expect("a free port");
    // It has asked before anybody counts how long it takes.
    let mut asking = connect(&server);
    asking.write_all(b"hi").expect("there is room");
    asking.shutdown(Shutdown::Write).expect("it is connected");
    serving(&server, || {
        let mut silent = connect(&server);
        for _ in 0..20 {
            resets(&server);
        }
        assert_eq!(heard(&mut asking).expect("an answer"), b"HI");
        assert_eq!(heard(&mut silent).expect("the end"), b"");
    });
    // Others are served as before.
    let server = Server::<Tcp, S, _>::bind("127.0.0.1:0", shout).expect("a free port");
    serving(&server, || {
        for _ in 0..20 {
            resets(&server);
        }
        assert_eq!(ask(connect(&server), b"hi"), b"HI");
    });
}

/// A client that says half of something and is gone.
fn resets<S: Strategy, H: RequestHandler<StreamRequest>>(server: &Server<Tcp, S, H>) {
    let resetting = connect(server);
    (&resetting).write_all(b"half a line").expect("it reads");
    let socket = socket2::SockRef::from(&resetting);
    socket.set_linger(Some(Duration::ZERO)).expect("a socket");
}

#[test]
fn a_client_that_resets_or_says_nothing_hurts_nobody() {
    resets_and_silence_hurt_nobody::<Sequential>();
    resets_and_silence_hurt_nobody::<Threading>();
    resets_and_silence_hurt_nobody::<Pooled>();
}

const THIS: &str = "faults::served_in_a_process_of_its_own";

/// How many threads and descriptors this process has, and how much memory, in KiB.
fn belongings() -> (usize, usize, usize) {
    let count = |folder: &str| std::fs::read_dir(folder).expect("Linux").count();
    (count("/proc/self/task"), count("/proc/self/fd"), memory())
}

fn memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let amount = line.and_then(|line| line.trim().strip_suffix(" kB"));
    amount.expect("an amount").parse().expect("a number")
}

/// Less than what 50 bytes come to that are left of each of a hundred thousand requests.
const SLACK: usize = 4096;

/// The server of the tests below, in a process of its own, since others count here too.
#[test]
fn served_in_a_process_of_its_own() {
    match scenario().as_deref() {
        Some("sequential") => leaks::<Sequential>(),
        Some("threading") => leaks::<Threading>(),
        Some("pooled") => leaks::<Pooled>(),
        Some("endless") => {
            endless::<Sequential>();
            endless::<Threading>();
            endless::<Pooled>();
        }
        Some("starved") => starves(),
        _ => {}
    }
}

/// Serves until it is told to end.
fn starves() {
    let server = Server::<Tcp, Threading, _>::bind("127.0.0.1:0", shout).expect("a free port");
    server.shutdown_on_signals().expect("signals");
    println!("at {}", server.server_address().expect("bound"));
    server.serve_forever(POLL_INTERVAL).expect("it serves");
    println!("drained {:?}", server.drain(Duration::ZERO));
}

/// Serves a hundred thousand requests, each a datagram and handled for itself, and five thousand
/// connections, and compares what the process has after some and after all of them.
fn leaks<S: Strategy + Default>() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("socket");
    let datagrams = Server::<UnixDatagram, S, _>::bind(&path, back).expect("a path");
    let streams = Server::<Tcp, S, _>::bind("127.0.0.1:0", shout).expect("a free port");
    let client = Datagrams::bind(folder.path().join("client")).expect("a path");
    client.set_read_timeout(Some(PATIENCE)).expect("a socket");
    client.connect(&path).expect("it is bound");
    let asked = |count: usize| {
        for number in 0..count {
            client.send(b"hi").expect("it hears");
            let mut answer = [0; 2];
            client.recv(&mut answer).expect("an answer");
            assert_eq!(&answer, b"hi");
            if number % 20 == 0 {
                assert_eq!(ask(connect(&streams), b"hi"), b"HI");
            }
        }
        while datagrams.active_requests() + streams.active_requests() > 0 {
            std::thread::yield_now();
        }
    };
    serving(&datagrams, || {
        serving(&streams, || {
            asked(5_000);
            let (threads, descriptors, before) = settled();
            asked(95_000);
            let (threads_after, descriptors_after, after) = settled();
            assert_eq!(threads_after, threads, "threads");
            assert_eq!(descriptors_after, descriptors, "descriptors");
            assert!(after < before + SLACK, "{before} KiB became {after} KiB");
        });
    });
    println!("nothing leaked");
}

/// Sends a datagram back.
fn back(request: &mut DatagramRequest) -> HandlerResult {
    request.wfile = request.packet().to_vec();
    Ok(())
}

/// A client that sends 64 MiB without a line's end is ended long before that, and what it has sent
/// is kept nowhere.
fn endless<S: Strategy + Default>() {
    let server = Server::<Tcp, S, _>::bind("127.0.0.1:0", shout).expect("a free port");
    serving(&server, || {
        assert_eq!(ask(connect(&server), b"hi"), b"HI");
        let before = memory();
        let mut client = connect(&server);
        let portion = vec![b'x'; 1 << 20];
        let taken = (0..64).take_while(|_| client.write_all(&portion).is_ok());
        let taken = taken.count();
        assert!(taken < 64, "it has taken everything");
        assert_eq!(ask(connect(&server), b"hi"), b"HI");
        let after = memory();
        assert!(after < before + SLACK, "{before} KiB became {after} KiB");
    });
    println!("an end");
}

/// A thread is there for a moment after its request is over.
fn settled() -> (usize, usize, usize) {
    let mut least = belongings();
    for _ in 0..1000 {
        std::thread::yield_now();
        let now = belongings();
        least = (least.0.min(now.0), least.1.min(now.1), now.2);
    }
    least
}

#[test]
fn nothing_is_left_of_requests_that_are_over() {
    for scenario in ["sequential", "threading", "pooled"] {
        let (said, status) = Alone::start(THIS, scenario, None).finish();
        assert!(status.success(), "{scenario}: {said}");
        assert!(said.contains("nothing leaked"), "{scenario}: {said}");
    }
}

#[test]
fn an_endless_line_is_kept_nowhere() {
    let (said, status) = Alone::start(THIS, "endless", None).finish();
    assert!(status.success(), "{status}: {said}");
    assert_eq!(said.matches("an end").count(), 3, "{said}");
}

#[test]
fn with_60_descriptors_and_120_clients_nobody_waits_in_silence() {
    let mut starved = Alone::start(THIS, "starved", Some(60));
    let address = starved.says("at ");
    let mut clients: Vec<TcpStream> = (0..120)
        .map(|_| TcpStream::connect(&address).expect("it listens"))
        .collect();
    for client in &mut clients {
        client.set_read_timeout(Some(PATIENCE)).expect("a socket");
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
    // While there are none left, whoever comes is turned away, which takes pauses of 100 ms in all
    // a second, and of the processor next to nothing.
    let before = starved.processor_time();
    for _ in 0..10 {
        let mut late = TcpStream::connect(&address).expect("it listens");
        assert_eq!(heard(&mut late).expect("the end"), b"");
    }
    let used = starved.processor_time() - before;
    assert!(used < 50, "{used} hundredths of a second");
    // When they are gone, there is room again.
    drop(clients);
    let mut next = loop {
        let mut client = TcpStream::connect(&address).expect("it listens");
        let _ = client.write_all(b"hi\n");
        let _ = client.shutdown(Shutdown::Write);
        if heard(&mut client).is_ok_and(|said| said == b"HI\n") {
            break client;
        }
    };
    assert_eq!(next.read(&mut [0]).expect("the end"), 0);
    starved.signal("TERM");
    let (rest, status) = starved.finish();
    assert!(rest.contains("drained DrainReport"), "{rest}");
    assert!(status.success(), "{status}");
}

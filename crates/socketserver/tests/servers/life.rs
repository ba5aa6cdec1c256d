//! The life of a server: bound, activated, served, shut down, closed.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use lariat_socketserver::{
    DrainReport, HandlerResult, Hooks, Options, POLL_INTERVAL, RequestHandler, Server, Strategy,
    StreamRequest, Tcp, TcpServer, Threading, ThreadingTcpServer, handler,
};

use crate::classes::shout;
use crate::clients::{ask, connect, heard, inet, serving};

#[test]
fn a_server_is_shut_down_from_another_thread_and_serves_again() {
    let server = TcpServer::bind("127.0.0.1:0", shout).expect("a free port");
    for _ in 0..3 {
        let handle = server.shutdown_handle();
        thread::scope(|scope| {
            let served = scope.spawn(|| server.serve_forever(Duration::from_secs(3600)));
            assert_eq!(ask(connect(&server), b"hi\n"), b"HI\n");
            handle.shutdown();
            // It has ended, and that before its poll interval.
            served.join().expect("no panic").expect("it served");
        });
    }
}

#[test]
fn a_shutdown_before_the_loop_ends_the_loop() {
    let server = TcpServer::bind("127.0.0.1:0", shout).expect("a free port");
    server.shutdown();
    server
        .serve_forever(POLL_INTERVAL)
        .expect("it ends at once");
}

#[test]
fn several_servers_in_one_process_are_ended_alone() {
    let first = ThreadingTcpServer::bind("127.0.0.1:0", shout).expect("a free port");
    let second = ThreadingTcpServer::bind("127.0.0.1:0", shout).expect("a free port");
    serving(&first, || {
        serving(&second, || {
            assert_eq!(ask(connect(&second), b"two"), b"TWO");
        });
        assert_eq!(ask(connect(&first), b"one"), b"ONE");
    });
}

/// Counts the time-outs.
#[derive(Clone, Default)]
struct Waited(Arc<AtomicUsize>);

impl Hooks<Tcp> for Waited {
    fn handle_timeout(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn handle_request_handles_one_or_times_out() {
    let waited = Waited::default();
    let server = TcpServer::builder(shout)
        .options(Options {
            timeout: Some(Duration::from_millis(20)),
            ..Options::default()
        })
        .hooks(waited.clone())
        .bind("127.0.0.1:0")
        .expect("a free port");
    server.handle_request().expect("it waits");
    assert_eq!(waited.0.load(Ordering::Relaxed), 1);

    let (first, second) = (connect(&server), connect(&server));
    let asked = thread::spawn(move || ask(first, b"one"));
    server.handle_request().expect("one waits");
    assert_eq!(asked.join().expect("no panic"), b"ONE");
    let asked = thread::spawn(move || ask(second, b"two"));
    server.handle_request().expect("another waits");
    assert_eq!(asked.join().expect("no panic"), b"TWO");
    assert_eq!(waited.0.load(Ordering::Relaxed), 1);
}

#[test]
fn bound_and_activated_by_hand() {
    let builder = TcpServer::builder(shout);
    let mut server = builder.unbound().expect("descriptors");
    let unbound = server.server_activate().expect_err("no socket");
    assert!(unbound.to_string().contains("has no socket"), "{unbound}");
    assert!(server.fileno().is_err());
    server.server_bind("127.0.0.1:0").expect("a free port");
    let address = inet(&server.server_address().expect("bound"));
    TcpStream::connect(address).expect_err("it does not listen yet");
    server.server_activate().expect("it listens");
    assert!(server.fileno().expect("a socket").as_raw_fd() > 2);
    TcpStream::connect(address).expect("it listens");
}

#[test]
fn a_closed_server_is_gone_and_its_port_is_free_at_once() {
    let server = TcpServer::bind("127.0.0.1:0", shout).expect("a free port");
    let address = inet(&server.server_address().expect("bound"));
    // An end from our side leaves the connection in TIME_WAIT here.
    serving(&server, || assert_eq!(ask(connect(&server), b"hi"), b"HI"));
    server.server_close();
    TcpStream::connect(address).expect_err("nobody listens");
    let again = TcpServer::bind(address.to_string(), shout).expect("the same port");
    drop(again);
    TcpStream::connect(address).expect_err("dropping closes too");
}

#[test]
fn an_address_may_be_shared_only_if_that_is_said() {
    let first = TcpServer::bind("127.0.0.1:0", shout).expect("a free port");
    let address = first.server_address().expect("bound").to_string();
    let taken = TcpServer::bind(&address, shout).expect_err("taken");
    assert!(taken.to_string().contains(&address), "{taken}");
    drop(first);
    let shared = || {
        TcpServer::builder(shout)
            .options(Options {
                allow_reuse_port: true,
                ..Options::default()
            })
            .bind(&address)
    };
    let _first = shared().expect("the port");
    let _second = shared().expect("the same port");
}

/// A handler that waits until it is let go, or its client goes.
fn held() -> (
    mpsc::Sender<()>,
    impl FnMut(&mut StreamRequest) -> HandlerResult + Clone + Send + 'static,
) {
    let (sender, receiver) = mpsc::channel::<()>();
    let receiver = Arc::new(std::sync::Mutex::new(receiver));
    let wait = handler(move |request: &mut StreamRequest| {
        let receiver = receiver.lock().expect("no panic");
        // An error means that nobody holds it any more.
        let _ = receiver.recv();
        request.wfile.write_all(b"done\n")?;
        Ok(())
    });
    (sender, wait)
}

/// Serves until a request is being handled, which goes on.
fn serve_until_busy<S: Strategy, H: RequestHandler<StreamRequest>>(server: &Server<Tcp, S, H>) {
    serving(server, || {
        while server.active_requests() == 0 {
            thread::yield_now();
        }
    });
}

#[test]
fn closing_waits_for_the_requests() {
    let (release, wait) = held();
    let server = ThreadingTcpServer::bind("127.0.0.1:0", wait).expect("a free port");
    let mut client = connect(&server);
    serve_until_busy(&server);
    let closed = thread::spawn(move || server.server_close());
    release.send(()).expect("it waits");
    closed.join().expect("no panic");
    // What was written before it closed is there.
    assert_eq!(heard(&mut client).expect("an answer"), b"done\n");
}

#[test]
fn closing_does_not_wait_for_daemon_threads() {
    let (release, wait) = held();
    let server = Server::<Tcp, Threading, _>::builder(wait)
        .strategy(Threading {
            daemon_threads: true,
            ..Threading::default()
        })
        .bind("127.0.0.1:0")
        .expect("a free port");
    let mut client = connect(&server);
    serve_until_busy(&server);
    server.server_close();
    release.send(()).expect("it still waits");
    assert_eq!(heard(&mut client).expect("an answer"), b"done\n");
}

#[test]
fn draining_finishes_what_it_can_and_ends_the_rest() {
    let server = ThreadingTcpServer::bind("127.0.0.1:0", shout).expect("a free port");
    let mut silent = connect(&server);
    serve_until_busy(&server);
    let report = server.drain(Duration::ZERO);
    let forced = DrainReport {
        forced: 1,
        ..DrainReport::default()
    };
    assert_eq!(report, forced);
    assert_eq!(heard(&mut silent).expect("the end"), b"");

    let (release, wait) = held();
    let server = ThreadingTcpServer::bind("127.0.0.1:0", wait).expect("a free port");
    let mut client = connect(&server);
    serve_until_busy(&server);
    let address = inet(&server.server_address().expect("bound"));
    let drained = thread::spawn(move || server.drain(Duration::from_secs(3600)));
    // Nobody comes any more once it has looked who is there.
    while TcpStream::connect(address).is_ok() {}
    release.send(()).expect("it waits");
    let finished = DrainReport {
        finished: 1,
        ..DrainReport::default()
    };
    assert_eq!(drained.join().expect("no panic"), finished);
    assert_eq!(heard(&mut client).expect("an answer"), b"done\n");
}

#[test]
fn a_handler_that_never_returns_is_counted_and_left() {
    let (release, wait) = held();
    let server = ThreadingTcpServer::bind("127.0.0.1:0", wait).expect("a free port");
    let mut client = connect(&server);
    serve_until_busy(&server);
    let report = server.drain(Duration::ZERO);
    let left = DrainReport {
        left: 1,
        ..DrainReport::default()
    };
    assert_eq!(report, left);
    let mut byte = [0];
    assert_eq!(client.read(&mut byte).expect("the end"), 0);
    drop(release);
}

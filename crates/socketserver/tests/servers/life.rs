//! The life of a server: bound, activated, served, shut down, closed.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use lariat_socketserver::{
    Address, DrainReport, Handled, HandlerResult, Hooks, Options, POLL_INTERVAL, Pooled,
    RequestHandler, Server, ShutdownHandle, Strategy, StreamRequest, Tcp, TcpServer, Threading,
    ThreadingTcpServer, Transport, handler,
};

use crate::alone::nobody_starts;
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
            timeout: Some(Duration::from_millis(500)),
            ..Options::default()
        })
        .hooks(waited.clone())
        .bind("127.0.0.1:0")
        .expect("a free port");
    assert_eq!(server.handle_request().expect("it waits"), Handled::Timeout);
    assert_eq!(waited.0.load(Ordering::Relaxed), 1);

    let (first, second) = (connect(&server), connect(&server));
    let asked = thread::spawn(move || ask(first, b"one"));
    assert_eq!(
        server.handle_request().expect("one waits"),
        Handled::Request
    );
    assert_eq!(asked.join().expect("no panic"), b"ONE");
    let asked = thread::spawn(move || ask(second, b"two"));
    server.handle_request().expect("another waits");
    assert_eq!(asked.join().expect("no panic"), b"TWO");
    assert_eq!(waited.0.load(Ordering::Relaxed), 1);
}

#[test]
fn a_shutdown_ends_one_wait_for_a_request() {
    let server = TcpServer::bind("127.0.0.1:0", shout).expect("a free port");
    server.shutdown();
    assert_eq!(server.handle_request().expect("it ends"), Handled::Shutdown);
    // And no further one.
    let asked = {
        let client = connect(&server);
        thread::spawn(move || ask(client, b"one"))
    };
    assert_eq!(server.handle_request().expect("a client"), Handled::Request);
    assert_eq!(asked.join().expect("no panic"), b"ONE");
    // One that waits is ended.
    thread::scope(|scope| {
        let waiting = scope.spawn(|| server.handle_request());
        server.shutdown();
        let handled = waiting.join().expect("no panic").expect("it waits");
        assert_eq!(handled, Handled::Shutdown);
    });
}

#[test]
fn one_loop_has_a_shutdown_handle_at_a_time() {
    let handle = ShutdownHandle::new().expect("descriptors");
    let bound = || {
        TcpServer::builder(shout)
            .shutdown_handle(handle.clone())
            .bind("127.0.0.1:0")
            .expect("a free port")
    };
    let (first, second) = (bound(), bound());
    serving(&first, || {
        assert_eq!(ask(connect(&first), b"hi"), b"HI");
        for server in [&first, &second] {
            let refused = server.serve_forever(POLL_INTERVAL).expect_err("it serves");
            assert!(refused.to_string().contains("serves already"), "{refused}");
        }
        assert_eq!(ask(connect(&first), b"hi"), b"HI");
    });
    // One after the other they may.
    serving(&second, || {
        assert_eq!(ask(connect(&second), b"hi"), b"HI");
    });
}

/// Counts what was tried.
#[derive(Clone, Default)]
struct Tried(Arc<AtomicUsize>);

impl Hooks<Tcp> for Tried {
    fn get_request(
        &self,
        transport: &Tcp,
        options: &Options,
    ) -> io::Result<(Arc<TcpStream>, Address)> {
        self.0.fetch_add(1, Ordering::Relaxed);
        transport.get_request(options)
    }
}

#[test]
fn a_server_that_does_not_listen_yet_does_not_spin() {
    let tried = Tried::default();
    let mut server = TcpServer::builder(shout)
        .hooks(tried.clone())
        .unbound()
        .expect("descriptors");
    server.server_bind("127.0.0.1:0").expect("a free port");
    let began = Instant::now();
    serving(&server, || {
        while tried.0.load(Ordering::Relaxed) < 3 {
            thread::yield_now();
        }
        // It would be over at once without the two pauses of 100 ms in between.
        assert!(began.elapsed() >= Duration::from_millis(200));
        server.server_activate().expect("it listens");
        assert_eq!(ask(connect(&server), b"hi"), b"HI");
    });
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

/// Serves once so that the server ends the connection first, which then rests at its side for a
/// minute (`TIME_WAIT`), and is closed. Returns where it was.
fn ended_first_by_the_server() -> SocketAddr {
    let greet = handler(|request: &mut StreamRequest| Ok(request.wfile.write_all(b"hi")?));
    let server = TcpServer::bind("127.0.0.1:0", greet).expect("a free port");
    let address = inet(&server.server_address().expect("bound"));
    serving(&server, || {
        let mut client = connect(&server);
        assert_eq!(heard(&mut client).expect("a greeting"), b"hi");
    });
    server.server_close();
    address
}

#[test]
fn a_closed_server_is_gone_and_its_port_is_free_at_once() {
    let _closed = nobody_starts();
    let address = ended_first_by_the_server();
    TcpStream::connect(address).expect_err("nobody listens");
    let again = TcpServer::bind(address.to_string(), shout).expect("the same port");
    drop(again);
    TcpStream::connect(address).expect_err("dropping closes too");
}

#[test]
fn without_reuse_an_address_rests_while_its_connections_do() {
    let _closed = nobody_starts();
    let address = ended_first_by_the_server();
    let again = TcpServer::builder(shout)
        .options(Options {
            allow_reuse_address: false,
            ..Options::default()
        })
        .bind(address.to_string());
    let taken = again.expect_err("it rests");
    assert_eq!(taken.kind(), io::ErrorKind::AddrInUse, "{taken}");
}

/// Notes whether small writes leave at once on the connection that is taken.
#[derive(Clone, Default)]
struct Hurried(Arc<AtomicUsize>);

impl Hooks<Tcp> for Hurried {
    fn verify_request(&self, socket: &Arc<TcpStream>, _: &Address) -> bool {
        let hurries = socket.nodelay().expect("a socket");
        self.0.fetch_add(usize::from(hurries), Ordering::Relaxed);
        true
    }
}

#[test]
fn small_writes_leave_at_once_unless_that_is_said() {
    for (disable_nagle_algorithm, expected) in [(true, 1), (false, 0)] {
        let hurried = Hurried::default();
        let server = TcpServer::builder(shout)
            .options(Options {
                disable_nagle_algorithm,
                ..Options::default()
            })
            .hooks(hurried.clone())
            .bind("127.0.0.1:0")
            .expect("a free port");
        serving(&server, || {
            assert_eq!(ask(connect(&server), b"hi"), b"HI");
        });
        assert_eq!(hurried.0.load(Ordering::Relaxed), expected);
    }
}

#[test]
fn an_address_may_be_shared_only_if_that_is_said() {
    let _closed = nobody_starts();
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

/// A server of threads that is closed while a request is being handled. Returns whether that was
/// over when closing was.
fn closes_behind_its_request(strategy: Threading) -> bool {
    let (release, wait) = held();
    let over = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&over);
    let mut wait = wait;
    let counted = handler(move |request: &mut StreamRequest| {
        let waited = wait(request);
        count.fetch_add(1, Ordering::SeqCst);
        waited
    });
    let server = Server::<Tcp, Threading, _>::builder(counted)
        .strategy(strategy)
        .bind("127.0.0.1:0")
        .expect("a free port");
    let mut client = connect(&server);
    let address = inet(&server.server_address().expect("bound"));
    serve_until_busy(&server);
    thread::scope(|scope| {
        let closed = scope.spawn(|| {
            server.server_close();
            over.load(Ordering::SeqCst) == 1
        });
        // It has begun to close when nobody can come any more.
        while TcpStream::connect(address).is_ok() {}
        if strategy.block_on_close && !strategy.daemon_threads {
            release.send(()).expect("it waits");
            // What was written before it closed is there.
            assert_eq!(heard(&mut client).expect("an answer"), b"done\n");
            return closed.join().expect("no panic");
        }
        let was_over = closed.join().expect("no panic");
        release.send(()).expect("it still waits");
        assert_eq!(heard(&mut client).expect("an answer"), b"done\n");
        was_over
    })
}

#[test]
fn closing_waits_for_the_requests() {
    assert!(closes_behind_its_request(Threading::default()));
}

#[test]
fn closing_does_not_wait_for_daemon_threads() {
    assert!(!closes_behind_its_request(Threading {
        daemon_threads: true,
        ..Threading::default()
    }));
}

#[test]
fn closing_does_not_wait_where_it_is_not_to_block() {
    assert!(!closes_behind_its_request(Threading {
        block_on_close: false,
        ..Threading::default()
    }));
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

#[test]
fn a_handler_that_notices_its_end_late_is_not_left() {
    let (release, wait) = held();
    let server = ThreadingTcpServer::bind("127.0.0.1:0", wait).expect("a free port");
    let mut client = connect(&server);
    serve_until_busy(&server);
    let drained = thread::spawn(move || server.drain(Duration::ZERO));
    assert_eq!(heard(&mut client).expect("the end"), b"");
    // Longer than a machine with much to do keeps a thread from running, and far less than it has.
    thread::sleep(Duration::from_millis(1500));
    release.send(()).expect("it waits");
    let forced = DrainReport {
        forced: 1,
        ..DrainReport::default()
    };
    assert_eq!(drained.join().expect("no panic"), forced);
}

#[test]
fn draining_a_pool_ends_those_that_wait_in_its_queue() {
    let (release, mut wait) = held();
    let inside = Arc::new(AtomicUsize::new(0));
    let entered = Arc::clone(&inside);
    let wait = handler(move |request: &mut StreamRequest| {
        entered.fetch_add(1, Ordering::SeqCst);
        wait(request)
    });
    let server = Server::<Tcp, Pooled, _>::builder(wait)
        .strategy(Pooled::new(1, 8))
        .bind("127.0.0.1:0")
        .expect("a free port");
    let mut clients: Vec<TcpStream> = (0..4).map(|_| connect(&server)).collect();
    serving(&server, || {
        // One of them is out of the queue, where it is not counted any more as one that waits.
        while server.active_requests() < 4 || inside.load(Ordering::SeqCst) == 0 {
            thread::yield_now();
        }
    });
    let report = server.drain(Duration::ZERO);
    let expected = DrainReport {
        finished: 0,
        forced: 3,
        left: 1,
    };
    assert_eq!(report, expected);
    for client in &mut clients {
        assert_eq!(heard(client).expect("the end"), b"");
    }
    drop(release);
}

//! Requests that come without a pause, and none at all: the loop looks after everything else too.

use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use lariat_socketserver::{
    DatagramRequest, HandlerResult, Hooks, Pooled, Server, Strategy, Tcp, TcpServer, Threading, Udp,
};

use crate::classes::shout;
use crate::clients::{PATIENCE, ask, connect, inet, serving};

/// Counts how often the loop looks after everything else.
#[derive(Clone, Default)]
struct Counted(Arc<AtomicUsize>);

impl Counted {
    /// Waits until there are so many.
    fn reaches(&self, count: usize) {
        let over = Instant::now() + PATIENCE;
        while self.0.load(Ordering::SeqCst) < count {
            assert!(Instant::now() < over, "{:?} of {count}", self.0);
            thread::yield_now();
        }
    }
}

impl Hooks<Tcp> for Counted {
    fn service_actions(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn the_loop_looks_round_in_each_poll_interval_and_after_each_request() {
    let counted = Counted::default();
    let server = TcpServer::builder(shout)
        .hooks(counted.clone())
        .bind("127.0.0.1:0")
        .expect("a free port");
    thread::scope(|scope| {
        let handle = server.shutdown_handle();
        let served = scope.spawn(|| server.serve_forever(Duration::from_millis(5)));
        counted.reaches(3);
        handle.shutdown();
        served.join().expect("no panic").expect("it serves");
    });

    // Those who wait before it serves are taken in a row.
    let counted = Counted::default();
    let server = Server::<Tcp, Pooled, _>::builder(shout)
        .hooks(counted.clone())
        .bind("127.0.0.1:0")
        .expect("a free port");
    let clients: Vec<_> = (0..40).map(|_| connect(&server)).collect();
    serving(&server, || {
        for client in clients {
            assert_eq!(ask(client, b"hi"), b"HI");
        }
        counted.reaches(40);
    });
}

/// Shuts a server down while clients come without a pause.
fn is_shut_down_all_the_same<S: Strategy + Default>() {
    let server = Server::<Tcp, S, _>::bind("127.0.0.1:0", shout).expect("a free port");
    let (enough, served) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        let looping = scope.spawn(|| server.serve_forever(PATIENCE));
        let clients = [(); 3].map(|()| {
            scope.spawn(|| {
                while !enough.load(Ordering::SeqCst) {
                    assert_eq!(ask(connect(&server), b"hi"), b"HI");
                    served.fetch_add(1, Ordering::SeqCst);
                }
            })
        });
        while served.load(Ordering::SeqCst) < 300 {
            thread::yield_now();
        }
        server.shutdown();
        looping.join().expect("no panic").expect("it serves");
        enough.store(true, Ordering::SeqCst);
        // Whoever came meanwhile is served by the next.
        serving(&server, || {
            let before = served.load(Ordering::SeqCst);
            assert!(before >= 300);
            assert_eq!(ask(connect(&server), b"last"), b"LAST");
            // One that did not see yet that it is enough may come only now.
            for client in clients {
                client.join().expect("it is served");
            }
        });
    });
}

#[test]
fn a_flooded_server_is_shut_down_all_the_same() {
    is_shut_down_all_the_same::<Threading>();
    is_shut_down_all_the_same::<Pooled>();
}

#[test]
fn a_datagram_server_that_was_only_bound_is_shut_down_too() {
    let loud = |request: &mut DatagramRequest| -> HandlerResult {
        request.wfile = request.packet().to_ascii_uppercase();
        Ok(())
    };
    let builder = Server::<Udp, Threading, _>::builder(loud);
    let mut server = builder.unbound().expect("descriptors");
    server.server_bind("127.0.0.1:0").expect("a free port");
    let address = inet(&server.server_address().expect("bound"));
    serving(&server, || {
        let client = UdpSocket::bind("127.0.0.1:0").expect("a port");
        client.set_read_timeout(Some(PATIENCE)).expect("a socket");
        for _ in 0..5 {
            client.send_to(b"hi", address).expect("sent");
            let mut answer = [0; 2];
            client.recv(&mut answer).expect("an answer");
            assert_eq!(&answer, b"HI");
        }
    });
}

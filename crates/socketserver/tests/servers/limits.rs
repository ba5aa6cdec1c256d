//! What a peer can make grow has a limit: threads, requests of one address, the queue.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use lariat_socketserver::{
    Address, Handled, HandlerResult, Hooks, Options, Pooled, Refusal, Server, StreamRequest, Tcp,
    Threading, handler,
};

use crate::alone::{Alone, scenario};
use crate::clients::{connect, heard, serving};

/// Says no in words of its own.
struct Full;

impl Hooks<Tcp> for Full {
    fn refuse_request(&self, _: &Address, why: Refusal) -> Option<Vec<u8>> {
        Some(format!("full: {why:?}\n").into_bytes())
    }
}

/// Greets, and then keeps the connection until the client ends it.
fn greet(request: &mut StreamRequest) -> HandlerResult {
    request.wfile.write_all(b"hi\n")?;
    request.rfile.read_to_end(&mut Vec::new())?;
    Ok(())
}

fn greeted(client: &mut TcpStream) {
    let mut words = [0; 3];
    client.read_exact(&mut words).expect("a greeting");
    assert_eq!(&words, b"hi\n");
}

#[test]
fn an_address_has_only_so_many_requests() {
    let server = Server::<Tcp, Threading, _>::builder(greet)
        .options(Options {
            max_per_address: Some(2),
            ..Options::default()
        })
        .hooks(Full)
        .bind("127.0.0.1:0")
        .expect("a free port");
    serving(&server, || {
        let mut inside = [connect(&server), connect(&server)];
        inside.iter_mut().for_each(greeted);
        let mut third = connect(&server);
        assert_eq!(heard(&mut third).expect("an answer"), b"full: PerAddress\n");
        // Whoever leaves makes room.
        drop(inside);
        while server.active_requests() > 0 {
            thread::yield_now();
        }
        greeted(&mut connect(&server));
    });
}

#[test]
fn a_pool_has_only_so_much_room_to_wait_in() {
    let server = Server::<Tcp, Pooled, _>::builder(greet)
        .strategy(Pooled::new(1, 1))
        .hooks(Full)
        .bind("127.0.0.1:0")
        .expect("a free port");
    serving(&server, || {
        let mut handled = connect(&server);
        greeted(&mut handled);
        let mut waits = connect(&server);
        while server.active_requests() < 2 {
            thread::yield_now();
        }
        let mut refused = connect(&server);
        assert_eq!(heard(&mut refused).expect("an answer"), b"full: Queue\n");
        drop(handled);
        greeted(&mut waits);
    });
}

#[test]
fn requests_that_are_asked_for_one_by_one_have_the_same_limit() {
    let server = Server::<Tcp, Threading, _>::builder(greet)
        .options(Options {
            timeout: Some(Duration::from_millis(500)),
            ..Options::default()
        })
        .strategy(Threading {
            max_threads: 2,
            ..Threading::default()
        })
        .bind("127.0.0.1:0")
        .expect("a free port");
    let mut clients = [connect(&server), connect(&server), connect(&server)];
    for client in &mut clients[..2] {
        assert_eq!(server.handle_request().expect("room"), Handled::Request);
        greeted(client);
    }
    assert_eq!(server.handle_request().expect("it waits"), Handled::Timeout);
    assert_eq!(server.active_requests(), 2);
    // Whoever leaves makes room.
    let [first, second, mut third] = clients;
    drop(first);
    while server.handle_request().expect("it waits") != Handled::Request {}
    greeted(&mut third);
    assert_eq!(server.active_requests(), 2);
    drop((second, third));
}

const THIS: &str = "limits::served_in_a_process_of_its_own";

/// Where a thousand clients have the descriptors that they need.
#[test]
fn served_in_a_process_of_its_own() {
    if scenario().as_deref() == Some("a thousand") {
        a_thousand();
    }
}

#[test]
fn a_thousand_connections_are_handled_by_32_threads() {
    let (said, status) = Alone::start(THIS, "a thousand", Some(2048)).finish();
    assert!(status.success(), "{status}: {said}");
    assert!(said.contains("a thousand by 32"), "{said}");
}

fn a_thousand() {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (counted, highest) = (Arc::clone(&now), Arc::clone(&most));
    let count = handler(move |request: &mut StreamRequest| {
        let threads = counted.fetch_add(1, Ordering::SeqCst) + 1;
        highest.fetch_max(threads, Ordering::SeqCst);
        let line = request.rfile.read_line(100)?.map(<[u8]>::to_vec);
        request.wfile.write_all(&line.unwrap_or_default())?;
        counted.fetch_sub(1, Ordering::SeqCst);
        Ok(())
    });
    let server = Server::<Tcp, Threading, _>::builder(count)
        .strategy(Threading {
            max_threads: 32,
            ..Threading::default()
        })
        .bind("127.0.0.1:0")
        .expect("a free port");
    serving(&server, || {
        // All of them connect before the first of them speaks, so that the threads are used up.
        let mut clients: Vec<TcpStream> = (0..1000).map(|_| connect(&server)).collect();
        while now.load(Ordering::SeqCst) < 32 {
            thread::yield_now();
        }
        for client in &mut clients {
            client.write_all(b"mine\n").expect("it reads");
        }
        for mut client in clients {
            assert_eq!(heard(&mut client).expect("an answer"), b"mine\n");
        }
    });
    println!("a thousand by {}", most.load(Ordering::SeqCst));
}

#[test]
fn a_thread_has_the_stack_that_it_is_told() {
    let deep = handler(|request: &mut StreamRequest| {
        // Eight times what a thread has otherwise, which would end the process.
        let stack = std::hint::black_box([1_u8; 16 << 20]);
        let sum: usize = stack
            .iter()
            .step_by(1 << 20)
            .map(|one| usize::from(*one))
            .sum();
        write!(request.wfile, "{sum}")?;
        Ok(())
    });
    let server = Server::<Tcp, Threading, _>::builder(deep)
        .strategy(Threading {
            stack_size: Some(64 << 20),
            ..Threading::default()
        })
        .bind("127.0.0.1:0")
        .expect("a free port");
    serving(&server, || {
        let mut client = connect(&server);
        assert_eq!(heard(&mut client).expect("an answer"), b"16");
    });
}

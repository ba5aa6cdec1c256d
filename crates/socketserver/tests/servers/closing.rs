//! A connection is closed so that its client has all of the answer, whatever it still sends.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::UnixStream;

use lariat_socketserver::{
    Address, HandlerResult, Hooks, Options, Pooled, Refusal, Sequential, Server, Strategy,
    StreamRequest, Tcp, Threading, Unix,
};

use crate::clients::{PATIENCE, connect, heard, serving};

/// More than the buffers of both ends hold.
const LONG: usize = 600_000;

/// Answers at length, and has read none of the question.
fn answer_unread(request: &mut StreamRequest) -> HandlerResult {
    request.wfile.write_all(&vec![b'x'; LONG])?;
    Ok(())
}

fn whole<S: Strategy + Default>() {
    let server = Server::<Tcp, S, _>::bind("127.0.0.1:0", answer_unread).expect("a free port");
    serving(&server, || {
        for _ in 0..10 {
            let mut client = connect(&server);
            client.write_all(&[b'?'; 10_000]).expect("it is taken");
            let mut answer = Vec::new();
            client.read_to_end(&mut answer).expect("no reset");
            assert_eq!(answer.len(), LONG);
        }
    });
}

#[test]
fn an_answer_is_whole_though_the_question_was_not_read() {
    whole::<Sequential>();
    whole::<Threading>();
    whole::<Pooled>();
}

#[test]
fn an_answer_is_whole_over_unix_sockets_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("socket");
    let server = Server::<Unix, Threading, _>::bind(&path, answer_unread).expect("a path");
    serving(&server, || {
        let mut client = UnixStream::connect(&path).expect("it listens");
        client.write_all(&[b'?'; 10_000]).expect("it is taken");
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).expect("no reset");
        assert_eq!(answer.len(), LONG);
    });
}

/// Refuses everybody, in words.
struct Closed;

impl Hooks<Tcp> for Closed {
    fn verify_request(&self, _: &std::sync::Arc<TcpStream>, _: &Address) -> bool {
        false
    }

    fn refuse_request(&self, _: &Address, _: Refusal) -> Option<Vec<u8>> {
        Some(b"we are closed\n".to_vec())
    }
}

fn refusing() -> Server<Tcp, Threading, fn(&mut StreamRequest) -> HandlerResult> {
    Server::<Tcp, Threading, _>::builder(answer_unread as fn(&mut StreamRequest) -> HandlerResult)
        .hooks(Closed)
        .bind("127.0.0.1:0")
        .expect("a free port")
}

#[test]
fn a_client_that_is_refused_hears_it_though_it_has_spoken() {
    let server = refusing();
    // They have spoken before they are accepted.
    let mut clients: Vec<TcpStream> = (0..20).map(|_| connect(&server)).collect();
    for client in &mut clients {
        client.write_all(b"let me in\n").expect("it is taken");
    }
    serving(&server, || {
        for client in &mut clients {
            let mut said = String::new();
            client.read_to_string(&mut said).expect("no reset");
            assert_eq!(said, "we are closed\n");
            client
                .write_all(b"and this comes later\n")
                .expect("it is taken");
        }
        drop(clients);
        // Whoever goes on for ever is not listened to for ever.
        let mut endless = connect(&server);
        endless.set_write_timeout(Some(PATIENCE)).expect("a socket");
        let failed = loop {
            if let Err(error) = endless.write_all(&[b'?'; 4096]) {
                break error.kind();
            }
        };
        assert!(
            matches!(failed, ErrorKind::ConnectionReset | ErrorKind::BrokenPipe),
            "{failed}"
        );
    });
}

#[test]
fn clients_that_are_over_and_do_not_end_hold_up_nobody() {
    // One thread, which waits for none of them.
    let server =
        Server::<Tcp, Pooled, _>::builder(|request: &mut StreamRequest| -> HandlerResult {
            request.rfile.read_line(100)?;
            request.wfile.write_all(b"done\n")?;
            Ok(())
        })
        .strategy(Pooled::new(1, 200))
        .options(Options::default())
        .bind("127.0.0.1:0")
        .expect("a free port");
    serving(&server, || {
        let mut clients: Vec<TcpStream> = (0..100).map(|_| connect(&server)).collect();
        for client in &mut clients {
            client.write_all(b"?\n").expect("it reads");
            assert_eq!(heard(client).expect("the end"), b"done\n");
        }
        while server.active_requests() > 0 {
            std::thread::yield_now();
        }
        for client in &clients {
            let _ = client.shutdown(Shutdown::Both);
        }
    });
}

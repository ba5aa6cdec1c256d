//! How long a client may take: to speak, between its words, to read, and in all.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use lariat_socketserver::{
    Deadlines, HandlerResult, Options, Pooled, RequestHandler, Server, StreamRequest, Tcp,
    Threading, handler,
};

use crate::clients::{PATIENCE, connect, heard, serving};

/// How long a client may be silent in a test of that.
const IDLE: Duration = Duration::from_millis(50);

/// How a request ends that is handled under these deadlines while its client drips a byte
/// whenever it is heard.
fn late(deadlines: Deadlines, drips: usize) -> String {
    let (dripped, drip) = mpsc::channel();
    let wait = handler(move |request: &mut StreamRequest| {
        let mut byte = [0];
        loop {
            match request.rfile.read(&mut byte) {
                Ok(0) => return Ok(()),
                Ok(_) => dripped.send(())?,
                Err(error) => {
                    write!(request.wfile, "{:?}: {error}", error.kind())?;
                    return Ok(());
                }
            }
        }
    });
    let server = Server::<Tcp, Threading, _>::builder(wait)
        .options(Options {
            deadlines,
            ..Options::default()
        })
        .bind("127.0.0.1:0")
        .expect("a free port");
    serving(&server, || {
        let mut client = connect(&server);
        for _ in 0..drips {
            client.write_all(b"x").expect("it reads");
            drip.recv_timeout(PATIENCE).expect("it is read");
        }
        String::from_utf8(heard(&mut client).expect("it is told")).expect("text")
    })
}

#[test]
fn a_client_that_is_late_is_told_by_an_error_of_the_read() {
    let soon = Some(Duration::from_millis(50));
    let first = Deadlines {
        first_byte: soon,
        ..Deadlines::NONE
    };
    assert_eq!(late(first, 0), "TimedOut: nothing came within 0.05 s");
    // Who drips has to be in time for it, on a machine that has other work too.
    let soon = Some(Duration::from_secs(1));
    let idle = Deadlines {
        idle: soon,
        ..Deadlines::NONE
    };
    assert_eq!(late(idle, 3), "TimedOut: nothing came for 1 s");
    let whole = Deadlines {
        request: soon,
        ..Deadlines::default()
    };
    assert_eq!(late(whole, 1), "TimedOut: the request took longer than 1 s");
}

#[test]
fn what_a_handler_does_between_two_reads_is_not_its_clients_silence() {
    let (asked, ask_now) = mpsc::channel();
    let (go, wait) = mpsc::channel::<()>();
    let wait = Arc::new(Mutex::new(wait));
    let slow = handler(move |request: &mut StreamRequest| {
        request.rfile.read_exact(&mut [0])?;
        asked.send(())?;
        let wait = wait.lock().expect("no panic");
        wait.recv_timeout(PATIENCE)?;
        // An error means that the time is over, which is what is waited for.
        let busy = wait.recv_timeout(IDLE * 3);
        assert!(busy.is_err(), "nobody tells it anything");
        request.rfile.read_exact(&mut [0])?;
        request.wfile.write_all(b"both")?;
        Ok(())
    });
    let server = Server::<Tcp, Threading, _>::builder(slow)
        .options(Options {
            deadlines: Deadlines {
                idle: Some(IDLE),
                ..Deadlines::NONE
            },
            ..Options::default()
        })
        .bind("127.0.0.1:0")
        .expect("a free port");
    serving(&server, || {
        let mut client = connect(&server);
        client.write_all(b"1").expect("it reads");
        ask_now.recv_timeout(PATIENCE).expect("it was asked");
        client.write_all(b"2").expect("it will read");
        go.send(()).expect("it waits");
        assert_eq!(heard(&mut client).expect("an answer"), b"both");
    });
    drop(go);
}

/// Waits for longer than a client may be silent, which nobody is told of.
#[derive(Clone)]
struct Slow {
    /// Where it waits: for another request, or before its own.
    in_setup: bool,
    never: Arc<Mutex<mpsc::Receiver<()>>>,
}

impl Slow {
    fn wait(&self) {
        let never = self.never.lock().expect("no panic");
        let over = never.recv_timeout(IDLE * 3);
        assert!(over.is_err(), "nobody tells it anything");
    }
}

impl RequestHandler<StreamRequest> for Slow {
    fn setup(&mut self, _: &mut StreamRequest) -> HandlerResult {
        if self.in_setup {
            self.wait();
        }
        Ok(())
    }

    fn handle(&mut self, request: &mut StreamRequest) -> HandlerResult {
        let line = request.rfile.read_line(100)?.map(<[u8]>::to_vec);
        if line.as_deref() == Some(b"wait\n") {
            self.wait();
        }
        request.wfile.write_all(&line.unwrap_or_default())?;
        Ok(())
    }
}

/// What clients are told by a pool of one thread, which have all spoken before it has begun.
fn told_by_one_thread(in_setup: bool, words: &[&str]) {
    let (keep, never) = mpsc::channel();
    let slow = Slow {
        in_setup,
        never: Arc::new(Mutex::new(never)),
    };
    let server = Server::<Tcp, Pooled, _>::builder(slow)
        .strategy(Pooled::new(1, 8))
        .options(Options {
            deadlines: Deadlines {
                first_byte: Some(IDLE),
                request: (!in_setup).then_some(IDLE * 100),
                ..Deadlines::default()
            },
            ..Options::default()
        })
        .bind("127.0.0.1:0")
        .expect("a free port");
    let mut clients: Vec<TcpStream> = words.iter().map(|_| connect(&server)).collect();
    for (client, words) in clients.iter_mut().zip(words) {
        client.write_all(words.as_bytes()).expect("it is taken");
    }
    serving(&server, || {
        for (mut client, words) in clients.into_iter().zip(words) {
            let told = heard(&mut client).expect("an answer");
            assert_eq!(told, words.as_bytes());
        }
    });
    drop(keep);
}

#[test]
fn a_request_that_waits_in_the_queue_is_not_late() {
    told_by_one_thread(false, &["wait\n", "second\n", "wait\n", "fourth\n"]);
}

#[test]
fn a_first_byte_that_is_there_is_not_late_because_setup_was() {
    told_by_one_thread(true, &["hi\n"]);
}

/// How writing without end fails, to a client that reads so or not at all.
fn endless(deadlines: Deadlines, read: impl FnOnce(TcpStream)) -> String {
    let (told, tell) = mpsc::channel();
    let write = handler(move |request: &mut StreamRequest| {
        loop {
            if let Err(error) = request.wfile.write_all(&[b'x'; 10_000]) {
                told.send(format!("{:?}: {error}", error.kind()))?;
                return Ok(());
            }
        }
    });
    let server = Server::<Tcp, Threading, _>::builder(write)
        .options(Options {
            deadlines,
            ..Options::default()
        })
        .bind("127.0.0.1:0")
        .expect("a free port");
    serving(&server, || {
        let client = connect(&server);
        read(client.try_clone().expect("a descriptor"));
        let failed = tell.recv_timeout(PATIENCE).expect("it fails");
        drop(client);
        failed
    })
}

#[test]
fn a_client_that_reads_nothing_is_late() {
    let idle = Deadlines {
        idle: Some(IDLE),
        ..Deadlines::NONE
    };
    assert_eq!(endless(idle, drop), "TimedOut: the client reads nothing");
    let whole = Deadlines {
        request: Some(IDLE),
        ..Deadlines::default()
    };
    assert_eq!(
        endless(whole, drop),
        "TimedOut: the request took longer than 0.05 s"
    );
}

#[test]
fn a_client_that_reads_slowly_has_no_more_time_than_the_request() {
    let whole = Deadlines {
        request: Some(IDLE),
        ..Deadlines::default()
    };
    // It takes something all the time, so that no write waits long.
    let drip = |mut client: TcpStream| {
        std::thread::spawn(move || while matches!(client.read(&mut [0; 512]), Ok(1..)) {});
    };
    assert_eq!(
        endless(whole, drip),
        "TimedOut: the request took longer than 0.05 s"
    );
}

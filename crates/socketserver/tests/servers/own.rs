//! A transport and a strategy that this crate does not have, made with what it shows.

use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lariat_socketserver::{
    Accepted, Address, Cut, DatagramRequest, Deadlines, HandlerResult, Hooks, Job, Options,
    Refusal, Sequential, Server, Strategy, StreamRequest, Tcp, Threading, Transport, Wire,
};

use crate::classes::shout;
use crate::clients::{PATIENCE, ask, connect, heard, inet, serving};

/// TCP whose bytes are all turned over on their way, as a poor man's cipher.
struct Turned(TcpListener);

/// One connection of it.
struct Turning {
    below: TcpStream,
    ended: AtomicUsize,
}

impl Cut for Turning {
    fn cut(&self) {
        let _ = self.below.shutdown(Shutdown::Both);
    }
}

impl Wire for Turning {
    fn receive(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = (&self.below).read(buffer)?;
        buffer[..length].iter_mut().for_each(|byte| *byte = !*byte);
        Ok(length)
    }

    fn send(&self, data: &[u8]) -> io::Result<usize> {
        let turned: Vec<u8> = data.iter().map(|byte| !byte).collect();
        (&self.below).write(&turned)
    }

    fn set_timeouts(&self, read: Option<Duration>, write: Option<Duration>) -> io::Result<()> {
        self.below.set_timeouts(read, write)
    }

    fn end(&self) -> io::Result<()> {
        self.ended.fetch_add(1, Ordering::SeqCst);
        self.below.shutdown(Shutdown::Write)
    }

    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        Some(self.below.as_fd())
    }
}

impl Transport for Turned {
    type Socket = Arc<Turning>;
    type Request = StreamRequest;

    fn bind(address: &OsStr, _: &Options) -> io::Result<Self> {
        let address = address.to_str().ok_or(io::ErrorKind::InvalidInput)?;
        Ok(Turned(TcpListener::bind(address)?))
    }

    fn activate(&self, _: &Options) -> io::Result<()> {
        self.0.set_nonblocking(true)
    }

    fn server_address(&self) -> io::Result<Address> {
        Ok(self.0.local_addr()?.into())
    }

    fn get_request(&self, _: &Options) -> io::Result<(Self::Socket, Address)> {
        let (below, client) = self.0.accept()?;
        below.set_nonblocking(false)?;
        let ended = AtomicUsize::new(0);
        Ok((Arc::new(Turning { below, ended }), client.into()))
    }

    fn open(
        socket: Self::Socket,
        accepted: &Accepted,
        options: &Options,
    ) -> io::Result<Self::Request> {
        Ok(StreamRequest::new(socket, accepted, options))
    }

    fn shutdown_request(request: &mut Self::Request) -> io::Result<()> {
        request.end()
    }

    fn cutter(socket: &Self::Socket) -> Option<Arc<dyn Cut>> {
        Some(Arc::clone(socket) as Arc<dyn Cut>)
    }
}

impl AsFd for Turned {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn turned(words: &[u8]) -> Vec<u8> {
    words.iter().map(|byte| !byte).collect()
}

/// Servers of it, to be asked.
fn asked<S: Strategy + Default>() {
    let served = |deadlines| {
        let server = Server::<Turned, S, _>::builder(shout).options(Options {
            deadlines,
            ..Options::default()
        });
        server.bind("127.0.0.1:0").expect("a free port")
    };
    let server = served(Deadlines::default());
    serving(&server, || {
        for _ in 0..3 {
            let answer = ask(connect(&server), &turned(b"one\ntwo"));
            assert_eq!(answer, turned(b"ONE\nTWO"));
        }
    });
    let server = served(Deadlines {
        first_byte: Some(Duration::from_millis(50)),
        ..Deadlines::default()
    });
    serving(&server, || {
        // Whoever is silent is ended in order, when the deadline says so.
        let mut silent = connect(&server);
        let mut rest = Vec::new();
        silent.read_to_end(&mut rest).expect("an end in order");
        assert_eq!(rest, b"");
    });
}

#[test]
fn a_transport_of_ones_own_is_served_by_every_strategy() {
    asked::<Sequential>();
    asked::<Threading>();
    asked::<InTurn>();
}

/// UDP that is answered from another socket than it came by.
struct Elsewhere {
    hears: UdpSocket,
    speaks: Arc<UdpSocket>,
}

impl Transport for Elsewhere {
    type Socket = (Vec<u8>, std::net::SocketAddr, Arc<UdpSocket>);
    type Request = DatagramRequest;

    fn bind(address: &OsStr, _: &Options) -> io::Result<Self> {
        let address = address.to_str().ok_or(io::ErrorKind::InvalidInput)?;
        Ok(Elsewhere {
            hears: UdpSocket::bind(address)?,
            speaks: Arc::new(UdpSocket::bind(address)?),
        })
    }

    fn activate(&self, _: &Options) -> io::Result<()> {
        self.hears.set_nonblocking(true)
    }

    fn server_address(&self) -> io::Result<Address> {
        Ok(self.hears.local_addr()?.into())
    }

    fn get_request(&self, options: &Options) -> io::Result<(Self::Socket, Address)> {
        let mut data = vec![0; options.max_packet_size];
        let (length, client) = self.hears.recv_from(&mut data)?;
        data.truncate(length);
        Ok(((data, client, Arc::clone(&self.speaks)), client.into()))
    }

    fn open(socket: Self::Socket, accepted: &Accepted, _: &Options) -> io::Result<Self::Request> {
        let (data, client, speaks) = socket;
        let reply = move |words: &[u8]| speaks.send_to(words, client).map(drop);
        Ok(DatagramRequest::new(data, accepted, reply))
    }

    fn shutdown_request(request: &mut Self::Request) -> io::Result<()> {
        request.reply()
    }
}

impl AsFd for Elsewhere {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.hears.as_fd()
    }
}

#[test]
fn so_is_one_of_datagrams() {
    let shout = |request: &mut DatagramRequest| -> HandlerResult {
        request.wfile = request.packet().to_ascii_uppercase();
        Ok(())
    };
    let server = Server::<Elsewhere, Threading, _>::bind("127.0.0.1:0", shout).expect("two ports");
    let to = inet(&server.server_address().expect("bound"));
    let client = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    client.set_read_timeout(Some(PATIENCE)).expect("a socket");
    serving(&server, || {
        client.send_to(b"hi", to).expect("sent");
        let mut answer = [0; 10];
        let (length, from) = client.recv_from(&mut answer).expect("an answer");
        assert_eq!(&answer[..length], b"HI");
        assert_ne!(from, to);
    });
}

/// Has requests handled here and now, notes whose they are, and refuses every fifth.
#[derive(Default)]
struct InTurn {
    clients: Mutex<Vec<Address>>,
}

impl Strategy for InTurn {
    fn process_request(&self, job: Job) {
        let mut clients = self.clients.lock().expect("no panic");
        clients.push(job.client().clone());
        let count = clients.len();
        drop(clients);
        match count % 5 {
            0 => job.refuse(Refusal::Queue),
            _ => {
                job.run();
            }
        }
    }
}

/// Says no in words.
struct Full;

impl Hooks<Tcp> for Full {
    fn refuse_request(&self, client: &Address, why: Refusal) -> Option<Vec<u8>> {
        Some(format!("{client} is too much: {why:?}").into_bytes())
    }
}

#[test]
fn a_strategy_of_ones_own_serves_every_transport() {
    let server = Server::<Tcp, InTurn, _>::builder(shout)
        .hooks(Full)
        .bind("127.0.0.1:0")
        .expect("a free port");
    serving(&server, || {
        for _ in 0..4 {
            assert_eq!(ask(connect(&server), b"hi"), b"HI");
        }
        let mut fifth = connect(&server);
        let own = fifth.local_addr().expect("connected");
        let said = heard(&mut fifth).expect("an answer");
        assert_eq!(
            String::from_utf8_lossy(&said),
            format!("{own} is too much: Queue")
        );
    });
}

//! Servers within the test for the clients to talk to: the real service, and sockets that do
//! as a test tells them.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use lariat_net::{IntoService, Listening, Reactor};
use lariat_service::timestamp::{Event, Timestamp};
use lariat_tls::Directory;
use tempfile::TempDir;

use crate::process::DEADLINE;

/// A reactor with a folder for its sockets and certificates.
pub struct Server {
    pub reactor: Reactor,
    pub folder: TempDir,
    /// How many connections the timestamp service has had.
    pub connections: Arc<AtomicUsize>,
}

impl Server {
    pub fn start() -> Self {
        Server {
            reactor: Reactor::builder().threads(1).build().unwrap(),
            folder: tempfile::tempdir().unwrap(),
            connections: Arc::default(),
        }
    }

    /// Serves a service, and gives the endpoint to connect to.
    pub fn serve<W>(&self, endpoint: &str, service: impl IntoService<W>) -> String {
        let listening = self.reactor.listen(endpoint, service).unwrap();
        listening.endpoint().to_string()
    }

    /// Serves timestamps on an endpoint such as `tcp`, and gives the one to connect to.
    pub fn timestamp(&self, scheme: &str) -> String {
        let listen = self.to_listen(scheme);
        let connections = Arc::clone(&self.connections);
        let service = Timestamp::from_endpoint(&listen.parse().unwrap()).unwrap();
        let service = service.watched_by(Arc::new(move |event| {
            if matches!(event, Event::Connected(_)) {
                connections.fetch_add(1, Ordering::SeqCst);
            }
        }));
        let listening = self.reactor.listen(listen.as_str(), service).unwrap();
        self.to_connect(scheme, &listening)
    }

    /// An endpoint of this scheme, with what it needs, that nobody else listens on.
    pub fn to_listen(&self, scheme: &str) -> String {
        let path = |name| self.folder.path().join(name).display().to_string();
        match scheme {
            "unix" | "unixgram" => format!("{scheme}:{}", path(scheme)),
            "tls" | "wss" => {
                let directory = Directory::open(self.folder.path()).unwrap();
                directory.server_identity(&["localhost"]).unwrap();
                let (cert, key) = (path("server.pem"), path("server.key"));
                format!("{scheme}://localhost:0?cert={cert}&key={key}")
            }
            other => format!("{other}://127.0.0.1:0"),
        }
    }

    /// What a client connects to.
    pub fn to_connect(&self, scheme: &str, listening: &Listening) -> String {
        let endpoint = listening.endpoint();
        match scheme {
            "tls" | "wss" => {
                let authority = self.folder.path().join("ca.pem");
                let port = endpoint.port().unwrap();
                format!("{scheme}://localhost:{port}?ca={}", authority.display())
            }
            _ => endpoint.to_string(),
        }
    }

    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Waits until the timestamp service has had so many connections.
    pub fn wait_for_connections(&self, count: usize) {
        let begun = Instant::now();
        while self.connections() != count {
            assert!(
                begun.elapsed() < DEADLINE,
                "{} and not {count}",
                self.connections()
            );
            thread::yield_now();
        }
    }
}

/// Accepts one connection and does this with it; gives the endpoint, and what came of it.
pub fn once<T: Send + 'static>(
    behave: impl FnOnce(TcpStream) -> T + Send + 'static,
) -> (String, JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("tcp://{}", listener.local_addr().unwrap());
    let thread = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        behave(stream)
    });
    (endpoint, thread)
}

/// Reads as much as there is of one write.
pub fn read_some(stream: &mut TcpStream) -> Vec<u8> {
    let mut buffer = vec![0; 1024];
    let length = stream.read(&mut buffer).unwrap();
    buffer.truncate(length);
    buffer
}

/// Reads to the end of the stream.
pub fn read_all(stream: &mut TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    stream.read_to_end(&mut all).unwrap();
    all
}

/// Ends a connection as a crash does: what was not read yet is lost on both sides.
pub fn reset(stream: TcpStream) {
    let socket = socket2::SockRef::from(&stream);
    socket.set_linger(Some(std::time::Duration::ZERO)).unwrap();
}

/// Answers whatever comes first with these bytes, and stays until the client has ended.
pub fn answering(answer: &'static [u8]) -> (String, JoinHandle<Vec<u8>>) {
    once(move |mut stream| {
        let mut came = read_some(&mut stream);
        stream.write_all(answer).unwrap();
        let _ = stream.read_to_end(&mut came);
        came
    })
}

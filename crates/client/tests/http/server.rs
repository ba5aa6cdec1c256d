//! A server on loopback that says what it is told to say.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use http::Uri;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What is said to one request, and what becomes of the connection.
pub struct Reply {
    pub bytes: Vec<u8>,
    pub then: Then,
}

pub enum Then {
    /// The next request is awaited.
    Keep,
    /// The connection ends in order.
    Close,
    /// Nothing more is said or read.
    Silence,
    /// Everything goes to and from there.
    Tunnel(SocketAddr),
}

/// The bytes as they are, and the next request.
pub fn says(bytes: impl Into<Vec<u8>>) -> Reply {
    Reply {
        bytes: bytes.into(),
        then: Then::Keep,
    }
}

/// The bytes as they are, and the end.
pub fn ends(bytes: impl Into<Vec<u8>>) -> Reply {
    Reply {
        bytes: bytes.into(),
        then: Then::Close,
    }
}

/// The bytes as they are, and silence.
pub fn stalls(bytes: impl Into<Vec<u8>>) -> Reply {
    Reply {
        bytes: bytes.into(),
        then: Then::Silence,
    }
}

/// An answer with this body.
pub fn ok(body: &str) -> Reply {
    answer("200 OK", "", body)
}

/// An answer with these lines of a header, each of which ends by CRLF.
pub fn answer(status: &str, lines: &str, body: impl AsRef<[u8]>) -> Reply {
    let body = body.as_ref();
    let head = format!(
        "HTTP/1.1 {status}\r\n{lines}Content-Length: {}\r\n\r\n",
        body.len()
    );
    says([head.as_bytes(), body].concat())
}

/// An answer that points elsewhere.
pub fn leads(status: u16, location: &str) -> Reply {
    answer(
        &format!("{status} Elsewhere"),
        &format!("Location: {location}\r\n"),
        "elsewhere",
    )
}

#[derive(Default)]
struct Seen {
    requests: Mutex<Vec<String>>,
    connections: AtomicUsize,
}

/// A running server. It ends when it is dropped.
pub struct Server {
    pub address: SocketAddr,
    seen: Arc<Seen>,
    task: JoinHandle<()>,
}

impl Server {
    /// One that gives each request, of which it is shown the text, an answer.
    pub async fn start(answer: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let address = listener.local_addr().expect("an address");
        let seen = Arc::new(Seen::default());
        let (answer, all) = (Arc::new(answer), Arc::clone(&seen));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                all.connections.fetch_add(1, Ordering::Relaxed);
                let (answer, all) = (Arc::clone(&answer), Arc::clone(&all));
                tokio::spawn(async move {
                    let _ = serve(stream, &*answer, &all).await;
                });
            }
        });
        Server {
            address,
            seen,
            task,
        }
    }

    /// An address on it.
    pub fn at(&self, path: &str) -> Uri {
        let address = format!("http://{}{path}", self.address);
        address.parse().expect("an address")
    }

    /// What it was asked, whole.
    pub fn heard(&self) -> Vec<String> {
        self.seen.requests.lock().expect("unpoisoned").clone()
    }

    /// How many connections there were.
    pub fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::Relaxed)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    mut stream: TcpStream,
    answer: &(dyn Fn(&str) -> Reply + Send + Sync),
    seen: &Seen,
) -> std::io::Result<()> {
    let mut input = Vec::new();
    while let Some(request) = read(&mut stream, &mut input).await? {
        seen.requests
            .lock()
            .expect("unpoisoned")
            .push(request.clone());
        let Reply { bytes, then } = answer(&request);
        stream.write_all(&bytes).await?;
        match then {
            Then::Keep => {}
            Then::Close => return stream.shutdown().await,
            Then::Silence => std::future::pending().await,
            Then::Tunnel(address) => {
                let mut there = TcpStream::connect(address).await?;
                copy_bidirectional(&mut stream, &mut there).await?;
                return Ok(());
            }
        }
    }
    Ok(())
}

/// The next request with its body, if there is one.
async fn read(stream: &mut TcpStream, input: &mut Vec<u8>) -> std::io::Result<Option<String>> {
    loop {
        if let Some(length) = length(input) {
            let request = input.drain(..length).collect::<Vec<u8>>();
            return Ok(Some(String::from_utf8_lossy(&request).into_owned()));
        }
        let mut piece = [0; 4096];
        match stream.read(&mut piece).await? {
            0 => return Ok(None),
            length => input.extend_from_slice(&piece[..length]),
        }
    }
}

/// How long the request at the front is, if all of it is there.
fn length(input: &[u8]) -> Option<usize> {
    let text = String::from_utf8_lossy(input).to_ascii_lowercase();
    let head = text.find("\r\n\r\n")? + 4;
    if text[..head].contains("transfer-encoding: chunked") {
        let end = text[head - 2..].find("\r\n0\r\n\r\n")? + 7;
        return Some(head - 2 + end);
    }
    let announced = text[..head]
        .lines()
        .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let length = head + announced.unwrap_or(0);
    (input.len() >= length).then_some(length)
}

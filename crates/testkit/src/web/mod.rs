//! A small web server on loopback, whose files are in memory and whose faults are ordered: what downloads, and the
//! commands that fetch, are held against, beside the servers of others.
//!
//! It speaks HTTP/1.1 with ranges and entity tags, takes files by `PUT`, tells by `POST` what it was sent, and
//! remembers every request. It serves no TLS.

mod request;
mod session;

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

pub use request::Heard;

/// What the server does in the place of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebFault {
    /// Says these bytes, and ends the connection.
    Says(Vec<u8>),
    /// Says nothing, for as long as the client waits.
    Silent,
    /// Ends the connection.
    HangsUp,
    /// Sends the head and so many bytes of the body, and ends the connection.
    BreaksOff(usize),
    /// Sends the head and so many bytes of the body, and then nothing for as long as the client waits.
    Stalls(usize),
}

/// A running server, which ends when it is dropped.
///
/// ```
/// use lariat_testkit::WebServer;
///
/// let server = WebServer::start();
/// server.put("/pub/a", b"hello");
/// assert_eq!(server.get("/pub/a").as_deref(), Some(&b"hello"[..]));
/// assert!(server.url("/pub/a").starts_with("http://127.0.0.1:"));
/// ```
pub struct WebServer {
    address: SocketAddr,
    shared: Arc<Shared>,
}

/// A file, and what is said of it.
#[derive(Clone, Default)]
struct File {
    content: Vec<u8>,
    /// How often there was another file of this path before.
    version: u64,
    headers: Vec<(String, String)>,
    status: Option<&'static str>,
}

/// What all connections of a server share.
#[derive(Default)]
struct Shared {
    files: Mutex<BTreeMap<String, File>>,
    /// Which path, how often, and what happens then.
    faults: Mutex<Vec<(String, usize, WebFault)>>,
    heard: Mutex<Vec<Heard>>,
    lacks_tags: AtomicBool,
    lacks_times: AtomicBool,
    lacks_ranges: AtomicBool,
    ends: AtomicBool,
}

impl WebServer {
    /// Starts one on a free port.
    ///
    /// # Panics
    ///
    /// When the system gives no port.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared::default());
        let serving = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if serving.ends.load(Ordering::Acquire) {
                    return;
                }
                if let Ok(stream) = stream {
                    let shared = Arc::clone(&serving);
                    // A client that went away is what many tests are about.
                    thread::spawn(move || drop(session::serve(stream, &shared)));
                }
            }
        });
        WebServer { address, shared }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of a path on it.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Puts a file there, in the place of another one. It has a tag that no other had, and was changed on the 17th of June
    /// 2006.
    pub fn put(&self, path: &str, content: &[u8]) {
        self.shared.put(path, content.to_vec());
    }

    /// Says this of a file that is there.
    pub fn set_header(&self, path: &str, name: &str, value: &str) {
        let mut files = self.shared.files();
        let file = files.entry(path.to_owned()).or_default();
        file.headers.push((name.to_owned(), value.to_owned()));
    }

    /// Has a path answered with this status, such as `404 Not Found`, and the content that it has.
    pub fn set_status(&self, path: &str, status: &'static str) {
        self.shared
            .files()
            .entry(path.to_owned())
            .or_default()
            .status = Some(status);
    }

    /// Has a path lead elsewhere.
    pub fn redirect(&self, path: &str, location: &str) {
        self.set_status(path, "302 Found");
        self.set_header(path, "Location", location);
    }

    /// The content of a file.
    pub fn get(&self, path: &str) -> Option<Vec<u8>> {
        let files = self.shared.files();
        files.get(path).map(|file| file.content.clone())
    }

    /// Has so many of the next requests for a path go wrong.
    pub fn order(&self, path: &str, times: usize, fault: WebFault) {
        self.shared.faults().push((path.to_owned(), times, fault));
    }

    /// Whether files have tags; at first they do.
    pub fn set_tags(&self, has_tags: bool) {
        self.shared.lacks_tags.store(!has_tags, Ordering::Release);
    }

    /// Whether it says when files were changed; at first it does.
    pub fn set_times(&self, has_times: bool) {
        self.shared.lacks_times.store(!has_times, Ordering::Release);
    }

    /// Whether a part of a file can be asked for; at first it can.
    pub fn set_ranges(&self, has_ranges: bool) {
        self.shared
            .lacks_ranges
            .store(!has_ranges, Ordering::Release);
    }

    /// All requests, in their order.
    pub fn heard(&self) -> Vec<Heard> {
        self.shared.heard().clone()
    }
}

impl Drop for WebServer {
    fn drop(&mut self) {
        self.shared.ends.store(true, Ordering::Release);
        // It wakes up by a connection.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn files(&self) -> MutexGuard<'_, BTreeMap<String, File>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn faults(&self) -> MutexGuard<'_, Vec<(String, usize, WebFault)>> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn heard(&self) -> MutexGuard<'_, Vec<Heard>> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, path: &str, content: Vec<u8>) {
        let mut files = self.files();
        let file = files.entry(path.to_owned()).or_default();
        file.content = content;
        file.version += 1;
    }

    /// What is to go wrong with this request, if anything is.
    fn fault(&self, path: &str) -> Option<WebFault> {
        let mut faults = self.faults();
        let at = faults.iter().position(|(ordered, _, _)| ordered == path)?;
        let fault = faults[at].2.clone();
        faults[at].1 -= 1;
        if faults[at].1 == 0 {
            faults.remove(at);
        }
        Some(fault)
    }
}

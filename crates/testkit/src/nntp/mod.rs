//! A small news server on loopback, whose groups are in memory and whose faults are ordered: what the tests of the client
//! and its commands are held against, beside the servers of others.
//!
//! It lets anybody read and post, and takes the login of `anna` with the password `swordfish`. It compresses, and serves no
//! TLS. Its clock stands at the 17th of June 2006, 17:27:21.

mod session;
mod shelf;

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use session::Session;
use shelf::Shelf;

/// What the server does in the place of what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NntpFault {
    /// Says these bytes, and does nothing.
    Says(Vec<u8>),
    /// Sends these bytes as they are, also where the connection is compressed.
    Plain(Vec<u8>),
    /// Says that help follows, and then a short line each time that so long has passed.
    Drips(Duration),
    /// Says nothing, ever.
    Silent,
    /// Ends the connection.
    HangsUp,
    /// Answers, and ends the connection behind so many bytes of the answer.
    Cuts(usize),
    /// Answers, and says nothing behind so many bytes of the answer for as long as the client waits.
    Stalls(usize),
    /// Says this and then a line that does not end, for as long as the client reads.
    Endless(&'static str),
    /// Says this and then lines that do not end, for as long as the client reads.
    EndlessLines(&'static str),
}

/// A running server, which ends when it is dropped.
///
/// ```
/// use lariat_testkit::NntpServer;
///
/// let server = NntpServer::start();
/// server.add_group("misc.test", "For tests");
/// let number = server.put("misc.test", "From: a@x.example\nSubject: rope\n\nHello.\n");
/// assert_eq!(number, 1);
/// assert!(server.url("misc.test/1").starts_with("nntp://127.0.0.1:"));
/// ```
pub struct NntpServer {
    address: SocketAddr,
    shared: Arc<Shared>,
}

/// What all sessions of a server share.
struct Shared {
    shelf: Mutex<Shelf>,
    /// Which command, how often, and what happens then.
    faults: Mutex<Vec<(String, usize, NntpFault)>>,
    heard: Mutex<Vec<String>>,
    capabilities: Mutex<Vec<&'static str>>,
    wants_login: AtomicBool,
    ends: AtomicBool,
}

impl NntpServer {
    /// Starts one on a free port.
    ///
    /// # Panics
    ///
    /// When the system gives no port.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            shelf: Mutex::default(),
            faults: Mutex::default(),
            heard: Mutex::default(),
            capabilities: Mutex::new(vec![
                "VERSION 2",
                "READER",
                "POST",
                "IHAVE",
                "NEWNEWS",
                "HDR",
                "OVER MSGID",
                "LIST ACTIVE NEWSGROUPS OVERVIEW.FMT HEADERS",
                "AUTHINFO USER",
                "COMPRESS DEFLATE",
            ]),
            wants_login: AtomicBool::new(false),
            ends: AtomicBool::new(false),
        });
        let serving = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if serving.ends.load(Ordering::Acquire) {
                    return;
                }
                if let Ok(stream) = stream {
                    let shared = Arc::clone(&serving);
                    thread::spawn(move || serve(stream, shared));
                }
            }
        });
        NntpServer { address, shared }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of something on it.
    pub fn url(&self, path: &str) -> String {
        format!("nntp://{}/{path}", self.address)
    }

    /// Makes a group.
    pub fn add_group(&self, name: &str, description: &str) {
        self.shelf().add_group(name, description);
    }

    /// Puts an article into a group, which is made if there is none, and gives its number. Lines end with LF. One without a
    /// `Message-ID` gets `<GROUP.NUMBER@test.example>`.
    pub fn put(&self, group: &str, article: &str) -> u64 {
        self.shelf().put(group, article.as_bytes())
    }

    /// Takes an article away; nobody else gets its number.
    pub fn cancel(&self, group: &str, number: u64) {
        self.shelf().cancel(group, number);
    }

    /// The next article of a group gets this number, as in one that came from another server.
    pub fn skip_to(&self, group: &str, number: u64) {
        self.shelf().skip_to(group, number);
    }

    /// The articles that were posted or handed on, in their order, with LF at the ends of their lines.
    pub fn posted(&self) -> Vec<String> {
        self.shelf().posted()
    }

    /// Has so many of the next commands of this name go wrong. That of the welcome is empty; the answer to an article
    /// that was sent is `ARTICLE SENT`.
    pub fn order(&self, verb: &str, times: usize, fault: NntpFault) {
        self.shared.faults().push((verb.to_owned(), times, fault));
    }

    /// What it says that it can do from now on; nothing makes it a server that does not know the question.
    pub fn set_capabilities(&self, capabilities: &[&'static str]) {
        let mut known = self
            .shared
            .capabilities
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *known = capabilities.to_vec();
    }

    /// From now on only those read who have logged in.
    pub fn require_login(&self) {
        self.shared.wants_login.store(true, Ordering::Release);
    }

    /// The lines that clients have said, in their order, without articles.
    pub fn heard(&self) -> Vec<String> {
        self.shared
            .heard
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shared.shelf()
    }
}

impl Drop for NntpServer {
    fn drop(&mut self) {
        self.shared.ends.store(true, Ordering::Release);
        // It wakes up by a connection.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn faults(&self) -> MutexGuard<'_, Vec<(String, usize, NntpFault)>> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is to go wrong with this command, if anything is.
    fn fault(&self, verb: &str) -> Option<NntpFault> {
        let mut faults = self.faults();
        let at = faults.iter().position(|(ordered, _, _)| ordered == verb)?;
        let fault = faults[at].2.clone();
        faults[at].1 -= 1;
        if faults[at].1 == 0 {
            faults.remove(at);
        }
        Some(fault)
    }
}

fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let served: io::Result<()> = Session::open(stream, shared).and_then(Session::run);
    // A client that went away is what many tests are about.
    drop(served);
}

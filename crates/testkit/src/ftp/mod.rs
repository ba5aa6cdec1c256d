//! A small FTP server on loopback, whose files are in memory and whose faults are ordered: what the tests of
//! the client and its commands are held against, beside the servers of others.
//!
//! It takes anybody who says `anonymous`, and `anna` with the password `swordfish`. It serves no TLS.

mod session;
mod tree;

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use lariat_protocol::ftp::Moment;

use session::Session;
use tree::Tree;

/// When everything that is there was put there: the 17th of June 2006, in seconds since 1970.
const CLOCK: i64 = 1_150_565_241;

/// How long anything is waited for: longer than any test.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the server does in the place of what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Says these bytes, and does nothing.
    Says(Vec<u8>),
    /// Says nothing, ever.
    Silent,
    /// Ends the control connection.
    HangsUp,
    /// Sends so many bytes of the data, ends the data connection, and says 426; of what is stored it takes
    /// so many.
    Cuts(usize),
    /// Moves so many bytes of the data and then breaks off everything.
    BreaksOff(usize),
    /// Moves so many bytes of the data, and then nothing for as long as the client waits.
    Stalls(usize),
    /// Sends a byte of the data from time to time, for as long as the client reads.
    Drips,
    /// Sends a line that does not end, for as long as the client reads.
    Endless,
    /// Brings the content of this file in the place of what was asked for.
    Lists(String),
    /// Says that it begins, and makes no data connection.
    NeverConnects,
    /// Does what it was asked when clients have said this verb so often, by whichever connections.
    Awaits(&'static str, usize),
    /// Says these bytes, and does nothing, when clients have said this verb so often.
    SaysBehind(&'static str, usize, Vec<u8>),
}

/// A running server, which ends when it is dropped.
///
/// ```
/// use lariat_testkit::FtpServer;
///
/// let server = FtpServer::start();
/// server.put("/pub/a", b"hello");
/// assert_eq!(server.get("/pub/a").as_deref(), Some(&b"hello"[..]));
/// assert!(server.url("pub/a").starts_with("ftp://127.0.0.1:"));
/// ```
pub struct FtpServer {
    address: SocketAddr,
    shared: Arc<Shared>,
}

/// What all sessions of a server share.
struct Shared {
    tree: Mutex<Tree>,
    /// Which command, how often, and what happens then.
    faults: Mutex<Vec<(String, usize, Fault)>>,
    heard: Mutex<Vec<String>>,
    /// Told when something more was heard.
    said: Condvar,
    /// What its clock shows, in seconds since 1970.
    clock: AtomicI64,
    features: Mutex<Vec<&'static str>>,
    ends: AtomicBool,
}

impl FtpServer {
    /// Starts one on a free port.
    ///
    /// # Panics
    ///
    /// When the system gives no port.
    pub fn start() -> Self {
        FtpServer::start_at(Ipv4Addr::LOCALHOST.into())
    }

    /// The same at another address of this machine, such as `::1`.
    ///
    /// # Panics
    ///
    /// When the system gives no port there.
    pub fn start_at(address: IpAddr) -> Self {
        let listener = TcpListener::bind((address, 0)).expect("a port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            tree: Mutex::default(),
            faults: Mutex::default(),
            heard: Mutex::default(),
            said: Condvar::new(),
            clock: AtomicI64::new(CLOCK),
            features: Mutex::new(vec![
                "EPSV",
                "MDTM",
                "MFMT",
                "MLST type*;size*;modify*;",
                "REST STREAM",
                "SIZE",
                "UTF8",
            ]),
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
        FtpServer { address, shared }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of a path on it.
    pub fn url(&self, path: &str) -> String {
        format!("ftp://{}/{path}", self.address)
    }

    /// Puts a file there, and the folders that it is in. It was changed on the 17th of June 2006.
    pub fn put(&self, path: &str, content: &[u8]) {
        let changed = Moment::from_seconds(CLOCK);
        self.tree().put(path, content.to_vec(), changed);
    }

    /// Sets the clock by which files are stored that are sent there, in seconds since 1970. It stands, on the 17th of June 2006
    /// at first.
    pub fn set_clock(&self, seconds: i64) {
        self.shared.clock.store(seconds, Ordering::Release);
    }

    /// Makes an empty folder.
    pub fn make_folder(&self, path: &str) {
        self.tree().make_folder(path);
    }

    /// The content of a file.
    pub fn get(&self, path: &str) -> Option<Vec<u8>> {
        self.tree().file(path).map(|file| file.content.clone())
    }

    /// When a file was changed, in seconds since 1970.
    pub fn changed(&self, path: &str) -> Option<i64> {
        self.tree().file(path).map(|file| file.changed.seconds())
    }

    /// The paths of all files.
    pub fn paths(&self) -> Vec<String> {
        self.tree().paths()
    }

    /// Has so many of the next commands of this name go wrong. That of the welcome is empty.
    pub fn order(&self, verb: &str, times: usize, fault: Fault) {
        self.shared.faults().push((verb.to_owned(), times, fault));
    }

    /// The features that it names from now on.
    pub fn set_features(&self, features: &[&'static str]) {
        *self
            .shared
            .features
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = features.to_vec();
    }

    /// The lines that clients have said, in their order.
    pub fn heard(&self) -> Vec<String> {
        self.shared.heard().clone()
    }

    fn tree(&self) -> MutexGuard<'_, Tree> {
        self.shared.tree()
    }
}

impl Drop for FtpServer {
    fn drop(&mut self) {
        self.shared.ends.store(true, Ordering::Release);
        // It wakes up by a connection.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn tree(&self) -> MutexGuard<'_, Tree> {
        self.tree.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn faults(&self) -> MutexGuard<'_, Vec<(String, usize, Fault)>> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn heard(&self) -> MutexGuard<'_, Vec<String>> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hear(&self, line: &str) {
        self.heard().push(line.to_owned());
        self.said.notify_all();
    }

    /// Waits until clients have said a verb so often, or for as long as anybody waits here.
    fn wait_for(&self, verb: &str, times: usize) {
        let is_rare = |heard: &mut Vec<String>| {
            let said = heard
                .iter()
                .filter(|line| line.split(' ').next() == Some(verb));
            said.count() < times
        };
        drop(
            self.said
                .wait_timeout_while(self.heard(), PATIENCE, is_rare),
        );
    }

    fn now(&self) -> Moment {
        Moment::from_seconds(self.clock.load(Ordering::Acquire))
    }

    /// What is to go wrong with this command, if anything is.
    fn fault(&self, verb: &str) -> Option<Fault> {
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

//! What the tests of the whole engine have in common: a reactor, plain sockets that never wait
//! for ever, certificates, and the log.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Condvar, Mutex, Once, PoisonError};
use std::time::{Duration, Instant};

use lariat::tls::{Authority, ClientOptions, ClientTls, Identity, ServerOptions, ServerTls, Trust};
use lariat::{ConnectOptions, Endpoint, ListenOptions, Listening, Reactor};

/// How long anything may take here before it counts as lost.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub fn reactor() -> Reactor {
    let builder = Reactor::builder().threads(2);
    let builder = builder.drain_time(Duration::from_secs(1));
    builder.build().expect("the reactor starts")
}

pub fn address(listening: &Listening) -> SocketAddr {
    address_of(listening.endpoint())
}

pub fn address_of(endpoint: &Endpoint) -> SocketAddr {
    let host = endpoint.host().and_then(|host| host.address());
    let port = endpoint.port().expect("a port");
    SocketAddr::new(host.expect("an address"), port)
}

/// A host whose ports nobody else takes when they are closed, as other tests listen at 127.0.0.1;
/// another one for each who asks.
pub fn own_host() -> String {
    static LAST: AtomicU8 = AtomicU8::new(90);
    let last = LAST.fetch_add(1, Ordering::Relaxed);
    assert!((90..=254).contains(&last), "there are no more");
    // Only Linux has all of 127.0.0.0/8 on its loopback interface.
    let last = if cfg!(target_os = "linux") { last } else { 1 };
    format!("127.0.0.{last}")
}

/// An endpoint of TCP at a [host of its own](own_host).
pub fn alone() -> String {
    format!("tcp://{}:0", own_host())
}

/// A plain socket client that never waits for ever.
pub fn connect(listening: &Listening) -> TcpStream {
    connect_to(address(listening))
}

pub fn connect_to(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("connected");
    let patience = Some(PATIENCE);
    stream.set_read_timeout(patience).expect("a time-out");
    stream.set_write_timeout(patience).expect("a time-out");
    stream.set_nodelay(true).expect("no delay");
    stream
}

/// A plain datagram client that hears one server only.
pub fn datagrams_to(server: SocketAddr) -> UdpSocket {
    let any = if server.is_ipv4() {
        "127.0.0.1:0"
    } else {
        "[::1]:0"
    };
    let socket = UdpSocket::bind(any).expect("bound");
    socket.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    socket.connect(server).expect("connected");
    socket
}

pub fn read_line(reader: &mut BufReader<impl Read>) -> String {
    let mut line = String::new();
    reader.read_line(&mut line).expect("a line within the time");
    line
}

/// Looks again and again until something holds; never for ever.
pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "never happened: {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Both sides of TLS, by an authority of their own.
pub struct Certificates {
    server: ServerTls,
    client: ClientTls,
}

impl Certificates {
    pub fn create() -> Self {
        let authority = Authority::create("Test").expect("made");
        let issued = authority.issue_server(&["127.0.0.1", "::1", "localhost"]);
        let issued = issued.expect("issued");
        let identity =
            Identity::from_pem(issued.certificate_pem.as_bytes(), issued.key_pem.as_bytes());
        let server = ServerTls::new(ServerOptions::new(identity.expect("readable")));
        let client = ClientTls::new(ClientOptions {
            trust: Trust::Authorities(authority.certificate_pem().into()),
            ..ClientOptions::default()
        });
        Certificates {
            server: server.expect("configured"),
            client: client.expect("configured"),
        }
    }

    pub fn listening(&self) -> ListenOptions {
        ListenOptions {
            tls: Some(self.server.clone()),
            ..ListenOptions::default()
        }
    }

    pub fn connecting(&self) -> ConnectOptions {
        ConnectOptions {
            tls: Some(self.client.clone()),
            timeout: PATIENCE,
            ..ConnectOptions::default()
        }
    }
}

/// The lines that the whole test program has logged, and somebody who waits for one.
static LOG: (Mutex<Vec<String>>, Condvar) = (Mutex::new(Vec::new()), Condvar::new());

struct Ears;

impl Write for Ears {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        let text = String::from_utf8_lossy(line).into_owned();
        let mut lines = LOG.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push(text);
        LOG.1.notify_all();
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Begins to listen to the log; to be called before what is to be heard.
pub fn hear_the_log() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::INFO)
            .with_ansi(false)
            .with_writer(|| Ears)
            .init();
    });
}

/// Waits until a line with all these words was logged, and returns it. Tests run side by
/// side, so one of the words is best an address.
pub fn logged(words: &[&str]) -> String {
    let lines = LOG.0.lock().unwrap_or_else(PoisonError::into_inner);
    let find = |lines: &[String]| -> Option<String> {
        let mut lines = lines.iter();
        let line = lines.find(|line| words.iter().all(|word| line.contains(word)));
        line.cloned()
    };
    let waited = LOG
        .1
        .wait_timeout_while(lines, PATIENCE, |lines| find(lines).is_none());
    let (lines, _) = waited.unwrap_or_else(PoisonError::into_inner);
    find(&lines).unwrap_or_else(|| panic!("no line of the log has {words:?}"))
}

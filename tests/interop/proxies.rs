//! haproxy and nginx before a server, each with an address of its own and a log of its clients.
//!
//! By the paths that Debian gives them, since a person's `PATH` seldom has `/usr/sbin`.

use std::net::{Ipv4Addr, SocketAddrV4, TcpListener};
use std::sync::atomic::{AtomicU8, Ordering};

use tempfile::TempDir;

use crate::lariat::text;
use crate::peer::{Ended, Peer, program};

/// A proxy that runs. Killed when dropped.
pub struct Proxy {
    address: String,
    running: Peer,
    _folder: TempDir,
}

impl Proxy {
    /// haproxy: what stands behind `bind ADDRESS` and `server NAME ADDRESS`, and further lines
    /// about the server. When a client is gone, it prints where that came from.
    pub fn haproxy(bind: &str, server: &str, more: &[&str]) -> Self {
        let address = free_address();
        let more = more.join("\n    ");
        let configuration = format!(
            "global\n    log stdout format raw local0\n\
             defaults\n    mode tcp\n    log global\n    log-format %ci:%cp\n    \
             timeout connect 20s\n    timeout client 20s\n    timeout server 20s\n\
             listen lariat\n    bind {address} {bind}\n    server lariat {server}\n    {more}\n"
        );
        let folder = folder_with(&configuration);
        let path = text(&folder.path().join("configuration"));
        let running = program("/usr/sbin/haproxy", ["-db", "-f", &path]);
        Proxy::listening(address, running, folder)
    }

    /// nginx: what stands behind `listen ADDRESS`, and the server's address. When a client is
    /// gone, it prints this variable.
    pub fn nginx(listen: &str, server: &str, log: &str) -> Self {
        let address = free_address();
        let configuration = format!(
            "load_module /usr/lib/nginx/modules/ngx_stream_module.so;\n\
             daemon off; master_process off; pid pid; error_log stderr;\n\
             events {{}}\n\
             stream {{\n    log_format client '{log}';\n    access_log /dev/stdout client;\n    \
             proxy_protocol on; proxy_half_close on;\n    \
             server {{ listen {address} {listen}; proxy_pass {server}; }}\n}}\n"
        );
        let folder = folder_with(&configuration);
        let path = text(folder.path());
        let arguments = ["-e", "stderr", "-p", &path, "-c", "configuration"];
        let running = program("/usr/sbin/nginx", arguments);
        Proxy::listening(address, running, folder)
    }

    /// Passes everything on as it is, without a word about the client.
    pub fn silent(server: &str) -> Self {
        Proxy::haproxy("", server, &[])
    }

    /// Waits until the proxy listens, without a connection that its log would tell of.
    fn listening(address: SocketAddrV4, mut running: Peer, folder: TempDir) -> Self {
        running.wait_until("listening", || is_listened_on(address));
        Proxy {
            address: address.to_string(),
            running,
            _folder: folder,
        }
    }

    /// `HOST:PORT`
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The next line of its log.
    pub fn line(&mut self) -> String {
        self.running.line()
    }

    /// Ends it, and returns what it still had to say.
    pub fn end(self) -> Ended {
        self.running.signal("TERM");
        self.running.wait()
    }
}

/// An address that nothing else in this process uses, nor most likely in another. Neither
/// proxy can be told to take any port and say which.
pub fn free_address() -> SocketAddrV4 {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    let [.., high, low] = std::process::id().to_be_bytes();
    let ip = Ipv4Addr::new(127, NEXT.fetch_add(1, Ordering::Relaxed), high, low);
    let listener = TcpListener::bind((ip, 0));
    let port = listener.and_then(|listener| listener.local_addr());
    SocketAddrV4::new(ip, port.expect("it can be listened on").port())
}

/// Whether a socket listens there, as Linux tells it.
fn is_listened_on(address: SocketAddrV4) -> bool {
    const LISTEN: &str = "0A";
    let ip = u32::from_ne_bytes(address.ip().octets());
    let local = format!("{ip:08X}:{:04X}", address.port());
    let sockets = std::fs::read_to_string("/proc/net/tcp").expect("Linux tells its sockets");
    sockets.lines().any(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        fields.len() > 3 && fields[1] == local && fields[3] == LISTEN
    })
}

fn folder_with(configuration: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("configuration");
    std::fs::write(path, configuration).expect("it can be written");
    folder
}

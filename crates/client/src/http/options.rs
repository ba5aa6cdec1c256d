//! What a client allows: times, sizes, redirections and versions, each with its default and the reason for it.

use std::time::Duration;

/// How long each step may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadlines {
    /// To connect, in all: the name looked up, a proxy asked, the handshake of TLS made. Default 30 s.
    pub connect: Duration,
    /// From when the request has been sent until the header of its answer is whole. Default 60 s: longer than
    /// servers and their proxies commonly work on a request themselves before they give up.
    pub answer: Duration,
    /// Between two pieces of a body, ours or the server's. Default 60 s.
    pub between: Duration,
    /// For all of it, redirections, repetitions and the body of the answer included. Default none, since a large file takes as
    /// long as it takes.
    pub whole: Option<Duration>,
}

impl Default for Deadlines {
    fn default() -> Self {
        Deadlines {
            connect: lariat_net::CONNECT_TIMEOUT,
            answer: Duration::from_secs(60),
            between: Duration::from_secs(60),
            whole: None,
        }
    }
}

/// How much a server may send, and how many connections there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The bytes of a header in all, and so of each of its lines. Default 256 KiB: curl allows 300, servers send
    /// hardly ever more than 16. At least 8 KiB.
    pub header_bytes: usize,
    /// The lines of a header. Default 256.
    pub header_lines: usize,
    /// How many bytes a compressed body may become before it is asked how large it was. Default 64 MiB, for those
    /// small answers that are zeros and nothing else.
    pub decoded_bytes: u64,
    /// Behind these, how many bytes each received one may have become. Default 200: texts become three to twenty
    /// times as large, logs and tables sometimes a hundred times, and what was made to fill a disk a
    /// thousand times (`gzip`) to many millions (`br`, `zstd`). Nothing is kept of what is unpacked, so this guards
    /// whoever writes it somewhere, and processor time.
    pub decoded_ratio: u64,
    /// Connections to one server at once. Default 8; requests wait for one. Over version 2 one carries all.
    pub connections_per_host: usize,
    /// Connections that are kept for later requests, to all servers. Default 64.
    pub idle_connections: usize,
    /// How long they are kept, over version 2 as well. Default 60 s, about as long as servers do. They end by themselves, where the
    /// runtime runs: that of [`Blocking`](super::Blocking) does while something is waited for.
    pub idle_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            header_bytes: 256 * 1024,
            header_lines: 256,
            decoded_bytes: 64 * 1024 * 1024,
            decoded_ratio: 200,
            connections_per_host: 8,
            idle_connections: 64,
            idle_time: Duration::from_secs(60),
        }
    }
}

/// Whether the client goes where answers point to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Redirects {
    /// How often for one request. Default 10; 0 gives back the answer that points elsewhere.
    pub limit: usize,
    /// Whether from `https` to `http` too, where everybody on the way reads and changes what is sent. Default no.
    pub to_plain_text: bool,
}

impl Default for Redirects {
    fn default() -> Self {
        Redirects {
            limit: 10,
            to_plain_text: false,
        }
    }
}

impl Redirects {
    /// Not at all.
    pub fn none() -> Self {
        Redirects {
            limit: 0,
            ..Redirects::default()
        }
    }
}

/// Which versions of HTTP the client speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Versions {
    /// 2 where the server chooses it in the handshake of TLS, 1.1 otherwise.
    #[default]
    Both,
    /// 1.1 only.
    Http1,
    /// 2 only: over plain connections the server must know that already.
    Http2,
}

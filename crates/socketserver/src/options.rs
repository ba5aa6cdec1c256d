//! How a server and its sockets are to be: the attributes of the original, and the limits that
//! it lacks.

use std::time::Duration;

use lariat_tls::ServerTls;

/// Which addresses a server on IP listens at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AddressFamily {
    /// That of the address; a server without a host, such as `:21567`, hears both. Of a name that
    /// has both, such as `localhost`, it is IPv4, as in Python: clients of IPv4 know no other, and
    /// those of both try both.
    #[default]
    Any,
    /// IPv4 only.
    Inet,
    /// IPv6, and without a host not IPv4 either.
    Inet6,
}

/// How a server and its sockets are to be. The names are those of Python's attributes.
///
/// ```
/// use std::time::Duration;
///
/// use lariat_socketserver::Options;
///
/// let options = Options {
///     request_queue_size: 128,
///     timeout: Some(Duration::from_secs(5)),
///     ..Options::default()
/// };
/// assert_eq!(options.max_packet_size, 8192);
/// ```
#[derive(Clone, Debug)]
pub struct Options {
    /// Which family a host's name is looked up in.
    pub address_family: AddressFamily,
    /// How many connections wait to be accepted: 1,024, where Python has 5, which a burst of
    /// clients overruns. The system has a bound of its own (`net.core.somaxconn`).
    pub request_queue_size: u32,
    /// Whether the address may be bound while old connections of it end: yes, where Python says
    /// no. On Unix that takes nobody's port away.
    pub allow_reuse_address: bool,
    /// Whether several sockets may listen at the same port, and share what comes. No.
    pub allow_reuse_port: bool,
    /// How long [`handle_request`](crate::Server::handle_request) waits for one. For ever.
    pub timeout: Option<Duration>,
    /// How many bytes of a datagram are taken; what is longer is cut off. 8,192.
    pub max_packet_size: usize,
    /// How much a stream's `rfile` reads at once at the most, which it comes to once that much comes.
    /// 8 KiB; 0 for as little as is asked for.
    pub rbufsize: usize,
    /// How much a stream's `wfile` gathers before it writes. 0: each write is one.
    pub wbufsize: usize,
    /// Whether small writes leave at once (`TCP_NODELAY`): yes, where Python says no. With a
    /// `wfile` that is not buffered, a reply of two writes would else wait 40 ms.
    pub disable_nagle_algorithm: bool,
    /// How long the client of a stream may take.
    pub deadlines: Deadlines,
    /// How many requests of one address are handled at a time; the others are refused. No limit.
    /// Those of Unix sockets have no address and are not counted.
    pub max_per_address: Option<usize>,
    /// How clients of [`Tls`](crate::Tls) are answered.
    pub tls: Option<ServerTls>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            address_family: AddressFamily::Any,
            request_queue_size: 1024,
            allow_reuse_address: true,
            allow_reuse_port: false,
            timeout: None,
            max_packet_size: 8192,
            rbufsize: 8192,
            wbufsize: 0,
            disable_nagle_algorithm: true,
            deadlines: Deadlines::default(),
            max_per_address: None,
            tls: None,
        }
    }
}

/// How long the client of a stream may take, from when its handling begins: a request that waits in
/// a queue is not its client's delay. Each is for reading; what is written must be taken at least
/// every `idle`, and all of it within `request`.
///
/// A request that is late fails with [`TimedOut`](std::io::ErrorKind::TimedOut) at its next
/// read or write, in words that say which deadline it was. What was there in time is read even if
/// its handler comes late to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadlines {
    /// Until its first byte, and for a handshake: 30 seconds.
    pub first_byte: Option<Duration>,
    /// From then on, how long a read waits for anything: 5 minutes. What the handler does between
    /// its reads does not count.
    pub idle: Option<Duration>,
    /// For the whole request, however it is spread: none, since a connection that is kept is one
    /// request however many questions it brings.
    pub request: Option<Duration>,
}

impl Deadlines {
    /// No deadline at all, as in the original.
    pub const NONE: Deadlines = Deadlines {
        first_byte: None,
        idle: None,
        request: None,
    };
}

impl Default for Deadlines {
    fn default() -> Self {
        Deadlines {
            first_byte: Some(Duration::from_secs(30)),
            idle: Some(Duration::from_secs(300)),
            request: None,
        }
    }
}

//! How long a peer may take, for each thing that it can take long for.

use std::fmt;
use std::time::Duration;

/// How long a peer may take. `None` is for ever.
///
/// Each is counted from one moment and never from the last byte, so a peer that sends a byte
/// now and then gains nothing by it:
///
/// ```
/// use lariat_protocol::Deadlines;
/// use std::time::Duration;
///
/// let patient = Deadlines {
///     idle: Some(Duration::from_secs(3600)),
///     ..Deadlines::default()
/// };
/// assert_eq!(patient.handshake, Some(Duration::from_secs(10)));
/// assert_eq!(Deadlines::NONE.idle, None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadlines {
    /// For the PROXY header, from the accept. Default 5 s: a proxy sends it at once.
    pub proxy_header: Option<Duration>,
    /// For the TLS and WebSocket handshakes together. Default 10 s: they are a few round
    /// trips.
    pub handshake: Option<Duration>,
    /// Until the peer's first message is whole or begun, from when the connection is open.
    /// Default 30 s.
    pub first_message: Option<Duration>,
    /// For a message that has begun, and what each of its bytes adds is by
    /// [`minimum_rate`](Self::minimum_rate). Default 30 s.
    pub message: Option<Duration>,
    /// Bytes a second. Whoever is slower uses up the time that
    /// [`message`](Self::message) or [`write`](Self::write) gives, and whoever is faster
    /// keeps it. Default 500: a line of 64 KiB may take two minutes.
    pub minimum_rate: u32,
    /// Between messages, from the end of the last reply. Default 300 s.
    pub idle: Option<Duration>,
    /// For what waits to be sent to a peer that reads slower than
    /// [`minimum_rate`](Self::minimum_rate). Default 60 s.
    pub write: Option<Duration>,
    /// For the whole connection, whatever it does. Default none.
    pub life: Option<Duration>,
}

impl Deadlines {
    /// None at all, as connections that this side made have.
    pub const NONE: Deadlines = Deadlines {
        proxy_header: None,
        handshake: None,
        first_message: None,
        message: None,
        minimum_rate: 1,
        idle: None,
        write: None,
        life: None,
    };

    /// What a server gives its clients unless told otherwise.
    pub const DEFAULT: Deadlines = Deadlines {
        proxy_header: Some(Duration::from_secs(5)),
        handshake: Some(Duration::from_secs(10)),
        first_message: Some(Duration::from_secs(30)),
        message: Some(Duration::from_secs(30)),
        minimum_rate: 500,
        idle: Some(Duration::from_secs(300)),
        write: Some(Duration::from_secs(60)),
        life: None,
    };

    /// How long this one is.
    pub fn of(&self, deadline: Deadline) -> Option<Duration> {
        match deadline {
            Deadline::ProxyHeader => self.proxy_header,
            Deadline::Handshake => self.handshake,
            Deadline::FirstMessage => self.first_message,
            Deadline::Message => self.message,
            Deadline::Idle => self.idle,
            Deadline::Write => self.write,
            Deadline::Life => self.life,
        }
    }
}

impl Default for Deadlines {
    fn default() -> Self {
        Deadlines::DEFAULT
    }
}

/// Which of the [`Deadlines`] has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Deadline {
    /// The PROXY header did not come.
    ProxyHeader,
    /// The handshakes did not end.
    Handshake,
    /// No first message came.
    FirstMessage,
    /// A message that had begun did not end.
    Message,
    /// Nothing came after the last reply.
    Idle,
    /// The peer did not read what was sent to it.
    Write,
    /// The connection has been there for long enough.
    Life,
}

impl Deadline {
    /// All of them, in the order in which a connection meets them.
    pub const ALL: [Deadline; 7] = [
        Deadline::ProxyHeader,
        Deadline::Handshake,
        Deadline::FirstMessage,
        Deadline::Message,
        Deadline::Idle,
        Deadline::Write,
        Deadline::Life,
    ];

    /// The word for it in settings and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Deadline::ProxyHeader => "proxy-header",
            Deadline::Handshake => "handshake",
            Deadline::FirstMessage => "first-message",
            Deadline::Message => "message",
            Deadline::Idle => "idle",
            Deadline::Write => "write",
            Deadline::Life => "life",
        }
    }
}

impl fmt::Display for Deadline {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Deadline::ProxyHeader => "no PROXY header in time",
            Deadline::Handshake => "the handshake took too long",
            Deadline::FirstMessage => "no first message in time",
            Deadline::Message => "a message was not finished in time",
            Deadline::Idle => "idle for too long",
            Deadline::Write => "the peer did not read in time what was sent to it",
            Deadline::Life => "connected for as long as is allowed",
        })
    }
}

//! How many may come: the settings.

use lariat_protocol::Network;

use crate::platform::descriptor;

/// How much of the descriptors is kept for what is no connection: files, sockets that listen,
/// the threads' own.
const RESERVE: u64 = 64;

/// The most that the default allows where the system would allow anything.
const MOST_CONNECTIONS: u64 = 1 << 20;

/// How many connections may come, from where, and how fast.
///
/// A reactor has one, for all its services together; a service may have one of its own beside
/// it, and a connection needs a place in both.
///
/// ```
/// use lariat_net::Limits;
///
/// let few = Limits {
///     per_address: Some(10),
///     allow: vec!["10.0.0.0/8".parse()?, "127.0.0.0/8".parse()?],
///     ..Limits::default()
/// };
/// # assert_eq!(few.prefix_v4, 24);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Connections in all. Default: what the descriptor limit leaves when 64 are kept for
    /// other things, at most a million.
    pub connections: Option<usize>,
    /// Connections of one address. Of IPv6 a /64 is one, since whoever has one address there
    /// has them all. Default: a quarter of [`connections`](Self::connections), so that no one
    /// takes the places of all.
    pub per_address: Option<usize>,
    /// Connections of one network, by the two lengths below. Default: half of
    /// [`connections`](Self::connections).
    pub per_network: Option<usize>,
    /// How many bits make an IPv4 network. Default 24.
    pub prefix_v4: u8,
    /// How many bits make an IPv6 network. Default 48.
    pub prefix_v6: u8,
    /// New connections a second of one address, in the long run. Default 100: browsers and
    /// load balancers open tens.
    pub accept_rate: Option<u32>,
    /// How many more than that may come at once. Default 1,000.
    pub accept_burst: u32,
    /// Handshakes of TLS and WebSocket under way at once; each holds some ten kilobytes.
    /// Default: half of [`connections`](Self::connections), or 512 if that is more.
    pub handshakes: Option<usize>,
    /// Bytes that all connections together hold in buffers. Beyond it no connection is taken,
    /// and one that holds much and grows is ended. Default 256 MiB: sixteen connections at
    /// their own limit.
    pub memory: Option<usize>,
    /// If there are any, only these may connect.
    pub allow: Vec<Network>,
    /// These may not.
    pub deny: Vec<Network>,
    /// To these the limits by address, by network and by rate do not apply. Default: this
    /// machine, whose connections are its own programs' and often a proxy's. Who came while it
    /// was exempt does not count when the list changes.
    pub exempt: Vec<Network>,
}

impl Limits {
    /// No limit at all.
    pub fn none() -> Self {
        Limits {
            connections: None,
            per_address: None,
            per_network: None,
            prefix_v4: 24,
            prefix_v6: 48,
            accept_rate: None,
            accept_burst: 0,
            handshakes: None,
            memory: None,
            allow: Vec::new(),
            deny: Vec::new(),
            exempt: Network::LOOPBACK.to_vec(),
        }
    }

    /// The defaults for so many connections in all, of which some limits are a share.
    ///
    /// ```
    /// assert_eq!(lariat_net::Limits::of(1000).per_address, Some(250));
    /// ```
    pub fn of(connections: usize) -> Self {
        Limits {
            connections: Some(connections),
            per_address: Some((connections / 4).max(1)),
            per_network: Some((connections / 2).max(1)),
            accept_rate: Some(100),
            accept_burst: 1000,
            // A small server is meant to be filled by a burst of handshakes.
            handshakes: Some((connections / 2).max(512).min(connections)),
            memory: Some(256 << 20),
            ..Limits::none()
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        let descriptors = descriptor::limit().unwrap_or(1024);
        // With very few, half of them are as good a guess as any.
        let connections = descriptors.saturating_sub(RESERVE).max(descriptors / 2);
        Limits::of(usize::try_from(connections.min(MOST_CONNECTIONS)).unwrap_or(1024))
    }
}

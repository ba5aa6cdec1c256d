//! How TCP finds out that a peer is gone without a word.

use std::io;
use std::time::Duration;

use socket2::{Socket, TcpKeepalive};

/// Probes on a silent connection, and how long what was sent may stay unacknowledged.
///
/// Set on the socket that listens, from which accepted connections have it without a further
/// call to the system.
///
/// ```
/// use lariat_net::KeepAlive;
/// use std::time::Duration;
///
/// let eager = KeepAlive {
///     idle: Some(Duration::from_secs(20)),
///     ..KeepAlive::default()
/// };
/// # assert_eq!(eager.probes, 4);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeepAlive {
    /// After so long without a byte a probe is sent (`TCP_KEEPIDLE`); none are if there is no
    /// time. Default 120 s: within the idle deadline, and often enough for most NATs.
    pub idle: Option<Duration>,
    /// How long each probe waits for its answer (`TCP_KEEPINTVL`). Default 15 s.
    pub interval: Duration,
    /// After so many without an answer the peer is gone (`TCP_KEEPCNT`). Default 4.
    pub probes: u32,
    /// How long sent bytes may stay unacknowledged (`TCP_USER_TIMEOUT`, on Linux); the
    /// system's own time, a quarter of an hour and more, if there is none. Default 90 s.
    pub user_timeout: Option<Duration>,
}

impl KeepAlive {
    /// What the system does by itself.
    pub const NONE: KeepAlive = KeepAlive {
        idle: None,
        interval: Duration::from_secs(15),
        probes: 4,
        user_timeout: None,
    };

    pub(crate) fn set(&self, socket: &Socket) -> io::Result<()> {
        if let Some(idle) = self.idle {
            let settings = TcpKeepalive::new().with_time(idle);
            #[cfg(not(target_os = "openbsd"))]
            let settings = settings.with_interval(self.interval);
            #[cfg(not(any(target_os = "openbsd", windows)))]
            let settings = settings.with_retries(self.probes);
            socket.set_tcp_keepalive(&settings)?;
        }
        #[cfg(any(target_os = "linux", target_os = "android"))]
        if self.user_timeout.is_some() {
            socket.set_tcp_user_timeout(self.user_timeout)?;
        }
        Ok(())
    }
}

impl Default for KeepAlive {
    fn default() -> Self {
        KeepAlive {
            idle: Some(Duration::from_secs(120)),
            user_timeout: Some(Duration::from_secs(90)),
            ..KeepAlive::NONE
        }
    }
}

//! The time-out that connections have for want of one of their own.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::error::SocketError;

/// In nanoseconds, 0 for none; a time-out of zero is refused, so that the two stay apart.
static DEFAULT_NANOSECONDS: AtomicU64 = AtomicU64::new(0);

/// Sets the time-out of every later [`create_connection`](super::create_connection) in this
/// process that is given none; `None`, as at the start, lets it wait for ever.
///
/// Sockets made in other ways keep to std: none, until `set_read_timeout` and `set_write_timeout`.
///
/// # Errors
///
/// [`SocketError::Misuse`] for a time-out of zero, which Python takes for "non-blocking", and for
/// one over 500 years.
pub fn set_default_timeout(timeout: Option<Duration>) -> Result<(), SocketError> {
    DEFAULT_NANOSECONDS.store(nanoseconds(timeout)?, Ordering::Relaxed);
    Ok(())
}

/// The time-out that [`set_default_timeout`] set.
#[must_use]
pub fn default_timeout() -> Option<Duration> {
    match DEFAULT_NANOSECONDS.load(Ordering::Relaxed) {
        0 => None,
        nanoseconds => Some(Duration::from_nanos(nanoseconds)),
    }
}

/// Whether an error says that a time-out passed: Python's `timeout`.
///
/// A read or write that its time-out ended comes back as `WouldBlock` on Unix and as `TimedOut`
/// on Windows, a connection as `TimedOut` everywhere. On a non-blocking socket `WouldBlock` has
/// its other meaning: not now.
#[must_use]
pub fn is_timeout(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock
    )
}

/// Refuses the time-outs that cannot be kept.
pub(super) fn nanoseconds(timeout: Option<Duration>) -> Result<u64, SocketError> {
    match timeout.map(|timeout| u64::try_from(timeout.as_nanos())) {
        None => Ok(0),
        Some(Ok(0)) => Err(SocketError::Misuse(
            "a time-out of zero cannot be kept: for a non-blocking socket call \
             set_nonblocking(true), for no time-out give None"
                .to_owned(),
        )),
        Some(Ok(nanoseconds)) => Ok(nanoseconds),
        Some(Err(_)) => Err(SocketError::Misuse(
            "a time-out is at most 500 years: for none give None".to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::connection::{ConnectionRequest, create_connection};
    use super::*;

    // The default belongs to the whole process: no other test sets it or relies on it.
    #[test]
    fn the_default_counts_for_connections_that_are_given_no_time_out() {
        assert_eq!(default_timeout(), None);
        let timeout = Some(Duration::from_secs(7));
        set_default_timeout(timeout).unwrap();
        assert_eq!(default_timeout(), timeout);
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let stream = create_connection("127.0.0.1", port).unwrap();
        assert_eq!(stream.read_timeout().unwrap(), timeout);
        let endless = ConnectionRequest::new("127.0.0.1", port).timeout(None);
        assert_eq!(endless.connect().unwrap().read_timeout().unwrap(), None);
        assert!(set_default_timeout(Some(Duration::ZERO)).is_err());
        assert_eq!(default_timeout(), timeout);
        set_default_timeout(None).unwrap();
        assert_eq!(default_timeout(), None);
    }

    #[test]
    fn a_time_out_that_cannot_be_kept_is_refused() {
        assert_eq!(nanoseconds(None).unwrap(), 0);
        assert_eq!(
            nanoseconds(Some(Duration::from_secs(2))).unwrap(),
            2_000_000_000
        );
        let message = |timeout| nanoseconds(Some(timeout)).unwrap_err().to_string();
        assert!(message(Duration::ZERO).starts_with("a time-out of zero cannot be kept"));
        assert!(message(Duration::MAX).starts_with("a time-out is at most 500 years"));
    }

    #[test]
    fn a_read_that_timed_out_is_known_by_either_of_its_kinds() {
        assert!(is_timeout(&io::ErrorKind::TimedOut.into()));
        assert!(is_timeout(&io::ErrorKind::WouldBlock.into()));
        assert!(!is_timeout(&io::ErrorKind::ConnectionRefused.into()));
    }
}

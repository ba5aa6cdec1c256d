//! The sleep service: a [remote call](crate::call) that comes back when so many seconds have
//! passed.
//!
//! ```text
//! C: {"jsonrpc":"2.0","id":1,"method":"sleep","params":[1.5]}
//! S: {"jsonrpc":"2.0","id":1,"result":{"seconds":1.501}}
//! ```
//!
//! Read [`Sleep`], and [`Longest`] for what can be slept.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How long may be slept unless a server says otherwise, in seconds: an hour.
pub const MAXIMUM_SECONDS: f64 = 3600.0;

/// The longest sleep that a server may allow, in seconds: a year.
pub const MOST_SECONDS: f64 = 31_536_000.0;

crate::remote! {
    /// Something that sleeps for others.
    pub trait Sleep, client SleepClient {
        /// Comes back when so many seconds have passed, which may have a fraction; never earlier.
        async fn sleep(seconds: f64) -> Result<Slept, SleepError>;
    }
}

/// A sleep that is over.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slept {
    /// How many seconds it took, by the server's clock.
    pub seconds: f64,
}

/// Why there is no sleep.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum SleepError {
    /// There is no such time, or it is too long.
    #[error("{seconds} s cannot be slept; from 0 to {maximum} can")]
    OutOfRange {
        /// What was asked for.
        seconds: f64,
        /// The longest sleep.
        maximum: f64,
    },
}

/// The longest sleep that is allowed: a number of seconds that is a time.
///
/// ```
/// use lariat_protocol::sleep::Longest;
///
/// let longest = Longest::new(60.0).expect("a time");
/// assert_eq!(longest.check(1.5).expect("shorter").as_millis(), 1500);
/// for seconds in [-1.0, 60.1, f64::NAN, f64::INFINITY] {
///     assert!(longest.check(seconds).is_err());
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Longest(f64);

impl Longest {
    /// So many seconds; nothing unless they are from 0 to [`MOST_SECONDS`].
    pub fn new(seconds: f64) -> Option<Self> {
        (0.0..=MOST_SECONDS)
            .contains(&seconds)
            .then_some(Longest(seconds))
    }

    /// The time of so many seconds.
    ///
    /// # Errors
    ///
    /// When they are negative, too many, or no number.
    pub fn check(self, seconds: f64) -> Result<Duration, SleepError> {
        match (0.0..=self.0).contains(&seconds) {
            true => Ok(Duration::from_secs_f64(seconds)),
            false => Err(SleepError::OutOfRange {
                seconds,
                maximum: self.0,
            }),
        }
    }
}

impl Default for Longest {
    fn default() -> Self {
        Longest(MAXIMUM_SECONDS)
    }
}

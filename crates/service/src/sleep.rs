//! The sleep service: a call that comes back when so many seconds have passed.

use std::time::Instant;

use lariat_protocol::Endpoint;
use lariat_protocol::call::Context;
use lariat_protocol::endpoint::EndpointError;
use lariat_protocol::sleep::{Longest, MOST_SECONDS, Sleep, SleepClient, SleepError, Slept};

use crate::call::Calls;

/// The endpoint's options that this service knows.
const OPTIONS: [&str; 1] = ["max_seconds"];

/// Sleeps for others, as a task on the runtime's one timer wheel for each who waits.
///
/// ```
/// use lariat_net::Reactor;
/// use lariat_service::sleep::Sleeper;
///
/// # fn main() -> Result<(), lariat_net::Error> {
/// let reactor = Reactor::builder().threads(1).build()?;
/// reactor.listen("tcp://localhost:0", Sleeper::default().into_calls())?;
/// # reactor.handle().stop();
/// reactor.run();
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Sleeper {
    longest: Longest,
}

impl Sleeper {
    /// Sleeps of at most so long.
    pub fn new(longest: Longest) -> Self {
        Sleeper { longest }
    }

    /// What an endpoint's options want: `?max_seconds=N` is the longest sleep.
    ///
    /// # Errors
    ///
    /// An option that neither this service nor the engine knows, a value that is no time, or an
    /// endpoint of datagrams: an answer that is lost would be waited for in vain.
    pub fn from_endpoint(endpoint: &Endpoint) -> Result<Self, EndpointError> {
        let mut longest = Longest::default();
        for (key, value) in endpoint.service_options(&OPTIONS)? {
            let seconds = value.parse().ok().and_then(Longest::new);
            longest = seconds.ok_or_else(|| EndpointError::Option {
                key: key.to_string(),
                reason: format!("{value:?} is not a number of seconds from 0 to {MOST_SECONDS}"),
            })?;
        }
        match endpoint.is_datagram() {
            true => Err(EndpointError::Service {
                reason: format!(
                    "{endpoint}: calls are answered later, and datagrams may be lost; use tcp, tls, ws \
                     or unix"
                ),
            }),
            false => Ok(Sleeper { longest }),
        }
    }

    /// Its method as a service.
    pub fn into_calls(self) -> Calls {
        Calls::new(SleepClient::methods(self))
    }
}

impl Sleep for Sleeper {
    async fn sleep(&self, _: Context, seconds: f64) -> Result<Slept, SleepError> {
        let begun = Instant::now();
        tokio::time::sleep(self.longest.check(seconds)?).await;
        Ok(Slept {
            seconds: begun.elapsed().as_secs_f64(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(endpoint: &str) -> Result<Longest, String> {
        let endpoint: Endpoint = endpoint.parse().expect("an endpoint");
        let sleeper = Sleeper::from_endpoint(&endpoint);
        sleeper
            .map(|sleeper| sleeper.longest)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn the_longest_sleep_is_an_option() {
        assert_eq!(from("tcp://localhost:1"), Ok(Longest::default()));
        let half = Longest::new(0.5).expect("a time");
        assert_eq!(from("tcp://localhost:1?max_seconds=0.5"), Ok(half));
        for wrong in ["-1", "nan", "inf", "1e9", "", "soon"] {
            let said = from(&format!("tcp://localhost:1?max_seconds={wrong}"));
            let said = said.expect_err(wrong);
            assert!(said.contains("is not a number of seconds from 0 to 31536000"));
        }
        assert!(from("tcp://localhost:1?seconds=1").is_err());
    }

    #[test]
    fn datagrams_are_not_slept_over() {
        let said = from("udp://localhost:1").expect_err("refused");
        let words = "calls are answered later, and datagrams may be lost; use tcp, tls, ws or unix";
        assert!(said.ends_with(words), "{said}");
    }
}

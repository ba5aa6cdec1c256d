//! What is to be done to a server, checked before anything is.

use std::time::Duration;

use lariat_protocol::Endpoint;
use lariat_protocol::endpoint::Base;
use lariat_protocol::timestamp::MAXIMUM_LINE;

use crate::bench::script::{Expect, STAMP, Script};
use crate::failure::Failure;

/// The longest line to servers of which we know no limit.
const LONGEST_LINE: usize = 1024 * 1024;

/// The longest message to a WebSocket server of ours, and to a Unix datagram socket.
const LONGEST_MESSAGE: usize = 64 * 1024;

/// What a UDP datagram over IPv4 can carry: 65,535 less the headers of IP and UDP.
const LONGEST_DATAGRAM: usize = 65_507;

/// How much may be in flight on one connection.
const MOST_IN_FLIGHT: usize = 8 * 1024 * 1024;

/// What the connections do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Manner {
    /// So many messages in flight on each; the next one leaves when an answer comes.
    Closed { pipeline: usize },
    /// So many messages a second in all, whether answers come or not.
    Paced { per_second: f64 },
    /// One message on each connection, then a new one.
    Churn,
    /// Nothing.
    Idle,
}

/// When it is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// After so many messages.
    Requests(u64),
    /// After so long.
    Time(Duration),
}

/// Everything that a run needs to know.
#[derive(Clone, Debug)]
pub struct Plan {
    pub endpoint: Endpoint,
    pub connections: usize,
    pub threads: usize,
    pub manner: Manner,
    pub amount: Amount,
    /// How long messages are sent before they count.
    pub warmup: Duration,
    /// How long connecting and each answer may take.
    pub timeout: Duration,
    pub expect: Expect,
    pub script: Script,
}

impl Plan {
    /// The messages of `size` bytes that this endpoint can carry, and their answers.
    ///
    /// # Errors
    ///
    /// Wrong usage: the carrier has no such message.
    pub fn script(endpoint: &Endpoint, expect: Expect, size: usize) -> Result<Script, Failure> {
        let lines = !endpoint.is_message_oriented();
        let (shortest, longest, what) = match (endpoint.base(), expect) {
            _ if endpoint.is_websocket() => (0, LONGEST_MESSAGE, "a WebSocket message has"),
            // Its answer is a datagram too.
            (Base::Udp { .. }, Expect::Timestamp) => (
                0,
                LONGEST_DATAGRAM - STAMP,
                "a datagram with its answer has",
            ),
            (Base::Udp { .. }, _) => (0, LONGEST_DATAGRAM, "a datagram has"),
            _ if !lines => (0, LONGEST_MESSAGE, "a Unix datagram has"),
            (_, Expect::Timestamp) => (1, MAXIMUM_LINE + 1, "a line with its end has"),
            _ => (1, LONGEST_LINE, "a line with its end has"),
        };
        if !(shortest..=longest).contains(&size) {
            return Err(Failure::usage(format!(
                "--size {size}: {what} {shortest} to {longest} bytes here"
            )));
        }
        Ok(Script::new(expect, size, lines))
    }

    /// Checks what the parts say together.
    ///
    /// # Errors
    ///
    /// Wrong usage.
    pub fn check(&self) -> Result<(), Failure> {
        let endpoint = &self.endpoint;
        match endpoint.base() {
            Base::Tcp { port: None, .. } | Base::Udp { port: None, .. } => {
                return Err(Failure::usage(format!(
                    "{endpoint}: no port is given, as in tcp://localhost:21567"
                )));
            }
            Base::Fd(_) => {
                return Err(Failure::usage(format!(
                    "{endpoint} is one connection that was made already, and more are to be made"
                )));
            }
            _ => {}
        }
        if let Manner::Closed { pipeline } = self.manner
            && pipeline.saturating_mul(self.script.size()) > MOST_IN_FLIGHT
        {
            let size = self.script.size();
            return Err(Failure::usage(format!(
                "--pipeline {pipeline}: at most {} bytes are in flight on a connection, which is \
                 --pipeline {} at --size {size}",
                MOST_IN_FLIGHT,
                MOST_IN_FLIGHT / size
            )));
        }
        Ok(())
    }

    /// Whether answers may be lost and overtake each other.
    pub fn is_datagram(&self) -> bool {
        self.endpoint.is_datagram()
    }
}

/// Reads a time: seconds, or a number with `ms`, `s`, `m` or `h` behind it.
pub fn time(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|character: char| character.is_ascii_alphabetic());
    let factor = match &text[digits.len()..] {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => f64::NAN,
    };
    let seconds = digits.parse::<f64>().unwrap_or(f64::NAN) * factor;
    match (0.0..=86_400.0).contains(&seconds) {
        true => Ok(Duration::from_secs_f64(seconds)),
        false => Err("not a time of at most a day, such as 10, 0.5s, 200ms or 2m".into()),
    }
}

/// Reads a time that is not nothing.
pub fn some_time(text: &str) -> Result<Duration, String> {
    let time = time(text)?;
    match time.is_zero() {
        true => Err("it must be longer than nothing".into()),
        false => Ok(time),
    }
}

/// Reads a number of messages a second.
pub fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse::<f64>().ok();
    let rate = rate.filter(|rate| (0.001..=1e9).contains(rate));
    rate.ok_or_else(|| "not a number of messages a second, such as 5000 or 0.5".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        let milliseconds = |text| time(text).map(|time| time.as_millis());
        assert_eq!(milliseconds("10"), Ok(10_000));
        assert_eq!(milliseconds("0.5s"), Ok(500));
        assert_eq!(milliseconds("200ms"), Ok(200));
        assert_eq!(milliseconds("2m"), Ok(120_000));
        for wrong in ["", "s", "-1", "5x", "nan", "25h", "1 s"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
        assert!(some_time("0s").is_err() && some_time("1ms").is_ok());
        assert!(rate("0").is_err() && rate("inf").is_err() && rate("0.5").is_ok());
    }

    #[test]
    fn a_carrier_takes_messages_of_some_sizes() {
        let check = |endpoint: &str, expect, shortest: usize, longest: usize| {
            let parsed = endpoint.parse().expect(endpoint);
            let fits = |size| Plan::script(&parsed, expect, size).is_ok();
            assert!(fits(shortest) && fits(longest), "{endpoint}");
            assert!(shortest == 0 || !fits(shortest - 1), "{endpoint}");
            assert!(!fits(longest + 1), "{endpoint}");
        };
        check("tcp://h:1", Expect::Timestamp, 1, 65_537);
        check("tls://h:1", Expect::Timestamp, 1, 65_537);
        check("udp://h:1", Expect::Timestamp, 0, 65_480);
        check("wss://h:1", Expect::Timestamp, 0, 65_536);
        check("unixgram:x", Expect::Timestamp, 0, 65_536);
        check("unix:x", Expect::Echo, 1, LONGEST_LINE);
        check("udp://h:1", Expect::Echo, 0, 65_507);
    }
}

//! How it is found out whether what is registered still answers.

use std::str::FromStr;

use crate::names::words::{Word, write_pair};
use crate::names::{FieldError, Place, number};

/// The most bytes that a probe sends, and that a pattern has.
pub const MAXIMUM_PROBE_TEXT: usize = 200;

/// How often a service may be probed: the seconds between two probes.
pub const INTERVAL_SECONDS: std::ops::RangeInclusive<u32> = 5..=3600;

/// How a service is probed: connected to, with TLS or without, and perhaps sent something that it
/// is to answer.
///
/// On the wire `probe=connect`, `probe=tls` or `probe=none`, with `send=BYTES`, `expect=PATTERN` and
/// `interval=SECONDS` beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// What is connected with.
    pub way: Way,
    /// What is sent as soon as there is a connection; nothing if empty.
    pub send: Vec<u8>,
    /// The pattern that must be in what comes then, as a regular expression over bytes. Whether
    /// it is one is the server's to check.
    pub expect: Option<String>,
    /// The seconds between two probes; the server's own choice if not said.
    pub interval: Option<u32>,
}

/// What a probe connects with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Not at all: the registration ends when it is not renewed, and only then.
    None,
    /// A TCP connection.
    Connect,
    /// A TLS handshake over it, in which no certificate is checked: whether a client would trust
    /// it is the client's to know.
    Tls,
}

impl Way {
    /// Its word on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Way::None => "none",
            Way::Connect => "connect",
            Way::Tls => "tls",
        }
    }
}

impl FromStr for Way {
    type Err = FieldError;

    fn from_str(text: &str) -> Result<Self, FieldError> {
        let ways = [Way::None, Way::Connect, Way::Tls];
        let way = ways.into_iter().find(|way| way.word() == text);
        way.ok_or_else(|| FieldError::new("probe", "it is one of connect, tls and none"))
    }
}

impl Probe {
    /// A probe that only connects, in this way.
    pub fn of(way: Way) -> Self {
        Probe {
            way,
            send: Vec::new(),
            expect: None,
            interval: None,
        }
    }

    /// What a place is probed by unless something else is said: a handshake where clients make
    /// one, and nothing where a connection says nothing, which is UDP.
    pub fn default_of(place: &Place) -> Self {
        Probe::of(match place.scheme() {
            "udp" => Way::None,
            "tls" | "wss" => Way::Tls,
            _ => Way::Connect,
        })
    }

    /// Takes a word of a request for it; whether it was one.
    pub(super) fn take(&mut self, word: &Word<'_>) -> Result<bool, FieldError> {
        match word.key {
            Some("probe") => self.way = word.text()?.parse()?,
            Some("send") => {
                check_length("send", word.value.len())?;
                self.send = word.value.to_vec();
            }
            Some("expect") => {
                check_length("expect", word.value.len())?;
                let text = word.text()?.into_owned();
                self.expect = (!text.is_empty()).then_some(text);
            }
            Some("interval") => {
                let seconds = number(&word.text()?).and_then(|number| u32::try_from(number).ok());
                let seconds = seconds.filter(|seconds| INTERVAL_SECONDS.contains(seconds));
                self.interval = Some(seconds.ok_or_else(|| {
                    let (least, most) = (INTERVAL_SECONDS.start(), INTERVAL_SECONDS.end());
                    let reason = format!("it is a number of seconds from {least} to {most}");
                    FieldError::new("interval", reason)
                })?);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Whether it can be done to this place.
    pub(super) fn check(&self, place: &Place) -> Result<(), FieldError> {
        let wrong = |reason: &str| Err(FieldError::new("probe", reason));
        if self.way != Way::None && place.scheme() == "udp" {
            return wrong("over udp nothing can be connected to; probe another port, or none");
        }
        if self.way == Way::None && (!self.send.is_empty() || self.expect.is_some()) {
            return wrong("send and expect need probe=connect or probe=tls");
        }
        Ok(())
    }

    pub(super) fn write(&self, out: &mut String) {
        write_pair(out, "probe", self.way.word().as_bytes());
        if !self.send.is_empty() {
            write_pair(out, "send", &self.send);
        }
        if let Some(expect) = &self.expect {
            write_pair(out, "expect", expect.as_bytes());
        }
        if let Some(interval) = self.interval {
            write_pair(out, "interval", interval.to_string().as_bytes());
        }
    }
}

fn check_length(field: &str, length: usize) -> Result<(), FieldError> {
    match length <= MAXIMUM_PROBE_TEXT {
        true => Ok(()),
        false => Err(FieldError::new(
            field,
            format!("it has {length} bytes; at most {MAXIMUM_PROBE_TEXT} are allowed"),
        )),
    }
}

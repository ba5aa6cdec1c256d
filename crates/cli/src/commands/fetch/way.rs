//! What is remembered of the way of a URL, for `--json` and `-w`: also where it has come to nothing.

use std::time::Duration;

use http::{HeaderMap, Method, StatusCode, Uri, Version};
use lariat_client::http::Event;
use lariat_protocol::Address;

/// The way until now.
#[derive(Clone, Debug, Default)]
pub struct Way {
    /// What answers were asked for that pointed elsewhere.
    pub redirects: Vec<Uri>,
    /// Where the last of them pointed to.
    pub led_to: Option<Uri>,
    /// How often it was asked again.
    pub repetitions: u32,
    /// How many connections were made.
    pub connections: u32,
    /// The other end of the last connection.
    pub peer: Option<Address>,
    /// The last request's method.
    pub method: Option<Method>,
    /// How many bytes of the last request's body were sent.
    pub sent: u64,
    /// The last answer.
    pub answer: Option<Head>,
    /// Whether it pointed elsewhere, and that was followed.
    pub is_followed: bool,
    /// When the steps of the last request were done.
    pub times: Times,
    /// Whether it is a proxy that was asked last, for a connection.
    pub is_at_proxy: bool,
}

/// The head of an answer, as it came.
#[derive(Clone, Debug)]
pub struct Head {
    pub status: StatusCode,
    pub version: Version,
    pub headers: HeaderMap,
}

/// When the steps of the last request were done, from the beginning on. What was there before took no time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// All that was asked before was done with.
    pub redirected: Option<Duration>,
    /// The host's addresses were known.
    pub resolved: Option<Duration>,
    /// There was a connection.
    pub connected: Option<Duration>,
    /// There was TLS.
    pub secured: Option<Duration>,
    /// The head of the request was there to be sent.
    pub asked: Option<Duration>,
    /// The head of the answer was there.
    pub answered: Option<Duration>,
}

impl Way {
    /// Goes on, by what happens so long after the beginning.
    pub fn go_on(&mut self, event: &Event<'_>, now: Duration) {
        match event {
            Event::Resolved { .. } => self.times.resolved = Some(now),
            Event::Connected { peer, .. } => {
                self.connections += 1;
                self.peer = Some((*peer).clone());
                self.times.connected = Some(now);
            }
            Event::Secured { .. } => self.times.secured = Some(now),
            Event::Reused { peer, .. } => self.peer = Some((*peer).clone()),
            Event::Asked { method, .. } => {
                self.is_at_proxy = **method == Method::CONNECT;
                if !self.is_at_proxy {
                    self.method = Some((*method).clone());
                    self.sent = 0;
                    self.times.asked = Some(now);
                }
            }
            Event::Sent { bytes, .. } => self.sent += *bytes as u64,
            // What a proxy says of the connection, and what only goes before an answer, is none.
            Event::Answered { status, .. } if self.is_at_proxy || status.is_informational() => {}
            Event::Answered {
                version,
                status,
                headers,
                ..
            } => {
                self.times.answered = Some(now);
                self.is_followed = false;
                self.answer = Some(Head {
                    status: *status,
                    version: *version,
                    headers: (*headers).clone(),
                });
            }
            Event::Redirected { from, to, .. } => {
                self.redirects.push((*from).clone());
                self.led_to = Some((*to).clone());
                self.is_followed = true;
                self.times = Times {
                    redirected: Some(now),
                    ..Times::default()
                };
            }
            Event::Again { .. } => {
                self.repetitions += 1;
                self.times = Times {
                    redirected: self.times.redirected,
                    ..Times::default()
                };
            }
            _ => {}
        }
    }

    /// Begins anew, since all of it is asked for once more.
    pub fn begin_again(&mut self) {
        self.repetitions += 1;
        self.redirects.clear();
        self.led_to = None;
        self.times = Times::default();
    }
}

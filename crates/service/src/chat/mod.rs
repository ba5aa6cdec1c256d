//! The chat: many people in many rooms.
//!
//! [`Rooms`] knows who is where and who hears what, and nothing of connections; what is spoken to
//! a person is a front's. The one here is plain lines ([`lariat_protocol::chat`]); others join the
//! same rooms by a [`Listener`] of their own. A [`Chat`] is the service, whose clones are the same
//! chat at several endpoints.

mod flood;
mod limits;
mod lines;
mod outbox;
mod room;
mod rooms;
#[cfg(test)]
mod tests;
mod told;

use std::borrow::Cow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lariat_protocol::chat::{LONGEST_LINE, Moment, Name};
use lariat_protocol::endpoint::{Base, EndpointError};
use lariat_protocol::framing::{Framed, Lines};
use lariat_protocol::{ConnectionInfo, Deadlines, Endpoint, Factory, Protocol, Refusal};

pub use limits::Limits;
pub use outbox::Outbox;
pub use rooms::{Entry, Leaving, Listener, PersonId, Refused, Rooms};
pub use told::Told;

use lines::Speaker;

use crate::clock::unix_second;

/// How long a chat's people may take. Somebody who is silent listens, so nothing ends that; who is
/// gone without a word is found by the system's probes, or when something is said to him.
pub const DEADLINES: Deadlines = Deadlines {
    first_message: Some(Duration::from_secs(60)),
    idle: None,
    ..Deadlines::DEFAULT
};

/// How long somebody may take to say a name that can be taken.
const NAME_TIME: Duration = Duration::from_secs(60);

/// How many lines a second somebody may say, behind the first ten.
const RATE: u32 = 4;

/// The most lines of history that an endpoint may ask for.
const MOST_HISTORY: usize = 1000;

/// The room that everybody enters, unless others are named.
const LOBBY: &str = "lobby";

/// The endpoint's options that this service knows.
const OPTIONS: [&str; 3] = ["rooms", "history", "lines_per_second"];

/// The chat in plain lines, to be listened with, best under its own [`DEADLINES`].
///
/// ```
/// use lariat_net::Reactor;
/// use lariat_service::chat::Chat;
///
/// # fn main() -> Result<(), lariat_net::Error> {
/// let reactor = Reactor::builder().threads(1).build()?;
/// let chat = Chat::default();
/// // The same people and rooms at both.
/// reactor.listen("tcp://localhost:0", chat.clone())?;
/// reactor.listen("ws://localhost:0/chat", chat)?;
/// # reactor.handle().stop();
/// reactor.run();
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Chat {
    rooms: Arc<Mutex<Rooms<Outbox>>>,
    /// The room that everybody enters.
    entrance: Name,
    lines_per_second: u32,
    now: fn() -> i64,
}

impl Default for Chat {
    fn default() -> Self {
        Chat::new(Limits::default())
    }
}

impl Chat {
    /// A chat with nobody in it, and one room, the lobby.
    pub fn new(limits: Limits) -> Self {
        Chat::with_clock(limits, unix_second)
    }

    /// The same with this clock, in seconds since 1970.
    pub fn with_clock(limits: Limits, now: fn() -> i64) -> Self {
        let entrance: Name = LOBBY.parse().expect("a name");
        let mut rooms = Rooms::new(limits);
        rooms.keep_room(&entrance).expect("there is no other");
        Chat {
            rooms: Arc::new(Mutex::new(rooms)),
            entrance,
            lines_per_second: RATE,
            now,
        }
    }

    /// Somebody may say so many lines a second, behind the first ten; any number, if that is 0.
    pub fn with_rate(mut self, lines_per_second: u32) -> Self {
        self.lines_per_second = lines_per_second;
        self
    }

    /// The same chat as one endpoint's options want it. `?rooms=NAME,NAME…` are rooms that are
    /// always there, the first of which is entered by who comes here; `?history=LINES` is how
    /// many are shown to who enters a room, at all endpoints; `?lines_per_second=N` how many a second
    /// somebody here may say, 0 for any number.
    ///
    /// # Errors
    ///
    /// An option that neither this service nor the engine knows, a value that is not one, and an
    /// endpoint of UDP.
    pub fn at(&self, endpoint: &Endpoint) -> Result<Self, EndpointError> {
        if matches!(endpoint.base(), Base::Udp { .. }) {
            let reason = "a chat is not for udp, where lines are lost and anybody can speak in \
                          anybody's name; use tcp, tls, unix or ws";
            return Err(EndpointError::Service {
                reason: reason.into(),
            });
        }
        let mut chat = self.clone();
        for (key, value) in endpoint.service_options(&OPTIONS)? {
            let refused = |reason: String| EndpointError::Option {
                key: key.to_string(),
                reason,
            };
            match key {
                "rooms" => {
                    let mut first = None;
                    for name in value.split(',') {
                        let name: Name = name
                            .parse()
                            .map_err(|error| refused(format!("{name:?}: {error}")))?;
                        let kept = chat.rooms().keep_room(&name);
                        kept.map_err(|error| refused(error.to_string()))?;
                        first.get_or_insert(name);
                    }
                    chat.entrance = first.unwrap_or(chat.entrance);
                }
                "history" => {
                    let lines = value.parse().ok().filter(|lines| *lines <= MOST_HISTORY);
                    let wrong = || {
                        refused(format!(
                            "{value:?} is not a number of lines from 0 to {MOST_HISTORY}"
                        ))
                    };
                    let lines = lines.ok_or_else(wrong)?;
                    chat.rooms().set_history(lines);
                }
                _ => {
                    let rate = value.parse().map_err(|_| {
                        refused(format!(
                            "{value:?} is not a number of lines a second, or 0 for any"
                        ))
                    });
                    chat.lines_per_second = rate?;
                }
            }
        }
        Ok(chat)
    }

    /// The people and the rooms, for another front, or to look at. Nobody is told anything while
    /// they are held.
    pub fn rooms(&self) -> MutexGuard<'_, Rooms<Outbox>> {
        // A panic in a listener leaves at worst one person untold.
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Moment {
        Moment(u32::try_from((self.now)()).unwrap_or_default())
    }
}

impl Factory for Chat {
    fn build(&self, _: &ConnectionInfo) -> Option<Box<dyn Protocol>> {
        let lines = Lines::new(LONGEST_LINE).unterminated();
        Some(Box::new(Framed::new(lines, Speaker::new(self.clone()))))
    }

    fn refusal(&self, _: &ConnectionInfo, why: Refusal) -> Option<Cow<'static, [u8]>> {
        Some(format!(". Not now: {why}.\r\n").into_bytes().into())
    }
}

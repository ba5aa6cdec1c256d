//! How long peers may take: every deadline comes, none before its time, and no drip moves one.

mod carriers;
mod functions;
mod opening;
mod paused;
mod settings;
mod streams;
mod websocket;

use std::time::Duration;

use lariat_protocol::Deadlines;

/// Short enough for a test, and long enough to see on a busy machine what is before it.
pub const SHORT: Duration = Duration::from_secs(1);

/// Where nothing has to be done before it comes.
const BRIEF: Duration = Duration::from_millis(300);

/// What no test waits for.
const LONG: Duration = Duration::from_secs(3600);

/// All deadlines, none of which comes, at the usual rate.
const PATIENT: Deadlines = Deadlines {
    proxy_header: Some(LONG),
    handshake: Some(LONG),
    first_message: Some(LONG),
    message: Some(LONG),
    minimum_rate: 500,
    idle: Some(LONG),
    write: Some(LONG),
    life: None,
};

//! Something that happened, on its way to everybody who is told of it.

use std::sync::OnceLock;

use bytes::Bytes;
use lariat_protocol::chat::{Event, Moment};

/// An event, kept once for all who hear it, and written once for all who hear it in one form.
#[derive(Debug)]
pub struct Told {
    /// What happened.
    pub event: Event,
    /// When.
    pub at: Moment,
    line: OnceLock<Bytes>,
}

impl Told {
    pub(super) fn new(event: Event, at: Moment) -> Self {
        Told {
            event,
            at,
            line: OnceLock::new(),
        }
    }

    /// The event as a plain line, with its end.
    pub fn line(&self) -> &Bytes {
        self.line
            .get_or_init(|| Bytes::from(format!("{}\r\n", self.event)))
    }
}

//! The end of a transport that a driver works on.

use std::sync::Arc;
use std::time::Instant;

use crate::contract::transport::{Ending, Transport};
use crate::contract::{Address, Error, Outgoing, TimerId, TlsInfo};

/// The end that a driver sees of a [`Transport`]: what was asked for since it last looked.
///
/// Protocols have no use for it.
#[derive(Debug)]
pub struct DriverSide<'a>(pub(super) &'a mut Transport);

impl DriverSide<'_> {
    /// What waits to be sent.
    pub fn outgoing(&mut self) -> &mut Outgoing {
        &mut self.0.outgoing
    }

    /// Whether the protocol gave up the connection at once.
    pub fn is_aborting(&self) -> bool {
        matches!(self.0.ending, Ending::Aborting | Ending::Breaking(_))
    }

    /// The error that the protocol ends the connection with, once.
    pub fn take_error(&mut self) -> Option<Error> {
        let (error, ending) = match std::mem::take(&mut self.0.ending) {
            Ending::Failing(error) => (Some(*error), Ending::Closing),
            Ending::Breaking(error) => (Some(*error), Ending::Aborting),
            ending => (None, ending),
        };
        self.0.ending = ending;
        error
    }

    /// Whether the protocol must be told now that writing is paused, once per pause.
    pub fn take_write_pause(&mut self) -> bool {
        std::mem::take(&mut self.0.write_pause_untold)
    }

    /// Whether the protocol must be told now that writing is resumed, once per pause.
    pub fn take_write_resume(&mut self) -> bool {
        let resumes = self.0.write_paused
            && !self.0.write_pause_untold
            && self.0.outgoing.weight() <= self.0.water_marks().low;
        if resumes {
            self.0.write_paused = false;
        }
        resumes
    }

    /// Whether held input must be released now, once per [`Transport::hold_input`].
    pub fn take_held_input(&mut self) -> bool {
        let released = self.0.input_held && self.0.is_open_to_input();
        if released {
            self.0.input_held = false;
        }
        released
    }

    /// Whether input is held that the protocol was not open to.
    pub fn is_input_held(&self) -> bool {
        self.0.input_held
    }

    /// How many messages of the peer's became whole so far; wraps.
    pub fn messages(&self) -> u32 {
        self.0.messages
    }

    /// Counts a piece that came as a message, when there were so many before it and the
    /// protocol has neither marked one nor held it back.
    #[inline]
    pub fn mark_unmarked(&mut self, before: u32) {
        if self.0.messages == before && !self.0.in_message && !self.0.input_held {
            self.0.message_done();
        }
    }

    /// The ends are others than the carrier's: a proxy speaks for somebody.
    pub fn set_ends(&mut self, peer: Address, local: Address) {
        self.0.info.peer = peer;
        self.0.info.local = local;
    }

    /// Whether a message of the peer's has begun and is not whole.
    pub fn is_in_message(&self) -> bool {
        self.0.in_message
    }

    /// Whether the peer waits for our side, which has stopped reading or says that it works. Within
    /// a message of the peer's, only the former: what our side does gives no time for it.
    pub fn is_working(&self, in_message: bool) -> bool {
        self.0.reading_paused || (self.0.working && !in_message)
    }

    /// How many bytes the connection holds in both directions.
    pub fn held(&self) -> usize {
        self.0.kept as usize + self.0.outgoing.weight()
    }

    /// Whether the peer should know at once that its bytes have come, once per
    /// [`Transport::message_begun`].
    pub fn take_expected_rest(&mut self) -> bool {
        std::mem::take(&mut self.0.rest_expected)
    }

    /// Whether the protocol asked for TLS and everything written before has left.
    pub fn is_ready_for_tls(&self) -> bool {
        self.0.tls_wanted && self.0.outgoing.is_empty()
    }

    /// TLS has begun: what is received and written from now on is inside it.
    pub fn tls_done(&mut self, session: Option<Arc<TlsInfo>>) {
        self.0.tls_wanted = false;
        self.0.info.tls = session;
    }

    /// Whether a timer was set since [`settle_timers`](Self::settle_timers).
    pub fn timers_changed(&self) -> bool {
        self.0.timers.changed()
    }

    /// Turns what was set as "in so long" into moments, and tells the earliest of all.
    pub fn settle_timers(&mut self, now: Instant) -> Option<Instant> {
        self.0.timers.settle(now)
    }

    /// One timer that is due by `now`, the earliest first; it is no longer set.
    pub fn take_due_timer(&mut self, now: Instant) -> Option<TimerId> {
        self.0.timers.take_due(now)
    }
}

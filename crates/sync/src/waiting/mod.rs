//! What everything that waits is made of: those who wait, in the order in which they came,
//! whether they are threads or tasks.
//!
//! Each wait is written once, as a future. The blocking form polls it on a parked thread, so
//! both worlds stand in one line, and a time-out is a future that is dropped. A future that is
//! dropped gives back what it was granted and has not told anybody of.
//!
//! Read [`Waiters`] first, then [`Line`], which adds a way past the lock while nobody waits.

mod blocking;
mod line;
mod waiters;

pub(crate) use blocking::{Patience, block_on, block_until, deadline};
pub(crate) use line::{Line, Place};
pub(crate) use waiters::{Ticket, Waiters, Wakers};

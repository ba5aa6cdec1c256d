//! Queues, guards, timers and executors for threads: what Rust's standard library and the common
//! crates leave out of Python's `queue`, `threading` and `concurrent.futures`.
//!
//! What exists and is good is not made again: `docs/threads.md` tells for each Python name which of
//! ours, of std's or of another crate's is meant. No async runtime is named here: whatever waits
//! has a blocking form and an async one, which stand in the same line.
//!
//! Read [`Queue`] first, then the guards:
//!
//! | so many at a time | [`Semaphore`] |
//! |---|---|
//! | something has happened | [`Event`], [`Latch`] (once and for ever), [`Countdown`] (so many times) |
//! | all are there | [`Barrier`] |
//! | one at a time, who may come again | [`ReentrantLock`], and [`Condition`] to wait under it |
//! | later | [`Timers`], and [`scheduler`] for what comes again and again |
//!
//! and what runs beside: [`thread`] for named threads, [`executor`] for pools of them and the
//! futures of their tasks, [`process`] for worker processes, [`exit`] for the program's end.

mod barrier;
mod event;
pub mod executor;
pub mod exit;
mod gate;
mod latch;
#[cfg(all(test, feature = "loom"))]
mod models;
pub mod process;
mod queue;
mod reentrant;
pub mod scheduler;
mod semaphore;
mod sys;
pub mod thread;
mod timers;
mod waiting;

pub use barrier::{Barrier, BarrierWait, Broken};
pub use event::{Event, EventWait};
pub use latch::{Countdown, CountdownWait, CountedDown, Latch, LatchWait};
pub use process::worker_main;
pub use queue::{
    AnyQueue, Consumer, DoneTooOften, Get, GetError, Items, Join, Prioritized, Producer, Put,
    PutError, Queue, QueueTask, SimpleQueue,
};
pub use reentrant::{
    Condition, ConditionWait, Holder, ReentrantGuard, ReentrantLock, ReentrantLocking,
};
pub use semaphore::{Acquire, OwnedPermit, Permit, ReleasedTooMany, Semaphore};
pub use timers::{Elapsed, Sleep, Timeout, Timer, Timers};

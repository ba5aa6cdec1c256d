//! The load generator behind `lariat bench`: many connections to one server, every answer
//! checked, and how fast and how late they came.
//!
//! It speaks over everything that a [`Reactor`](lariat_net::Reactor) connects to, and measures
//! from outside only: nothing here knows what server is there, but for the form of its answers.
//!
//! [`Plan`] says what is to be done, [`Bench`] does it, and [`Outcome`] is what came of it. A
//! `Slot` keeps up one connection, a `Session` is what the reactor drives on it, and a `Tally`
//! holds one thread's figures.

mod conduct;
mod exchange;
mod outcome;
pub mod plan;
mod platform;
mod progress;
pub mod report;
mod run;
pub mod script;
mod session;
mod slot;
mod tally;

pub use conduct::Bench;
pub use outcome::Outcome;
pub use plan::Plan;

//! The machine that runs a program over a text: it goes on, and goes back where it failed.
//!
//! It keeps where to go back to on a stack of its own, so a long text takes memory and never the
//! thread's stack. [`Limits`] end it. Once it has gone back suspiciously often it remembers which
//! instructions failed at which places and does not try them again ([`failures`]), which makes
//! linear most of what explodes elsewhere.

mod alone;
mod failures;
mod guide;
mod machine;
mod places;
mod references;
mod repeats;
mod runs;
mod search;
mod units;

pub use guide::Steering;
pub(crate) use machine::Machine;
pub(crate) use machine::UNSET;
pub(crate) use search::{Goal, How, Seek};

/// How much a search may take before it is given up.
///
/// ```
/// use lariat_re::{Error, Limits, Pattern};
///
/// let limits = Limits { steps: 1000, ..Limits::default() };
/// let pattern = Pattern::new(r"(x+)(x+)(x+)\1\2\3[a-w]")?.limited(limits);
/// assert!(matches!(pattern.search(&"x".repeat(100)), Err(Error::Limit(_))));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many instructions one search may take, or a walk through all matches of a text,
    /// besides [`steps_per_byte`](Limits::steps_per_byte). The default, ten million, is a tenth of
    /// a second at worst: no search of a short text that a person meant takes as long, and a
    /// server is not held up by one that somebody made up.
    pub steps: u64,
    /// How many more for each byte of the text: 200 by default, so that a long text may take its
    /// time. A search without surprises takes fewer than ten.
    pub steps_per_byte: u64,
    /// How many bytes a search may take to remember where to go back to and what has failed: 64 MiB
    /// by default. A greedy group takes 100 to 300 bytes of it for each pass through it. What is
    /// found is its caller's, and not counted: a match takes 120 bytes, and 16 for each group. With
    /// less than 16 MiB the linear engines are not used: an automaton may become as large.
    pub memory: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            steps: 10_000_000,
            steps_per_byte: 200,
            memory: 64 << 20,
        }
    }
}

//! What an attack is called and what it found.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{ONLY, SEED};

/// Something that a peer can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Attack {
    /// Nothing bad: the transcript as it stands.
    Whole,
    /// The transcript with one cut, at every byte. The answers stay the same.
    Split,
    /// The transcript byte by byte.
    ByteByByte,
    /// The transcript cut at random.
    Cuts,
    /// Sends the first bytes of the transcript and then nothing. The connection ends at its
    /// deadline, not before and at most a second later.
    Stall,
    /// Sends the first bytes and then one every five seconds, which gains no time.
    Drip,
    /// Thousands of connections that do nothing: they hold nothing and end at their deadlines.
    Idle,
    /// Breaks off at every byte: the protocol hears of it once.
    Reset,
    /// Ends its side at every byte: what was whole is answered, and the connection ends.
    HalfClose,
    /// The server goes down at every byte: what was whole is answered, and the connection
    /// ends.
    Drain,
    /// A line without end: little of it is held, and the connection ends as `Limit` or
    /// `Invalid`.
    Endless,
    /// Asks for ever and never reads: little is held, and the connection ends at its deadline.
    NeverReads,
    /// Bytes at random.
    Garbage,
    /// The client over a link that delays and cuts.
    BadLink,
    /// The client over a link that also loses, doubles and reorders messages.
    LostDatagrams,
}

impl Attack {
    /// All of them, in the order in which they are run.
    pub const ALL: [Attack; 15] = [
        Attack::Whole,
        Attack::Split,
        Attack::ByteByByte,
        Attack::Cuts,
        Attack::Stall,
        Attack::Drip,
        Attack::Idle,
        Attack::Reset,
        Attack::HalfClose,
        Attack::Drain,
        Attack::Endless,
        Attack::NeverReads,
        Attack::Garbage,
        Attack::BadLink,
        Attack::LostDatagrams,
    ];

    /// The word for it in a failure, and in `LARIAT_ATTACK`.
    pub fn name(self) -> &'static str {
        match self {
            Attack::Whole => "whole",
            Attack::Split => "split",
            Attack::ByteByByte => "byte-by-byte",
            Attack::Cuts => "cuts",
            Attack::Stall => "stall",
            Attack::Drip => "drip",
            Attack::Idle => "idle",
            Attack::Reset => "reset",
            Attack::HalfClose => "half-close",
            Attack::Drain => "drain",
            Attack::Endless => "endless",
            Attack::NeverReads => "never-reads",
            Attack::Garbage => "garbage",
            Attack::BadLink => "bad-link",
            Attack::LostDatagrams => "lost-datagrams",
        }
    }
}

/// What a protocol did that it must not do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What the peer did.
    pub attack: Attack,
    /// Behind how many bytes of the transcript's client, if that matters, and of how many.
    pub byte: Option<(usize, usize)>,
    /// Where the chances came from.
    pub seed: u64,
    /// What the protocol did.
    pub problem: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, seed) = (self.attack.name(), self.seed);
        out.write_str(name)?;
        if let Some((byte, length)) = self.byte {
            write!(out, " behind byte {byte} of {length}")?;
        }
        let problem = &self.problem;
        write!(out, ": {problem} (again by {ONLY}={name} {SEED}={seed})")
    }
}

/// How many failures of one attack are told: the next ones are the same one again.
const MOST: usize = 3;

/// What one attack finds.
pub(super) struct Findings {
    attack: Attack,
    length: usize,
    pub(super) seed: u64,
    pub(super) failures: Vec<Failure>,
}

impl Findings {
    pub(super) fn new(attack: Attack, length: usize, seed: u64) -> Self {
        Findings {
            attack,
            length,
            seed,
            failures: Vec::new(),
        }
    }

    /// Tries one case of the attack, in which the protocol may also panic.
    pub(super) fn check(&mut self, byte: Option<usize>, case: impl FnOnce() -> Result<(), String>) {
        if self.failures.len() >= MOST {
            return;
        }
        let result = catch_unwind(AssertUnwindSafe(case)).unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            Err(format!("it panicked: {}", text.unwrap_or("without words")))
        });
        if let Err(problem) = result {
            self.failures.push(Failure {
                attack: self.attack,
                byte: byte.map(|byte| (byte, self.length)),
                seed: self.seed,
                problem,
            });
        }
    }
}

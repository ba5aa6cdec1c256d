//! Two protocols back to back, over a link that cuts and delays what it carries.

use std::collections::VecDeque;
use std::time::Duration;

use lariat_protocol::Protocol;

use crate::Driven;

/// What a link does to the bytes on it. The same seed does the same again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Where its chances come from.
    pub seed: u64,
    /// Bytes arrive in pieces of at most this many; at least 1.
    pub longest_piece: usize,
    /// Each piece is under way for at most so long; their order is kept.
    pub longest_delay: Duration,
}

/// Two ends and what is under way between them.
pub struct Pair<A, B> {
    /// One end.
    pub one: Driven<A>,
    /// The other end.
    pub other: Driven<B>,
    link: Link,
    random: fastrand::Rng,
    now: Duration,
    to_other: VecDeque<(Duration, Vec<u8>)>,
    to_one: VecDeque<(Duration, Vec<u8>)>,
}

impl<A: Protocol, B: Protocol> Pair<A, B> {
    /// Connects two protocols by a link.
    pub fn new(one: A, other: B, link: Link) -> Self {
        Pair {
            one: Driven::new(one),
            other: Driven::new(other),
            link,
            random: fastrand::Rng::with_seed(link.seed),
            now: Duration::ZERO,
            to_other: VecDeque::new(),
            to_one: VecDeque::new(),
        }
    }

    /// Lets both ends talk for so long, on the simulated clock.
    ///
    /// # Panics
    ///
    /// With the seed, when they have exchanged a million pieces and are not done.
    pub fn run(&mut self, time: Duration) {
        let end = self.now + time;
        for _ in 0..1_000_000 {
            self.collect();
            let next = [self.to_other.front(), self.to_one.front()];
            let next = next.into_iter().flatten().map(|(at, _)| *at).min();
            let Some(at) = next.filter(|at| *at <= end) else {
                self.advance(end);
                // Timers that ran out on the way may have had something to say.
                match self.collect() {
                    true => continue,
                    false => return,
                }
            };
            self.advance(at);
            if let Some((_, piece)) = self.to_other.pop_front_if(|(due, _)| *due <= at) {
                self.other.receive(&piece);
            } else if let Some((_, piece)) = self.to_one.pop_front_if(|(due, _)| *due <= at) {
                self.one.receive(&piece);
            }
        }
        panic!("the two do not come to an end (seed {})", self.link.seed);
    }

    /// Puts what both ends have written on the link; returns whether there was anything.
    fn collect(&mut self) -> bool {
        let (ours, theirs) = (self.one.take_written(), self.other.take_written());
        let something = !ours.is_empty() || !theirs.is_empty();
        self.put(ours, true);
        self.put(theirs, false);
        something
    }

    fn advance(&mut self, to: Duration) {
        let by = to.saturating_sub(self.now);
        self.now = to.max(self.now);
        self.one.advance(by);
        self.other.advance(by);
    }

    /// Puts bytes on the link, cut and delayed.
    fn put(&mut self, bytes: Vec<u8>, towards_other: bool) {
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let longest = self.link.longest_piece.clamp(1, rest.len());
            let (piece, behind) = rest.split_at(self.random.usize(1..=longest));
            let delay = self.link.longest_delay.mul_f64(self.random.f64());
            let way = match towards_other {
                true => &mut self.to_other,
                false => &mut self.to_one,
            };
            let before = way.back().map_or(Duration::ZERO, |(at, _)| *at);
            way.push_back((before.max(self.now + delay), piece.to_vec()));
            rest = behind;
        }
    }
}

//! Two protocols back to back, over a link that may be bad.
//!
//! Both ends share one simulated clock. Whether bytes or messages are carried is what the two
//! ends are: streams are cut and delayed, messages also lost, doubled and reordered.

use std::time::Duration;

use lariat_protocol::Protocol;

use crate::Driven;
use crate::link::{Carried, Link, Way};

/// Two ends and what is under way between them.
///
/// ```
/// use lariat_protocol::{Protocol, Transport};
/// use lariat_testkit::{Link, Pair};
/// use std::time::Duration;
///
/// struct Ask;
///
/// impl Protocol for Ask {
///     fn connection_made(&mut self, transport: &mut Transport) {
///         transport.write(b"is anybody there?");
///     }
///     fn data_received(&mut self, transport: &mut Transport, _: &[u8]) {
///         transport.lose_connection();
///     }
/// }
///
/// struct Echo;
///
/// impl Protocol for Echo {
///     fn data_received(&mut self, transport: &mut Transport, data: &[u8]) {
///         transport.write(data);
///     }
/// }
///
/// let mut pair = Pair::new(Ask, Echo, Link::bad(1));
/// pair.run(Duration::from_secs(1));
/// assert!(pair.one.ended().is_some() && pair.other.ended().is_some());
/// assert_eq!(pair.said_by_one(), b"is anybody there?");
/// ```
pub struct Pair<A, B> {
    /// One end.
    pub one: Driven<A>,
    /// The other end.
    pub other: Driven<B>,
    seed: u64,
    now: Duration,
    to_other: Way,
    to_one: Way,
    said_by_one: Said,
    said_by_other: Said,
}

/// What an end has said so far, and whether that was all.
#[derive(Default)]
struct Said {
    bytes: Vec<u8>,
    ended: bool,
}

impl<A: Protocol, B: Protocol> Pair<A, B> {
    /// Connects two protocols by a stream over a link.
    pub fn new(one: A, other: B, link: Link) -> Self {
        Pair::of(Driven::new(one), Driven::new(other), link)
    }

    /// Connects two protocols by messages over a link.
    pub fn messages(one: A, other: B, link: Link) -> Self {
        Pair::of(Driven::messages_of(one), Driven::messages_of(other), link)
    }

    /// Connects two ends, which are of one kind and were made just now.
    pub fn of(one: Driven<A>, other: Driven<B>, link: Link) -> Self {
        Pair {
            one,
            other,
            seed: link.seed,
            now: Duration::ZERO,
            to_other: Way::new(link, 0),
            to_one: Way::new(link, 1),
            said_by_one: Said::default(),
            said_by_other: Said::default(),
        }
    }

    /// Everything that the one end has said.
    pub fn said_by_one(&self) -> &[u8] {
        &self.said_by_one.bytes
    }

    /// Everything that the other end has said.
    pub fn said_by_other(&self) -> &[u8] {
        &self.said_by_other.bytes
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
            let ways = [self.to_other.next(), self.to_one.next()];
            // A timer of either end may say something before that arrives.
            let timers = [self.one.next_wake(), self.other.next_wake()];
            let timers = timers.into_iter().flatten().map(|after| self.now + after);
            let next = ways.into_iter().flatten().chain(timers).min();
            let Some(at) = next.filter(|at| *at <= end) else {
                self.advance(end);
                self.collect();
                return;
            };
            self.advance(at);
            if let Some(carried) = self.to_other.take(at) {
                arrive(&mut self.other, carried);
            } else if let Some(carried) = self.to_one.take(at) {
                arrive(&mut self.one, carried);
            }
        }
        panic!("the two do not come to an end (seed {})", self.seed);
    }

    /// Puts what both ends have written on the link.
    fn collect(&mut self) {
        put(
            &mut self.one,
            &mut self.to_other,
            &mut self.said_by_one,
            self.now,
        );
        put(
            &mut self.other,
            &mut self.to_one,
            &mut self.said_by_other,
            self.now,
        );
    }

    fn advance(&mut self, to: Duration) {
        let by = to.saturating_sub(self.now);
        self.now = to.max(self.now);
        self.one.advance(by);
        self.other.advance(by);
    }
}

fn put<P: Protocol>(end: &mut Driven<P>, way: &mut Way, said: &mut Said, now: Duration) {
    let messages = end.is_message_oriented();
    for written in end.take_messages() {
        said.bytes.extend_from_slice(&written);
        match messages {
            true => way.put_message(now, &written),
            false => way.put_bytes(now, &written),
        }
    }
    // Datagrams have no end that the other side could hear of.
    if end.ended().is_some() && !messages && !std::mem::replace(&mut said.ended, true) {
        way.put_end(now);
    }
}

fn arrive<P: Protocol>(end: &mut Driven<P>, carried: Carried) {
    match carried {
        Carried::Bytes(bytes) => end.receive(&bytes),
        Carried::End => end.receive_end(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lariat_protocol::{TimerId, Transport};

    /// Asks again until it is answered, a hundred times over.
    #[derive(Default)]
    struct Asking {
        asked: u8,
        answers: Vec<u8>,
    }

    const AGAIN: TimerId = TimerId(1);

    impl Asking {
        fn ask(&self, transport: &mut Transport) {
            transport.write(&[self.asked]);
            transport.set_timer(AGAIN, Duration::from_millis(100));
        }
    }

    impl Protocol for Asking {
        fn connection_made(&mut self, transport: &mut Transport) {
            self.ask(transport);
        }

        fn data_received(&mut self, transport: &mut Transport, data: &[u8]) {
            if data != [self.asked] {
                return; // The answer to an earlier one, once more.
            }
            self.answers.push(self.asked);
            self.asked += 1;
            match self.asked {
                100 => transport.lose_connection(),
                _ => self.ask(transport),
            }
        }

        fn timer(&mut self, transport: &mut Transport, _: TimerId) {
            self.ask(transport);
        }
    }

    #[derive(Default)]
    struct Echo;

    impl Protocol for Echo {
        fn data_received(&mut self, transport: &mut Transport, data: &[u8]) {
            transport.write(data);
        }
    }

    fn talk(seed: u64) -> (usize, usize) {
        let mut pair = Pair::messages(Asking::default(), Echo, Link::bad(seed));
        pair.run(Duration::from_secs(60));
        assert!(pair.one.ended().is_some(), "seed {seed}: it gave up");
        let all: Vec<u8> = (0..100).collect();
        assert_eq!(pair.one.protocol().answers, all);
        (pair.said_by_one().len(), pair.said_by_other().len())
    }

    #[test]
    fn who_asks_again_is_answered_over_a_link_that_loses() {
        let talks: Vec<_> = (0..20).map(talk).collect();
        assert!(talks.iter().all(|(asked, _)| *asked > 100), "nothing lost");
        assert_eq!(talks, (0..20).map(talk).collect::<Vec<_>>());
    }

    #[test]
    fn both_ends_hear_of_the_end_of_a_stream() {
        let mut pair = Pair::new(Asking::default(), Echo, Link::bad(1));
        pair.run(Duration::from_secs(60));
        assert!(pair.one.ended().is_some() && pair.other.ended().is_some());
    }
}

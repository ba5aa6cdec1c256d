//! A bad link: it delays, cuts, loses, doubles and reorders, the same again from the same seed.
//!
//! It carries one way; a [`Pair`](crate::Pair) has two. A stream is delayed and cut and comes
//! whole and in order, as TCP makes it; messages are carried as datagrams are.

use std::time::Duration;

/// What a link does to what is on it. The same seed does the same again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Where its chances come from.
    pub seed: u64,
    /// A stream's bytes arrive in pieces of at most this many; at least 1.
    pub longest_piece: usize,
    /// Each piece or message is under way for at most so long. Pieces keep their order,
    /// messages do not.
    pub longest_delay: Duration,
    /// How many messages of a hundred are lost.
    pub lost_percent: u8,
    /// How many messages of a hundred arrive twice.
    pub doubled_percent: u8,
}

impl Link {
    /// A link that does nothing to what it carries.
    pub const PERFECT: Link = Link {
        seed: 0,
        longest_piece: usize::MAX,
        longest_delay: Duration::ZERO,
        lost_percent: 0,
        doubled_percent: 0,
    };

    /// A link that does everything that a link may: pieces of up to 16 bytes, delays of up to
    /// 40 ms, one message of five lost and one of ten doubled.
    pub fn bad(seed: u64) -> Self {
        Link {
            seed,
            longest_piece: 16,
            longest_delay: Duration::from_millis(40),
            lost_percent: 20,
            doubled_percent: 10,
        }
    }
}

/// Something on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Carried {
    Bytes(Vec<u8>),
    End,
}

/// One direction of a link, and what is under way on it.
pub(crate) struct Way {
    link: Link,
    random: fastrand::Rng,
    /// When each arrives, and by that in order; what arrives at one moment is in the order in
    /// which it left.
    under_way: Vec<(Duration, Carried)>,
    /// When the last of a stream arrives, which nothing behind it overtakes.
    last: Duration,
}

impl Way {
    /// One of the ways of a link; each has chances of its own.
    pub(crate) fn new(link: Link, number: u64) -> Self {
        Way {
            link,
            random: fastrand::Rng::with_seed(link.seed.wrapping_mul(2).wrapping_add(number)),
            under_way: Vec::new(),
            last: Duration::ZERO,
        }
    }

    /// Puts a stream's bytes on the link, cut and delayed.
    pub(crate) fn put_bytes(&mut self, now: Duration, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let longest = self.link.longest_piece.clamp(1, rest.len());
            let length = match longest {
                whole if whole == rest.len() && self.link.longest_piece == usize::MAX => whole,
                longest => self.random.usize(1..=longest),
            };
            let (piece, behind) = rest.split_at(length);
            self.put_in_order(now, Carried::Bytes(piece.to_vec()));
            rest = behind;
        }
    }

    /// Puts the end of a stream behind its bytes.
    pub(crate) fn put_end(&mut self, now: Duration) {
        self.put_in_order(now, Carried::End);
    }

    /// Puts a message on the link, which may lose it, double it, or let others overtake it.
    pub(crate) fn put_message(&mut self, now: Duration, message: &[u8]) {
        if self.happens(self.link.lost_percent) {
            return;
        }
        let copies = 1 + usize::from(self.happens(self.link.doubled_percent));
        for _ in 0..copies {
            let at = now + self.delay();
            self.insert(at, Carried::Bytes(message.to_vec()));
        }
    }

    /// When the next of all arrives.
    pub(crate) fn next(&self) -> Option<Duration> {
        self.under_way.first().map(|(at, _)| *at)
    }

    /// What has arrived by now, one after the other.
    pub(crate) fn take(&mut self, now: Duration) -> Option<Carried> {
        match self.next() {
            Some(at) if at <= now => Some(self.under_way.remove(0).1),
            _ => None,
        }
    }

    fn put_in_order(&mut self, now: Duration, carried: Carried) {
        self.last = self.last.max(now + self.delay());
        self.insert(self.last, carried);
    }

    fn insert(&mut self, at: Duration, carried: Carried) {
        let place = self.under_way.partition_point(|(other, _)| *other <= at);
        self.under_way.insert(place, (at, carried));
    }

    fn delay(&mut self) -> Duration {
        self.link.longest_delay.mul_f64(self.random.f64())
    }

    fn happens(&mut self, percent: u8) -> bool {
        percent > 0 && self.random.u8(0..100) < percent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const END: Duration = Duration::from_secs(1);

    fn carried(link: Link, messages: bool) -> Vec<Vec<u8>> {
        let mut way = Way::new(link, 0);
        for number in 0..200_u8 {
            match messages {
                true => way.put_message(Duration::ZERO, &[number]),
                false => way.put_bytes(Duration::ZERO, &[number; 40]),
            }
        }
        let arrived = std::iter::from_fn(|| way.take(END));
        let bytes = arrived.map(|carried| match carried {
            Carried::Bytes(bytes) => bytes,
            Carried::End => panic!("nothing has ended"),
        });
        bytes.collect()
    }

    #[test]
    fn messages_are_lost_doubled_and_reordered() {
        let arrived = carried(Link::bad(7), true);
        let mut sorted = arrived.clone();
        sorted.sort();
        assert_ne!(arrived, sorted, "none overtook another");
        let twice = sorted.windows(2).filter(|two| two[0] == two[1]).count();
        sorted.dedup();
        assert!((5..50).contains(&twice), "{twice} came twice");
        assert!((120..190).contains(&sorted.len()), "{} came", sorted.len());
    }

    #[test]
    fn a_stream_is_cut_and_comes_whole_and_in_order() {
        let arrived = carried(Link::bad(7), false);
        assert!(arrived.iter().all(|piece| piece.len() <= 16));
        assert!(arrived.iter().any(|piece| piece.len() > 1));
        let sent: Vec<u8> = (0..200).flat_map(|number| [number; 40]).collect();
        assert_eq!(arrived.concat(), sent);
        assert_eq!(carried(Link::PERFECT, false).len(), 200);
    }

    #[test]
    fn a_seed_does_the_same_again() {
        for messages in [true, false] {
            let first = carried(Link::bad(7), messages);
            assert_eq!(first, carried(Link::bad(7), messages));
            assert_ne!(first, carried(Link::bad(8), messages));
        }
    }
}

//! What was counted, by each thread for itself and in the end together.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use lariat_protocol::timestamp::Ctime;

use crate::bench::script::{Mark, Script};

/// How many digits of a time are exact.
const EXACT_DIGITS: u8 = 3;

/// The longest time that is told apart: an hour, in nanoseconds.
const LONGEST: u64 = 3_600_000_000_000;

/// How much of a wrong answer is kept.
const EXCERPT: usize = 160;

/// How often each thing happened, by what it was.
pub type Reasons = BTreeMap<String, u64>;

/// Times in nanoseconds.
pub type Times = Histogram<u64>;

/// The first answer that was wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// What should have come.
    pub expected: Vec<u8>,
    /// What came.
    pub came: Vec<u8>,
}

/// Figures: of one thread while it works, of all in the end.
#[derive(Clone, Debug)]
pub struct Tally {
    /// Right answers to messages of the measured time; everything that went wrong counts at any
    /// time.
    pub answered: u64,
    /// Their bytes.
    pub received: u64,
    /// When the last of them came, on the run's clock.
    pub last: u64,
    /// Answers that were not what they had to be.
    pub wrong: u64,
    pub first_wrong: Option<Wrong>,
    /// Messages that were not answered, and why.
    pub lost: Reasons,
    /// Datagrams that came after they were given up.
    pub late: u64,
    /// Connections that were made, in the measured time.
    pub made: u64,
    /// Connections that could not be made, and why.
    pub failed: Reasons,
    /// Connections that were ended by somebody else, and how.
    pub ended: Reasons,
    /// From a message to its answer; where a connection serves one message, from its beginning.
    pub answer_times: Times,
    /// From the beginning of a connection until it was there, handshakes included.
    pub connect_times: Times,
    /// The last time that was seen in an answer.
    pub seen: Ctime,
}

impl Tally {
    /// Figures with nothing in them.
    pub fn new() -> Self {
        let times = || Times::new_with_bounds(1, LONGEST, EXACT_DIGITS).expect("legal bounds");
        Tally {
            answered: 0,
            received: 0,
            last: 0,
            wrong: 0,
            first_wrong: None,
            lost: Reasons::new(),
            late: 0,
            made: 0,
            failed: Reasons::new(),
            ended: Reasons::new(),
            answer_times: times(),
            connect_times: times(),
            seen: Ctime::default(),
        }
    }

    /// A right answer of so many bytes that came now, to a message of then.
    pub fn answer(&mut self, bytes: usize, now: u64, then: u64) {
        self.answered += 1;
        self.received += bytes as u64;
        self.last = now;
        self.answer_times
            .saturating_record(now.saturating_sub(then));
    }

    /// An answer that is not what the message with this mark should have brought; without a mark
    /// nothing had been asked.
    pub fn wrong(&mut self, script: &Script, mark: Option<&Mark>, came: &[u8]) {
        self.wrong += 1;
        if self.first_wrong.is_none() {
            let expected = match mark {
                Some(mark) => script.describe_answer(mark),
                None => b"nothing".to_vec(),
            };
            self.first_wrong = Some(Wrong {
                expected: excerpt(&expected),
                came: excerpt(came),
            });
        }
    }

    /// So many messages that nobody answers any more.
    pub fn lose(&mut self, messages: usize, reason: &str) {
        count(&mut self.lost, reason, messages as u64);
    }

    /// A connection that could not be made.
    pub fn fail(&mut self, reason: &str) {
        count(&mut self.failed, reason, 1);
    }

    /// A connection that somebody else ended.
    pub fn end(&mut self, reason: &str) {
        count(&mut self.ended, reason, 1);
    }

    /// Everything that another thread counted, too.
    pub fn add(&mut self, other: &Tally) {
        self.answered += other.answered;
        self.received += other.received;
        self.last = self.last.max(other.last);
        self.wrong += other.wrong;
        if self.first_wrong.is_none() {
            self.first_wrong.clone_from(&other.first_wrong);
        }
        self.late += other.late;
        self.made += other.made;
        for (mine, others) in [
            (&mut self.lost, &other.lost),
            (&mut self.failed, &other.failed),
            (&mut self.ended, &other.ended),
        ] {
            for (reason, times) in others {
                count(mine, reason, *times);
            }
        }
        for (mine, others) in [
            (&mut self.answer_times, &other.answer_times),
            (&mut self.connect_times, &other.connect_times),
        ] {
            mine.add(others).expect("the same bounds");
        }
    }

    /// How many messages were not answered.
    pub fn lost_messages(&self) -> u64 {
        self.lost.values().sum()
    }

    /// How many connections could not be made.
    pub fn failed_connections(&self) -> u64 {
        self.failed.values().sum()
    }

    /// How many connections somebody else ended.
    pub fn ended_connections(&self) -> u64 {
        self.ended.values().sum()
    }

    /// How much went wrong in all.
    pub fn faults(&self) -> u64 {
        self.wrong + self.lost_messages() + self.failed_connections()
    }
}

fn count(reasons: &mut Reasons, reason: &str, times: u64) {
    if times == 0 {
        return;
    }
    match reasons.get_mut(reason) {
        Some(count) => *count += times,
        None => {
            reasons.insert(reason.to_string(), times);
        }
    }
}

fn excerpt(bytes: &[u8]) -> Vec<u8> {
    bytes[..bytes.len().min(EXCERPT)].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::script::Expect;

    #[test]
    fn threads_add_up() {
        let script = Script::new(Expect::Echo, 4, true);
        let mut one = Tally::new();
        one.answer(10, 1_500, 500);
        one.lose(2, "silence");
        one.lose(0, "nothing");
        let mut other = Tally::new();
        other.answer(20, 3_500, 500);
        other.lose(3, "silence");
        other.fail("refused");
        other.wrong(&script, Some(&Mark::new(0, 0x321)), b"oops\n");
        other.wrong(&script, None, b"more");
        one.add(&other);
        assert_eq!((one.answered, one.received, one.wrong), (2, 30, 2));
        assert_eq!(one.lost, Reasons::from([("silence".into(), 5)]));
        assert_eq!((one.lost_messages(), one.failed_connections()), (5, 1));
        assert_eq!(one.faults(), 8);
        assert_eq!(one.answer_times.len(), 2);
        let first = one.first_wrong.expect("one was");
        assert_eq!(first.expected, b"123\n");
        assert_eq!(first.came, b"oops\n");
    }
}

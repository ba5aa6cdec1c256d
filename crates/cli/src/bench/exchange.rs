//! The messages of one connection that wait for their answers, and the answers that come.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use lariat_protocol::Transport;

use crate::bench::plan::Manner;
use crate::bench::script::Mark;
use crate::bench::slot::Slot;
use crate::bench::tally::Tally;

/// How much longer than any right answer a line may become before it is known to be wrong.
const ROOM: usize = 1024;

/// How long a line may become where nothing is known of it.
const LONGEST_LINE: usize = 1024 * 1024;

/// A message that waits for its answer.
struct Sent {
    number: u32,
    /// When it was sent, or should have been.
    at: u64,
}

/// What is said on one connection.
pub struct Exchange {
    slot: Arc<Slot>,
    /// In the order in which they were sent.
    waiting: VecDeque<Sent>,
    /// The beginning of an answer whose end has not come.
    held: Vec<u8>,
}

impl Exchange {
    /// Nothing was said yet.
    pub fn new(slot: Arc<Slot>) -> Self {
        let room = match slot.run.plan.manner {
            Manner::Closed { pipeline } => pipeline,
            Manner::Paced { .. } | Manner::Churn => 1,
            Manner::Idle => 0,
        };
        Exchange {
            slot,
            waiting: VecDeque::with_capacity(room),
            held: Vec::new(),
        }
    }

    /// How many messages wait for their answers.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Sends the next message, whose time runs from `at`.
    pub fn send(&mut self, transport: &mut Transport, at: u64) {
        let number = self.slot.next_number();
        let mark = Mark::new(self.slot.number, number);
        transport.write_parts(&self.slot.run.plan.script.message(&mark));
        self.waiting.push_back(Sent { number, at });
    }

    /// Takes bytes of a stream, where each line is an answer. Returns whether it can go on.
    pub fn received(&mut self, data: &[u8], now: u64, tally: &mut Tally) -> bool {
        let mut rest = data;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let (line, behind) = rest.split_at(end + 1);
            if self.held.is_empty() {
                self.answered(line, now, tally);
            } else {
                self.held.extend_from_slice(line);
                let held = std::mem::take(&mut self.held);
                self.answered(&held, now, tally);
                self.held = held;
                self.held.clear();
            }
            rest = behind;
        }
        self.held.extend_from_slice(rest);
        let script = &self.slot.run.plan.script;
        let longest = script.longest_answer().min(LONGEST_LINE) + ROOM;
        let goes_on = self.held.len() <= longest;
        if !goes_on {
            let sent = self.waiting.pop_front();
            let mark = sent.map(|sent| Mark::new(self.slot.number, sent.number));
            tally.wrong(script, mark.as_ref(), &self.held);
            self.held.clear();
        }
        goes_on
    }

    /// Takes one whole answer.
    pub fn answered(&mut self, answer: &[u8], now: u64, tally: &mut Tally) {
        let plan = &self.slot.run.plan;
        let place = match plan.is_datagram() {
            // Datagrams overtake each other.
            true => self.place_of(answer, tally),
            false => Some(0),
        };
        let connection = self.slot.number;
        if place.is_none()
            && plan
                .script
                .is_some_answer(answer, connection, &mut tally.seen)
        {
            tally.late += 1;
            return;
        }
        let Some(sent) = self.waiting.remove(place.unwrap_or(0)) else {
            tally.wrong(&plan.script, None, answer);
            return;
        };
        let mark = Mark::new(connection, sent.number);
        if !plan.script.is_answer(answer, &mark, &mut tally.seen) {
            tally.wrong(&plan.script, Some(&mark), answer);
            return;
        }
        if sent.at >= self.slot.run.measured_from() {
            tally.answer(answer.len(), now, sent.at);
        }
        self.slot.has_answered();
    }

    fn place_of(&self, answer: &[u8], tally: &mut Tally) -> Option<usize> {
        self.waiting.iter().position(|sent| {
            let mark = Mark::new(self.slot.number, sent.number);
            let script = &self.slot.run.plan.script;
            script.is_answer(answer, &mark, &mut tally.seen)
        })
    }

    /// Gives up the messages whose time is over. Returns whether there were any, and when to look
    /// again.
    pub fn give_up(&mut self, now: u64, tally: &mut Tally) -> (bool, Duration) {
        let timeout = self.slot.run.plan.timeout;
        let limit = timeout.as_nanos() as u64;
        let late = |sent: &Sent| now.saturating_sub(sent.at) >= limit;
        let mut given_up = self.waiting.iter().take_while(|sent| late(sent)).count();
        if given_up > 0 && !self.slot.run.plan.is_datagram() {
            // On a stream, what comes behind cannot come before.
            given_up = self.waiting.len();
        }
        self.waiting.drain(..given_up);
        let seconds = timeout.as_secs_f64();
        tally.lose(given_up, &format!("no answer within {seconds} s"));
        let oldest = self.waiting.front().map(|sent| sent.at + limit - now);
        (given_up > 0, oldest.map_or(timeout, Duration::from_nanos))
    }

    /// Gives up everything: the connection has ended.
    pub fn lose(&mut self, reason: &str, tally: &mut Tally) {
        tally.lose(self.waiting.len(), reason);
        self.waiting.clear();
    }
}

//! The event, the latch, the countdown, the barrier, the re-entrant lock and its condition against plain models:
//! whatever is done in turn, and whichever waits are given up.

#![allow(clippy::unwrap_used)]

mod common;

use std::collections::{BTreeMap, VecDeque};
use std::task::Poll;

use common::poll_once;
use lariat_sync::{
    Barrier, BarrierWait, Broken, Condition, ConditionWait, Countdown, Event, Holder, Latch,
    ReentrantGuard, ReentrantLock, ReentrantLocking,
};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Counting {
    Down,
    Add(usize),
    Wait,
}

fn counting() -> impl Strategy<Value = Counting> {
    prop_oneof![
        4 => Just(Counting::Down),
        1 => (0..3usize).prop_map(Counting::Add),
        2 => Just(Counting::Wait),
    ]
}

#[derive(Clone, Debug)]
enum Signal {
    Set,
    Clear,
    Wait,
    /// Looks whether one of those that wait may go on.
    Poll(usize),
    GiveUp(usize),
}

fn signal() -> impl Strategy<Value = Signal> {
    prop_oneof![
        2 => Just(Signal::Set),
        2 => Just(Signal::Clear),
        4 => Just(Signal::Wait),
        2 => (0..4usize).prop_map(Signal::Poll),
        1 => (0..4usize).prop_map(Signal::GiveUp),
    ]
}

#[derive(Clone, Debug)]
enum Meeting {
    Come,
    GiveUp(usize),
    Abort,
    Reset,
}

fn meeting() -> impl Strategy<Value = Meeting> {
    prop_oneof![
        8 => Just(Meeting::Come),
        2 => (0..4usize).prop_map(Meeting::GiveUp),
        1 => Just(Meeting::Abort),
        2 => Just(Meeting::Reset),
    ]
}

/// Who waits, and what those who came are told.
struct Party {
    parties: usize,
    waiting: Vec<usize>,
    is_broken: bool,
    told: BTreeMap<usize, Result<usize, Broken>>,
}

impl Party {
    fn come(&mut self, number: usize) {
        if self.is_broken {
            self.told.insert(number, Err(Broken));
            return;
        }
        self.waiting.push(number);
        if self.waiting.len() == self.parties {
            let all = self.waiting.drain(..).enumerate();
            self.told
                .extend(all.map(|(index, number)| (number, Ok(index))));
        }
    }

    fn end_round(&mut self, is_broken: bool) {
        self.is_broken = is_broken;
        let all = self.waiting.drain(..);
        self.told.extend(all.map(|number| (number, Err(Broken))));
    }
}

proptest! {
    /// Who waits goes on if it was set since, though it may have been cleared again.
    #[test]
    fn an_event_is_its_model(steps in prop::collection::vec(signal(), 0..60)) {
        let event = Event::new();
        let mut is_set = false;
        // With each wait whether it may go on.
        let mut waits = Vec::new();
        for step in steps {
            match step {
                Signal::Set => {
                    event.set();
                    is_set = true;
                    waits.iter_mut().for_each(|(_, goes_on)| *goes_on = true);
                }
                Signal::Clear => {
                    event.clear();
                    is_set = false;
                }
                Signal::Wait => {
                    let mut wait = event.wait_async();
                    prop_assert_eq!(poll_once(&mut wait).is_ready(), is_set);
                    if !is_set {
                        waits.push((wait, false));
                    }
                }
                Signal::Poll(index) => {
                    let Some((wait, goes_on)) = waits.get_mut(index) else { continue };
                    prop_assert_eq!(poll_once(wait).is_ready(), *goes_on);
                    if *goes_on {
                        drop(waits.remove(index));
                    }
                }
                Signal::GiveUp(index) if index < waits.len() => drop(waits.remove(index)),
                Signal::GiveUp(_) => {}
            }
            prop_assert_eq!(event.is_set(), is_set);
        }
    }

    #[test]
    fn a_latch_is_its_model(steps in prop::collection::vec(signal(), 0..30)) {
        let latch = Latch::new();
        let mut is_open = false;
        let mut waits = Vec::new();
        for step in steps {
            match step {
                Signal::Set => {
                    prop_assert_eq!(latch.open(), !is_open);
                    is_open = true;
                }
                // Nothing closes it.
                Signal::Clear => {}
                Signal::Wait => {
                    let mut wait = latch.wait_async();
                    prop_assert_eq!(poll_once(&mut wait).is_ready(), is_open);
                    if !is_open {
                        waits.push(wait);
                    }
                }
                Signal::Poll(index) => {
                    let Some(wait) = waits.get_mut(index) else { continue };
                    prop_assert_eq!(poll_once(wait).is_ready(), is_open);
                    if is_open {
                        drop(waits.remove(index));
                    }
                }
                Signal::GiveUp(index) if index < waits.len() => drop(waits.remove(index)),
                Signal::GiveUp(_) => {}
            }
            prop_assert_eq!(latch.is_open(), is_open);
        }
    }

    #[test]
    fn a_countdown_is_its_model(start in 0..4usize, steps in prop::collection::vec(counting(), 0..40)) {
        let countdown = Countdown::new(start);
        let mut count = start;
        let mut waits = Vec::new();
        for step in steps {
            match step {
                Counting::Down => {
                    let left = count.checked_sub(1);
                    prop_assert_eq!(countdown.count_down().ok(), left);
                    count = left.unwrap_or(0);
                }
                Counting::Add(more) => {
                    prop_assert_eq!(countdown.add(more).is_ok(), count > 0);
                    count += if count > 0 { more } else { 0 };
                }
                Counting::Wait => {
                    let mut wait = countdown.wait_async();
                    prop_assert_eq!(poll_once(&mut wait).is_ready(), count == 0);
                    if count > 0 {
                        waits.push(wait);
                    }
                }
            }
            prop_assert_eq!(countdown.count(), count);
            let left = waits.len();
            waits.retain_mut(|wait| poll_once(wait).is_pending());
            prop_assert_eq!(waits.len(), if count == 0 { 0 } else { left });
        }
    }

    #[test]
    fn a_barrier_is_its_model(parties in 1..4usize, steps in prop::collection::vec(meeting(), 0..60)) {
        let barrier = Barrier::new(parties);
        let mut model =
            Party { parties, waiting: Vec::new(), is_broken: false, told: BTreeMap::new() };
        let mut waits: Vec<(usize, BarrierWait)> = Vec::new();
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Meeting::Come => {
                    waits.push((number, barrier.wait_async()));
                    model.come(number);
                }
                Meeting::GiveUp(index) if index < waits.len() => {
                    let (number, wait) = waits.remove(index);
                    drop(wait);
                    model.waiting.retain(|other| *other != number);
                    model.end_round(true);
                }
                Meeting::GiveUp(_) => {}
                Meeting::Abort => {
                    barrier.abort();
                    model.end_round(true);
                }
                Meeting::Reset => {
                    barrier.reset();
                    model.end_round(false);
                }
            }
            // The newest first: it is the one that may not have come yet.
            let mut still = Vec::new();
            for (number, mut wait) in waits.drain(..).rev() {
                match (poll_once(&mut wait), model.told.remove(&number)) {
                    (Poll::Ready(outcome), told) => prop_assert_eq!(Some(outcome), told),
                    (Poll::Pending, None) => still.insert(0, (number, wait)),
                    (Poll::Pending, told) => prop_assert!(false, "{:?} not told {:?}", number, told),
                }
            }
            waits = still;
            prop_assert_eq!(barrier.waiting(), model.waiting.len());
            prop_assert_eq!(barrier.is_broken(), model.is_broken);
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Lock(usize),
    Unlock(usize),
    /// Waits for the condition.
    Wait(usize),
    Notify(usize),
    /// Gives up a wait, for the lock or for the condition.
    GiveUp(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let holder = 0..3usize;
    prop_oneof![
        4 => holder.clone().prop_map(Step::Lock),
        4 => holder.clone().prop_map(Step::Unlock),
        2 => holder.prop_map(Step::Wait),
        2 => (1..3usize).prop_map(Step::Notify),
        1 => (0..4usize).prop_map(Step::GiveUp),
    ]
}

/// A wait of one of the holders.
enum Waiting<'a> {
    Locking(ReentrantLocking<'a>),
    Condition(ConditionWait<'a, 'a>),
}

impl<'a> Waiting<'a> {
    fn poll(&mut self) -> Poll<ReentrantGuard<'a>> {
        match self {
            Waiting::Locking(wait) => poll_once(wait),
            Waiting::Condition(wait) => poll_once(wait),
        }
    }
}

/// The lock as lists: who holds it how often, who waits for it, and who for the condition. Each holder
/// waits for one thing at a time.
#[derive(Default)]
struct Model {
    held: Option<(usize, usize)>,
    lock_line: VecDeque<(usize, usize)>,
    condition_line: VecDeque<(usize, usize)>,
    notified: Vec<(usize, usize)>,
}

impl Model {
    /// Whether the holder has it at once; else it stands in the line.
    fn take(&mut self, holder: usize, depth: usize) -> bool {
        match &mut self.held {
            Some((own, levels)) if *own == holder => *levels += depth,
            Some(_) => {
                self.lock_line.push_back((holder, depth));
                return false;
            }
            None => self.held = Some((holder, depth)),
        }
        true
    }

    /// Gives back levels, and the number of those that there were.
    fn release(&mut self, levels: usize) -> usize {
        let (_, depth) = self.held.unwrap();
        match depth > levels {
            true => self.held.as_mut().unwrap().1 -= levels,
            false => self.held = self.lock_line.pop_front(),
        }
        depth
    }

    fn has(&self, holder: usize) -> bool {
        self.held.is_some_and(|(own, _)| own == holder)
    }

    /// What its wait comes to when it is polled.
    fn is_granted(&mut self, holder: usize) -> bool {
        let place = self.notified.iter().position(|(own, _)| *own == holder);
        match place.map(|place| self.notified.remove(place)) {
            Some((_, depth)) => self.take(holder, depth),
            None => self.has(holder),
        }
    }

    fn forget(&mut self, holder: usize) {
        self.lock_line.retain(|(own, _)| *own != holder);
        self.condition_line.retain(|(own, _)| *own != holder);
    }
}

proptest! {
    #[test]
    fn a_reentrant_lock_and_its_condition_are_their_model(
        steps in prop::collection::vec(step(), 0..100),
    ) {
        let (lock, condition) = (ReentrantLock::new(), Condition::new());
        let holders = [Holder::new(), Holder::new(), Holder::new()];
        let mut model = Model::default();
        let mut guards: [Vec<ReentrantGuard>; 3] = Default::default();
        let mut waits: BTreeMap<usize, Waiting> = BTreeMap::new();
        for step in steps {
            match step {
                Step::Lock(who) if !waits.contains_key(&who) => {
                    let mut locking = lock.lock_async(holders[who]);
                    match poll_once(&mut locking) {
                        Poll::Ready(guard) => guards[who].push(guard),
                        Poll::Pending => drop(waits.insert(who, Waiting::Locking(locking))),
                    }
                    prop_assert_eq!(model.take(who, 1), !waits.contains_key(&who));
                }
                Step::Unlock(who) if !waits.contains_key(&who) && !guards[who].is_empty() => {
                    drop(guards[who].pop());
                    model.release(1);
                }
                Step::Wait(who) if !waits.contains_key(&who) && !guards[who].is_empty() => {
                    let guard = guards[who].pop().unwrap();
                    waits.insert(who, Waiting::Condition(condition.wait_async(guard)));
                    let depth = model.release(usize::MAX);
                    model.condition_line.push_back((who, depth));
                }
                Step::Notify(count) => {
                    condition.notify(count);
                    let count = count.min(model.condition_line.len());
                    model.notified.extend(model.condition_line.drain(..count));
                }
                Step::GiveUp(index) => {
                    let who = waits.keys().nth(index).copied();
                    if let Some((who, wait)) = who.and_then(|who| waits.remove_entry(&who)) {
                        drop(wait);
                        model.forget(who);
                        // Guards of levels that the wait would have taken again.
                        guards[who].clear();
                    }
                }
                Step::Lock(_) | Step::Unlock(_) | Step::Wait(_) => {}
            }
            let mut still = BTreeMap::new();
            for (who, mut wait) in waits {
                let granted = model.is_granted(who);
                match wait.poll() {
                    Poll::Ready(guard) => {
                        prop_assert!(granted);
                        guards[who].push(guard);
                    }
                    Poll::Pending => {
                        prop_assert!(!granted);
                        still.insert(who, wait);
                    }
                }
            }
            waits = still;
            for (who, holder) in holders.iter().enumerate() {
                prop_assert_eq!(lock.is_held_by(*holder), model.has(who));
            }
            if let Some((who, depth)) = model.held {
                prop_assert_eq!(guards[who].len(), depth);
                prop_assert_eq!(guards[who][0].depth(), depth);
            }
        }
    }
}

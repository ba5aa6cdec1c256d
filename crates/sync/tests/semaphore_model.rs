//! The semaphore against a plain model: whichever futures are polled and dropped, permits are neither lost nor made,
//! and nobody gets past another.

mod common;

use std::collections::VecDeque;
use std::task::Poll;

use common::poll_once;
use lariat_sync::{Acquire, Permit, Semaphore};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Acquire(usize),
    TryAcquire(usize),
    Release(usize),
    /// Gives back what one has.
    Return(usize),
    /// Drops a wait, granted or not.
    GiveUp(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..4usize).prop_map(Step::Acquire),
        1 => (0..4usize).prop_map(Step::TryAcquire),
        1 => (1..3usize).prop_map(Step::Release),
        2 => (0..6usize).prop_map(Step::Return),
        2 => (0..6usize).prop_map(Step::GiveUp),
    ]
}

/// What each waiter asked for, in order; those in front are granted as soon as there is enough.
struct Model {
    available: usize,
    waiting: VecDeque<(usize, usize)>,
    granted: Vec<usize>,
}

impl Model {
    fn grant(&mut self) {
        while let Some(&(number, need)) = self.waiting.front()
            && need <= self.available
        {
            self.available -= need;
            self.granted.push(number);
            self.waiting.pop_front();
        }
    }
}

proptest! {
    #[test]
    fn a_semaphore_is_its_model(permits in 0..4usize, steps in prop::collection::vec(step(), 0..80)) {
        let semaphore = Semaphore::new(permits);
        let mut model = Model { available: permits, waiting: VecDeque::new(), granted: Vec::new() };
        let mut held: Vec<Permit> = Vec::new();
        let mut waits: Vec<(usize, Acquire)> = Vec::new();
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Acquire(need) => {
                    let mut acquire = semaphore.acquire_many_async(need);
                    model.waiting.push_back((number, need));
                    model.grant();
                    let at_once = model.granted.pop().is_some();
                    match poll_once(&mut acquire) {
                        Poll::Ready(permit) => {
                            prop_assert!(at_once);
                            held.push(permit);
                        }
                        Poll::Pending => {
                            prop_assert!(!at_once);
                            waits.push((number, acquire));
                        }
                    }
                }
                Step::TryAcquire(need) => {
                    let permit = semaphore.try_acquire_many(need);
                    let free = model.waiting.is_empty() && model.available >= need;
                    prop_assert_eq!(permit.is_some(), free);
                    model.available -= permit.as_ref().map_or(0, Permit::permits);
                    held.extend(permit);
                }
                Step::Release(more) => {
                    prop_assert!(semaphore.release(more).is_ok());
                    model.available += more;
                }
                Step::Return(index) if index < held.len() => {
                    model.available += held.remove(index).permits();
                }
                Step::GiveUp(index) if index < waits.len() => {
                    let (number, acquire) = waits.remove(index);
                    drop(acquire);
                    model.waiting.retain(|(waiter, _)| *waiter != number);
                }
                Step::Return(_) | Step::GiveUp(_) => {}
            }
            model.grant();
            // Whoever the model has granted takes it now; all others must still wait.
            let mut still = Vec::new();
            for (number, mut acquire) in waits.drain(..) {
                match poll_once(&mut acquire) {
                    Poll::Ready(permit) => {
                        prop_assert!(model.granted.contains(&number));
                        held.push(permit);
                    }
                    Poll::Pending => {
                        prop_assert!(!model.granted.contains(&number));
                        still.push((number, acquire));
                    }
                }
            }
            model.granted.clear();
            waits = still;
            prop_assert_eq!(semaphore.available(), model.available);
            prop_assert_eq!(semaphore.waiting(), waits.len());
        }
    }
}

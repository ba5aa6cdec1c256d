//! The queues against a plain model: whatever is done in turn, and whichever futures are polled and dropped.

#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::{Poll, Waker};

use common::{Woken, poll};
use lariat_sync::{AnyQueue, Get, GetError, Put, PutError, Queue, SimpleQueue};
use proptest::prelude::*;

#[derive(Clone, Copy, Debug)]
enum Kind {
    Fifo,
    Lifo,
    Priority,
}

#[derive(Clone, Debug)]
enum Step {
    Put(u8),
    Get,
    Done,
    Shutdown,
    ShutdownNow,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => any::<u8>().prop_map(Step::Put),
        6 => Just(Step::Get),
        3 => Just(Step::Done),
        1 => Just(Step::Shutdown),
        1 => Just(Step::ShutdownNow),
    ]
}

/// A list, and from where the next is taken.
struct Model {
    kind: Kind,
    limit: Option<usize>,
    items: Vec<u8>,
    is_open: bool,
    unfinished: usize,
}

impl Model {
    fn put(&mut self, item: u8) -> Result<(), PutError<u8>> {
        if !self.is_open {
            return Err(PutError::ShutDown(item));
        }
        if self.limit == Some(self.items.len()) {
            return Err(PutError::Full(item));
        }
        self.items.push(item);
        self.unfinished += 1;
        Ok(())
    }

    fn get(&mut self) -> Result<u8, GetError> {
        let index = match self.kind {
            Kind::Fifo => 0,
            Kind::Lifo => self.items.len().saturating_sub(1),
            Kind::Priority => {
                let smallest = self.items.iter().min();
                self.items
                    .iter()
                    .position(|item| Some(item) == smallest)
                    .unwrap_or(0)
            }
        };
        if index < self.items.len() {
            return Ok(self.items.remove(index));
        }
        Err(if self.is_open {
            GetError::Empty
        } else {
            GetError::ShutDown
        })
    }

    fn shutdown_now(&mut self) -> Vec<u8> {
        self.is_open = false;
        let items: Vec<u8> = std::iter::from_fn(|| self.get().ok()).collect();
        self.unfinished -= items.len().min(self.unfinished);
        items
    }
}

proptest! {
    #[test]
    fn a_queue_is_its_model(
        kind in prop_oneof![Just(Kind::Fifo), Just(Kind::Lifo), Just(Kind::Priority)],
        limit in prop::option::of(1..5usize),
        steps in prop::collection::vec(step(), 0..80),
    ) {
        let queue = match kind {
            Kind::Fifo => Queue::fifo(limit),
            Kind::Lifo => Queue::lifo(limit),
            Kind::Priority => Queue::priority(limit),
        };
        let mut model = Model { kind, limit, items: Vec::new(), is_open: true, unfinished: 0 };
        for step in steps {
            match step {
                Step::Put(item) => prop_assert_eq!(queue.try_put(item), model.put(item)),
                Step::Get => prop_assert_eq!(queue.try_get(), model.get()),
                Step::Done => {
                    prop_assert_eq!(queue.task_done().is_ok(), model.unfinished > 0);
                    model.unfinished = model.unfinished.saturating_sub(1);
                }
                Step::Shutdown => {
                    queue.shutdown();
                    model.is_open = false;
                }
                Step::ShutdownNow => prop_assert_eq!(queue.shutdown_now(), model.shutdown_now()),
            }
            prop_assert_eq!(queue.len(), model.items.len());
            prop_assert_eq!(queue.unfinished(), model.unfinished);
            prop_assert_eq!(queue.is_full(), limit == Some(model.items.len()));
            prop_assert_eq!(queue.is_shut_down(), !model.is_open);
        }
    }

    #[test]
    fn a_simple_queue_is_its_model(
        limit in prop::option::of(1..5usize),
        steps in prop::collection::vec(step(), 0..80),
    ) {
        let queue = SimpleQueue::new(limit);
        let mut model = Model { kind: Kind::Fifo, limit, items: Vec::new(), is_open: true, unfinished: 0 };
        for step in steps {
            match step {
                Step::Put(item) => prop_assert_eq!(queue.try_put(item), model.put(item)),
                Step::Get | Step::Done => prop_assert_eq!(queue.try_get(), model.get()),
                Step::Shutdown => {
                    queue.shutdown();
                    model.is_open = false;
                }
                Step::ShutdownNow => prop_assert_eq!(queue.shutdown_now(), model.shutdown_now()),
            }
            prop_assert_eq!(queue.len(), model.items.len());
            prop_assert_eq!(queue.is_empty(), model.items.is_empty());
            prop_assert_eq!(queue.is_full(), limit == Some(model.items.len()));
        }
    }
}

/// What a program of many tasks does with its futures.
#[derive(Clone, Debug)]
enum Turn {
    StartGet,
    StartPut,
    /// Polls one of those that were woken.
    Poll(usize),
    /// Drops one, woken or not.
    Drop(usize),
    TryPut,
    TryGet,
}

fn turn() -> impl Strategy<Value = Turn> {
    prop_oneof![
        Just(Turn::StartGet),
        Just(Turn::StartPut),
        (0..8usize).prop_map(Turn::Poll),
        (0..8usize).prop_map(Turn::Drop),
        Just(Turn::TryPut),
        Just(Turn::TryGet),
    ]
}

enum Waiting<'a> {
    Getting(Get<'a, u32>),
    Putting(Put<'a, u32>),
}

struct Task<'a> {
    waiting: Waiting<'a>,
    woken: Arc<Woken>,
    waker: Waker,
    polled_at: usize,
}

/// Tasks on one queue, and where each item is: every item that was made must be somewhere.
struct Program<'a> {
    tasks: BTreeMap<usize, Task<'a>>,
    made: u32,
    got: Vec<u32>,
    handed_back: Vec<u32>,
}

impl<'a> Program<'a> {
    fn start(&mut self, waiting: Waiting<'a>) {
        let key = self.tasks.last_key_value().map_or(0, |(key, _)| key + 1);
        let (woken, waker) = Woken::new();
        self.tasks.insert(
            key,
            Task {
                waiting,
                woken,
                waker,
                polled_at: 0,
            },
        );
        self.poll(key);
    }

    fn make(&mut self) -> u32 {
        self.made += 1;
        self.made
    }

    fn poll(&mut self, key: usize) {
        let task = self.tasks.get_mut(&key).unwrap();
        task.polled_at = task.woken.count();
        let done = match &mut task.waiting {
            Waiting::Getting(get) => match poll(get, &task.waker) {
                Poll::Ready(item) => {
                    self.got.push(item.unwrap());
                    true
                }
                Poll::Pending => false,
            },
            Waiting::Putting(put) => poll(put, &task.waker).is_ready(),
        };
        if done {
            self.tasks.remove(&key);
        }
    }

    fn drop(&mut self, index: usize) {
        let key = self.tasks.keys().nth(index).copied();
        if let Some(task) = key.and_then(|key| self.tasks.remove(&key))
            && let Waiting::Putting(put) = task.waiting
        {
            self.handed_back.extend(put.into_item());
        }
    }

    fn woken(&self, index: usize) -> Option<usize> {
        let woken = self
            .tasks
            .iter()
            .filter(|(_, task)| task.woken.count() > task.polled_at);
        woken.map(|(key, _)| *key).nth(index)
    }

    fn take_turn(&mut self, queue: &'a dyn AnyQueue<Item = u32>, turn: &Turn) {
        match turn {
            Turn::StartGet => self.start(Waiting::Getting(queue.get_async())),
            Turn::StartPut => {
                let item = self.make();
                self.start(Waiting::Putting(queue.put_async(item)));
            }
            Turn::Poll(index) => {
                if let Some(key) = self.woken(*index) {
                    self.poll(key);
                }
            }
            Turn::Drop(index) => self.drop(*index),
            Turn::TryPut => {
                let item = self.make();
                let back = queue.try_put(item).map_err(PutError::into_item).err();
                self.handed_back.extend(back);
            }
            Turn::TryGet => self.got.extend(queue.try_get()),
        }
    }
}

fn lose_nothing(queue: &dyn AnyQueue<Item = u32>, turns: &[Turn]) -> Result<(), TestCaseError> {
    let mut program = Program {
        tasks: BTreeMap::new(),
        made: 0,
        got: Vec::new(),
        handed_back: Vec::new(),
    };
    for turn in turns {
        program.take_turn(queue, turn);
    }
    while let Some(key) = program.woken(0) {
        program.poll(key);
    }
    for task in program.tasks.values() {
        match task.waiting {
            Waiting::Getting(_) => prop_assert!(queue.is_empty(), "a get sleeps beside an item"),
            Waiting::Putting(_) => prop_assert!(queue.is_full(), "a put sleeps beside room"),
        }
    }
    while !program.tasks.is_empty() {
        program.drop(0);
    }
    program.got.extend(queue.shutdown_now());
    program.got.extend(program.handed_back);
    program.got.sort_unstable();
    prop_assert!(program.got.into_iter().eq(1..=program.made));
    Ok(())
}

proptest! {
    /// A runtime polls only what was woken. So when all that were woken have been polled, nobody may be left
    /// waiting for what is there.
    #[test]
    fn futures_that_come_and_go_lose_no_item_and_no_wake_up(
        limit in 1..4usize,
        turns in prop::collection::vec(turn(), 0..120),
    ) {
        let (counting, plain) = (Queue::fifo(limit), SimpleQueue::new(limit));
        let queues: [&dyn AnyQueue<Item = u32>; 2] = [&counting, &plain];
        for queue in queues {
            lose_nothing(queue, &turns)?;
        }
    }
}

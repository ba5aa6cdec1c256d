//! Queues that count what is not done, and those with priorities, against what a person would write with a
//! lock and two condition variables.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::{Condvar, Mutex};

use lariat::sync::Queue;

use super::{Contestant, Effort, Handover, LIMIT, compare, contestant};

struct Fifo(Queue<u64>);
struct Lifo(Queue<u64>);
struct Priority(Queue<u64>);

impl Default for Fifo {
    fn default() -> Self {
        Fifo(Queue::fifo(LIMIT))
    }
}

impl Default for Lifo {
    fn default() -> Self {
        Lifo(Queue::lifo(LIMIT))
    }
}

impl Default for Priority {
    fn default() -> Self {
        Priority(Queue::priority(LIMIT))
    }
}

fn put(queue: &Queue<u64>, item: u64) {
    queue.put(item).expect("it is open");
}

fn get(queue: &Queue<u64>) -> u64 {
    let item = queue.get().expect("it is open");
    queue.task_done().expect("one for each item");
    item
}

impl Handover for Fifo {
    fn put(&self, item: u64) {
        put(&self.0, item);
    }

    fn get(&self) -> u64 {
        get(&self.0)
    }
}

impl Handover for Lifo {
    fn put(&self, item: u64) {
        put(&self.0, item);
    }

    fn get(&self) -> u64 {
        get(&self.0)
    }
}

impl Handover for Priority {
    fn put(&self, item: u64) {
        put(&self.0, item);
    }

    fn get(&self) -> u64 {
        get(&self.0)
    }
}

/// Where items are kept under the lock.
trait Kept: Default + Send {
    fn push(&mut self, item: u64);
    fn pop(&mut self) -> Option<u64>;
    fn len(&self) -> usize;
}

impl Kept for VecDeque<u64> {
    fn push(&mut self, item: u64) {
        self.push_back(item);
    }

    fn pop(&mut self) -> Option<u64> {
        self.pop_front()
    }

    fn len(&self) -> usize {
        VecDeque::len(self)
    }
}

impl Kept for Vec<u64> {
    fn push(&mut self, item: u64) {
        Vec::push(self, item);
    }

    fn pop(&mut self) -> Option<u64> {
        Vec::pop(self)
    }

    fn len(&self) -> usize {
        Vec::len(self)
    }
}

impl Kept for BinaryHeap<Reverse<u64>> {
    fn push(&mut self, item: u64) {
        BinaryHeap::push(self, Reverse(item));
    }

    fn pop(&mut self) -> Option<u64> {
        let Reverse(item) = BinaryHeap::pop(self)?;
        Some(item)
    }

    fn len(&self) -> usize {
        BinaryHeap::len(self)
    }
}

/// What a person would write: Python's `queue.Queue`, with std's words.
#[derive(Default)]
struct Plain<K> {
    kept: Mutex<(K, usize)>,
    not_empty: Condvar,
    not_full: Condvar,
    all_done: Condvar,
}

const UNPOISONED: &str = "nobody panics";

impl<K: Kept> Handover for Plain<K> {
    fn put(&self, item: u64) {
        let mut kept = self.kept.lock().expect(UNPOISONED);
        while kept.0.len() >= LIMIT {
            kept = self.not_full.wait(kept).expect(UNPOISONED);
        }
        kept.0.push(item);
        kept.1 += 1;
        drop(kept);
        self.not_empty.notify_one();
    }

    fn get(&self) -> u64 {
        let mut kept = self.kept.lock().expect(UNPOISONED);
        let item = loop {
            match kept.0.pop() {
                Some(item) => break item,
                None => kept = self.not_empty.wait(kept).expect(UNPOISONED),
            }
        };
        drop(kept);
        self.not_full.notify_one();
        let mut kept = self.kept.lock().expect(UNPOISONED);
        kept.1 -= 1;
        if kept.1 == 0 {
            self.all_done.notify_all();
        }
        item
    }
}

/// Measures each order.
pub fn measure(effort: Effort) {
    compare(&contestants(), effort);
}

/// Each order, and what a person would write for each.
pub fn contestants() -> [Contestant; 6] {
    [
        contestant::<Fifo>("lariat Queue::fifo"),
        contestant::<Plain<VecDeque<u64>>>("a lock, VecDeque, two Condvar"),
        contestant::<Lifo>("lariat Queue::lifo"),
        contestant::<Plain<Vec<u64>>>("a lock, Vec, two Condvar"),
        contestant::<Priority>("lariat Queue::priority"),
        contestant::<Plain<BinaryHeap<Reverse<u64>>>>("a lock, BinaryHeap, two Condvar"),
    ]
}

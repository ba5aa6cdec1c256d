//! The orders in which a queue gives its items.

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, VecDeque};
use std::mem::take;

/// Keeps items and decides which one is next.
pub(crate) trait Order<T> {
    fn push(&mut self, item: T);
    fn pop(&mut self) -> Option<T>;
    fn len(&self) -> usize;
    /// Takes all items out as they are, which compares none.
    fn take(&mut self) -> Box<dyn Order<T> + Send>;
}

/// First in, first out.
impl<T: Send + 'static> Order<T> for VecDeque<T> {
    fn push(&mut self, item: T) {
        self.push_back(item);
    }

    fn pop(&mut self) -> Option<T> {
        self.pop_front()
    }

    fn len(&self) -> usize {
        VecDeque::len(self)
    }

    fn take(&mut self) -> Box<dyn Order<T> + Send> {
        Box::new(take(self))
    }
}

/// Last in, first out.
impl<T: Send + 'static> Order<T> for Vec<T> {
    fn push(&mut self, item: T) {
        Vec::push(self, item);
    }

    fn pop(&mut self) -> Option<T> {
        Vec::pop(self)
    }

    fn len(&self) -> usize {
        Vec::len(self)
    }

    fn take(&mut self) -> Box<dyn Order<T> + Send> {
        Box::new(take(self))
    }
}

/// The smallest first, and of equals the one that came first.
pub(crate) struct Smallest<T> {
    items: BinaryHeap<Reverse<(T, u64)>>,
    /// How many have come, which tells equals apart.
    arrivals: u64,
}

impl<T: Ord> Smallest<T> {
    pub(crate) fn new() -> Self {
        Smallest {
            items: BinaryHeap::new(),
            arrivals: 0,
        }
    }
}

impl<T: Ord + Send + 'static> Order<T> for Smallest<T> {
    fn push(&mut self, item: T) {
        self.arrivals += 1;
        self.items.push(Reverse((item, self.arrivals)));
    }

    fn pop(&mut self) -> Option<T> {
        let Reverse((item, _)) = self.items.pop()?;
        Some(item)
    }

    fn len(&self) -> usize {
        self.items.len()
    }

    fn take(&mut self) -> Box<dyn Order<T> + Send> {
        let items = take(&mut self.items);
        let arrivals = self.arrivals;
        Box::new(Smallest { items, arrivals })
    }
}

/// An item with its priority, for a [priority queue](crate::Queue::priority): only the priorities
/// are compared, so the item may be anything.
///
/// ```
/// use lariat_sync::{Prioritized, Queue};
///
/// let queue = Queue::priority(None);
/// queue.put(Prioritized::new(2, "eat".to_owned()))?;
/// queue.put(Prioritized::new(1, "wash".to_owned()))?;
/// assert_eq!(queue.get()?.item, "wash");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Prioritized<P, T> {
    /// The smaller, the sooner.
    pub priority: P,
    /// What waits for its turn.
    pub item: T,
}

impl<P, T> Prioritized<P, T> {
    /// An item with its priority.
    pub fn new(priority: P, item: T) -> Self {
        Prioritized { priority, item }
    }
}

impl<P: PartialEq, T> PartialEq for Prioritized<P, T> {
    fn eq(&self, other: &Self) -> bool {
        self.priority == other.priority
    }
}

impl<P: Eq, T> Eq for Prioritized<P, T> {}

impl<P: PartialOrd, T> PartialOrd for Prioritized<P, T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.priority.partial_cmp(&other.priority)
    }
}

impl<P: Ord, T> Ord for Prioritized<P, T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.priority.cmp(&other.priority)
    }
}

//! First in, first out, without a lock: crossbeam's queues, and an end that they do not have.

use crossbeam_queue::{ArrayQueue, SegQueue};

use super::core::Core;
use super::error::{GetError, PutError};
#[cfg(feature = "loom")]
use crate::sys::fence;
use crate::sys::{AtomicBool, Mutex, Ordering};

/// Items in a queue that can be closed, which costs a put one load more.
///
/// A put that begins behind the closing is refused. One that meets it has put its item already when it looks
/// whether the queue is closed (both by `SeqCst` operations, as are the closing and the look of whoever
/// gets, so one of the two sees the other). Then it depends on whether somebody has been told by then that nothing comes any
/// more: if not, whoever is told that later looks again before, and gets the item. If so, the item is
/// taken out again and handed back.
pub(crate) struct Fifo<T> {
    items: Items<T>,
    is_closed: AtomicBool,
    end: Mutex<End<T>>,
}

enum Items<T> {
    Limited(ArrayQueue<Marked<T>>),
    Unlimited(SegQueue<Marked<T>>),
}

/// An item with the mark of who put it, by which an item that came too late is found again. It is an address on
/// the stack of whoever puts, so another one for all who put at the same moment.
type Marked<T> = (T, usize);

struct End<T> {
    /// Whether somebody was told that nothing comes any more.
    is_told: bool,
    /// What came behind that, to be taken back by who put it.
    late: Vec<Marked<T>>,
}

impl<T> Fifo<T> {
    /// Room for so many items, which is taken at once, or for as many as memory holds.
    pub(crate) fn new(limit: Option<usize>) -> Self {
        let end = End {
            is_told: false,
            late: Vec::new(),
        };
        Fifo {
            items: match limit {
                Some(limit) => Items::Limited(ArrayQueue::new(limit)),
                None => Items::Unlimited(SegQueue::new()),
            },
            is_closed: AtomicBool::new(false),
            end: Mutex::new(end),
        }
    }

    /// An item was put while the queue was closed.
    #[cold]
    fn met_the_end(&self, mark: usize) -> Result<(), PutError<T>> {
        let mut end = self.end.lock();
        if !end.is_told {
            return Ok(());
        }
        while let Some(late) = self.items.pop() {
            end.late.push(late);
        }
        let place = end.late.iter().position(|(_, other)| *other == mark);
        match place {
            Some(place) => Err(PutError::ShutDown(end.late.swap_remove(place).0)),
            // Somebody who was not told yet has got it.
            None => Ok(()),
        }
    }

    /// Nothing was there, and the queue is closed.
    #[cold]
    fn tell_the_end(&self) -> Result<T, GetError> {
        let mut end = self.end.lock();
        match self.items.pop() {
            Some((item, _)) => Ok(item),
            None => {
                end.is_told = true;
                Err(GetError::ShutDown)
            }
        }
    }
}

impl<T> Core for Fifo<T> {
    type Item = T;

    fn push(&self, item: T) -> Result<(), PutError<T>> {
        if self.is_closed() {
            return Err(PutError::ShutDown(item));
        }
        let here = 0_u8;
        let mark = std::ptr::from_ref(&here).addr();
        if let Err((item, _)) = self.items.push((item, mark)) {
            return Err(PutError::Full(item));
        }
        match self.is_closed() {
            true => self.met_the_end(mark),
            false => Ok(()),
        }
    }

    fn pop(&self) -> Result<T, GetError> {
        match self.items.pop() {
            Some((item, _)) => Ok(item),
            None if self.is_closed() => self.tell_the_end(),
            None => Err(GetError::Empty),
        }
    }

    fn close(&self) {
        self.is_closed.store(true, Ordering::SeqCst);
    }

    fn len(&self) -> usize {
        match &self.items {
            Items::Limited(items) => items.len(),
            Items::Unlimited(items) => items.len(),
        }
    }

    fn limit(&self) -> Option<usize> {
        match &self.items {
            Items::Limited(items) => Some(items.capacity()),
            Items::Unlimited(_) => None,
        }
    }

    fn is_closed(&self) -> bool {
        // Loom takes `SeqCst` for less than it is, except in a fence.
        #[cfg(feature = "loom")]
        fence(Ordering::SeqCst);
        let is_closed = self.is_closed.load(Ordering::SeqCst);
        #[cfg(feature = "loom")]
        fence(Ordering::SeqCst);
        is_closed
    }
}

impl<T> Items<T> {
    fn push(&self, item: Marked<T>) -> Result<(), Marked<T>> {
        match self {
            Items::Limited(items) => items.push(item),
            Items::Unlimited(items) => {
                items.push(item);
                Ok(())
            }
        }
    }

    fn pop(&self) -> Option<Marked<T>> {
        match self {
            Items::Limited(items) => items.pop(),
            Items::Unlimited(items) => items.pop(),
        }
    }
}

/// The queues themselves are not loom's, so each of their steps is one step here.
#[cfg(all(test, feature = "loom"))]
mod models {
    use loom::sync::Arc;
    use loom::thread;

    use super::Fifo;
    use crate::queue::core::Core;
    use crate::queue::{GetError, PutError};

    /// Two put while it is closed, and one gets until it is told of the end.
    #[test]
    fn what_meets_the_end_is_either_got_or_handed_back_to_who_put_it() {
        loom::model(|| {
            let fifo = Arc::new(Fifo::new(None));
            let putters = [1, 2].map(|number| {
                let fifo = Arc::clone(&fifo);
                thread::spawn(move || match fifo.push(number) {
                    Ok(()) => vec![number],
                    Err(PutError::ShutDown(back)) => {
                        assert_eq!(back, number, "it has another's");
                        Vec::new()
                    }
                    Err(other) => unreachable!("{other:?}"),
                })
            });
            fifo.close();
            let mut got = Vec::new();
            let end = loop {
                match fifo.pop() {
                    Ok(number) => got.push(number),
                    Err(end) => break end,
                }
            };
            assert_eq!(end, GetError::ShutDown);
            let put = putters.map(|putter| putter.join().unwrap_or_default());
            let mut put = put.concat();
            got.sort_unstable();
            put.sort_unstable();
            assert_eq!(got, put);
            assert!(fifo.is_empty());
        });
    }
}

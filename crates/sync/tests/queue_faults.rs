//! What the queues do when those who use them die: producers, consumers, and items that panic when they
//! are compared.

#![allow(clippy::unwrap_used)]

mod common;

use std::cmp::Ordering;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::Poll;
use std::thread;

use common::{LONG, Woken, poll, poll_once, until};
use lariat_sync::{
    AnyQueue, Consumer, GetError, Producer, PutError, Queue, QueueTask, SimpleQueue,
};

#[test]
fn a_producer_that_dies_leaves_what_it_put() {
    let queue = Queue::fifo(None);
    thread::scope(|scope| {
        let producer = scope.spawn(|| {
            queue.put(1).unwrap();
            panic!("the producer dies");
        });
        assert!(producer.join().is_err());
        assert_eq!(queue.get(), Ok(1));
        queue.put(2).unwrap();
        assert_eq!(queue.get(), Ok(2));
    });
}

/// Consumers that wait, two threads and a task, while the only producer dies.
fn producer_dies<Q: AnyQueue<Item = u8> + Sync>(queue: &Q) {
    let (woken, waker) = Woken::new();
    let mut task = queue.get_async();
    thread::scope(|scope| {
        let consumers = [(); 2].map(|()| scope.spawn(|| queue.iter().collect::<Vec<_>>()));
        until("both wait", || queue.waiting_to_get() == 2);
        assert!(poll(&mut task, &waker).is_pending());
        let producer = Producer::new(queue);
        let dying = scope.spawn(move || {
            producer.put(1).unwrap();
            panic!("the producer dies");
        });
        assert!(dying.join().is_err());
        assert!(queue.is_shut_down());
        let got = consumers.map(|consumer| consumer.join().unwrap());
        assert_eq!(got.concat(), [1]);
    });
    assert_eq!(woken.count(), 1);
    assert_eq!(poll_once(&mut task), Poll::Ready(Err(GetError::ShutDown)));
}

#[test]
fn consumers_that_wait_are_told_when_the_last_producer_dies() {
    producer_dies(&Queue::fifo(None));
    producer_dies(&Queue::lifo(3));
    producer_dies(&Queue::priority(3));
    producer_dies(&SimpleQueue::new(None));
    producer_dies(&SimpleQueue::new(3));
}

#[test]
fn a_queue_is_open_until_its_last_producer_is_dropped() {
    let queue = Arc::new(Queue::fifo(None));
    let first = Producer::new(Arc::clone(&queue));
    let second = first.clone();
    drop(first);
    second.put(1).unwrap();
    assert!(!queue.is_shut_down());
    drop(second);
    assert_eq!((queue.get(), queue.get()), (Ok(1), Err(GetError::ShutDown)));
}

/// A producer that waits for room, and one that joins, while the only consumer dies.
#[test]
fn producers_that_wait_are_told_when_the_last_consumer_dies() {
    let queue = Queue::fifo(1);
    thread::scope(|scope| {
        queue.put(1).unwrap();
        let putting = scope.spawn(|| (2..).find_map(|number| queue.put(number).err()));
        until("it waits", || queue.waiting_to_put() == 1);
        let joining = scope.spawn(|| queue.join_timeout(LONG));
        let consumer = Consumer::new(&queue);
        let dying = scope.spawn(move || {
            for task in consumer.tasks() {
                assert_ne!(*task, 2, "the consumer dies");
            }
        });
        assert!(dying.join().is_err());
        let refused = putting.join().unwrap();
        assert!(
            matches!(refused, Some(PutError::ShutDown(_))),
            "{refused:?}"
        );
        assert!(joining.join().unwrap(), "what nobody will do is waited for");
    });
    assert_eq!((queue.unfinished(), queue.len()), (0, 0));
}

#[test]
fn a_task_is_done_when_its_worker_panics_and_not_before() {
    let queue = Queue::fifo(None);
    (1..=2).for_each(|number| queue.put(number).unwrap());
    let (woken, waker) = Woken::new();
    let mut join = queue.join_async();
    assert!(poll(&mut join, &waker).is_pending());
    let mut first: QueueTask<_> = queue.task(queue.get().unwrap());
    *first += 10;
    assert_eq!((*first, queue.unfinished()), (11, 2));
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _second = queue.task(queue.get().unwrap());
        panic!("at work");
    }));
    assert!(panicked.is_err());
    assert_eq!((queue.unfinished(), woken.count()), (1, 0));
    drop(first);
    assert_eq!(woken.count(), 1);
    assert!(poll(&mut join, &waker).is_ready());
}

/// An item whose comparison panics while its switch is on.
#[derive(Debug)]
struct Touchy(u8, Arc<AtomicBool>);

impl PartialEq for Touchy {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Touchy {}

impl PartialOrd for Touchy {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Touchy {
    fn cmp(&self, other: &Self) -> Ordering {
        assert!(!self.1.load(Relaxed), "not comparable");
        self.0.cmp(&other.0)
    }
}

/// Items of one switch.
fn touchy() -> (Arc<AtomicBool>, impl Fn(u8) -> Touchy) {
    let switch = Arc::new(AtomicBool::new(false));
    let kept = Arc::clone(&switch);
    (switch, move |number| Touchy(number, Arc::clone(&kept)))
}

#[test]
fn a_comparison_that_panics_does_not_lock_the_queue() {
    let (switch, item) = touchy();
    let queue = Queue::priority(None);
    queue.put(item(1)).unwrap();
    switch.store(true, Relaxed);
    assert!(catch_unwind(AssertUnwindSafe(|| queue.put(item(2)))).is_err());
    assert_eq!((queue.len(), queue.unfinished()), (2, 2));
    switch.store(false, Relaxed);
    queue.shutdown();
    assert_eq!(queue.put(item(2)), Err(PutError::ShutDown(item(2))));
}

#[test]
fn an_item_whose_comparison_panics_wakes_who_waits_for_it() {
    let (switch, item) = touchy();
    let queue = Queue::priority(None);
    let (woken, waker) = Woken::new();
    let mut waiting = [queue.get_async(), queue.get_async()];
    for get in &mut waiting {
        assert!(poll(get, &waker).is_pending());
    }
    queue.put(item(1)).unwrap();
    switch.store(true, Relaxed);
    assert!(catch_unwind(AssertUnwindSafe(|| queue.put(item(2)))).is_err());
    assert_eq!(
        woken.count(),
        2,
        "it is in the queue, and nobody comes for it"
    );
    switch.store(false, Relaxed);
    for get in &mut waiting {
        assert!(poll(get, &waker).is_ready());
    }
}

#[test]
fn an_item_that_is_lost_by_a_comparison_makes_room_and_counts_as_done() {
    let (switch, item) = touchy();
    let queue = Queue::priority(3);
    (1..=3).for_each(|number| queue.put(item(number)).unwrap());
    let (put_woken, put_waker) = Woken::new();
    let mut put = queue.put_async(item(4));
    assert!(poll(&mut put, &put_waker).is_pending());
    switch.store(true, Relaxed);
    assert!(catch_unwind(AssertUnwindSafe(|| queue.get())).is_err());
    assert_eq!((queue.len(), queue.unfinished()), (2, 2));
    assert_eq!(put_woken.count(), 1);
    switch.store(false, Relaxed);
    assert!(poll(&mut put, &put_waker).is_ready());
    assert_eq!((queue.len(), queue.unfinished()), (3, 3));
    let rest = (0..3).map(|_| queue.task(queue.get().unwrap()).0);
    let rest: Vec<_> = rest.collect();
    assert!(rest.len() == 3 && rest.contains(&4), "{rest:?}");
    assert!(queue.join_timeout(LONG));
}

#[test]
fn a_shutdown_whose_comparison_panics_tells_everybody_all_the_same() {
    let (switch, item) = touchy();
    let queue = Queue::priority(3);
    (1..=3).for_each(|number| queue.put(item(number)).unwrap());
    let (woken, waker) = Woken::new();
    let (mut put, mut join) = (queue.put_async(item(4)), queue.join_async());
    assert!(poll(&mut put, &waker).is_pending() && poll(&mut join, &waker).is_pending());
    switch.store(true, Relaxed);
    assert!(catch_unwind(AssertUnwindSafe(|| queue.shutdown_now())).is_err());
    assert_eq!(woken.count(), 2);
    let Poll::Ready(Err(PutError::ShutDown(back))) = poll(&mut put, &waker) else {
        panic!("it waits for room in a queue that is shut down");
    };
    assert_eq!(back.0, 4);
    assert!(poll(&mut join, &waker).is_ready());
    assert!(matches!(queue.get(), Err(GetError::ShutDown)));
}

//! Putting and getting: orders, limits, time-outs, threads and tasks.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use crate::common::{LONG, SHORT, poll_once, run, until};
use lariat_sync::{AnyQueue, GetError, Prioritized, PutError, Queue, SimpleQueue};

#[test]
fn fifo_gives_the_first_first() {
    let queue = Queue::fifo(None);
    (1..=3).for_each(|number| queue.put(number).unwrap());
    queue.shutdown();
    assert!(queue.iter().eq([1, 2, 3]));
}

#[test]
fn lifo_gives_the_last_first() {
    let queue = Queue::lifo(None);
    (1..=3).for_each(|number| queue.put(number).unwrap());
    queue.shutdown();
    assert!(queue.iter().eq([3, 2, 1]));
}

#[test]
fn priority_gives_the_smallest_first_and_equals_in_turn() {
    let queue = Queue::priority(None);
    for (priority, name) in [(2, "c"), (1, "a"), (2, "d"), (1, "b"), (2, "e")] {
        queue.put(Prioritized::new(priority, name)).unwrap();
    }
    queue.shutdown();
    let names: String = queue.iter().map(|entry| entry.item).collect();
    assert_eq!(names, "abcde");
}

#[test]
fn a_simple_queue_gives_the_first_first() {
    for limit in [None, Some(3)] {
        let queue = SimpleQueue::new(limit);
        (1..=3).for_each(|number| queue.put(number).unwrap());
        assert_eq!(queue.is_full(), limit.is_some());
        queue.shutdown();
        assert!(queue.iter().eq([1, 2, 3]));
    }
}

#[test]
fn a_limit_is_how_many_fit() {
    let queue = Queue::fifo(2);
    assert!(queue.is_empty() && !queue.is_full());
    queue.put('a').unwrap();
    assert_eq!(
        (queue.len(), queue.is_empty(), queue.is_full()),
        (1, false, false)
    );
    queue.put('b').unwrap();
    assert_eq!(
        (queue.len(), queue.limit(), queue.is_full()),
        (2, Some(2), true)
    );
    assert_eq!(queue.try_put('c'), Err(PutError::Full('c')));
}

#[test]
fn without_a_limit_it_is_never_full() {
    let queue = Queue::fifo(None);
    (0..10_000).for_each(|number| queue.try_put(number).unwrap());
    assert_eq!(
        (queue.limit(), queue.is_full(), queue.len()),
        (None, false, 10_000)
    );
}

#[test]
#[should_panic(expected = "room for nothing")]
fn room_for_nothing_is_refused() {
    Queue::<u8>::fifo(0);
}

#[test]
fn an_empty_queue_says_so_at_once() {
    assert_eq!(Queue::<u8>::fifo(None).try_get(), Err(GetError::Empty));
    assert_eq!(SimpleQueue::<u8>::new(None).try_get(), Err(GetError::Empty));
}

#[test]
fn a_get_with_a_time_out_gives_up() {
    assert_eq!(
        Queue::<u8>::fifo(None).get_timeout(SHORT),
        Err(GetError::Timeout)
    );
    assert_eq!(
        SimpleQueue::<u8>::new(1).get_timeout(SHORT),
        Err(GetError::Timeout)
    );
}

#[test]
fn a_put_with_a_time_out_gives_up_and_hands_the_item_back() {
    let queue = Queue::fifo(1);
    queue.put("first").unwrap();
    let error = queue.put_timeout("second", SHORT).unwrap_err();
    assert_eq!(error, PutError::Timeout("second"));
    assert_eq!(error.into_item(), "second");
    let queue = SimpleQueue::new(1);
    queue.put("first").unwrap();
    assert_eq!(
        queue.put_timeout("second", SHORT),
        Err(PutError::Timeout("second"))
    );
}

#[test]
fn a_get_waits_for_a_put() {
    let queue = Queue::fifo(None);
    thread::scope(|scope| {
        let getter = scope.spawn(|| queue.get());
        let with_time = scope.spawn(|| queue.get_timeout(LONG));
        queue.put(1).unwrap();
        queue.put(1).unwrap();
        assert_eq!(getter.join().unwrap(), Ok(1));
        assert_eq!(with_time.join().unwrap(), Ok(1));
    });
}

#[test]
fn a_put_waits_for_room() {
    let queue = Queue::fifo(1);
    queue.put(0).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| queue.put(1).unwrap());
        scope.spawn(|| queue.put_timeout(2, LONG).unwrap());
        let mut all = [0; 3].map(|_| queue.get().unwrap());
        all.sort_unstable();
        assert_eq!(all, [0, 1, 2]);
    });
}

#[test]
fn tasks_and_threads_share_a_queue() {
    let queue = Arc::new(Queue::fifo(4));
    let sum = Arc::new(AtomicUsize::new(0));
    run(async {
        let mut tasks = Vec::new();
        for _ in 0..4 {
            let (queue, sum) = (Arc::clone(&queue), Arc::clone(&sum));
            tasks.push(tokio::spawn(async move {
                while let Ok(number) = queue.get_async().await {
                    sum.fetch_add(number, Ordering::SeqCst);
                    queue.task_done().unwrap();
                }
            }));
        }
        let producers: Vec<_> = (0..4)
            .map(|_| {
                let queue = Arc::clone(&queue);
                thread::spawn(move || (1..=500).for_each(|number| queue.put(number).unwrap()))
            })
            .collect();
        for number in 1..=500 {
            queue.put_async(number).await.unwrap();
        }
        producers
            .into_iter()
            .for_each(|producer| producer.join().unwrap());
        queue.join_async().await;
        assert_eq!(sum.load(Ordering::SeqCst), 5 * 500 * 501 / 2);
        queue.shutdown();
        for task in tasks {
            task.await.unwrap();
        }
    });
}

/// Threads that wait longer than anything may take would fail in `until`; what is shown is that time-outs
/// that race with items lose none.
#[test]
fn time_outs_that_race_with_items_lose_none() {
    let queue = SimpleQueue::new(1);
    let taken = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    match queue.get_timeout(Duration::from_micros(20)) {
                        Ok(()) => taken.fetch_add(1, Ordering::SeqCst),
                        Err(GetError::Timeout) => continue,
                        Err(_) => break,
                    };
                }
            });
        }
        for _ in 0..2_000 {
            let mut left = Some(());
            while let Some(item) = left.take() {
                left = queue
                    .put_timeout(item, Duration::from_micros(20))
                    .map_err(PutError::into_item)
                    .err();
            }
        }
        until("all are taken", || taken.load(Ordering::SeqCst) == 2_000);
        queue.shutdown();
    });
}

/// What is written once for all queues.
fn through_and_back<Q: AnyQueue<Item = u8>>(queue: &Q) -> Vec<u8> {
    assert!(queue.is_empty() && queue.limit() == Some(3));
    queue.put(3).unwrap();
    queue.put_timeout(1, LONG).unwrap();
    assert_eq!(poll_once(&mut queue.put_async(2)), Poll::Ready(Ok(())));
    assert!(queue.is_full() && queue.len() == 3);
    assert_eq!(queue.try_put(4), Err(PutError::Full(4)));
    let mut got = vec![queue.get().unwrap(), queue.try_get().unwrap()];
    got.push(queue.get_timeout(LONG).unwrap());
    let mut waiting = queue.get_async();
    assert!(poll_once(&mut waiting).is_pending());
    assert_eq!((queue.waiting_to_get(), queue.waiting_to_put()), (1, 0));
    queue.shutdown();
    assert_eq!(
        poll_once(&mut waiting),
        Poll::Ready(Err(GetError::ShutDown))
    );
    assert!(queue.is_shut_down() && queue.shutdown_now().is_empty());
    assert_eq!(queue.iter().next(), None);
    got
}

#[test]
fn any_queue_does_the_same_by_the_trait() {
    assert_eq!(through_and_back(&Queue::fifo(3)), [3, 1, 2]);
    assert_eq!(through_and_back(&Queue::lifo(3)), [2, 1, 3]);
    assert_eq!(through_and_back(&Queue::priority(3)), [1, 2, 3]);
    assert_eq!(through_and_back(&SimpleQueue::new(3)), [3, 1, 2]);
}

//! The queues do what Python's documentation promises of `queue`, and lose nothing.

#![allow(clippy::unwrap_used)]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use common::{LONG, SHORT, Woken, poll, poll_once, run, until};
use lariat_sync::{AnyQueue, DoneTooOften, GetError, Prioritized, PutError, Queue, SimpleQueue};

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
fn join_waits_until_all_is_done() {
    let queue = Queue::fifo(None);
    queue.join(); // nothing was put, nothing is awaited
    let done = AtomicUsize::new(0);
    thread::scope(|scope| {
        (0..100).for_each(|number| queue.put(number).unwrap());
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in &queue {
                    done.fetch_add(1, Ordering::SeqCst);
                    queue.task_done().unwrap();
                }
            });
        }
        queue.join();
        assert_eq!(done.load(Ordering::SeqCst), 100);
        queue.shutdown();
    });
}

#[test]
fn join_counts_what_was_taken_and_is_not_done() {
    let queue = Queue::fifo(None);
    queue.put(1).unwrap();
    queue.get().unwrap();
    assert_eq!((queue.len(), queue.unfinished()), (0, 1));
    assert!(!queue.join_timeout(SHORT));
    queue.task_done().unwrap();
    assert!(queue.join_timeout(LONG));
}

#[test]
fn task_done_too_often_is_an_error() {
    let queue = Queue::fifo(None);
    assert_eq!(queue.task_done(), Err(DoneTooOften));
    queue.put(1).unwrap();
    queue.task_done().unwrap();
    assert_eq!(queue.task_done(), Err(DoneTooOften));
    assert_eq!(queue.unfinished(), 0);
}

#[test]
fn shut_down_it_takes_nothing_and_gives_what_it_has() {
    let queue = Queue::fifo(None);
    queue.put(1).unwrap();
    queue.shutdown();
    assert!(queue.is_shut_down());
    assert_eq!(queue.put(2), Err(PutError::ShutDown(2)));
    assert_eq!(queue.try_put(2), Err(PutError::ShutDown(2)));
    assert_eq!(queue.put_timeout(2, LONG), Err(PutError::ShutDown(2)));
    assert_eq!(queue.get(), Ok(1));
    assert_eq!(queue.get(), Err(GetError::ShutDown));
    assert_eq!(queue.try_get(), Err(GetError::ShutDown));
    assert_eq!(queue.get_timeout(LONG), Err(GetError::ShutDown));
    assert!(!queue.join_timeout(SHORT), "what was got is not done");
    queue.task_done().unwrap();
    queue.join();
}

#[test]
fn shut_down_now_it_gives_nothing_any_more_and_join_goes_on() {
    let queue = Queue::lifo(None);
    (1..=3).for_each(|number| queue.put(number).unwrap());
    queue.get().unwrap();
    thread::scope(|scope| {
        let join = scope.spawn(|| queue.join());
        assert_eq!(queue.shutdown_now(), [2, 1], "in its order");
        assert_eq!(queue.unfinished(), 1, "what was taken is still to be done");
        assert_eq!(queue.get(), Err(GetError::ShutDown));
        queue.task_done().unwrap();
        join.join().unwrap();
    });
    let queue = Queue::fifo(None);
    queue.put(1).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| queue.join());
        queue.shutdown_now();
    });
}

#[test]
fn a_shutdown_tells_a_thousand_who_wait() {
    let queue = Queue::<u8>::fifo(1);
    let simple = SimpleQueue::<u8>::new(1);
    queue.put(0).unwrap();
    simple.put(0).unwrap();
    let getting = (Queue::<u8>::fifo(None), SimpleQueue::<u8>::new(None));
    thread::scope(|scope| {
        let thread = || thread::Builder::new().stack_size(64 << 10);
        for _ in 0..125 {
            thread()
                .spawn_scoped(scope, || {
                    assert_eq!(queue.put(1), Err(PutError::ShutDown(1)))
                })
                .unwrap();
            thread()
                .spawn_scoped(scope, || {
                    assert_eq!(simple.put(1), Err(PutError::ShutDown(1)))
                })
                .unwrap();
            thread()
                .spawn_scoped(scope, || {
                    assert_eq!(getting.0.get(), Err(GetError::ShutDown))
                })
                .unwrap();
            thread()
                .spawn_scoped(scope, || {
                    assert_eq!(getting.1.get(), Err(GetError::ShutDown))
                })
                .unwrap();
        }
        run(async {
            let mut tasks = Vec::new();
            for _ in 0..125 {
                tasks.push((
                    queue.put_async(1),
                    simple.put_async(1),
                    getting.0.get_async(),
                    getting.1.get_async(),
                ));
            }
            for (put, simple_put, get, simple_get) in &mut tasks {
                assert!(poll_once(put).is_pending() && poll_once(simple_put).is_pending());
                assert!(poll_once(get).is_pending() && poll_once(simple_get).is_pending());
            }
            until("all thousand wait", || {
                let putting = queue.waiting_to_put() + simple.waiting_to_put();
                let getting = getting.0.waiting_to_get() + getting.1.waiting_to_get();
                putting + getting == 1_000
            });
            queue.shutdown();
            simple.shutdown();
            getting.0.shutdown_now();
            getting.1.shutdown_now();
            for (put, simple_put, get, simple_get) in tasks {
                assert_eq!(put.await, Err(PutError::ShutDown(1)));
                assert_eq!(simple_put.await, Err(PutError::ShutDown(1)));
                assert_eq!(get.await, Err(GetError::ShutDown));
                assert_eq!(simple_get.await, Err(GetError::ShutDown));
            }
        });
    });
    assert_eq!((queue.get(), simple.get()), (Ok(0), Ok(0)));
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

#[test]
fn an_item_wakes_one_and_no_herd() {
    let queue = SimpleQueue::new(None);
    let counted = Queue::fifo(None);
    let (woken, waker) = Woken::new();
    let mut waiting: Vec<_> = (0..1_000)
        .map(|_| (queue.get_async(), counted.get_async()))
        .collect();
    for (simple, get) in &mut waiting {
        assert!(poll(simple, &waker).is_pending() && poll(get, &waker).is_pending());
    }
    for items in 1..=10 {
        queue.put(items).unwrap();
        counted.put(items).unwrap();
        assert_eq!(woken.count(), 2 * items);
    }
    // Those who were woken are those who came first.
    for (simple, get) in &mut waiting[..10] {
        assert!(poll(simple, &waker).is_ready() && poll(get, &waker).is_ready());
    }
    assert_eq!(woken.count(), 20, "nobody was woken for nothing");
}

#[test]
fn room_wakes_one_and_no_herd() {
    let queue = SimpleQueue::new(1);
    queue.put(0).unwrap();
    let (woken, waker) = Woken::new();
    let mut waiting: Vec<_> = (0..1_000).map(|number| queue.put_async(number)).collect();
    waiting
        .iter_mut()
        .for_each(|put| assert!(poll(put, &waker).is_pending()));
    for (number, put) in waiting[..10].iter_mut().enumerate() {
        queue.get().unwrap();
        assert_eq!(woken.count(), number + 1);
        assert!(poll(put, &waker).is_ready());
    }
}

#[test]
fn a_woken_future_that_is_dropped_passes_the_item_on() {
    let queue = Queue::fifo(None);
    let (woken, waker) = Woken::new();
    let mut first = queue.get_async();
    let mut second = queue.get_async();
    assert!(poll_once(&mut first).is_pending());
    assert!(poll(&mut second, &waker).is_pending());
    queue.put("item").unwrap();
    assert_eq!(woken.count(), 0, "the first was woken");
    drop(first);
    assert_eq!(woken.count(), 1, "and could not come");
    assert_eq!(poll(&mut second, &waker), Poll::Ready(Ok("item")));
}

#[test]
fn a_woken_put_that_is_dropped_passes_the_room_on() {
    let queue = Queue::fifo(1);
    queue.put(0).unwrap();
    let (woken, waker) = Woken::new();
    let mut first = queue.put_async(1);
    let mut second = queue.put_async(2);
    assert!(poll_once(&mut first).is_pending());
    assert!(poll(&mut second, &waker).is_pending());
    queue.get().unwrap();
    assert_eq!(first.into_item(), Some(1));
    assert_eq!(woken.count(), 1);
    assert_eq!(poll(&mut second, &waker), Poll::Ready(Ok(())));
    assert_eq!(queue.get(), Ok(2));
}

#[test]
fn who_was_woken_for_nothing_keeps_its_place() {
    let queue = Queue::fifo(None);
    let (first_woken, first_waker) = Woken::new();
    let (second_woken, second_waker) = Woken::new();
    let mut first = queue.get_async();
    let mut second = queue.get_async();
    assert!(poll(&mut first, &first_waker).is_pending());
    assert!(poll(&mut second, &second_waker).is_pending());
    queue.put(1).unwrap();
    assert_eq!(queue.try_get(), Ok(1), "somebody is quicker");
    assert!(poll(&mut first, &first_waker).is_pending());
    queue.put(2).unwrap();
    assert_eq!((first_woken.count(), second_woken.count()), (2, 0));
}

#[test]
fn a_future_woken_by_another_runtime_uses_its_last_waker() {
    let queue = Queue::fifo(None);
    let (old, old_waker) = Woken::new();
    let (new, new_waker) = Woken::new();
    let mut get = queue.get_async();
    assert!(poll(&mut get, &old_waker).is_pending());
    assert!(poll(&mut get, &new_waker).is_pending());
    queue.put(1).unwrap();
    assert_eq!((old.count(), new.count()), (0, 1));
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

#[test]
fn a_task_goes_through_a_queue_until_it_is_shut_down() {
    let queue = Queue::fifo(2);
    let (mut items, mut got) = (queue.iter(), Vec::new());
    thread::scope(|scope| {
        scope.spawn(|| {
            (0..5).for_each(|number| queue.put(number).unwrap());
            queue.shutdown();
        });
        run(async {
            while let Some(number) = items.next_async().await {
                got.push(number);
            }
        });
    });
    assert_eq!(got, [0, 1, 2, 3, 4]);
}

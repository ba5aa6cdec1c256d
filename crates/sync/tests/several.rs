//! Several tasks at once: mapped, waited for, and taken as they come.

#![allow(clippy::unwrap_used)]

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use common::{LONG, held, one_thread, poll_once};
use lariat_sync::executor::{
    self, Shutdown, TaskError, ThreadPool, When, as_completed, promise, wait, wait_async, wait_for,
    wait_for_async,
};

#[test]
fn map_keeps_the_order_and_looks_ahead_only_so_far() {
    let pool = ThreadPool::new(3).unwrap();
    let taken = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&taken);
    let endless = (0_usize..).inspect(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
    });
    let mut map = pool.map(endless, |number| number * 2).look_ahead(8);
    for number in 0..100 {
        assert_eq!(map.next().unwrap().unwrap(), number * 2);
        let ahead = taken.load(Ordering::Relaxed) - number;
        assert!(ahead <= 9, "{ahead}");
    }
}

#[test]
fn map_gives_a_panic_its_place_and_a_time_out_a_second_chance() {
    let pool = one_thread();
    let (go, wait) = channel::<()>();
    let wait = Mutex::new(wait);
    let mut map = pool.map(0..3, move |number| {
        assert_ne!(number, 1, "not this one");
        if number == 0 {
            wait.lock().unwrap().recv().unwrap();
        }
        number
    });
    let early = map.next_timeout(Duration::ZERO).unwrap();
    assert!(matches!(early, Err(TaskError::Timeout)));
    go.send(()).unwrap();
    assert_eq!(map.next_timeout(LONG).unwrap().unwrap(), 0);
    assert!(matches!(map.next(), Some(Err(TaskError::Panicked(_)))));
    assert_eq!(map.next().unwrap().unwrap(), 2);
    assert!(map.next().is_none() && map.next_timeout(LONG).is_none());
}

#[test]
fn a_map_that_finds_no_room_blocks_no_task_and_loses_no_item() {
    let builder = ThreadPool::builder().threads(1).capacity(1);
    let pool = builder.build().unwrap();
    let (go, running) = held(&pool);
    let _others = pool.submit(|| ()).unwrap();
    // The queue is full of what is not the map's.
    let mut map = pool.map(0..5, |number| number * 10);
    let early = map.next_timeout(Duration::from_millis(1)).unwrap();
    assert!(matches!(early, Err(TaskError::Timeout)));
    for _ in 0..3 {
        // Dropped while it awaits room.
        assert!(poll_once(&mut Box::pin(map.next_async())).is_pending());
    }
    let mut first = Box::pin(map.next_async());
    assert!(poll_once(&mut first).is_pending());
    assert_eq!(pool.waiting(), 1);
    go.send(()).unwrap();
    running.result().unwrap();
    assert_eq!(common::run(first).unwrap().unwrap(), 0);
    assert!(map.map(Result::unwrap).eq([10, 20, 30, 40]));
}

#[test]
fn a_map_whose_items_find_no_room_is_told_of_the_shutdown() {
    let builder = ThreadPool::builder().threads(1).capacity(1);
    let pool = builder.build().unwrap();
    let (go, running) = held(&pool);
    let _others = pool.submit(|| ()).unwrap();
    let mut map = pool.map(0..5, |number| number);
    {
        let mut next = Box::pin(map.next_async());
        assert!(poll_once(&mut next).is_pending());
        pool.close(Shutdown::Drain);
        let Poll::Ready(Some(Err(TaskError::Cancelled))) = poll_once(&mut next) else {
            panic!("nobody would ever make room for it");
        };
    }
    assert!(map.next().is_none());
    go.send(()).unwrap();
    running.result().unwrap();
}

#[test]
fn a_map_that_is_dropped_cancels_what_has_not_begun() {
    let pool = one_thread();
    let (go, running) = held(&pool);
    let ran = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&ran);
    let map = pool.map(0..2, move |_| counted.fetch_add(1, Ordering::Relaxed));
    drop(map);
    go.send(()).unwrap();
    running.result().unwrap();
    pool.shutdown(Shutdown::Drain);
    assert_eq!(ran.load(Ordering::Relaxed), 0);
}

#[test]
fn wait_comes_back_at_the_first_the_first_failure_or_the_last() {
    let pool = ThreadPool::new(4).unwrap();
    let (go, running) = held(&pool);
    let quick = pool.submit(|| ()).unwrap();
    quick.wait();
    let cancelled = promise().1;
    let futures = [running, quick, cancelled];
    let first = wait(&futures, When::First, None);
    assert_eq!((first.done, first.not_done), (vec![1, 2], vec![0]));
    // A cancelled one has not failed, and nothing else has.
    let failed = wait(&futures, When::FirstFailed, Some(Duration::from_millis(1)));
    assert_eq!(failed.not_done, [0]);
    let failing = pool.submit(|| panic!("failed")).unwrap();
    let [running, quick, _] = futures;
    let futures = [running, quick, failing];
    let failed = wait(&futures, When::FirstFailed, None);
    assert_eq!((failed.done, failed.not_done), (vec![1, 2], vec![0]));
    go.send(()).unwrap();
    assert_eq!(wait(&futures, When::All, None).done, [0, 1, 2]);
    assert!(wait::<()>(&[], When::First, None).done.is_empty());
}

#[test]
fn what_is_enough_may_look_at_the_futures_and_may_panic() {
    let pool = one_thread();
    let futures = [pool.submit(|| Err::<u8, _>("no")).unwrap()];
    let waited = wait_for(&futures, None, |outcome| {
        assert!(futures[0].is_done());
        matches!(outcome, Ok(Err("no")))
    });
    assert_eq!(waited.done, [0]);
    let looked = catch_unwind(AssertUnwindSafe(|| {
        wait_for(&futures, None, |_| panic!("while looking"))
    }));
    assert!(looked.is_err());
    let [future] = futures;
    assert_eq!(future.result().unwrap(), Err("no"));
}

#[test]
fn whoever_waits_beside_another_who_looks_is_told_again() {
    let (promise, first) = promise();
    let (_kept, second) = executor::promise();
    let futures = [first, second];
    // It has been told, and comes to look while the other looks at the same outcome.
    let mut waiting = Box::pin(wait_async(&futures, When::First));
    assert!(poll_once(&mut waiting).is_pending());
    promise.finish(Ok(1));
    let looked = wait_for(&futures, None, |_| poll_once(&mut waiting).is_pending());
    assert_eq!(looked.done, [0]);
    let Poll::Ready(waited) = poll_once(&mut waiting) else {
        panic!("it waits for the second, though the first is done");
    };
    assert_eq!((waited.done, waited.not_done), (vec![0], vec![1]));
}

#[test]
fn threads_that_wait_for_the_same_futures_are_all_told() {
    for _ in 0..200 {
        let (promise, first) = promise();
        let (_kept, second) = executor::promise::<()>();
        let futures = [first, second];
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| assert_eq!(wait(&futures, When::First, Some(LONG)).done, [0]));
            }
            let callback = || futures[0].add_done_callback(|_| std::thread::yield_now());
            scope.spawn(move || (0..3).for_each(|_| callback()));
            promise.finish(Ok(()));
        });
    }
}

#[tokio::test]
async fn what_is_enough_is_awaited_too() {
    let (one, first) = promise();
    let (_kept, second) = promise();
    let futures = [first, second];
    let finish = tokio::spawn(async move { one.finish(Ok(7)) });
    let waited = wait_for_async(&futures, |outcome| matches!(outcome, Ok(7))).await;
    assert_eq!(waited.not_done, [1]);
    finish.await.unwrap();
}

#[test]
fn as_completed_gives_each_once_in_the_order_of_their_ends() {
    let pool = ThreadPool::new(2).unwrap();
    let (go, running) = held(&pool);
    let futures = [running, pool.submit(|| ()).unwrap()];
    let mut completed = as_completed(futures);
    assert_eq!(completed.len(), 2);
    assert_eq!(completed.next().unwrap().0, 1);
    assert!(completed.next_timeout(Duration::from_millis(1)).is_none());
    assert_eq!(completed.len(), 1);
    go.send(()).unwrap();
    assert_eq!(completed.next_timeout(LONG).unwrap().0, 0);
    assert!(completed.next().is_none());
}

#[test]
fn ten_thousand_tasks_are_waited_for_at_once() {
    let pool = ThreadPool::builder().capacity(usize::MAX).build().unwrap();
    let (go, gate): (Sender<()>, Receiver<()>) = channel();
    let gate = Arc::new(Mutex::new(gate));
    let task = |number: usize| {
        let gate = Arc::clone(&gate);
        pool.submit(move || {
            let _ = gate.lock().unwrap().recv();
            number
        })
    };
    let futures: Vec<_> = (0..10_000).map(|number| task(number).unwrap()).collect();
    let completed = as_completed(futures);
    drop(go);
    let mut seen = vec![false; 10_000];
    for (place, outcome) in completed {
        assert_eq!(place, outcome.unwrap());
        assert!(!std::mem::replace(&mut seen[place], true));
    }
    assert!(seen.into_iter().all(|seen| seen));
}

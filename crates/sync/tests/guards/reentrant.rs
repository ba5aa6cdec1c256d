//! A lock that its holder may take again, and the condition under it.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::task::Poll;
use std::thread;

use crate::common::{SHORT, Woken, poll, poll_once, run};
use lariat_sync::{Condition, Holder, ReentrantLock};

#[test]
fn a_reentrant_lock_is_free_when_it_was_given_back_as_often() {
    let lock = ReentrantLock::new();
    let held = AtomicBool::new(true);
    let levels = [(); 3].map(|()| lock.lock());
    assert!(lock.is_held() && levels[0].depth() == 3);
    thread::scope(|scope| {
        let (tried, has_tried) = mpsc::channel();
        let (lock, held) = (&lock, &held);
        let other = scope.spawn(move || {
            assert!(!lock.is_held() && lock.try_lock().is_none());
            assert!(lock.lock_timeout(SHORT).is_none());
            tried.send(()).unwrap();
            let _guard = lock.lock();
            assert!(
                !held.load(Ordering::SeqCst),
                "only when all levels were given back"
            );
        });
        has_tried.recv().unwrap();
        let [first, second, third] = levels;
        drop(first);
        drop(second);
        held.store(false, Ordering::SeqCst);
        drop(third);
        other.join().unwrap();
    });
    assert!(!lock.is_locked());
}

#[test]
fn a_lock_that_was_granted_to_a_dropped_future_goes_on() {
    let lock = ReentrantLock::new();
    let guard = lock.lock();
    let (woken, waker) = Woken::new();
    let mut first = lock.lock_async(Holder::new());
    let mut second = lock.lock_async(Holder::new());
    assert!(poll_once(&mut first).is_pending() && poll(&mut second, &waker).is_pending());
    drop(guard);
    assert_eq!(woken.count(), 0);
    drop(first);
    assert_eq!(woken.count(), 1);
    assert!(poll(&mut second, &waker).is_ready());
    assert!(!lock.is_locked());
}

#[test]
fn a_condition_frees_every_level_and_takes_them_again() {
    let (lock, changed, value) = (ReentrantLock::new(), Condition::new(), AtomicUsize::new(0));
    thread::scope(|scope| {
        let outer = lock.lock();
        let inner = lock.lock();
        scope.spawn(|| {
            let _guard = lock.lock();
            value.store(1, Ordering::SeqCst);
            changed.notify_one();
        });
        let inner = changed.wait_while(inner, || value.load(Ordering::SeqCst) == 0);
        assert_eq!(inner.depth(), 2);
        drop(inner);
        assert_eq!(outer.depth(), 1);
    });
}

#[test]
fn a_wait_for_a_condition_ends_with_its_time() {
    let (lock, changed) = (ReentrantLock::new(), Condition::new());
    let (guard, notified) = changed.wait_timeout(lock.lock(), SHORT);
    assert!(!notified && lock.is_held());
    let (guard, came) = changed.wait_while_timeout(guard, SHORT, || true);
    assert!(!came);
    let (_guard, came) = changed.wait_while_timeout(guard, SHORT, || false);
    assert!(came);
}

#[test]
fn a_task_waits_while_something_is_so() {
    let (lock, changed) = (ReentrantLock::new(), Condition::new());
    let stock = AtomicUsize::new(0);
    let me = Holder::new();
    let guard = run(lock.lock_async(me));
    let mut waiting =
        Box::pin(changed.wait_while_async(guard, || stock.load(Ordering::SeqCst) < 2));
    for _ in 0..2 {
        assert!(poll_once(&mut waiting).is_pending());
        assert!(!lock.is_locked());
        stock.fetch_add(1, Ordering::SeqCst);
        changed.notify_one();
    }
    drop(run(waiting));
    assert!(!lock.is_held_by(me));
}

#[test]
fn a_condition_wakes_as_many_as_it_is_told() {
    let (lock, changed) = (ReentrantLock::new(), Condition::new());
    let (woken, waker) = Woken::new();
    let mut waiting = Vec::new();
    for _ in 0..5 {
        let Poll::Ready(guard) = poll_once(&mut lock.lock_async(Holder::new())) else {
            panic!("it is free");
        };
        let mut wait = changed.wait_async(guard);
        assert!(poll(&mut wait, &waker).is_pending());
        waiting.push(wait);
    }
    changed.notify_one();
    assert_eq!(woken.count(), 1);
    changed.notify(2);
    assert_eq!(woken.count(), 3);
    changed.notify_all();
    assert_eq!(woken.count(), 5);
    assert!(waiting.iter_mut().all(|wait| poll(wait, &waker).is_ready()));
    changed.notify_one(); // nobody is there
}

#[test]
fn a_notification_that_a_dropped_future_had_goes_to_the_next() {
    let (lock, changed) = (ReentrantLock::new(), Condition::new());
    let (woken, waker) = Woken::new();
    let mut first = changed.wait_async(lock.lock());
    let mut second = changed.wait_async(lock.lock());
    assert!(poll_once(&mut first).is_pending() && poll(&mut second, &waker).is_pending());
    changed.notify_one();
    drop(first);
    assert_eq!(woken.count(), 1);
    assert!(poll(&mut second, &waker).is_ready());
}

#[test]
fn a_guard_under_a_wait_gives_back_nothing_that_another_holds() {
    let (lock, changed) = (ReentrantLock::new(), Condition::new());
    let me = Holder::new();
    let Poll::Ready(outer) = poll_once(&mut lock.lock_async(me)) else {
        panic!("it is free");
    };
    let Poll::Ready(inner) = poll_once(&mut lock.lock_async(me)) else {
        panic!("it is ours");
    };
    let wait = changed.wait_async(inner);
    let other = lock.lock();
    drop(outer);
    assert!(lock.is_held(), "the other's level is still there");
    drop((wait, other));
    assert!(!lock.is_locked());
}

//! Semaphores, and the lock that one of them is.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::thread;

use crate::common::{SHORT, Woken, poll, poll_once, run, until};
use lariat_sync::{ReleasedTooMany, Semaphore};

#[test]
fn a_lock_that_another_thread_may_release_is_a_bounded_semaphore() {
    let lock = Semaphore::bounded(1);
    lock.acquire().forget();
    assert_eq!(lock.available(), 0, "it is taken");
    assert!(lock.try_acquire().is_none());
    assert!(lock.acquire_timeout(SHORT).is_none());
    thread::scope(|scope| {
        scope.spawn(|| lock.release(1).unwrap());
    });
    assert_eq!(lock.available(), 1);
    assert!(lock.try_acquire().is_some());
    assert!(
        lock.release(1).is_err(),
        "a lock that is free cannot be released"
    );
}

#[test]
fn a_semaphore_lets_in_as_many_as_it_has_permits() {
    let semaphore = Semaphore::new(3);
    let (inside, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| {
                for _ in 0..200 {
                    let _permit = semaphore.acquire();
                    most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    thread::yield_now();
                    inside.fetch_sub(1, Ordering::SeqCst);
                }
            });
        }
    });
    assert!((1..=3).contains(&most.into_inner()));
    assert_eq!(semaphore.available(), 3);
}

#[test]
fn a_semaphore_without_permits_says_so_at_once_or_when_the_time_is_over() {
    let semaphore = Semaphore::new(0);
    assert!(semaphore.try_acquire().is_none());
    assert!(semaphore.acquire_timeout(SHORT).is_none());
    assert_eq!(
        (semaphore.available(), semaphore.waiting()),
        (0, 0),
        "it has left the line"
    );
}

#[test]
fn releasing_several_lets_several_in() {
    let semaphore = Semaphore::new(0);
    thread::scope(|scope| {
        let threads = [(); 3].map(|()| scope.spawn(|| semaphore.acquire().forget()));
        until("they wait", || semaphore.waiting() == 3);
        semaphore.release(3).unwrap();
        threads.map(|thread| thread.join().unwrap())
    });
    assert_eq!(semaphore.available(), 0);
}

#[test]
fn a_bounded_semaphore_takes_no_release_beyond_its_bound() {
    let semaphore = Semaphore::bounded(2);
    let expected = ReleasedTooMany {
        released: 1,
        available: 2,
        bound: 2,
    };
    assert_eq!(semaphore.release(1), Err(expected));
    semaphore.acquire().forget();
    assert!(semaphore.release(2).is_err());
    assert_eq!(semaphore.available(), 1, "none of the two was added");
    semaphore.release(1).unwrap();
    assert!(Semaphore::new(usize::MAX).release(1).is_err());
}

#[test]
#[should_panic(expected = "asked for 3 permits of a semaphore that has at most 2")]
fn asking_a_bounded_semaphore_for_more_than_it_can_have_is_refused() {
    let _ = Semaphore::bounded(2).acquire_many(3);
}

#[test]
fn permits_come_in_the_order_in_which_they_were_asked_for() {
    let semaphore = Semaphore::new(0);
    let (woken, waker) = Woken::new();
    let mut many = semaphore.acquire_many_async(3);
    let mut one = semaphore.acquire_async();
    assert!(poll(&mut many, &waker).is_pending() && poll(&mut one, &waker).is_pending());
    semaphore.release(2).unwrap();
    assert_eq!(
        woken.count(),
        0,
        "the first needs three, and nobody gets past"
    );
    assert!(semaphore.try_acquire().is_none());
    semaphore.release(1).unwrap();
    assert_eq!(woken.count(), 1);
    let Poll::Ready(permit) = poll(&mut many, &waker) else {
        panic!("the first is granted");
    };
    assert_eq!(permit.permits(), 3);
    drop(permit);
    assert!(poll(&mut one, &waker).is_ready());
}

#[test]
fn who_gives_up_lets_those_behind_in() {
    let semaphore = Semaphore::new(1);
    let (woken, waker) = Woken::new();
    let mut many = semaphore.acquire_many_async(3);
    let mut one = semaphore.acquire_async();
    assert!(poll_once(&mut many).is_pending() && poll(&mut one, &waker).is_pending());
    drop(many);
    assert_eq!(woken.count(), 1);
    assert!(poll(&mut one, &waker).is_ready());
}

#[test]
fn a_permit_that_was_granted_to_a_dropped_future_comes_back() {
    let semaphore = Semaphore::new(0);
    let mut acquire = semaphore.acquire_many_async(2);
    assert!(poll_once(&mut acquire).is_pending());
    semaphore.release(2).unwrap();
    assert_eq!(semaphore.available(), 0, "granted");
    drop(acquire);
    assert_eq!(semaphore.available(), 2);
}

#[test]
fn a_panic_gives_the_permit_back() {
    let semaphore = Arc::new(Semaphore::new(2));
    let thread = thread::spawn({
        let semaphore = Arc::clone(&semaphore);
        move || {
            let _permit = semaphore.acquire();
            let _owned = semaphore.acquire().into_owned(&semaphore);
            panic!("a consumer panics with permits");
        }
    });
    assert!(thread.join().is_err());
    assert_eq!(semaphore.available(), 2);
}

#[test]
fn a_release_wakes_one_of_a_thousand() {
    let semaphore = Semaphore::new(0);
    let (woken, waker) = Woken::new();
    let mut waiting: Vec<_> = (0..1_000).map(|_| semaphore.acquire_async()).collect();
    waiting
        .iter_mut()
        .for_each(|acquire| assert!(poll(acquire, &waker).is_pending()));
    for releases in 1..=10 {
        semaphore.release(1).unwrap();
        assert_eq!(woken.count(), releases);
    }
}

#[test]
fn tasks_and_threads_share_a_semaphore() {
    let semaphore = Arc::new(Semaphore::new(2));
    let inside = Arc::new(AtomicUsize::new(0));
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let (semaphore, inside) = (Arc::clone(&semaphore), Arc::clone(&inside));
            thread::spawn(move || {
                for _ in 0..200 {
                    let _permit = semaphore.acquire();
                    assert!(inside.fetch_add(1, Ordering::SeqCst) < 2);
                    inside.fetch_sub(1, Ordering::SeqCst);
                }
            })
        })
        .collect();
    run(async {
        let task = |semaphore: Arc<Semaphore>, inside: Arc<AtomicUsize>| async move {
            for _ in 0..200 {
                let _permit = semaphore.acquire_async().await;
                assert!(inside.fetch_add(1, Ordering::SeqCst) < 2);
                tokio::task::yield_now().await;
                inside.fetch_sub(1, Ordering::SeqCst);
            }
        };
        let tasks =
            [(); 4].map(|()| tokio::spawn(task(Arc::clone(&semaphore), Arc::clone(&inside))));
        for task in tasks {
            task.await.unwrap();
        }
    });
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
    assert_eq!(semaphore.available(), 2);
}

//! The guards do what Python's documentation promises of `threading`, and survive those who go.

#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use common::{LONG, SHORT, Woken, poll, poll_once, run, until};
use lariat_sync::{
    Barrier, Broken, Condition, Countdown, CountedDown, Event, Holder, Latch, ReentrantLock,
    ReleasedTooMany, Semaphore,
};

#[test]
fn a_lock_that_another_thread_may_release_is_a_bounded_semaphore() {
    let lock = Semaphore::bounded(1);
    lock.acquire().forget();
    assert!(lock.try_acquire().is_none(), "it is taken");
    assert!(lock.acquire_timeout(SHORT).is_none());
    thread::scope(|scope| {
        scope.spawn(|| lock.release(1).unwrap());
    });
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

#[test]
fn an_event_waits_until_it_is_set() {
    let event = Event::new();
    assert!(!event.is_set());
    assert!(!event.wait_timeout(SHORT));
    thread::scope(|scope| {
        let waiters = [(); 3].map(|()| scope.spawn(|| event.wait()));
        let with_time = scope.spawn(|| event.wait_timeout(LONG));
        event.set();
        waiters
            .into_iter()
            .for_each(|waiter| waiter.join().unwrap());
        assert!(with_time.join().unwrap());
    });
    assert!(event.is_set() && event.wait_timeout(Duration::ZERO));
    event.wait();
    event.clear();
    assert!(!event.is_set());
    assert!(!event.wait_timeout(SHORT), "cleared, it makes wait again");
}

#[test]
fn an_event_wakes_thousands_of_threads_and_tasks_once_each() {
    let event = Event::new();
    let (woken, waker) = Woken::new();
    let mut tasks: Vec<_> = (0..10_000).map(|_| event.wait_async()).collect();
    tasks
        .iter_mut()
        .for_each(|task| assert!(poll(task, &waker).is_pending()));
    thread::scope(|scope| {
        for _ in 0..1_000 {
            let thread = thread::Builder::new().stack_size(64 << 10);
            thread.spawn_scoped(scope, || event.wait()).unwrap();
        }
        event.set();
        event.clear();
        event.set();
    });
    assert_eq!(woken.count(), 10_000);
    assert!(tasks.iter_mut().all(|task| poll(task, &waker).is_ready()));
}

#[test]
fn a_task_that_its_last_waker_drops_may_wait_itself() {
    // The waker of a task that nobody else keeps drops the task, and with it a wait in the same event, in the
    // middle of the event's own work.
    struct Task(Mutex<Option<lariat_sync::EventWait<'static>>>);
    impl std::task::Wake for Task {
        fn wake(self: Arc<Self>) {}
    }
    let event: &'static Event = Box::leak(Box::new(Event::new()));
    let task = Arc::new(Task(Mutex::new(None)));
    let mut wait = event.wait_async();
    assert!(poll(&mut wait, &task.clone().into()).is_pending());
    let mut second = event.wait_async();
    assert!(poll_once(&mut second).is_pending());
    *task.0.lock().unwrap() = Some(second);
    drop(task);
    // Replaces the last waker.
    assert!(poll_once(&mut wait).is_pending());
    event.set();
}

#[test]
fn a_latch_opens_once_and_for_ever() {
    let latch = Latch::new();
    thread::scope(|scope| {
        let waiter = scope.spawn(|| latch.wait());
        assert!(!latch.is_open());
        assert!(latch.open());
        waiter.join().unwrap();
    });
    assert!(!latch.open(), "it was open");
    assert!(latch.is_open() && latch.wait_timeout(Duration::ZERO));
    run(latch.wait_async());
}

#[test]
fn a_countdown_opens_at_nothing() {
    let countdown = Countdown::new(2);
    assert!(!countdown.wait_timeout(SHORT));
    countdown.add(1).unwrap();
    assert_eq!([(); 2].map(|()| countdown.count_down()), [Ok(2), Ok(1)]);
    thread::scope(|scope| {
        let waiter = scope.spawn(|| countdown.wait());
        assert_eq!(countdown.count_down(), Ok(0));
        waiter.join().unwrap();
    });
    assert_eq!(countdown.count_down(), Err(CountedDown));
    assert_eq!(countdown.add(1), Err(CountedDown));
    run(countdown.wait_async());
    Countdown::new(0).wait();
}

#[test]
fn a_barrier_gives_each_another_number_round_after_round() {
    let barrier = Barrier::new(4);
    let numbers = Mutex::new(vec![BTreeSet::new(); 50]);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for round in 0..50 {
                    let number = barrier.wait().unwrap();
                    assert!(numbers.lock().unwrap()[round].insert(number));
                }
            });
        }
    });
    let all = BTreeSet::from([0, 1, 2, 3]);
    assert!(
        numbers
            .into_inner()
            .unwrap()
            .iter()
            .all(|round| *round == all)
    );
    assert_eq!((barrier.parties(), barrier.waiting()), (4, 0));
}

#[test]
fn the_action_of_a_barrier_runs_once_before_anybody_goes_on() {
    let actions = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&actions);
    let barrier = Barrier::new(3).with_action(move || {
        counted.fetch_add(1, Ordering::SeqCst);
    });
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for round in 1..=20 {
                    barrier.wait().unwrap();
                    // Nobody can begin the next round before this thread is in it.
                    assert_eq!(actions.load(Ordering::SeqCst), round);
                }
            });
        }
    });
    assert_eq!(actions.load(Ordering::SeqCst), 20);
}

#[test]
fn an_action_that_panics_breaks_the_barrier() {
    let barrier = Barrier::new(2).with_action(|| panic!("the action panics"));
    thread::scope(|scope| {
        let threads = [(); 2].map(|()| scope.spawn(|| barrier.wait()));
        let ends = threads.map(|thread| thread.join());
        assert_eq!(
            ends.iter().filter(|end| end.is_err()).count(),
            1,
            "one ran it"
        );
        assert!(
            ends.iter().any(|end| matches!(end, Ok(Err(Broken)))),
            "the other is told"
        );
    });
    assert!(barrier.is_broken());
    assert_eq!(barrier.wait(), Err(Broken));
}

#[test]
fn a_time_out_breaks_the_barrier_until_it_is_reset() {
    let barrier = Barrier::new(2);
    thread::scope(|scope| {
        let patient = scope.spawn(|| barrier.wait());
        until("one waits", || barrier.waiting() == 1);
        barrier.abort();
        assert_eq!(patient.join().unwrap(), Err(Broken));
    });
    barrier.reset();
    assert!(!barrier.is_broken());
    assert_eq!(barrier.wait_timeout(SHORT), Err(Broken));
    assert!(barrier.is_broken());
    assert_eq!(barrier.wait(), Err(Broken), "whoever comes is told at once");
    barrier.reset();
    thread::scope(|scope| {
        let other = scope.spawn(|| barrier.wait());
        let here = barrier.wait().unwrap();
        assert_eq!(here + other.join().unwrap().unwrap(), 1);
    });
}

#[test]
fn a_reset_tells_those_who_wait() {
    let barrier = Barrier::new(2);
    thread::scope(|scope| {
        let waiter = scope.spawn(|| barrier.wait());
        until("one waits", || barrier.waiting() == 1);
        barrier.reset();
        assert_eq!(waiter.join().unwrap(), Err(Broken));
    });
    assert!(!barrier.is_broken());
}

#[test]
fn a_task_and_a_thread_meet_and_a_dropped_task_breaks_the_barrier() {
    let barrier = Barrier::new(2);
    thread::scope(|scope| {
        let thread = scope.spawn(|| barrier.wait());
        let here = run(barrier.wait_async()).unwrap();
        assert_eq!(here + thread.join().unwrap().unwrap(), 1);
    });
    let mut gone = barrier.wait_async();
    assert!(poll_once(&mut gone).is_pending());
    drop(gone);
    assert!(barrier.is_broken());
}

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

//! Barriers: nobody goes on before all are there.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::common::{SHORT, poll_once, run, until};
use lariat_sync::{Barrier, Broken};

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

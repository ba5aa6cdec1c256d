//! The plan and the thread that works on it, in every order in which they can meet.
//!
//! Loom has no clock, and takes whoever waits for a moment to have reached it at once; so
//! everything here is due at once, and what is shown is that the thread never sleeps beside it.

use std::sync::Arc;
use std::time::Instant;

use loom::model::Builder;
use loom::thread;

use super::{Job, Shared};
use crate::latch::{Countdown, Latch};

/// Every order with at most so many switches that no thread asked for.
fn model(switches: usize, run: impl Fn() + Sync + Send + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(switches);
    builder.check(run);
}

/// Plans a job that is due.
fn put(shared: &Shared, function: impl FnOnce() + Send + 'static) -> u64 {
    let id = shared.lock().schedule.name();
    shared.put(id, Instant::now(), Job::Once(Box::new(function)));
    id
}

#[test]
fn what_is_planned_is_called_whether_the_thread_sleeps_or_not() {
    model(3, || {
        let shared = Arc::new(Shared::new());
        let called = Arc::new(Countdown::new(2));
        let theirs = Arc::clone(&shared);
        let worker = thread::spawn(move || theirs.work());
        for _ in 0..2 {
            let called = Arc::clone(&called);
            put(&shared, move || assert!(called.count_down().is_ok()));
        }
        called.wait();
        shared.end();
        worker.join().unwrap();
    });
}

#[test]
fn the_thread_ends_whatever_it_does() {
    model(3, || {
        let shared = Arc::new(Shared::new());
        let theirs = Arc::clone(&shared);
        let worker = thread::spawn(move || theirs.work());
        put(&shared, || ());
        shared.end();
        worker.join().unwrap();
        assert_eq!(shared.lock().schedule.len(), 0);
    });
}

#[test]
fn a_job_is_called_or_was_taken_out_in_time() {
    model(3, || {
        let shared = Arc::new(Shared::new());
        let called = Arc::new(Latch::new());
        let latch = Arc::clone(&called);
        let id = put(&shared, move || assert!(latch.open()));
        let theirs = Arc::clone(&shared);
        let worker = thread::spawn(move || theirs.work());
        let job = shared.lock().schedule.remove(id);
        let in_time = job.is_some();
        drop(job);
        if !in_time {
            called.wait();
        }
        shared.end();
        worker.join().unwrap();
        assert_ne!(in_time, called.is_open());
    });
}

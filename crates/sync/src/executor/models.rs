//! The future's state and the queue of work in every order in which those who complete, cancel,
//! wait, await and listen can meet, and those who submit and those who work.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use loom::model::Builder;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

use super::future::promise;
use super::outcome::TaskError;
use super::watch::{When, as_completed, wait};
use super::work::{Put, Refused, Taken, WorkQueue};
use crate::waiting::block_on;

/// Every order with at most three switches that no thread asked for.
fn model(run: impl Fn() + Sync + Send + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(run);
}

#[test]
fn whoever_waits_is_woken() {
    model(|| {
        let (promise, future) = promise();
        let other = thread::spawn(move || {
            assert!(promise.begin());
            promise.finish(Ok(1));
        });
        assert_eq!(future.result().unwrap(), 1);
        other.join().unwrap();
    });
}

#[test]
fn whoever_awaits_is_woken_by_the_waker_of_the_last_poll() {
    model(|| {
        let (promise, mut future) = promise();
        let other = thread::spawn(move || promise.finish(Ok(1)));
        let mut context = Context::from_waker(Waker::noop());
        match Pin::new(&mut future).poll(&mut context) {
            Poll::Ready(outcome) => assert_eq!(outcome.unwrap(), 1),
            Poll::Pending => assert_eq!(block_on(future).unwrap(), 1),
        }
        other.join().unwrap();
    });
}

#[test]
fn a_task_is_cancelled_or_run_and_never_both() {
    model(|| {
        let (promise, future) = promise();
        let other = thread::spawn(move || {
            let begins = promise.begin();
            if begins {
                promise.finish(Ok(1));
            }
            begins
        });
        let cancelled = future.cancel();
        let outcome = future.result();
        assert_eq!(cancelled, matches!(outcome, Err(TaskError::Cancelled)));
        assert_ne!(cancelled, other.join().unwrap());
    });
}

#[test]
fn a_promise_that_is_dropped_lets_nobody_wait() {
    model(|| {
        let (promise, future) = promise::<u8>();
        let other = thread::spawn(move || drop(promise));
        assert!(matches!(future.result(), Err(TaskError::Cancelled)));
        other.join().unwrap();
    });
}

#[test]
fn a_callback_that_is_added_at_the_last_moment_is_called_once_and_first() {
    model(|| {
        let (promise, future) = promise();
        let called = Arc::new(AtomicUsize::new(0));
        let other = thread::spawn(move || promise.finish(Ok(1)));
        let counted = Arc::clone(&called);
        future.add_done_callback(move |outcome| {
            assert!(outcome.is_ok());
            counted.fetch_add(1, Ordering::Relaxed);
        });
        future.wait();
        assert_eq!(called.load(Ordering::Relaxed), 1);
        assert_eq!(future.result().unwrap(), 1);
        other.join().unwrap();
    });
}

#[test]
fn of_several_each_is_heard_once() {
    model(|| {
        let (one, first) = promise();
        let (two, second) = promise();
        let other = thread::spawn(move || one.finish(Ok(0)));
        let mut completed = as_completed([first, second]);
        two.finish(Ok(1));
        let mut places = [completed.next(), completed.next()].map(|next| {
            let (place, outcome) = next.unwrap();
            assert_eq!(outcome.unwrap(), place);
            place
        });
        places.sort_unstable();
        assert_eq!(places, [0, 1]);
        assert!(completed.next().is_none());
        other.join().unwrap();
    });
}

#[test]
fn two_who_wait_for_the_same_futures_are_both_told() {
    model(|| {
        let (one, first) = promise();
        let (kept, second) = promise::<u8>();
        let futures = Arc::new([first, second]);
        let beside = Arc::clone(&futures);
        let waiter = thread::spawn(move || wait(&*beside, When::First, None).done);
        one.finish(Ok(0));
        assert_eq!(wait(&*futures, When::First, None).done, [0]);
        assert_eq!(waiter.join().unwrap(), [0]);
        drop(kept);
    });
}

fn put(queue: &WorkQueue<u8>, job: u8) -> Result<Put, Refused<u8>> {
    queue.put(job, |job| job, None)
}

/// Works until the queue is closed, and gives the sum of what it got.
fn work(queue: &WorkQueue<u8>) -> u8 {
    let mut sum = 0;
    while let Taken::Job(job) = queue.take(None) {
        sum += job;
    }
    sum
}

#[test]
fn whoever_waits_for_work_and_for_room_gets_it() {
    model(|| {
        let queue = Arc::new(WorkQueue::new(1));
        let theirs = Arc::clone(&queue);
        let worker = thread::spawn(move || work(&theirs));
        for job in 1..=3 {
            assert!(put(&queue, job).is_ok());
        }
        assert!(queue.close(false).is_empty());
        assert_eq!(worker.join().unwrap(), 6);
    });
}

#[test]
fn two_workers_leave_nothing() {
    model(|| {
        let queue = Arc::new(WorkQueue::new(2));
        let workers = [(); 2].map(|()| {
            let queue = Arc::clone(&queue);
            thread::spawn(move || work(&queue))
        });
        assert!(put(&queue, 1).is_ok() && put(&queue, 2).is_ok());
        queue.close(false);
        let sum: u8 = workers.map(|worker| worker.join().unwrap()).iter().sum();
        assert_eq!(sum, 3);
    });
}

#[test]
fn whoever_submits_is_told_of_the_end_or_has_put() {
    model(|| {
        let queue = Arc::new(WorkQueue::new(1));
        assert!(put(&queue, 1).is_ok());
        let theirs = Arc::clone(&queue);
        let submitter = thread::spawn(move || put(&theirs, 2).is_ok());
        let cancelled = queue.close(true);
        let has_put = submitter.join().unwrap();
        assert_eq!(cancelled.len(), 1, "there was no room for another");
        assert!(!has_put);
    });
}

#[test]
fn a_place_in_the_line_for_room_that_is_given_up_is_the_next_ones() {
    model(|| {
        let queue = Arc::new(WorkQueue::new(1));
        assert!(put(&queue, 1).is_ok());
        let theirs = Arc::clone(&queue);
        let hasty = thread::spawn(move || {
            let mut putting = theirs.put_async(2, |job| job);
            let mut context = Context::from_waker(Waker::noop());
            Pin::new(&mut putting).poll(&mut context).is_ready()
        });
        let theirs = Arc::clone(&queue);
        let patient = thread::spawn(move || put(&theirs, 3).is_ok());
        assert!(matches!(queue.take(None), Taken::Job(1)));
        if hasty.join().unwrap() {
            assert!(matches!(queue.take(None), Taken::Job(2 | 3)));
        }
        assert!(patient.join().unwrap());
    });
}

//! The future's state in every order in which those who complete, cancel, wait, await and
//! listen can meet.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use loom::model::Builder;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

use super::future::promise;
use super::outcome::TaskError;
use super::watch::as_completed;
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

//! The thread pool and its futures, as Python's `concurrent.futures` promises them and beyond.

#![allow(clippy::unwrap_used)]

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{LONG, held, one_thread, until};
use lariat_sync::executor::{
    self, Panic, Shutdown, SubmitError, TaskError, TaskFuture, ThreadPool, When, as_completed,
    promise, wait_async,
};
use lariat_sync::thread;

#[test]
fn a_result_is_given_once_and_also_after_a_time_out() {
    let pool = one_thread();
    let (go, mut future) = held(&pool);
    assert!(matches!(
        future.result_timeout(Duration::ZERO),
        Err(TaskError::Timeout)
    ));
    assert!(future.try_result().is_none() && future.is_running() && !future.is_done());
    assert!(!future.wait_timeout(Duration::ZERO));
    go.send(()).unwrap();
    assert!(future.wait_timeout(LONG));
    future.wait();
    future.result_timeout(LONG).unwrap();
    assert!(future.is_done());
    assert!(matches!(future.try_result(), Some(Err(TaskError::Taken))));
}

#[test]
fn a_panic_is_carried_to_whoever_asks() {
    let pool = one_thread();
    let text = pool
        .submit(|| panic!("burst {}", 7))
        .map(TaskFuture::<()>::result);
    let Ok(Err(TaskError::Panicked(panic))) = text else {
        panic!("{text:?}");
    };
    assert_eq!(panic.message(), "burst 7");
    let resumed = catch_unwind(AssertUnwindSafe(|| panic.resume())).unwrap_err();
    assert_eq!(Panic::new(resumed).message(), "burst 7");
    let value = pool.submit(|| std::panic::panic_any(9_u8)).unwrap();
    let Err(TaskError::Panicked(panic)): Result<(), _> = value.result() else {
        unreachable!()
    };
    assert_eq!(panic.to_string(), "panicked: a value that is no text");
    assert_eq!(*panic.into_payload().downcast::<u8>().unwrap(), 9);
    // The thread is as good as before.
    assert_eq!(pool.submit(|| 1).unwrap().result().unwrap(), 1);
}

#[test]
fn a_queued_task_is_cancelled_and_a_running_one_is_not() {
    let pool = one_thread();
    let (go, running) = held(&pool);
    let queued = pool.submit(|| unreachable!()).unwrap();
    assert!(queued.cancel() && queued.cancel(), "twice is once");
    assert!(queued.is_cancelled() && queued.is_done() && !queued.is_running());
    assert!(!running.cancel() && !running.is_cancelled());
    assert!(matches!(
        TaskFuture::<()>::result(queued),
        Err(TaskError::Cancelled)
    ));
    go.send(()).unwrap();
    running.wait();
    assert!(!running.cancel(), "what is done is not cancelled");
    running.result().unwrap();
}

#[test]
fn a_task_is_either_cancelled_or_run_whoever_is_quicker() {
    let pool = ThreadPool::new(2).unwrap();
    let ran = Arc::new(AtomicUsize::new(0));
    let mut kept = 0;
    for _ in 0..2000 {
        let counted = Arc::clone(&ran);
        let future = pool
            .submit(move || counted.fetch_add(1, Ordering::Relaxed))
            .unwrap();
        let cancelled = future.cancel();
        let outcome = future.result();
        assert_eq!(cancelled, matches!(outcome, Err(TaskError::Cancelled)));
        kept += usize::from(!cancelled);
    }
    assert_eq!(ran.load(Ordering::Relaxed), kept);
}

#[test]
fn callbacks_are_called_in_order_and_before_the_result_is_given() {
    let pool = one_thread();
    let (go, future) = held(&pool);
    let seen = Arc::new(Mutex::new(Vec::new()));
    for number in 0..3 {
        let seen = Arc::clone(&seen);
        future.add_done_callback(move |outcome| {
            seen.lock().unwrap().push((number, outcome.is_ok()));
            assert_ne!(number, 1, "a callback that panics ends nothing but itself");
        });
    }
    go.send(()).unwrap();
    future.wait();
    assert_eq!(*seen.lock().unwrap(), [(0, true), (1, true), (2, true)]);
    // To one that is done already it is called at once, by whoever adds it.
    let (told, here) = channel();
    future.add_done_callback(move |outcome| {
        told.send((outcome.is_ok(), thread::current())).unwrap();
    });
    assert_eq!(here.try_recv().unwrap(), (true, thread::current()));
    future.result().unwrap();
}

#[test]
fn a_callback_is_told_of_a_cancelling_and_of_a_result_that_is_gone() {
    let (kept, mut future) = promise::<u8>();
    let (told, here) = channel();
    let cancelled = told.clone();
    future.add_done_callback(move |outcome| {
        cancelled
            .send(matches!(outcome, Err(TaskError::Cancelled)))
            .unwrap();
    });
    assert!(future.cancel() && here.try_recv().unwrap());
    assert!(!kept.begin());
    kept.finish(Ok(1));
    assert!(matches!(
        future.try_result(),
        Some(Err(TaskError::Cancelled))
    ));
    future.add_done_callback(move |outcome| {
        told.send(matches!(outcome, Err(TaskError::Taken))).unwrap();
    });
    assert!(here.try_recv().unwrap());
}

#[test]
fn a_promise_is_finished_with_a_value_or_with_an_error() {
    let (kept, future) = promise();
    assert!(kept.begin() && future.is_running());
    kept.finish(Ok(1));
    assert_eq!(future.result().unwrap(), 1);
    let (kept, future) = promise::<u8>();
    assert!(kept.begin());
    kept.finish(Err(TaskError::Panicked(Panic::new(Box::new("unlucky")))));
    let Err(TaskError::Panicked(panic)) = future.result() else {
        panic!("it was finished with an error");
    };
    assert_eq!(panic.message(), "unlucky");
}

#[test]
fn a_full_queue_refuses_or_makes_wait_and_gives_the_task_back() {
    let pool = ThreadPool::builder()
        .threads(1)
        .capacity(1)
        .build()
        .unwrap();
    let (go, running) = held(&pool);
    let queued = pool.try_submit(|| 1).unwrap();
    let refused = pool.try_submit(|| 2).unwrap_err();
    assert!(matches!(refused, SubmitError::Full(_)));
    assert!(refused.to_string().contains("full"), "{refused}");
    let refused = pool.submit_timeout(refused.into_task(), Duration::from_millis(1));
    let task = refused.unwrap_err().into_task();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| pool.submit(task).unwrap().result());
        go.send(()).unwrap();
        assert_eq!(waiting.join().unwrap().unwrap(), 2);
    });
    running.result().unwrap();
    assert_eq!(queued.result().unwrap(), 1);
}

#[tokio::test]
async fn everything_that_waits_is_awaited_too() {
    let pool = ThreadPool::builder()
        .threads(1)
        .capacity(1)
        .build()
        .unwrap();
    let (go, running) = held(&pool);
    let queued = pool.submit_async(|| 1).await.unwrap();
    let mut third = Box::pin(pool.submit_async(|| 2));
    let soon = tokio::time::timeout(Duration::from_millis(1), &mut third);
    assert!(soon.await.is_err(), "there is no room");
    go.send(()).unwrap();
    let third = third.await.unwrap();
    running.await.unwrap();
    let waited = wait_async(&[queued, third], When::All).await;
    assert_eq!(waited.done, [0, 1]);
    let futures = (0..3).map(|number| pool.submit(move || number).unwrap());
    let mut completed = as_completed(futures.collect::<Vec<_>>());
    let mut numbers = Vec::new();
    while let Some((place, number)) = completed.next_async().await {
        assert_eq!(place, number.unwrap());
        numbers.push(place);
    }
    assert_eq!(numbers, [0, 1, 2]);
    let mut map = pool.map(1..=3, |number| number * number);
    let mut squares = Vec::new();
    while let Some(square) = map.next_async().await {
        squares.push(square.unwrap());
    }
    drop(map);
    assert_eq!(squares, [1, 4, 9]);
    pool.shutdown_async(Shutdown::Drain).await;
    assert!(pool.submit_async(|| 0).await.is_err());
}

#[test]
fn a_future_that_was_polled_and_dropped_loses_nothing() {
    use std::pin::Pin;
    use std::task::{Context, Waker};
    let (promise, mut future) = promise();
    let mut context = Context::from_waker(Waker::noop());
    assert!(Pin::new(&mut future).poll(&mut context).is_pending());
    assert!(promise.begin());
    promise.finish(Ok(5));
    assert_eq!(future.result().unwrap(), 5);
}

#[test]
fn a_shutdown_that_drains_does_everything_and_one_that_cancels_nothing_more() {
    const QUEUED: usize = 5000;
    for what in [Shutdown::Drain, Shutdown::Cancel] {
        let pool = ThreadPool::new(2).unwrap();
        let held = [held(&pool), held(&pool)];
        let ran = Arc::new(AtomicUsize::new(0));
        let submit = |_| {
            let counted = Arc::clone(&ran);
            pool.submit(move || counted.fetch_add(1, Ordering::Relaxed))
                .unwrap()
        };
        let futures: Vec<_> = (0..QUEUED).map(submit).collect();
        assert_eq!(pool.queued(), QUEUED);
        pool.close(what);
        assert!(!pool.shutdown_timeout(what, Duration::from_millis(1)));
        let (go, running): (Vec<_>, Vec<_>) = held.into_iter().unzip();
        drop(go);
        pool.shutdown(what);
        assert!(running.iter().all(TaskFuture::is_done));
        let outcomes = futures
            .into_iter()
            .map(|mut future| future.try_result().unwrap());
        let done = outcomes.filter(Result::is_ok).count();
        assert_eq!(done, if what == Shutdown::Drain { QUEUED } else { 0 });
        assert_eq!(ran.load(Ordering::Relaxed), done);
        assert!(matches!(pool.submit(|| ()), Err(SubmitError::ShutDown(_))));
    }
}

#[test]
fn whoever_waits_for_room_is_told_of_the_shutdown() {
    let pool = ThreadPool::builder()
        .threads(1)
        .capacity(1)
        .build()
        .unwrap();
    let (go, _running) = held(&pool);
    let _queued = pool.submit(|| ()).unwrap();
    std::thread::scope(|scope| {
        let submit = || matches!(pool.submit(|| ()), Err(SubmitError::ShutDown(_)));
        let waiting: Vec<_> = (0..100).map(|_| scope.spawn(submit)).collect();
        until("all wait", || pool.waiting() == 100);
        pool.close(Shutdown::Cancel);
        assert!(waiting.into_iter().all(|thread| thread.join().unwrap()));
    });
    drop(go);
}

#[test]
fn a_task_may_submit_and_shut_down_its_own_pool() {
    let pool = Arc::new(one_thread());
    let own = Arc::clone(&pool);
    let outer = pool.submit(move || {
        let inner = own.submit(|| 7).unwrap();
        own.shutdown(Shutdown::Drain);
        inner
    });
    let inner = outer.unwrap().result().unwrap();
    assert_eq!(inner.result().unwrap(), 7);
    // The last one to let go of a pool may be its own task.
    let last = Arc::new(one_thread());
    let own = Arc::clone(&last);
    let (go, wait) = channel::<()>();
    let dropping = last.submit(move || {
        let _ = wait.recv();
        drop(own);
    });
    drop(last);
    drop(go);
    dropping.unwrap().result().unwrap();
}

#[test]
fn what_panics_while_it_is_dropped_ends_no_thread() {
    struct Fragile;
    impl Drop for Fragile {
        fn drop(&mut self) {
            if !std::thread::panicking() {
                panic!("dropped");
            }
        }
    }
    let pool = one_thread();
    let (go, running) = held(&pool);
    // Nobody takes its value, so the pool's thread drops it.
    drop(pool.submit(|| Fragile).unwrap());
    drop(go);
    running.result().unwrap();
    assert_eq!(pool.submit(|| 3).unwrap().result().unwrap(), 3);
}

#[test]
fn threads_have_names_and_are_started_only_for_work() {
    let pool = ThreadPool::builder()
        .threads(64)
        .name("look-up")
        .build()
        .unwrap();
    let name = || thread::current().name().to_owned();
    for _ in 0..10 {
        let name = pool.submit(name).unwrap().result().unwrap();
        assert!(name.starts_with("look-up-"), "{name}");
    }
    let mine = || {
        thread::alive()
            .iter()
            .filter(|other| other.name().starts_with("look-up"))
            .count()
    };
    assert!(mine() <= 11, "{} threads", mine());
    pool.shutdown(Shutdown::Drain);
    assert_eq!(mine(), 0);
}

#[test]
fn scoped_tasks_borrow_and_are_done_when_the_scope_ends() {
    let counter = AtomicUsize::new(0);
    let numbers: Vec<usize> = (0..100).collect();
    let sum: usize = executor::scope(3, |pool| {
        for number in &numbers {
            drop(pool.submit(|| counter.fetch_add(*number, Ordering::Relaxed)));
        }
        pool.map(&numbers, |number| number * 2)
            .map(Result::unwrap)
            .sum()
    });
    assert_eq!((sum, counter.into_inner()), (9900, 4950));
}

#[test]
fn a_scope_takes_tasks_in_every_form() {
    let text = String::from("strands");
    executor::scope(1, |pool| {
        let timed = pool.submit_timeout(|| text.len(), LONG).unwrap();
        let tried = pool.try_submit(|| text.len()).unwrap();
        let awaited = common::run(pool.submit_async(|| text.len()));
        let all = [timed, tried, awaited].map(|future| future.result().unwrap());
        assert_eq!(all, [7, 7, 7]);
    });
}

#[test]
fn a_scope_that_panics_still_waits_for_its_tasks() {
    let done = AtomicUsize::new(0);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        executor::scope(2, |pool| {
            for _ in 0..100 {
                drop(pool.submit(|| done.fetch_add(1, Ordering::Relaxed)));
            }
            let failing = pool.submit(|| panic!("its own")).result();
            assert!(matches!(failing, Err::<(), _>(TaskError::Panicked(_))));
            panic!("the scope's");
        })
    }));
    assert_eq!(
        *panicked.unwrap_err().downcast::<&str>().unwrap(),
        "the scope's"
    );
    assert_eq!(done.into_inner(), 100);
}

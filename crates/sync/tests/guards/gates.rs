//! Events, latches and countdowns: what lets everybody pass or nobody.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::common::{LONG, SHORT, Woken, poll, poll_once, run, until};
use lariat_sync::{Countdown, CountedDown, Event, Latch, Semaphore};

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
fn a_time_out_beyond_the_clock_is_none() {
    let (event, semaphore) = (Event::new(), Semaphore::new(0));
    thread::scope(|scope| {
        let waits = scope.spawn(|| event.wait_timeout(Duration::MAX));
        let acquires = scope.spawn(|| semaphore.acquire_timeout(Duration::MAX).is_some());
        until("it waits", || semaphore.waiting() == 1);
        event.set();
        semaphore.release(1).unwrap();
        assert!(waits.join().unwrap() && acquires.join().unwrap());
    });
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

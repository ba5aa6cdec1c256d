//! Timers call what they are told, in order, without drift, and stop when they are told.

#![allow(clippy::unwrap_used)]

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use common::{LONG, SHORT, poll_once, run, until};
use lariat_sync::{Elapsed, Latch, Queue, Timers};

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn a_timer_calls_its_function_once_and_not_before_its_time() {
    let timers = Timers::new().unwrap();
    let (sender, called) = mpsc::channel();
    let start = Instant::now();
    let timer = timers.call_later(SHORT, move || sender.send(Instant::now()).unwrap());
    assert!(called.recv_timeout(LONG).unwrap() >= start + SHORT);
    assert!(
        called.recv().is_err(),
        "the function is gone, and with it its sender"
    );
    assert!(!timer.is_pending() && !timer.cancel());
}

#[test]
fn a_timer_that_is_cancelled_is_not_called() {
    let timers = Timers::new().unwrap();
    let timer = timers.call_later(HOUR, || panic!("it was cancelled"));
    assert!(timer.is_pending());
    assert_eq!(timers.len(), 1);
    assert!(timer.cancel());
    assert!(!timer.cancel(), "it was cancelled before");
    assert!(timers.is_empty());
}

#[test]
fn timers_are_called_in_the_order_of_their_times() {
    let timers = Timers::new().unwrap();
    let (sender, called) = mpsc::channel();
    let start = Instant::now();
    // Its thread is held up until all are planned.
    let planned = Arc::new(Latch::new());
    let wait = Arc::clone(&planned);
    timers.call_at(start, move || wait.wait());
    for number in [4, 2, 3, 1] {
        let sender = sender.clone();
        let moment = start + Duration::from_micros(number);
        timers.call_at(moment, move || sender.send(number).unwrap());
    }
    drop(sender);
    planned.open();
    assert!(called.iter().eq(1..5));
}

#[test]
fn a_sooner_timer_is_called_sooner_though_the_thread_sleeps_for_a_later_one() {
    let timers = Timers::new().unwrap();
    timers.call_later(HOUR, || ());
    // Whether the thread sleeps by now or not, it must look again.
    for _ in 0..20 {
        let (sender, called) = mpsc::channel();
        timers.call_later(Duration::from_micros(100), move || sender.send(()).unwrap());
        called.recv_timeout(LONG).unwrap();
    }
    assert_eq!(timers.len(), 1);
}

#[test]
fn a_repeating_timer_is_called_again_and_again_and_never_before_its_moment() {
    let timers = Timers::new().unwrap();
    let (sender, called) = mpsc::channel();
    let period = Duration::from_millis(2);
    let before = Instant::now();
    let timer = timers.call_every(period, move || {
        // It takes longer than a period, so some are left out.
        thread::sleep(Duration::from_millis(3));
        let _ = sender.send(Instant::now());
    });
    for call in 1..=10u32 {
        let at = called.recv_timeout(LONG).unwrap();
        assert!(at >= before + period * call, "never before its moment");
    }
    assert!(timer.cancel());
    // One that was running may still send; then there is no more.
    until("the function is gone", || {
        matches!(called.try_recv(), Err(mpsc::TryRecvError::Disconnected))
    });
}

/// Panics when it is dropped.
struct Spiteful;

impl Drop for Spiteful {
    fn drop(&mut self) {
        panic!("what a function captured");
    }
}

#[test]
fn what_a_function_captured_may_panic_as_it_goes() {
    let timers = Timers::new().unwrap();
    let once = Spiteful;
    timers.call_later(Duration::ZERO, move || drop(once));
    let every = Spiteful;
    timers.call_every(Duration::from_micros(100), move || {
        let _ = &every;
        panic!("never again");
    });
    // It cancels itself, and is dropped when it has come to its end.
    let (sender, receiver) = mpsc::channel::<lariat_sync::Timer>();
    let cancelled = Spiteful;
    let timer = timers.call_every(Duration::from_micros(100), move || {
        let _ = &cancelled;
        assert!(receiver.recv().unwrap().cancel());
    });
    sender.send(timer).unwrap();
    let (sender, called) = mpsc::channel();
    until("all three are gone", || timers.is_empty());
    timers.call_later(Duration::from_millis(1), move || sender.send(()).unwrap());
    called.recv_timeout(LONG).unwrap();
}

#[test]
fn a_repeating_timer_may_cancel_itself() {
    let timers = Timers::new().unwrap();
    let calls = Arc::new(AtomicUsize::new(0));
    let own = Arc::new(Queue::fifo(None));
    let (counted, queue, done) = (Arc::clone(&calls), Arc::clone(&own), Arc::new(Latch::new()));
    let latch = Arc::clone(&done);
    let timer = timers.call_every(Duration::from_micros(200), move || {
        if counted.fetch_add(1, Ordering::SeqCst) == 2 {
            let timer: lariat_sync::Timer = queue.get().unwrap();
            assert!(timer.cancel());
            latch.open();
        }
    });
    own.put(timer).unwrap();
    assert!(done.wait_timeout(LONG));
    until("nothing is planned", || timers.is_empty());
    assert_eq!(calls.load(Ordering::SeqCst), 3);
}

#[test]
fn a_function_that_panics_hurts_no_other() {
    let timers = Timers::new().unwrap();
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    timers.call_every(Duration::from_micros(100), move || {
        counted.fetch_add(1, Ordering::SeqCst);
        panic!("a timer's function panics");
    });
    until("it has panicked", || {
        timers.is_empty() && calls.load(Ordering::SeqCst) > 0
    });
    let (sender, called) = mpsc::channel();
    timers.call_later(Duration::ZERO, move || sender.send(()).unwrap());
    called.recv_timeout(LONG).unwrap();
    assert_eq!(calls.load(Ordering::SeqCst), 1, "not called again");
}

#[test]
fn what_was_not_called_is_dropped_with_the_timers() {
    let kept = Arc::new(());
    let timers = Timers::new().unwrap();
    for _ in 0..100 {
        let kept = Arc::clone(&kept);
        timers.call_later(HOUR, move || drop(kept));
    }
    let never = timers.call_later(Duration::MAX, || ());
    assert!(!never.is_pending(), "no clock can name that moment");
    let timer = timers.call_later(HOUR, || ());
    drop(timers);
    assert_eq!(Arc::strong_count(&kept), 1);
    assert!(!timer.cancel());
}

#[test]
fn timers_may_be_dropped_by_their_own_function() {
    let timers = Arc::new(Timers::new().unwrap());
    let done = Arc::new(Latch::new());
    let (own, latch) = (Arc::clone(&timers), Arc::clone(&done));
    let gone = Arc::new(Latch::new());
    let others = Arc::clone(&gone);
    timers.call_later(Duration::ZERO, move || {
        others.wait();
        drop(own);
        latch.open();
    });
    drop(timers);
    gone.open();
    assert!(done.wait_timeout(LONG));
}

#[test]
fn thousands_of_timers_are_called_by_one_thread() {
    let timers = Timers::named("thousands").unwrap();
    let queue = Arc::new(Queue::fifo(None));
    for number in 0..20_000u64 {
        let queue = Arc::clone(&queue);
        let delay = Duration::from_micros(number * 7919 % 20_000);
        timers.call_later(delay, move || {
            queue
                .put((number, thread::current().name().map(str::to_owned)))
                .unwrap();
        });
    }
    let mut called: Vec<u64> = (0..20_000)
        .map(|_| {
            let (number, thread) = queue.get_timeout(LONG).unwrap();
            assert_eq!(thread.as_deref(), Some("thousands"));
            number
        })
        .collect();
    called.sort_unstable();
    assert!(called.into_iter().eq(0..20_000));
}

#[test]
fn a_sleep_takes_its_time_in_any_runtime() {
    let timers = Timers::new().unwrap();
    let start = Instant::now();
    run(timers.sleep(SHORT));
    assert!(start.elapsed() >= SHORT);
    run(timers.sleep(Duration::ZERO));
    let mut sleep = timers.sleep(HOUR);
    assert!(poll_once(&mut sleep).is_pending());
    assert!(poll_once(&mut sleep).is_pending());
    assert_eq!(timers.len(), 1, "polled twice, planned once");
    drop(sleep);
    assert!(timers.is_empty());
    assert!(poll_once(&mut timers.sleep(Duration::MAX)).is_pending());
}

#[test]
fn a_time_out_ends_a_wait_and_loses_nothing() {
    let timers = Timers::new().unwrap();
    let queue = Queue::fifo(None);
    run(async {
        assert_eq!(timers.timeout(SHORT, queue.get_async()).await, Err(Elapsed));
        queue.put(1).unwrap();
        assert_eq!(timers.timeout(LONG, queue.get_async()).await, Ok(Ok(1)));
    });
    assert!(timers.is_empty());
}

#[test]
fn a_time_out_of_a_put_that_is_lent_leaves_the_item() {
    let timers = Timers::new().unwrap();
    let queue = Queue::fifo(1);
    queue.put("first").unwrap();
    run(async {
        let mut put = queue.put_async("second");
        assert_eq!(timers.timeout(SHORT, &mut put).await, Err(Elapsed));
        assert_eq!(put.into_item(), Some("second"));
        let mut put = queue.put_async("third");
        assert_eq!(timers.timeout(SHORT, &mut put).await, Err(Elapsed));
        assert_eq!(queue.get(), Ok("first"));
        assert_eq!(timers.timeout(LONG, &mut put).await, Ok(Ok(())));
        assert_eq!(put.into_item(), None);
    });
    assert_eq!(queue.get(), Ok("third"));
}

/// Whoever sets the system's clock changes nothing here, since nothing asks for it.
#[test]
fn nothing_here_reads_the_clock_that_can_be_set_back() {
    fn read(folder: &std::path::Path, into: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => read(&path, into),
                false => into.push((
                    path.display().to_string(),
                    std::fs::read_to_string(path).unwrap(),
                )),
            }
        }
    }
    let mut files = Vec::new();
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    read(std::path::Path::new(source), &mut files);
    let naming = |word: &str| {
        let named = files.iter().filter(|(_, text)| text.contains(word));
        named.map(|(path, _)| path.as_str()).collect::<Vec<_>>()
    };
    assert!(naming("Instant::now").len() > 3, "the source was not found");
    for word in ["SystemTime", "UNIX_EPOCH", "CLOCK_REALTIME"] {
        assert!(naming(word).is_empty(), "{word}: {:?}", naming(word));
    }
}

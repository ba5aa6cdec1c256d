//! How many threads the system wakes for each item: one, and for a release one, however many wait.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::Receiver;
use std::thread;

use common::{LONG, until};
use lariat_sync::{Countdown, Queue, Semaphore, SimpleQueue};

/// How many threads wait.
const WAITING: usize = 64;

/// A line of what the system says of a thread.
fn status(thread: u64, field: &str) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/self/task/{thread}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    Some(line.trim_start_matches(':').trim().to_owned())
}

/// How often a thread has gone to sleep, if it sleeps.
fn sleeps(thread: u64) -> Option<usize> {
    let is_asleep = status(thread, "State")?.starts_with('S');
    let count = status(thread, "voluntary_ctxt_switches")?;
    is_asleep.then(|| count.parse().unwrap())
}

/// How often each of the threads has gone to sleep, when all of them sleep and stay asleep.
fn when_all_sleep(threads: &[u64]) -> Vec<usize> {
    let mut before = None;
    let mut now = None;
    until("all sleep", || {
        before = now.take();
        now = threads
            .iter()
            .map(|thread| sleeps(*thread))
            .collect::<Option<Vec<_>>>();
        now.is_some() && now == before
    });
    now.unwrap()
}

/// The next numbers that threads tell, so many.
fn told(numbers: &Receiver<u64>, count: usize) -> Vec<u64> {
    let next = |_| numbers.recv_timeout(LONG).unwrap();
    (0..count).map(next).collect()
}

/// Lets threads wait, wakes `few` of them, and says how many of the others have woken up.
fn woken_for_nothing(
    wait: impl Fn() + Sync,
    wake: impl Fn(),
    few: usize,
    wake_all: impl Fn(),
) -> usize {
    let gone = AtomicUsize::new(0);
    let (sender, numbers) = std::sync::mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..WAITING {
            let sender = sender.clone();
            let (wait, gone) = (&wait, &gone);
            let builder = thread::Builder::new().stack_size(64 << 10);
            let waiter = move || {
                let own = lariat_sync::thread::current().native_id().unwrap();
                sender.send(own).unwrap();
                wait();
                gone.fetch_add(1, Ordering::SeqCst);
                // It sleeps on, so that nobody takes its ending for a wake-up.
                sender.send(own).unwrap();
            };
            builder.spawn_scoped(scope, waiter).unwrap();
        }
        let threads = told(&numbers, WAITING);
        let before = when_all_sleep(&threads);
        wake();
        let woken = told(&numbers, few);
        let others: Vec<u64> = threads
            .iter()
            .copied()
            .filter(|own| !woken.contains(own))
            .collect();
        let after = when_all_sleep(&others);
        let before = threads.iter().zip(before);
        let before = before
            .filter(|(own, _)| others.contains(own))
            .map(|(_, count)| count);
        let woken = before
            .zip(after)
            .filter(|(before, after)| before != after)
            .count();
        wake_all();
        woken
    })
}

#[test]
fn an_item_wakes_one_thread_and_room_wakes_one() {
    let queue = Queue::fifo(None);
    let wait = || assert!(queue.get().is_ok() || queue.is_shut_down());
    let few = || (0..3).for_each(|item| queue.put(item).unwrap());
    assert_eq!(woken_for_nothing(wait, few, 3, || queue.shutdown()), 0);
    let simple = SimpleQueue::new(None);
    let wait = || assert!(simple.get().is_ok() || simple.is_shut_down());
    let few = || (0..3).for_each(|item| simple.put(item).unwrap());
    assert_eq!(woken_for_nothing(wait, few, 3, || simple.shutdown()), 0);
    let full = SimpleQueue::new(3);
    (0..3).for_each(|item| full.put(item).unwrap());
    let wait = || assert!(full.put(9).is_ok() || full.is_shut_down());
    let few = || (0..3).for_each(|_| assert!(full.get().is_ok()));
    assert_eq!(woken_for_nothing(wait, few, 3, || full.shutdown()), 0);
}

#[test]
fn a_permit_wakes_one_thread() {
    let semaphore = Semaphore::new(0);
    let wait = || semaphore.acquire().forget();
    let few = || semaphore.release(2).unwrap();
    let all = || semaphore.release(WAITING).unwrap();
    assert_eq!(woken_for_nothing(wait, few, 2, all), 0);
}

#[test]
fn who_waits_for_all_is_not_woken_by_a_part() {
    let queue = Queue::fifo(None);
    (0..3).for_each(|item| queue.put(item).unwrap());
    let part = || (0..2).for_each(|_| queue.task_done().unwrap());
    let rest = || queue.task_done().unwrap();
    assert_eq!(woken_for_nothing(|| queue.join(), part, 0, rest), 0);
    let countdown = Countdown::new(3);
    let part = || (0..2).for_each(|_| assert!(countdown.count_down().is_ok()));
    let rest = || assert!(countdown.count_down().is_ok());
    assert_eq!(woken_for_nothing(|| countdown.wait(), part, 0, rest), 0);
}

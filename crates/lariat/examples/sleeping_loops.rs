//! What threads are for: two loops that sleep, in turn and at the same time.
//!
//! `cargo run -p lariat --example sleeping_loops` runs them one after the other, then in raw
//! threads whose end is learnt in two ways: by waiting for as long as they ought to take, which
//! is a guess, and by a lock that each lets go when it is done.

use std::sync::{Arc, Barrier, Mutex};
use std::time::{Duration, Instant};

use lariat::sync::thread;

/// A tenth of what people wait for in a lesson.
const SECOND: Duration = Duration::from_millis(100);

/// How long each loop sleeps.
const LOOPS: [u32; 2] = [4, 2];

fn sleep(number: usize) {
    sleep_when(number, || ());
}

/// Sleeps when all have begun that are to.
fn sleep_when(number: usize, all_begun: impl FnOnce()) {
    println!("  loop {number} starts");
    all_begun();
    std::thread::sleep(SECOND * LOOPS[number]);
    println!("  loop {number} is done");
}

/// Each waits for the one before: the sum of both.
fn in_turn() {
    sleep(0);
    sleep(1);
}

/// Nobody is asked whether they are done: it waits for longer than they should take.
fn with_a_guess() {
    for number in 0..LOOPS.len() {
        // Dropping the handle lets the thread run on.
        drop(thread::spawn(move || sleep(number)));
    }
    std::thread::sleep(SECOND * 6);
}

/// Each thread holds a lock until it is done; who gets both knows that both are.
fn with_locks() {
    let locks = [(); LOOPS.len()].map(|()| Arc::new(Mutex::new(())));
    let begun = Arc::new(Barrier::new(LOOPS.len() + 1));
    for (number, lock) in locks.iter().cloned().enumerate() {
        let begun = Arc::clone(&begun);
        drop(thread::spawn(move || {
            // In Rust whoever takes a lock releases it, so the thread takes its own.
            let _held = lock.lock();
            sleep_when(number, || {
                begun.wait();
            });
        }));
    }
    begun.wait();
    let done = locks.iter().filter(|lock| lock.lock().is_ok()).count();
    assert_eq!(done, LOOPS.len());
}

fn main() {
    for (name, run) in [
        ("in turn", in_turn as fn()),
        ("in threads, with a guess", with_a_guess),
        ("in threads, with locks", with_locks),
    ] {
        println!("{name}:");
        let start = Instant::now();
        run();
        let took = start.elapsed().as_secs_f64() / SECOND.as_secs_f64();
        println!("  all done after {took:.1} of its seconds");
    }
}

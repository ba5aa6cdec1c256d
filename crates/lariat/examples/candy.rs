//! A candy machine with room for five: one thread refills it, one buys from it.
//!
//! `cargo run -p lariat --example candy`. It teaches the bounded semaphore: its permits are the candies,
//! buying takes one for good, and refilling a machine that is full is an error and not a sixth candy.

use std::thread;
use std::time::Duration;

use lariat::sync::{Permit, Semaphore};

const ROOM: usize = 5;

/// Puts a candy in, if there is room.
fn refill(candies: &Semaphore) {
    match candies.release(1) {
        Ok(()) => println!("refilling candy: done"),
        Err(_) => println!("refilling candy: full, skipping"),
    }
}

/// Takes a candy out, if there is one.
fn buy(candies: &Semaphore) {
    match candies.try_acquire() {
        Some(candy) => {
            // What is eaten does not come back.
            Permit::forget(candy);
            println!("buying candy: done");
        }
        None => println!("buying candy: empty, skipping"),
    }
}

/// Does something a number of times, at moments that nobody knows before.
fn now_and_then(times: u32, what: impl Fn()) {
    for _ in 0..times {
        thread::sleep(Duration::from_millis(fastrand::u64(0..30)));
        what();
    }
}

fn main() {
    let candies = Semaphore::bounded(ROOM);
    println!("the machine has {ROOM} candies");
    // It is full, and says so.
    refill(&candies);
    thread::scope(|scope| {
        scope.spawn(|| now_and_then(fastrand::u32(4..8), || refill(&candies)));
        scope.spawn(|| now_and_then(fastrand::u32(8..16), || buy(&candies)));
    });
    println!("nobody refills it any more");
    for _ in 0..=candies.available() {
        buy(&candies);
    }
    println!("the machine has {} candies", candies.available());
}

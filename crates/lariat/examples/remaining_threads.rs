//! Three to six threads of random length, and a set of those that remain.
//!
//! `cargo run -p lariat --example remaining_threads`. It teaches that a value which several threads change
//! belongs into its lock, and that the lock's guard, which gives it back at the end of its scope, also orders
//! what they print.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Sleeps, and then strikes itself off.
fn sleep(name: &str, remaining: &Mutex<BTreeSet<String>>) {
    let length = Duration::from_millis(fastrand::u64(20..120));
    let start = Instant::now();
    thread::sleep(length);
    let took = start.elapsed().as_millis();
    // Nobody panics while holding it; if somebody did, the set would still be whole.
    let mut remaining = remaining.lock().unwrap_or_else(PoisonError::into_inner);
    remaining.remove(name);
    let names: Vec<&str> = remaining.iter().map(String::as_str).collect();
    match names[..] {
        [] => println!("{name} is done after {took} ms, and none remains"),
        _ => println!(
            "{name} is done after {took} ms; remaining: {}",
            names.join(", ")
        ),
    }
}

fn main() {
    let names: Vec<String> = (1..=fastrand::u32(3..=6))
        .map(|number| format!("thread {number}"))
        .collect();
    println!("{} threads", names.len());
    let remaining = Mutex::new(names.iter().cloned().collect());
    thread::scope(|scope| {
        for name in &names {
            scope.spawn(|| sleep(name, &remaining));
        }
    });
}

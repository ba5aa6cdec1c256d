//! Four ways to say what a thread does: a function, a closure, a value with its own state, and a
//! value whose result is kept with the times of its beginning and end.
//!
//! `cargo run -p lariat --example thread_objects` runs two loops each way. There is nothing to inherit from:
//! a thread takes whatever can be called once and sent there, and gives back what it returns.

use std::time::{Duration, Instant};

use lariat::sync::executor::Panic;
use lariat::sync::thread::{Builder, Thread};

const LOOPS: [(&str, u64); 2] = [("long", 40), ("short", 20)];

/// As a function.
fn sleep(milliseconds: u64) {
    std::thread::sleep(Duration::from_millis(milliseconds));
}

/// As a value that is called.
struct Sleeper {
    name: &'static str,
    milliseconds: u64,
}

impl Sleeper {
    fn run(self) -> String {
        sleep(self.milliseconds);
        format!("{} has slept", self.name)
    }
}

/// Any work, timed: what a subclass of a thread would add.
struct Timed<T> {
    result: T,
    took: Duration,
}

fn timed<T>(work: impl FnOnce() -> T) -> Timed<T> {
    let start = Instant::now();
    let result = work();
    Timed {
        result,
        took: start.elapsed(),
    }
}

fn join_all<T>(threads: impl IntoIterator<Item = Thread<T>>) -> Result<Vec<T>, Panic> {
    threads.into_iter().map(Thread::join).collect()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let start = |name: &str| Builder::new().name(name);

    let threads: Result<Vec<_>, _> = LOOPS
        .iter()
        .map(|(name, time)| start(name).spawn(|| sleep(*time)))
        .collect();
    println!("functions: {} done", join_all(threads?)?.len());

    let scale = 2;
    let threads: Result<Vec<_>, _> = LOOPS
        .iter()
        .map(|(name, time)| start(name).spawn(move || sleep(time / scale)))
        .collect();
    println!("closures: {} done", join_all(threads?)?.len());

    let sleepers = LOOPS.map(|(name, milliseconds)| Sleeper { name, milliseconds });
    let threads: Result<Vec<_>, _> = sleepers
        .into_iter()
        .map(|sleeper| start(sleeper.name).spawn(|| sleeper.run()))
        .collect();
    println!("values: {}", join_all(threads?)?.join(", "));

    let sleepers = LOOPS.map(|(name, milliseconds)| Sleeper { name, milliseconds });
    let threads: Result<Vec<_>, _> = sleepers
        .into_iter()
        .map(|sleeper| start(sleeper.name).spawn(|| timed(|| sleeper.run())))
        .collect();
    for Timed { result, took } in join_all(threads?)? {
        println!("results: {result} for {} ms", took.as_millis());
    }
    Ok(())
}

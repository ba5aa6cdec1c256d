//! The same three functions in turn, in threads and in a pool, timed: what threads do for work
//! that waits, and what for work that computes.
//!
//! `cargo run -p lariat --example factorials` prints a table. Each function sleeps a little at
//! each step, which threads do at the same time; the computing itself they share among
//! the processors that there are, with no lock around the interpreter.

use std::time::{Duration, Instant};

use lariat::sync::executor::ThreadPool;
use lariat::sync::thread;

type Outcome = Result<Vec<u64>, Box<dyn std::error::Error>>;

fn rest() {
    std::thread::sleep(Duration::from_micros(500));
}

fn fibonacci(number: u64) -> u64 {
    if number < 2 {
        return 1;
    }
    if number > 8 {
        rest();
    }
    fibonacci(number - 2) + fibonacci(number - 1)
}

fn factorial(number: u64) -> u64 {
    rest();
    if number < 2 {
        1
    } else {
        number * factorial(number - 1)
    }
}

fn sum(number: u64) -> u64 {
    rest();
    if number < 2 {
        1
    } else {
        number + sum(number - 1)
    }
}

const NUMBER: u64 = 12;
const FUNCTIONS: [fn(u64) -> u64; 3] = [fibonacci, factorial, sum];

fn in_turn() -> Outcome {
    Ok(FUNCTIONS.iter().map(|call| call(NUMBER)).collect())
}

fn in_threads() -> Outcome {
    let threads = FUNCTIONS.map(|call| thread::spawn(move || call(NUMBER)));
    let results: Result<_, _> = threads.into_iter().map(thread::Thread::join).collect();
    Ok(results?)
}

fn in_a_pool() -> Outcome {
    let pool = ThreadPool::new(3)?;
    let results: Result<_, _> = pool.map(FUNCTIONS, |call| call(NUMBER)).collect();
    Ok(results?)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!(
        "{:<12}{:>10}{:>12}{:>6}",
        "", "fibonacci", "factorial", "sum"
    );
    for (name, run) in [
        ("in turn", in_turn as fn() -> Outcome),
        ("in threads", in_threads),
        ("in a pool", in_a_pool),
    ] {
        let start = Instant::now();
        let results = run()?;
        let took = start.elapsed().as_millis();
        let [fibonacci, factorial, sum] = results[..] else {
            return Err("three functions give three results".into());
        };
        println!("{name:<12}{fibonacci:>10}{factorial:>12}{sum:>6}{took:>6} ms");
    }
    Ok(())
}

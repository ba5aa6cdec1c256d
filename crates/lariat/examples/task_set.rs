//! Two sets of tasks, each run in turn, in threads and event-driven, and timed.
//!
//! `cargo run -p lariat --example task_set` prints a table. The tasks of the first
//! set mostly wait, as those of a network program do; the tasks of the second only compute.
//! `docs/concepts.md` says what to see in it.

use std::error::Error;
use std::hint::black_box;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use lariat::Reactor;

type Outcome = Result<u64, Box<dyn Error>>;

/// A number of equal tasks.
#[derive(Clone, Copy)]
struct TaskSet {
    tasks: usize,
    /// How long each waits before it computes.
    wait: Duration,
    /// How many steps each computes.
    steps: u64,
}

const WAITING: TaskSet = TaskSet {
    tasks: 200,
    wait: Duration::from_millis(10),
    steps: 1_000,
};

const COMPUTING: TaskSet = TaskSet {
    tasks: 20,
    wait: Duration::ZERO,
    steps: 2_000_000,
};

impl TaskSet {
    fn compute(self) -> u64 {
        let steps = 0..black_box(self.steps);
        steps.fold(0, |sum, step| (sum * 31 + step) % 1_000)
    }

    fn wait_and_compute(self) -> u64 {
        thread::sleep(self.wait);
        self.compute()
    }
}

/// One after the other: each waits while nothing else is done.
fn in_turn(set: TaskSet) -> Outcome {
    Ok((0..set.tasks).map(|_| set.wait_and_compute()).sum())
}

/// A thread for each: they wait at the same time, and compute on every core there is.
fn in_threads(set: TaskSet) -> Outcome {
    let start = |_| thread::spawn(move || set.wait_and_compute());
    let threads: Vec<_> = (0..set.tasks).map(start).collect();
    threads.into_iter().try_fold(0, |sum, thread| {
        Ok(sum + thread.join().map_err(|_| "a task panicked")?)
    })
}

/// A call for each on one thread: all waits are one wait for whatever is due next.
fn event_driven(set: TaskSet) -> Outcome {
    let reactor = Reactor::builder().threads(1).build()?;
    let (sender, results) = mpsc::channel();
    for _ in 0..set.tasks {
        let sender = sender.clone();
        reactor.handle().call_later(set.wait, move || {
            // Nobody waits for it any more if the program is ending.
            let _ = sender.send(set.compute());
        });
    }
    drop(sender);
    Ok(results.iter().sum())
}

fn show(name: &str, run: fn(TaskSet) -> Outcome) -> Result<(), Box<dyn Error>> {
    print!("{name:<14}");
    for set in [WAITING, COMPUTING] {
        let start = Instant::now();
        let sum = run(set)?;
        let took = start.elapsed().as_millis();
        assert_eq!(sum, set.compute() * set.tasks as u64);
        print!("{took:>9} ms");
    }
    println!();
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("{:<14}{:>12}{:>12}", "", "waiting", "computing");
    show("in turn", in_turn)?;
    show("in threads", in_threads)?;
    show("event-driven", event_driven)
}

//! A queue of pairs that gives the most urgent first.
//!
//! `cargo run -p lariat --example priorities`. It teaches that the smallest item comes first whatever came
//! before, that equals keep their turn, and what to do with items that have no order of their own.

use lariat::sync::{Prioritized, Queue};

/// It has no order: nobody can say which of two is the smaller.
struct Job {
    name: &'static str,
    minutes: f32,
}

fn main() {
    // A pair is compared by its first half, and among equals by the second.
    let pairs = Queue::priority(None);
    for pair in [(2, "write"), (1, "plan"), (3, "sleep"), (1, "ask")] {
        pairs.try_put(pair).expect("it has no limit");
    }
    while let Ok((priority, what)) = pairs.try_get() {
        println!("{priority} {what}");
    }
    // Where only the priority is to be compared, equals come in the order in which they were put.
    let jobs = Queue::priority(None);
    for (priority, name, minutes) in [(2, "write", 30.0), (1, "plan", 10.0), (1, "ask", 2.5)] {
        let job = Prioritized::new(priority, Job { name, minutes });
        jobs.try_put(job)
            .unwrap_or_else(|_| unreachable!("it has no limit"));
    }
    jobs.shutdown();
    for Prioritized { priority, item } in &jobs {
        println!("{priority} {} takes {} minutes", item.name, item.minutes);
    }
}

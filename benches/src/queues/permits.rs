//! What it costs to take a permit and give it back.

use std::sync::Arc;
use std::thread;
use std::time::Instant;

use lariat::sync::Semaphore;

use super::Effort;
use crate::timestamp::statistics::Quartiles;

/// Permits there are, where several tasks want them.
const PERMITS: usize = 2;

/// Tasks that want them.
const TASKS: usize = 8;

/// Measures ours against tokio's, which has an async form only.
pub fn measure(effort: Effort) {
    println!();
    println!(
        "{:<44}{:>9}{:>9}",
        "a permit taken and given back, ns", "alone", "8 for 2"
    );
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .expect("there is a runtime");
    let mut samples = [const { (Vec::new(), Vec::new()) }; 3];
    for _ in 0..effort.rounds {
        let ours = Arc::new(Semaphore::new(PERMITS));
        let theirs = Arc::new(tokio::sync::Semaphore::new(PERMITS));
        samples[0]
            .0
            .push(alone(effort.items, || drop(ours.acquire())));
        samples[0].1.push(in_threads(&ours, effort.items));
        samples[1].0.push(runtime.block_on(async {
            let start = Instant::now();
            for _ in 0..effort.items {
                drop(ours.acquire_async().await);
            }
            start.elapsed().as_nanos() as f64 / effort.items as f64
        }));
        samples[1]
            .1
            .push(runtime.block_on(in_tasks(effort.items, |count| {
                let ours = Arc::clone(&ours);
                async move {
                    for _ in 0..count {
                        let _permit = ours.acquire_async().await;
                        tokio::task::yield_now().await;
                    }
                }
            })));
        samples[2].0.push(runtime.block_on(async {
            let start = Instant::now();
            for _ in 0..effort.items {
                drop(theirs.acquire().await);
            }
            start.elapsed().as_nanos() as f64 / effort.items as f64
        }));
        samples[2]
            .1
            .push(runtime.block_on(in_tasks(effort.items, |count| {
                let theirs = Arc::clone(&theirs);
                async move {
                    for _ in 0..count {
                        let _permit = theirs.acquire().await;
                        tokio::task::yield_now().await;
                    }
                }
            })));
    }
    let names = ["lariat, threads", "lariat, tasks", "tokio, tasks"];
    for (name, (alone, together)) in names.into_iter().zip(samples) {
        let (alone, together) = (Quartiles::of(alone), Quartiles::of(together));
        println!("{name:<44}{:>9.0}{:>9.0}", alone.median, together.median);
    }
}

fn alone(items: u64, take: impl Fn()) -> f64 {
    let start = Instant::now();
    (0..items).for_each(|_| take());
    start.elapsed().as_nanos() as f64 / items as f64
}

/// Each holds its permit until the others have had their turn, so that most have to wait.
fn in_threads(semaphore: &Semaphore, items: u64) -> f64 {
    let start = Instant::now();
    thread::scope(|scope| {
        for _ in 0..TASKS {
            scope.spawn(|| {
                for _ in 0..items / TASKS as u64 {
                    let _permit = semaphore.acquire();
                    thread::yield_now();
                }
            });
        }
    });
    start.elapsed().as_nanos() as f64 / items as f64
}

async fn in_tasks<F>(items: u64, task: impl Fn(u64) -> F) -> f64
where
    F: Future<Output = ()> + Send + 'static,
{
    let start = Instant::now();
    let share = items / TASKS as u64;
    let tasks: Vec<_> = (0..TASKS).map(|_| tokio::spawn(task(share))).collect();
    for task in tasks {
        task.await.expect("it does not panic");
    }
    start.elapsed().as_nanos() as f64 / items as f64
}

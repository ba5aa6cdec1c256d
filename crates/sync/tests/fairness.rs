//! Threads and tasks at one queue: neither side goes without.

#![allow(clippy::unwrap_used)]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use common::run;
use lariat_sync::{AnyQueue, Queue, SimpleQueue};

/// How many items each of two threads and two tasks is to have had.
const SHARE: usize = 200;

/// By when: a thousandth of what goes through, or as soon as the machine has had the time to let everybody run.
const MOST: usize = 1_000 * 4 * SHARE;
const TIME: Duration = Duration::from_secs(10);

/// How many each has had, the threads first.
type Shares = Arc<[AtomicUsize; 4]>;

/// Whether there is more to come: until all have had their share, or have had the time for it.
fn goes_on(shares: &Shares, went_through: usize, start: Instant) -> bool {
    !all_have_theirs(shares) && (went_through < MOST || start.elapsed() < TIME)
}

fn all_have_theirs(shares: &Shares) -> bool {
    let mut shares = shares.iter();
    shares.all(|share| share.load(Ordering::Relaxed) >= SHARE)
}

fn count(shares: &Shares, own: usize) {
    shares[own].fetch_add(1, Ordering::Relaxed);
}

/// Two threads and two tasks take what a thread puts until each has had its share.
fn getters<Q>(queue: Q) -> Shares
where
    Q: AnyQueue<Item = usize> + Send + Sync + 'static,
{
    let (queue, shares) = (Arc::new(queue), Shares::default());
    thread::scope(|scope| {
        let (queue, shares) = (&queue, &shares);
        for own in 0..2 {
            scope.spawn(move || queue.iter().for_each(|_| count(shares, own)));
        }
        scope.spawn(|| {
            let (mut number, start) = (0, Instant::now());
            while goes_on(shares, number, start) {
                queue.put(number).unwrap();
                number += 1;
            }
            queue.shutdown();
        });
        run(async {
            let tasks = [2, 3].map(|own| {
                let (queue, shares) = (Arc::clone(queue), Arc::clone(shares));
                tokio::spawn(async move {
                    while queue.get_async().await.is_ok() {
                        count(&shares, own);
                    }
                })
            });
            for task in tasks {
                task.await.unwrap();
            }
        });
    });
    shares
}

/// The same the other way round.
fn putters<Q>(queue: Q) -> Shares
where
    Q: AnyQueue<Item = usize> + Send + Sync + 'static,
{
    let (queue, shares) = (Arc::new(queue), Shares::default());
    thread::scope(|scope| {
        let (queue, shares) = (&queue, &shares);
        for own in 0..2 {
            scope.spawn(move || {
                while queue.put(own).is_ok() {
                    count(shares, own);
                }
            });
        }
        scope.spawn(|| {
            let (mut number, start) = (0, Instant::now());
            while goes_on(shares, number, start) {
                queue.get().unwrap();
                number += 1;
            }
            queue.shutdown_now();
        });
        run(async {
            let tasks = [2, 3].map(|own| {
                let (queue, shares) = (Arc::clone(queue), Arc::clone(shares));
                tokio::spawn(async move {
                    while queue.put_async(own).await.is_ok() {
                        count(&shares, own);
                    }
                })
            });
            for task in tasks {
                task.await.unwrap();
            }
        });
    });
    shares
}

#[test]
fn threads_and_tasks_both_get_their_share() {
    let ways: [(&str, Shares); 4] = [
        ("getting from a simple queue", getters(SimpleQueue::new(16))),
        ("getting from a counting queue", getters(Queue::fifo(16))),
        ("putting into a simple queue", putters(SimpleQueue::new(16))),
        ("putting into a counting queue", putters(Queue::fifo(16))),
    ];
    for (what, shares) in ways {
        assert!(all_have_theirs(&shares), "{what}: {shares:?}");
    }
}

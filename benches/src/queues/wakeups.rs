//! How many threads an item wakes, where many wait: as the system counts who goes to sleep again.

use std::fs;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use nix::unistd::gettid;

use super::Contestant;

/// How many threads wait.
const WAITING: usize = 64;

/// Items, each put when the one before has been taken.
const ITEMS: u64 = 500;

/// Ends a thread.
const END: u64 = u64::MAX;

/// Prints a row for each.
pub fn measure(contestants: &[Contestant]) -> io::Result<()> {
    println!();
    let title = format!("wake-ups an item, {WAITING} threads that wait");
    println!("{title:<44}{:>9}", "of all");
    for contestant in contestants.iter().filter(|other| other.getters >= WAITING) {
        let woken = wake_ups(contestant)?;
        println!(
            "{:<44}{:>9.2}",
            contestant.name,
            woken as f64 / ITEMS as f64
        );
    }
    Ok(())
}

fn wake_ups(contestant: &Contestant) -> io::Result<u64> {
    let queue = (contestant.make)();
    let (queue, taken) = (queue.as_ref(), AtomicU64::new(0));
    let (sender, numbers) = std::sync::mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..WAITING {
            let (sender, taken) = (sender.clone(), &taken);
            scope.spawn(move || {
                sender.send(gettid()).expect("somebody counts");
                while queue.get() != END {
                    taken.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        let threads: Vec<_> = numbers.iter().take(WAITING).collect();
        let sleeps = || -> io::Result<u64> {
            let counts = threads.iter().map(|thread| sleeps(thread.as_raw()));
            counts.sum()
        };
        let still = || -> io::Result<u64> {
            let (mut before, mut now) = (None, Some(sleeps()?));
            while before != now {
                thread::sleep(std::time::Duration::from_millis(20));
                before = now.replace(sleeps()?);
            }
            Ok(now.unwrap_or_default())
        };
        let before = still();
        for item in 0..ITEMS {
            queue.put(item);
            while taken.load(Ordering::SeqCst) <= item {
                thread::yield_now();
            }
        }
        let after = still();
        (0..WAITING).for_each(|_| queue.put(END));
        Ok(after? - before?)
    })
}

/// How often a thread of this program has gone to sleep.
fn sleeps(thread: i32) -> io::Result<u64> {
    let status = fs::read_to_string(format!("/proc/self/task/{thread}/status"))?;
    let mut lines = status.lines();
    let count = lines.find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    let count = count.and_then(|count| count.trim().parse().ok());
    count.ok_or_else(|| io::Error::other("the system does not count switches of threads"))
}

//! What handing an item from thread to thread costs, and what a permit costs.

mod counted;
mod fifo;
mod permits;
mod python;
mod wakeups;

use std::io;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use crate::timestamp::statistics::Quartiles;

/// How many threads put, and as many get.
const THREADS: [usize; 3] = [1, 4, 8];

/// Room for so many items, where there is a limit.
const LIMIT: usize = 256;

/// How much is done, and how often.
#[derive(Clone, Copy)]
struct Effort {
    items: u64,
    rounds: usize,
}

impl Effort {
    /// A plain queue is so quick that a round would be over before the two sides have met in each of the ways in
    /// which they do.
    fn of_plain(self) -> Self {
        Effort {
            items: 5 * self.items,
            rounds: 2 * self.rounds + 1,
        }
    }
}

/// Measures every queue in turn, round after round.
pub fn measure(quick: bool) -> io::Result<()> {
    let effort = match quick {
        true => Effort {
            items: 40_000,
            rounds: 3,
        },
        false => Effort {
            items: 400_000,
            rounds: 9,
        },
    };
    println!(
        "ns an item, median of {} rounds of {} items; threads that put x threads that get",
        effort.rounds, effort.items
    );
    let plain = effort.of_plain();
    println!("plain ones: {} rounds of {}", plain.rounds, plain.items);
    heading("plain FIFO, no limit");
    fifo::unlimited(plain);
    heading(&format!("plain FIFO, room for {LIMIT}"));
    fifo::limited(plain);
    heading(&format!("with task_done and join, room for {LIMIT}"));
    counted::measure(effort);
    permits::measure(effort);
    let mut waiting = Vec::from(fifo::without_limit());
    waiting.extend(counted::contestants());
    wakeups::measure(&waiting)?;
    python::measure(effort)
}

fn heading(title: &str) {
    println!();
    println!("{title:<44}{:>9}{:>9}{:>9}", "1x1", "4x4", "8x8");
}

/// A queue to be measured.
trait Handover: Sync {
    fn put(&self, item: u64);
    fn get(&self) -> u64;
}

/// A queue to be measured, and how one is made.
struct Contestant {
    name: &'static str,
    make: fn() -> Box<dyn Handover>,
    /// The most threads that may get.
    getters: usize,
}

/// A contestant of a type.
fn contestant<Q: Handover + Default + 'static>(name: &'static str) -> Contestant {
    Contestant {
        name,
        make: || Box::new(Q::default()),
        getters: usize::MAX,
    }
}

/// Prints a row for each, having measured all of them in turn in each round, so that what else the machine
/// does falls on all.
fn compare(contestants: &[Contestant], effort: Effort) {
    let mut samples = vec![[const { Vec::new() }; THREADS.len()]; contestants.len()];
    for _ in 0..effort.rounds {
        for (column, threads) in THREADS.into_iter().enumerate() {
            for (row, contestant) in contestants.iter().enumerate() {
                if threads <= contestant.getters {
                    let took = hand_over((contestant.make)().as_ref(), threads, effort.items);
                    samples[row][column].push(took.as_nanos() as f64 / effort.items as f64);
                }
            }
        }
    }
    for (contestant, row) in contestants.iter().zip(samples) {
        print!("{:<44}", contestant.name);
        for cell in row {
            match cell.is_empty() {
                true => print!("{:>9}", "-"),
                false => print!("{:>9.0}", Quartiles::of(cell).median),
            }
        }
        println!();
    }
}

/// Hands the items over by so many threads on each side, and checks that they are all there. The time is that
/// from the first thread's start to the last one's end, by their own clocks: where there are more threads than
/// processors, whoever starts them may be the last to run.
fn hand_over(queue: &dyn Handover, threads: usize, items: u64) -> Duration {
    let share = items / threads as u64;
    let start = Barrier::new(2 * threads);
    let start = &start;
    let ends = thread::scope(|scope| {
        let sides = (0..threads).flat_map(|_| {
            let get = move || (0..share).map(|_| queue.get()).sum::<u64>();
            let put = move || {
                (0..share).for_each(|item| queue.put(item));
                0_u64
            };
            let getter = scope.spawn(move || End::of(start, get));
            let putter = scope.spawn(move || End::of(start, put));
            [getter, putter]
        });
        let sides: Vec<_> = sides.collect();
        let ends = sides.into_iter().map(|side| side.join());
        let ends = ends.map(|end| end.expect("it does not panic"));
        ends.collect::<Vec<End>>()
    });
    let sum: u64 = ends.iter().map(|end| end.sum).sum();
    assert_eq!(sum, threads as u64 * (0..share).sum::<u64>());
    let began = ends.iter().map(|end| end.began).min();
    let ended = ends.iter().map(|end| end.ended).max();
    ended
        .zip(began)
        .map_or(Duration::ZERO, |(ended, began)| ended - began)
}

/// What a thread has done, and when.
struct End {
    began: Instant,
    ended: Instant,
    /// Of what it got.
    sum: u64,
}

impl End {
    fn of(start: &Barrier, work: impl FnOnce() -> u64) -> Self {
        start.wait();
        let began = Instant::now();
        let sum = work();
        End {
            began,
            ended: Instant::now(),
            sum,
        }
    }
}

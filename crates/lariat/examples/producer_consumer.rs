//! A producer and a consumer over a queue of 32.
//!
//! `cargo run -p lariat --example producer_consumer`. It teaches how a queue slows down whoever is quicker,
//! how the producer waits until all its items are done, and how a shutdown ends the consumer's loop.

use std::thread;
use std::time::Duration;

use lariat::sync::{PutError, Queue};

const ROOM: usize = 32;
const ITEMS: u32 = 60;

/// Puts its items into the queue, which makes it wait while there is no room.
fn produce(queue: &Queue<u32>) -> Result<(), PutError<u32>> {
    for item in 1..=ITEMS {
        queue.put(item)?;
        println!("item {item} produced, {} in the queue", queue.len());
    }
    Ok(())
}

/// Takes items until the queue is shut down and empty.
fn consume(queue: &Queue<u32>) {
    for item in queue {
        // It is slower than the producer.
        thread::sleep(Duration::from_millis(fastrand::u64(0..4)));
        println!("item {item} consumed, {} in the queue", queue.len());
        queue.task_done().expect("once for each item that was put");
    }
    println!("the consumer ends");
}

fn main() -> Result<(), PutError<u32>> {
    let queue = Queue::fifo(ROOM);
    thread::scope(|scope| {
        scope.spawn(|| consume(&queue));
        let produced = produce(&queue);
        queue.join();
        println!("all {ITEMS} are done");
        queue.shutdown();
        produced
    })
}

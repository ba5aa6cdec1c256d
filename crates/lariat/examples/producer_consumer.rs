//! A producer and a consumer over a queue of 32.
//!
//! `cargo run -p lariat --example producer_consumer`. It teaches how a queue slows down whoever is quicker,
//! how the producer waits until all its items are done, and how its end ends the consumer's loop: also an end by a
//! panic, since each side holds an end of the queue that shuts it down when it is dropped. Say `producer` or
//! `consumer` behind it to see that one panic, and the other end.

use std::thread;
use std::time::Duration;

use lariat::sync::{Consumer, Producer, PutError, Queue};

const ROOM: usize = 32;
const ITEMS: u32 = 60;

/// Puts its items into the queue, which makes it wait while there is no room.
fn produce(queue: &Queue<u32>, dies: bool) -> Result<(), PutError<u32>> {
    for item in 1..=ITEMS {
        assert!(!dies || item < 20, "the producer dies");
        queue.put(item)?;
        println!("item {item} produced, {} in the queue", queue.len());
    }
    Ok(())
}

/// Takes items until the queue is shut down and empty. Each is done when its task is dropped.
fn consume(queue: &Queue<u32>, dies: bool) {
    for item in queue.tasks() {
        assert!(!dies || *item < 20, "the consumer dies");
        // It is slower than the producer.
        thread::sleep(Duration::from_millis(fastrand::u64(0..4)));
        println!("item {} consumed, {} in the queue", *item, queue.len());
    }
    println!("the consumer ends");
}

fn main() -> Result<(), PutError<u32>> {
    let who_dies = std::env::args().nth(1).unwrap_or_default();
    let queue = Queue::fifo(ROOM);
    thread::scope(|scope| {
        let (producer, consumer) = (Producer::new(&queue), Consumer::new(&queue));
        let dies = who_dies == "consumer";
        scope.spawn(move || consume(&consumer, dies));
        produce(&producer, who_dies == "producer")?;
        queue.join();
        println!("all {ITEMS} are done");
        Ok(())
    })
}

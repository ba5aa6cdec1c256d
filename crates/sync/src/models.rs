//! What waits, in every order in which threads can meet (or in every one with at most so many
//! forced switches, where there are too many).
//!
//! `cargo test -p lariat-sync --features loom --lib models` runs them. A model that waits for what never comes
//! ends as a deadlock, which loom reports with the order that leads there.

#![allow(clippy::unwrap_used)]

use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use loom::model::Builder;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

use crate::queue::GetError;
use crate::waiting::{Line, Patience, Place, block_on};
use crate::{
    Barrier, Condition, Countdown, Event, Holder, Latch, Queue, ReentrantLock, Semaphore,
    SimpleQueue,
};

/// Runs every order with at most so many switches that no thread asked for.
fn model(switches: usize, run: impl Fn() + Sync + Send + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(switches);
    builder.check(run);
}

fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// Takes one from a number that no lock guards, waiting in a line for it. The number is read and written
/// with the least order there is, so that only the line's own fences can keep a wake-up from being
/// lost.
struct Take<'a> {
    line: &'a Line,
    number: &'a AtomicUsize,
    place: Place,
}

impl<'a> Take<'a> {
    fn new(line: &'a Line, number: &'a AtomicUsize) -> Self {
        Take {
            line,
            number,
            place: Place::default(),
        }
    }
}

impl Future for Take<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Take {
            line,
            number,
            place,
        } = &mut *self;
        let attempt = || {
            let less = |number: usize| number.checked_sub(1);
            match number.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less) {
                Ok(_) => Poll::Ready(()),
                Err(_) => Poll::Pending,
            }
        };
        let is_more = || number.load(Ordering::Relaxed) > 0;
        line.poll(place, context, Patience::none(), attempt, is_more)
    }
}

impl Drop for Take<'_> {
    fn drop(&mut self) {
        let Take { line, number, .. } = *self;
        line.give_up(&mut self.place, || number.load(Ordering::Relaxed) > 0);
    }
}

fn line_and_number() -> Arc<(Line, AtomicUsize)> {
    Arc::new((Line::new(), AtomicUsize::new(0)))
}

fn add(shared: &(Line, AtomicUsize)) {
    shared.1.fetch_add(1, Ordering::Relaxed);
    shared.0.notify_one();
}

#[test]
fn a_line_loses_no_wake_up() {
    model(5, || {
        let shared = line_and_number();
        let other = Arc::clone(&shared);
        let taker = thread::spawn(move || block_on(Take::new(&other.0, &other.1)));
        add(&shared);
        taker.join().unwrap();
    });
}

#[test]
fn a_line_of_two_loses_no_wake_up() {
    model(3, || {
        let shared = line_and_number();
        let takers = [(); 2].map(|()| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || block_on(Take::new(&shared.0, &shared.1)))
        });
        add(&shared);
        add(&shared);
        takers.into_iter().for_each(|taker| taker.join().unwrap());
    });
}

#[test]
fn a_wait_in_a_line_that_is_given_up_is_passed_on() {
    model(4, || {
        let shared = line_and_number();
        let (first, second) = (Arc::clone(&shared), Arc::clone(&shared));
        let giver_up = thread::spawn(move || {
            let mut take = Take::new(&first.0, &first.1);
            if poll_once(&mut take).is_ready() {
                add(&first);
            }
        });
        let taker = thread::spawn(move || block_on(Take::new(&second.0, &second.1)));
        add(&shared);
        giver_up.join().unwrap();
        taker.join().unwrap();
    });
}

#[test]
fn a_queue_hands_over_every_item() {
    model(4, || {
        let queue = Arc::new(Queue::fifo(1));
        let other = Arc::clone(&queue);
        let producer = thread::spawn(move || {
            other.put(1).unwrap();
            other.put(2).unwrap();
        });
        assert_eq!(queue.get(), Ok(1));
        assert_eq!(queue.get(), Ok(2));
        producer.join().unwrap();
    });
}

#[test]
fn a_queue_of_two_consumers_hands_over_every_item() {
    model(4, || {
        let queue = Arc::new(Queue::fifo(None));
        let consumers = [(); 2].map(|()| {
            let queue = Arc::clone(&queue);
            thread::spawn(move || queue.get().unwrap())
        });
        queue.put(1).unwrap();
        queue.put(2).unwrap();
        let sum: i32 = consumers
            .map(|consumer| consumer.join().unwrap())
            .iter()
            .sum();
        assert_eq!(sum, 3);
    });
}

/// The items of a plain queue are not in loom's hands, so that each of its steps is one here: what is shown is
/// that between them nobody is forgotten.
#[test]
fn a_plain_queue_forgets_nobody_who_waits_for_an_item_or_for_room() {
    for limit in [1, 2] {
        model(4, move || {
            let queue = Arc::new(SimpleQueue::new(limit));
            let other = Arc::clone(&queue);
            let producer = thread::spawn(move || {
                (1..=3).for_each(|number| other.put(number).unwrap());
            });
            assert_eq!([(); 3].map(|()| queue.get()), [Ok(1), Ok(2), Ok(3)]);
            producer.join().unwrap();
        });
    }
}

#[test]
fn a_shutdown_of_a_plain_queue_reaches_who_waits_and_who_comes() {
    model(5, || {
        let queue = Arc::new(SimpleQueue::new(1));
        let other = Arc::clone(&queue);
        let producer = thread::spawn(move || (1..=2).take_while(|n| other.put(*n).is_ok()).count());
        let other = Arc::clone(&queue);
        let consumer = thread::spawn(move || other.iter().count());
        queue.shutdown();
        assert_eq!(producer.join().unwrap(), consumer.join().unwrap());
    });
}

#[test]
fn a_shutdown_reaches_who_waits_and_who_comes() {
    model(5, || {
        let queue = Arc::new(Queue::<u8>::fifo(None));
        let other = Arc::clone(&queue);
        let consumer = thread::spawn(move || other.get());
        queue.shutdown();
        assert_eq!(consumer.join().unwrap(), Err(GetError::ShutDown));
    });
}

#[test]
fn a_get_whose_time_is_over_loses_no_item() {
    model(4, || {
        let queue = Arc::new(Queue::fifo(None));
        let (hasty, patient) = (Arc::clone(&queue), Arc::clone(&queue));
        // Loom has no clock: the time is over at once, so this looks twice and is gone.
        let hasty = thread::spawn(move || hasty.get_timeout(Duration::ZERO).is_ok());
        let patient = thread::spawn(move || patient.get().is_ok());
        queue.put(1).unwrap();
        if hasty.join().unwrap() {
            queue.put(2).unwrap();
        }
        assert!(patient.join().unwrap());
    });
}

#[test]
fn a_join_sees_the_last_task_done() {
    model(5, || {
        let queue = Arc::new(Queue::fifo(None));
        queue.put(1).unwrap();
        let other = Arc::clone(&queue);
        let consumer = thread::spawn(move || other.task_done().unwrap());
        queue.join();
        consumer.join().unwrap();
    });
}

#[test]
fn a_semaphore_lets_in_no_more_than_it_has() {
    model(4, || {
        let semaphore = Arc::new(Semaphore::new(1));
        let inside = Arc::new(AtomicUsize::new(0));
        let enter = |semaphore: &Semaphore, inside: &AtomicUsize| {
            let permit = semaphore.acquire();
            assert_eq!(inside.fetch_add(1, Ordering::Relaxed), 0);
            inside.fetch_sub(1, Ordering::Relaxed);
            drop(permit);
        };
        let threads = [(); 2].map(|()| {
            let (semaphore, inside) = (Arc::clone(&semaphore), Arc::clone(&inside));
            thread::spawn(move || enter(&semaphore, &inside))
        });
        enter(&semaphore, &inside);
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        assert_eq!(semaphore.available(), 1);
    });
}

#[test]
fn a_permit_that_nobody_takes_any_more_goes_to_the_next() {
    model(4, || {
        let semaphore = Arc::new(Semaphore::new(0));
        let (first, second) = (Arc::clone(&semaphore), Arc::clone(&semaphore));
        let giver_up = thread::spawn(move || {
            let mut acquire = first.acquire_many_async(2);
            let _ = poll_once(&mut acquire);
        });
        let patient = thread::spawn(move || second.acquire().forget());
        semaphore.release(1).unwrap();
        semaphore.release(1).unwrap();
        giver_up.join().unwrap();
        patient.join().unwrap();
        assert_eq!((semaphore.available(), semaphore.waiting()), (1, 0));
    });
}

#[test]
fn an_event_that_is_set_and_cleared_lets_everybody_pass_who_waited() {
    model(5, || {
        let event = Arc::new(Event::new());
        let waits = Arc::new(Event::new());
        let (other, tells) = (Arc::clone(&event), Arc::clone(&waits));
        let waiter = thread::spawn(move || {
            let mut wait = other.wait_async();
            assert!(poll_once(&mut wait).is_pending());
            tells.set();
            block_on(wait);
        });
        waits.wait();
        event.set();
        event.clear();
        waiter.join().unwrap();
    });
}

#[test]
fn a_latch_and_a_countdown_open_for_whoever_waits() {
    model(4, || {
        let gates = Arc::new((Latch::new(), Countdown::new(2)));
        let threads = [(); 2].map(|()| {
            let gates = Arc::clone(&gates);
            thread::spawn(move || {
                gates.1.count_down().unwrap();
                gates.0.wait();
            })
        });
        gates.1.wait();
        assert!(gates.0.open());
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
    });
}

#[test]
fn a_barrier_lets_all_go_on_in_each_round() {
    model(4, || {
        let barrier = Arc::new(Barrier::new(2));
        let other = Arc::clone(&barrier);
        let thread = thread::spawn(move || [other.wait().unwrap(), other.wait().unwrap()]);
        let here = [barrier.wait().unwrap(), barrier.wait().unwrap()];
        let there = thread.join().unwrap();
        assert_eq!([here[0] + there[0], here[1] + there[1]], [1, 1]);
    });
}

#[test]
fn who_gives_up_at_a_barrier_breaks_it_for_all_or_for_none() {
    model(5, || {
        let barrier = Arc::new(Barrier::new(2));
        let other = Arc::clone(&barrier);
        let hasty = thread::spawn(move || {
            // Loom has no clock: the time is over at once.
            other.wait_timeout(Duration::ZERO)
        });
        let here = barrier.wait();
        assert_eq!(here.is_ok(), hasty.join().unwrap().is_ok());
        assert_eq!(here.is_err(), barrier.is_broken());
    });
}

#[test]
fn a_reentrant_lock_has_one_holder() {
    model(4, || {
        let lock = Arc::new(ReentrantLock::new());
        let inside = Arc::new(AtomicUsize::new(0));
        let enter = |lock: &ReentrantLock, inside: &AtomicUsize| {
            let me = Holder::new();
            let outer = block_on(lock.lock_async(me));
            let inner = block_on(lock.lock_async(me));
            assert_eq!(inside.fetch_add(1, Ordering::Relaxed), 0);
            inside.fetch_sub(1, Ordering::Relaxed);
            drop(outer);
            drop(inner);
        };
        let (other, counted) = (Arc::clone(&lock), Arc::clone(&inside));
        let thread = thread::spawn(move || enter(&other, &counted));
        enter(&lock, &inside);
        thread.join().unwrap();
        assert!(!lock.is_locked());
    });
}

#[test]
fn a_condition_misses_no_change_that_was_made_under_the_lock() {
    model(4, || {
        let shared = Arc::new((ReentrantLock::new(), Condition::new(), AtomicUsize::new(0)));
        let other = Arc::clone(&shared);
        let waiter = thread::spawn(move || {
            let (lock, changed, value) = &*other;
            let mut guard = block_on(lock.lock_async(Holder::new()));
            while value.load(Ordering::Relaxed) == 0 {
                guard = changed.wait(guard);
            }
        });
        let (lock, changed, value) = &*shared;
        let guard = block_on(lock.lock_async(Holder::new()));
        value.store(1, Ordering::Relaxed);
        changed.notify_one();
        drop(guard);
        waiter.join().unwrap();
    });
}

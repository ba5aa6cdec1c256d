//! What is not done yet, and the end of a queue.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crate::common::{LONG, SHORT, poll_once, run, until};
use lariat_sync::{DoneTooOften, GetError, PutError, Queue, SimpleQueue};

#[test]
fn join_waits_until_all_is_done() {
    let queue = Queue::fifo(None);
    queue.join(); // nothing was put, nothing is awaited
    let done = AtomicUsize::new(0);
    thread::scope(|scope| {
        (0..100).for_each(|number| queue.put(number).unwrap());
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in &queue {
                    done.fetch_add(1, Ordering::SeqCst);
                    queue.task_done().unwrap();
                }
            });
        }
        queue.join();
        assert_eq!(done.load(Ordering::SeqCst), 100);
        queue.shutdown();
    });
}

#[test]
fn join_counts_what_was_taken_and_is_not_done() {
    let queue = Queue::fifo(None);
    queue.put(1).unwrap();
    queue.get().unwrap();
    assert_eq!((queue.len(), queue.unfinished()), (0, 1));
    assert!(!queue.join_timeout(SHORT));
    queue.task_done().unwrap();
    assert!(queue.join_timeout(LONG));
}

#[test]
fn task_done_too_often_is_an_error() {
    let queue = Queue::fifo(None);
    assert_eq!(queue.task_done(), Err(DoneTooOften));
    queue.put(1).unwrap();
    queue.task_done().unwrap();
    assert_eq!(queue.task_done(), Err(DoneTooOften));
    assert_eq!(queue.unfinished(), 0);
}

#[test]
fn shut_down_it_takes_nothing_and_gives_what_it_has() {
    let queue = Queue::fifo(None);
    queue.put(1).unwrap();
    queue.shutdown();
    assert!(queue.is_shut_down());
    assert_eq!(queue.put(2), Err(PutError::ShutDown(2)));
    assert_eq!(queue.try_put(2), Err(PutError::ShutDown(2)));
    assert_eq!(queue.put_timeout(2, LONG), Err(PutError::ShutDown(2)));
    assert_eq!(queue.get(), Ok(1));
    assert_eq!(queue.get(), Err(GetError::ShutDown));
    assert_eq!(queue.try_get(), Err(GetError::ShutDown));
    assert_eq!(queue.get_timeout(LONG), Err(GetError::ShutDown));
    assert!(!queue.join_timeout(SHORT), "what was got is not done");
    queue.task_done().unwrap();
    queue.join();
}

/// Two put until they are refused, and two get until they are told of the end, which comes at once or a little later.
#[test]
fn what_meets_the_end_is_got_or_handed_back_to_who_put_it() {
    for round in 0..300 {
        let queue = SimpleQueue::new([None, Some(1), Some(2), Some(256)][round % 4]);
        let (put, got) = thread::scope(|scope| {
            let putters = [0, 1].map(|putter| {
                let queue = &queue;
                scope.spawn(move || {
                    let refused = (0_usize..).find_map(|number| {
                        let back = queue.put((putter, number)).err()?;
                        assert_eq!(back, PutError::ShutDown((putter, number)));
                        Some(number)
                    });
                    refused.unwrap()
                })
            });
            let getters = [(); 2].map(|()| scope.spawn(|| queue.iter().count()));
            (0..round % 5).for_each(|_| thread::sleep(Duration::from_micros(50)));
            queue.shutdown();
            let put: usize = putters.map(|putter| putter.join().unwrap()).iter().sum();
            let got: usize = getters.map(|getter| getter.join().unwrap()).iter().sum();
            (put, got)
        });
        assert_eq!((got, queue.len()), (put, 0));
    }
}

#[test]
fn shut_down_now_it_gives_nothing_any_more_and_join_goes_on() {
    let queue = Queue::lifo(None);
    (1..=3).for_each(|number| queue.put(number).unwrap());
    queue.get().unwrap();
    thread::scope(|scope| {
        let join = scope.spawn(|| queue.join());
        assert_eq!(queue.shutdown_now(), [2, 1], "in its order");
        assert_eq!(queue.unfinished(), 1, "what was taken is still to be done");
        assert_eq!(queue.get(), Err(GetError::ShutDown));
        queue.task_done().unwrap();
        join.join().unwrap();
    });
    let queue = Queue::fifo(None);
    queue.put(1).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| queue.join());
        queue.shutdown_now();
    });
}

#[test]
fn a_shutdown_tells_a_thousand_who_wait() {
    let queue = Queue::<u8>::fifo(1);
    let simple = SimpleQueue::<u8>::new(1);
    queue.put(0).unwrap();
    simple.put(0).unwrap();
    let getting = (Queue::<u8>::fifo(None), SimpleQueue::<u8>::new(None));
    thread::scope(|scope| {
        let thread = || thread::Builder::new().stack_size(64 << 10);
        for _ in 0..125 {
            thread()
                .spawn_scoped(scope, || {
                    assert_eq!(queue.put(1), Err(PutError::ShutDown(1)))
                })
                .unwrap();
            thread()
                .spawn_scoped(scope, || {
                    assert_eq!(simple.put(1), Err(PutError::ShutDown(1)))
                })
                .unwrap();
            thread()
                .spawn_scoped(scope, || {
                    assert_eq!(getting.0.get(), Err(GetError::ShutDown))
                })
                .unwrap();
            thread()
                .spawn_scoped(scope, || {
                    assert_eq!(getting.1.get(), Err(GetError::ShutDown))
                })
                .unwrap();
        }
        run(async {
            let mut tasks = Vec::new();
            for _ in 0..125 {
                tasks.push((
                    queue.put_async(1),
                    simple.put_async(1),
                    getting.0.get_async(),
                    getting.1.get_async(),
                ));
            }
            for (put, simple_put, get, simple_get) in &mut tasks {
                assert!(poll_once(put).is_pending() && poll_once(simple_put).is_pending());
                assert!(poll_once(get).is_pending() && poll_once(simple_get).is_pending());
            }
            until("all thousand wait", || {
                let putting = queue.waiting_to_put() + simple.waiting_to_put();
                let getting = getting.0.waiting_to_get() + getting.1.waiting_to_get();
                putting + getting == 1_000
            });
            queue.shutdown();
            simple.shutdown();
            getting.0.shutdown_now();
            getting.1.shutdown_now();
            for (put, simple_put, get, simple_get) in tasks {
                assert_eq!(put.await, Err(PutError::ShutDown(1)));
                assert_eq!(simple_put.await, Err(PutError::ShutDown(1)));
                assert_eq!(get.await, Err(GetError::ShutDown));
                assert_eq!(simple_get.await, Err(GetError::ShutDown));
            }
        });
    });
    assert_eq!((queue.get(), simple.get()), (Ok(0), Ok(0)));
}

#[test]
fn a_task_goes_through_a_queue_until_it_is_shut_down() {
    let queue = Queue::fifo(2);
    let (mut items, mut got) = (queue.iter(), Vec::new());
    thread::scope(|scope| {
        scope.spawn(|| {
            (0..5).for_each(|number| queue.put(number).unwrap());
            queue.shutdown();
        });
        run(async {
            while let Some(number) = items.next_async().await {
                got.push(number);
            }
        });
    });
    assert_eq!(got, [0, 1, 2, 3, 4]);
}

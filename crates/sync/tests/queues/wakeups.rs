//! Who is woken, in whose stead, and that nobody is for nothing.

use std::task::Poll;

use crate::common::{Woken, poll, poll_once};
use lariat_sync::{Queue, SimpleQueue};

#[test]
fn an_item_wakes_one_and_no_herd() {
    let queue = SimpleQueue::new(None);
    let counted = Queue::fifo(None);
    let (woken, waker) = Woken::new();
    let mut waiting: Vec<_> = (0..1_000)
        .map(|_| (queue.get_async(), counted.get_async()))
        .collect();
    for (simple, get) in &mut waiting {
        assert!(poll(simple, &waker).is_pending() && poll(get, &waker).is_pending());
    }
    for items in 1..=10 {
        queue.put(items).unwrap();
        counted.put(items).unwrap();
        assert_eq!(woken.count(), 2 * items);
    }
    // Those who were woken are those who came first.
    for (simple, get) in &mut waiting[..10] {
        assert!(poll(simple, &waker).is_ready() && poll(get, &waker).is_ready());
    }
    assert_eq!(woken.count(), 20, "nobody was woken for nothing");
}

#[test]
fn room_wakes_one_and_no_herd() {
    let queue = SimpleQueue::new(1);
    queue.put(0).unwrap();
    let (woken, waker) = Woken::new();
    let mut waiting: Vec<_> = (0..1_000).map(|number| queue.put_async(number)).collect();
    waiting
        .iter_mut()
        .for_each(|put| assert!(poll(put, &waker).is_pending()));
    for (number, put) in waiting[..10].iter_mut().enumerate() {
        queue.get().unwrap();
        assert_eq!(woken.count(), number + 1);
        assert!(poll(put, &waker).is_ready());
    }
}

#[test]
fn a_woken_future_that_is_dropped_passes_the_item_on() {
    let queue = Queue::fifo(None);
    let (woken, waker) = Woken::new();
    let mut first = queue.get_async();
    let mut second = queue.get_async();
    assert!(poll_once(&mut first).is_pending());
    assert!(poll(&mut second, &waker).is_pending());
    queue.put("item").unwrap();
    assert_eq!(woken.count(), 0, "the first was woken");
    drop(first);
    assert_eq!(woken.count(), 1, "and could not come");
    assert_eq!(poll(&mut second, &waker), Poll::Ready(Ok("item")));
}

#[test]
fn a_woken_put_that_is_dropped_passes_the_room_on() {
    let queue = Queue::fifo(1);
    queue.put(0).unwrap();
    let (woken, waker) = Woken::new();
    let mut first = queue.put_async(1);
    let mut second = queue.put_async(2);
    assert!(poll_once(&mut first).is_pending());
    assert!(poll(&mut second, &waker).is_pending());
    queue.get().unwrap();
    assert_eq!(first.into_item(), Some(1));
    assert_eq!(woken.count(), 1);
    assert_eq!(poll(&mut second, &waker), Poll::Ready(Ok(())));
    assert_eq!(queue.get(), Ok(2));
}

#[test]
fn who_was_woken_for_nothing_keeps_its_place() {
    let queue = Queue::fifo(None);
    let (first_woken, first_waker) = Woken::new();
    let (second_woken, second_waker) = Woken::new();
    let mut first = queue.get_async();
    let mut second = queue.get_async();
    assert!(poll(&mut first, &first_waker).is_pending());
    assert!(poll(&mut second, &second_waker).is_pending());
    queue.put(1).unwrap();
    assert_eq!(queue.try_get(), Ok(1), "somebody is quicker");
    assert!(poll(&mut first, &first_waker).is_pending());
    queue.put(2).unwrap();
    assert_eq!((first_woken.count(), second_woken.count()), (2, 0));
}

#[test]
fn a_future_woken_by_another_runtime_uses_its_last_waker() {
    let queue = Queue::fifo(None);
    let (old, old_waker) = Woken::new();
    let (new, new_waker) = Woken::new();
    let mut get = queue.get_async();
    assert!(poll(&mut get, &old_waker).is_pending());
    assert!(poll(&mut get, &new_waker).is_pending());
    queue.put(1).unwrap();
    assert_eq!((old.count(), new.count()), (0, 1));
}

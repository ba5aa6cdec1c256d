//! What the tests of waiting share: wakers that count, and waiting for what must come.

#![allow(dead_code, reason = "each test program uses a part of it")]
#![allow(clippy::unwrap_used)]

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

use lariat_sync::executor::{TaskFuture, ThreadPool};

/// Longer than anything may take that should take no time.
pub const LONG: Duration = Duration::from_secs(60);

/// A time-out that is to run out.
pub const SHORT: Duration = Duration::from_millis(5);

/// Counts how often it was woken.
#[derive(Default)]
pub struct Woken(AtomicUsize);

impl Woken {
    pub fn new() -> (Arc<Self>, Waker) {
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        (woken, waker)
    }

    pub fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Polls once, as a runtime does.
pub fn poll<F: Future + Unpin>(future: &mut F, waker: &Waker) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(waker))
}

/// Polls once without caring for wake-ups.
pub fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    poll(future, Waker::noop())
}

/// Waits until something is so that others are about to bring about.
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < LONG, "waited too long until {what}");
        thread::sleep(Duration::from_micros(200));
    }
}

/// Runs an async test in a runtime of its own.
pub fn run<F: Future>(future: F) -> F::Output {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).enable_time().build();
    runtime.expect("there is a runtime").block_on(future)
}

/// A task that runs until it is let go, and has begun when this comes back.
pub fn held(pool: &ThreadPool) -> (Sender<()>, TaskFuture<()>) {
    let (go, wait) = channel::<()>();
    let (begun, begins) = channel();
    let future = pool.submit(move || {
        begun.send(()).unwrap();
        let _ = wait.recv();
    });
    begins.recv_timeout(LONG).unwrap();
    (go, future.unwrap())
}

pub fn one_thread() -> ThreadPool {
    ThreadPool::new(1).unwrap()
}

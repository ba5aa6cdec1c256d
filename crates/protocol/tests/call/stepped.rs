//! Tasks on a clock that is moved by hand: each step looks at all of them.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use lariat_protocol::call::Tasks;

type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Runs what is spawned, one step at a time.
#[derive(Clone, Default)]
pub struct Stepped(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    now: Duration,
    next: u64,
    tasks: Vec<(u64, Running)>,
    dropped: Vec<u64>,
}

impl Stepped {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("nobody panics with it")
    }

    /// Moves the clock.
    pub fn advance(&self, by: Duration) {
        self.state().now += by;
    }

    /// Looks at every task once.
    pub fn step(&self) {
        let tasks = std::mem::take(&mut self.state().tasks);
        for (number, mut task) in tasks {
            if self.state().dropped.contains(&number) {
                continue;
            }
            let mut context = Context::from_waker(Waker::noop());
            if task.as_mut().poll(&mut context).is_pending() {
                self.state().tasks.push((number, task));
            }
        }
        let dropped = std::mem::take(&mut self.state().dropped);
        let ended: Vec<_> = {
            let mut state = self.state();
            let (ended, left) = std::mem::take(&mut state.tasks)
                .into_iter()
                .partition(|(number, _)| dropped.contains(number));
            state.tasks = left;
            ended
        };
        // What they hold may come back here when it is dropped.
        drop(ended);
    }

    /// How many are not done.
    pub fn left(&self) -> usize {
        self.state().tasks.len()
    }
}

/// A task, which ends when this is dropped.
pub struct Task(Stepped, u64);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.state().dropped.push(self.1);
    }
}

impl Tasks for Stepped {
    type Task = Task;

    fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) -> Task {
        let mut state = self.state();
        state.next += 1;
        let number = state.next;
        state.tasks.push((number, Box::pin(future)));
        drop(state);
        Task(self.clone(), number)
    }

    fn sleep(&self, time: Duration) -> impl Future<Output = ()> + Send + 'static {
        let clock = self.clone();
        let due = self.state().now + time;
        std::future::poll_fn(move |_| match clock.state().now >= due {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
    }
}

//! The thread pool against a plain model: whatever is submitted and cancelled while its thread is held, what comes
//! of it and in which order.

#![allow(clippy::unwrap_used)]

mod common;

use std::sync::{Arc, Mutex};

use common::held;
use lariat_sync::executor::{Shutdown, SubmitError, TaskError, TaskFuture, ThreadPool};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Submit,
    SubmitPanicking,
    Cancel(usize),
    AddCallback(usize),
    /// Lets the future go, and the task run.
    Forget(usize),
    Close(bool),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => Just(Step::Submit),
        2 => Just(Step::SubmitPanicking),
        3 => (0..12usize).prop_map(Step::Cancel),
        3 => (0..12usize).prop_map(Step::AddCallback),
        1 => (0..12usize).prop_map(Step::Forget),
        1 => any::<bool>().prop_map(Step::Close),
    ]
}

/// A task as the model has it.
struct Task {
    panics: bool,
    is_cancelled: bool,
    callbacks: usize,
    future: Option<TaskFuture<usize>>,
}

/// Who was called with what.
type Calls = Arc<Mutex<Vec<(usize, bool)>>>;

struct Model {
    capacity: usize,
    tasks: Vec<Task>,
    queued: usize,
    is_closed: bool,
}

impl Model {
    fn submit(&mut self, pool: &ThreadPool, ran: &Calls, panics: bool) {
        let (number, ran) = (self.tasks.len(), Arc::clone(ran));
        let task = move || {
            ran.lock().unwrap().push((number, !panics));
            assert!(!panics, "as it was told");
            number
        };
        let is_full = self.queued == self.capacity;
        match pool.try_submit(task) {
            Ok(future) => {
                assert!(!self.is_closed && !is_full);
                self.queued += 1;
                self.tasks.push(Task {
                    panics,
                    is_cancelled: false,
                    callbacks: 0,
                    future: Some(future),
                });
            }
            Err(SubmitError::ShutDown(_)) => assert!(self.is_closed),
            Err(SubmitError::Full(_)) => assert!(!self.is_closed && is_full),
        }
    }

    fn close(&mut self, pool: &ThreadPool, cancels: bool) {
        self.is_closed = true;
        match cancels {
            true => {
                pool.close(Shutdown::Cancel);
                self.queued = 0;
                self.tasks
                    .iter_mut()
                    .for_each(|task| task.is_cancelled = true);
            }
            false => pool.close(Shutdown::Drain),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn a_pool_is_its_model(capacity in 1..10usize, steps in prop::collection::vec(step(), 0..40)) {
        let pool = ThreadPool::builder().threads(1).capacity(capacity).build().unwrap();
        let (go, running) = held(&pool);
        let (ran, told) = (Calls::default(), Calls::default());
        let mut model = Model { capacity, tasks: Vec::new(), queued: 0, is_closed: false };
        for step in steps {
            match step {
                Step::Submit => model.submit(&pool, &ran, false),
                Step::SubmitPanicking => model.submit(&pool, &ran, true),
                Step::Close(cancels) => model.close(&pool, cancels),
                Step::Cancel(index) | Step::AddCallback(index) | Step::Forget(index) => {
                    let Some(task) = model.tasks.get_mut(index) else { continue };
                    let Some(future) = &task.future else { continue };
                    match step {
                        Step::Cancel(_) => {
                            prop_assert!(future.cancel(), "none has begun");
                            task.is_cancelled = true;
                        }
                        Step::AddCallback(_) => {
                            let told = Arc::clone(&told);
                            task.callbacks += 1;
                            future.add_done_callback(move |outcome| {
                                told.lock().unwrap().push((index, outcome.is_ok()));
                            });
                        }
                        _ => task.future = None,
                    }
                }
            }
            prop_assert_eq!(pool.queued(), model.queued);
        }
        drop(go);
        running.result().unwrap();
        pool.shutdown(Shutdown::Drain);
        let kept = |task: &Task| !task.is_cancelled;
        let expected = model.tasks.iter().enumerate().filter(|(_, task)| kept(task));
        let expected: Vec<_> = expected.map(|(number, task)| (number, !task.panics)).collect();
        prop_assert_eq!(&*ran.lock().unwrap(), &expected, "each once, in turn");
        let told = told.lock().unwrap();
        for (number, task) in model.tasks.into_iter().enumerate() {
            let is_fine = !task.is_cancelled && !task.panics;
            let calls = told.iter().filter(|(own, fine)| *own == number && *fine == is_fine);
            prop_assert_eq!(calls.count(), task.callbacks);
            match task.future.map(TaskFuture::result) {
                None => {}
                Some(Ok(value)) => prop_assert!(is_fine && value == number),
                Some(Err(TaskError::Cancelled)) => prop_assert!(task.is_cancelled),
                Some(Err(TaskError::Panicked(_))) => prop_assert!(!task.is_cancelled && task.panics),
                Some(Err(other)) => prop_assert!(false, "{}", other),
            }
        }
    }
}

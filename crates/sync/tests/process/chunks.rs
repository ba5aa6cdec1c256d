//! What workers do first, and calls that go to them several at a time.

use lariat_sync::executor::{Outcome, TaskError};
use lariat_sync::process::{Function, ProcessPool, WorkerError};
use serde::{Serialize, Serializer};

use super::{functions::*, message, one_process, process_of};

#[test]
fn each_worker_is_initialized_once_and_before_its_tasks() {
    let pool = one_process()
        .initializer(&BEGIN, &"well".to_owned())
        .tasks_per_process(2)
        .build()
        .unwrap();
    for _ in 0..2 {
        let (first, second) = (pool.submit(&TELL, &()), pool.submit(&TELL, &()));
        assert_eq!(first.unwrap().result().unwrap(), ["well"]);
        // The same worker, and it has not begun again.
        assert_eq!(second.unwrap().result().unwrap(), ["well"]);
    }
}

/// What a task comes to whose worker cannot begin.
fn begun<A: Serialize>(initializer: &Function<A, ()>, argument: &A) -> String {
    let pool = one_process().initializer(initializer, argument);
    let pool = pool.build().unwrap();
    let outcome = pool.submit(&TELL, &()).unwrap().result();
    // The next one is told the same.
    assert!(pool.submit(&TELL, &()).unwrap().result().is_err());
    let Err(TaskError::Worker(error @ WorkerError::NotStarted { .. })) = outcome else {
        panic!("{outcome:?}");
    };
    let source = std::error::Error::source(&error).unwrap();
    message(Outcome::<()>::Err(TaskError::Worker(error.clone()))) + ": " + &source.to_string()
}

#[test]
fn an_initializer_that_goes_wrong_fails_the_tasks_in_words() {
    let prefix = "no worker process for `tell` could be started: its initializer went wrong: ";
    let told = begun(&BEGIN, &"badly".to_owned());
    let words = "the task panicked: assertion `left != right` failed: it begins badly";
    assert!(told.starts_with(&(prefix.to_owned() + words)), "{told}");
    let told = begun(&EXIT, &3);
    assert!(told.starts_with(prefix), "{told}");
    assert!(
        told.ends_with("ended with exit code 3 while it ran `exit`"),
        "{told}"
    );
    let told = begun(&UNLISTED, &());
    assert!(
        told.ends_with("`unlisted` is not registered: list it in `worker_main`"),
        "{told}"
    );
}

/// A number that can be written unless it is 13.
struct Shy(u32);

impl Serialize for Shy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            13 => Err(serde::ser::Error::custom("it is shy")),
            number => number.serialize(serializer),
        }
    }
}

impl<'de> serde::Deserialize<'de> for Shy {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        u32::deserialize(deserializer).map(Shy)
    }
}

/// The same as [`UNLUCKY`], with an argument that cannot always be sent.
static SHY: Function<Shy, u32> = Function::new("unlucky", |number| number.0);

#[test]
fn an_initializer_whose_argument_cannot_be_sent_is_refused_at_once() {
    static BEGIN_SHYLY: Function<Shy, ()> = Function::new("begin", |_| ());
    let built = one_process().initializer(&BEGIN_SHYLY, &Shy(13)).build();
    let told = built.unwrap_err().to_string();
    assert!(
        told.starts_with("the argument of `begin` cannot be sent"),
        "{told}"
    );
}

/// Outcomes in short: a number, or the first words of what went wrong.
fn in_short(outcomes: impl Iterator<Item = Outcome<u32>>) -> Vec<String> {
    let short = outcomes.map(|outcome| match outcome {
        Ok(number) => number.to_string(),
        Err(TaskError::Panicked(panic)) => panic.message().to_owned(),
        Err(TaskError::Worker(WorkerError::Died { .. })) => "died".to_owned(),
        Err(TaskError::Worker(WorkerError::Argument { .. })) => "argument".to_owned(),
        Err(TaskError::Worker(WorkerError::Result { why, .. })) => why,
        Err(other) => other.to_string(),
    });
    short.collect()
}

#[test]
fn chunks_of_any_size_give_what_single_calls_give() {
    let pool = ProcessPool::builder().program(super::WORKER).processes(2);
    let pool = pool.build().unwrap();
    let numbers = || (0..40).chain([13, 7]);
    let expected: Vec<String> = numbers()
        .map(|number| match number {
            13 => "unlucky".to_owned(),
            number => number.to_string(),
        })
        .collect();
    for size in [0, 1, 2, 5, 42, 1000] {
        let outcomes = pool.map_chunks(&UNLUCKY, numbers(), size);
        assert_eq!(in_short(outcomes), expected, "{size}");
        assert_eq!(pool.map_chunks(&UNLUCKY, [], size).count(), 0);
    }
    // What has no bytes is counted all the same.
    let processes = pool.map_chunks(&PROCESS, vec![(); 10], 5);
    assert_eq!(processes.map(Result::unwrap).count(), 10);
}

#[test]
fn an_argument_that_cannot_be_sent_fails_alone() {
    let pool = one_process().build().unwrap();
    let outcomes = pool.map_chunks(&SHY, [1, 13, 3].map(Shy), 3);
    assert_eq!(in_short(outcomes), ["1", "argument", "3"]);
    let outcomes = pool.map_chunks(&SHY, [13, 13].map(Shy), 2);
    assert_eq!(in_short(outcomes), ["argument", "argument"]);
}

#[test]
fn a_worker_that_dies_takes_its_chunk_with_it_and_no_other() {
    let pool = one_process().build().unwrap();
    let numbers = [1, 2, 3, 666, 5, 6, 7];
    let outcomes = pool.map_chunks(&UNLUCKY, numbers, 2);
    assert_eq!(
        in_short(outcomes),
        ["1", "2", "died", "died", "5", "6", "7"]
    );
}

#[test]
fn what_is_too_long_for_a_frame_fails_with_what_follows_in_its_chunk() {
    let pool = one_process().frame(1000).build().unwrap();
    let before = process_of(&pool);
    let lengths = [100, 200, 900, 1];
    let outcomes: Vec<_> = pool.map_chunks(&ZEROS, lengths, 4).collect();
    let short = in_short(
        outcomes
            .into_iter()
            .map(|outcome| outcome.map(|zeros| u32::try_from(zeros.len()).unwrap())),
    );
    let why = "it has 1208 bytes, and 1000 are allowed";
    assert_eq!(short, ["100", "200", why, why]);
    // Arguments that are too long together are not sent at all.
    let texts = vec!["x".repeat(600); 2];
    let outcomes = pool.map_chunks(&PARSE, texts, 2);
    let all = outcomes.map(|outcome| outcome.map(|_| 0));
    assert_eq!(in_short(all), ["argument", "argument"]);
    assert_eq!(process_of(&pool), before, "the worker lives");
}

#[test]
fn a_callback_may_kill_the_pool() {
    let pool = std::sync::Arc::new(one_process().build().unwrap());
    let future = pool.submit(&TELL, &()).unwrap();
    let (told, killed) = std::sync::mpsc::channel();
    let own = std::sync::Arc::clone(&pool);
    future.add_done_callback(move |_| {
        own.kill();
        told.send(()).unwrap();
    });
    killed
        .recv_timeout(std::time::Duration::from_secs(60))
        .unwrap();
    assert!(pool.submit(&TELL, &()).is_err());
}

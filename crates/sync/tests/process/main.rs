//! Worker processes: what they do, how they die, and what they may use.

#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod chunks;
mod ends;
#[allow(dead_code, reason = "each side has what the other does not need")]
mod functions;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use functions::*;
use lariat_sync::executor::{Outcome, Shutdown, TaskError, TaskFuture};
use lariat_sync::process::{Builder, Limits, ProcessPool, SubmitError, WorkerError};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

const WORKER: &str = env!("CARGO_BIN_EXE_lariat-sync-worker");

fn one_process() -> Builder {
    ProcessPool::builder().program(WORKER).processes(1)
}

fn with_limits(limits: Limits) -> ProcessPool {
    one_process().limits(limits).build().unwrap()
}

/// The one line that a person reads, with the number of the process left out, however short.
fn message<T: std::fmt::Debug>(outcome: Outcome<T>) -> String {
    let text = outcome.unwrap_err().to_string();
    let Some((before, after)) = text.split_once("worker process ") else {
        return text;
    };
    let how = after.trim_start_matches(|c: char| c.is_ascii_digit());
    if how == after {
        return text;
    }
    format!("{before}worker process PID{how}")
}

fn is_there(process: u32) -> bool {
    kill(Pid::from_raw(process.try_into().unwrap()), None) != Err(Errno::ESRCH)
}

fn send(process: u32, signal: Signal) {
    kill(Pid::from_raw(process.try_into().unwrap()), signal).unwrap();
}

fn process_of(pool: &ProcessPool) -> u32 {
    pool.submit(&PROCESS, &()).unwrap().result().unwrap()
}

/// A task that has begun, and runs until what comes with it is dropped.
fn held(pool: &ProcessPool) -> (TempDir, TaskFuture<()>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display().to_string();
    let running = pool.submit(&HOLD, &path).unwrap();
    until("it begins", || running.is_running());
    (folder, running)
}

/// Waits for something that will come, and fails if it does not.
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = std::time::Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn functions_run_in_other_processes_and_map_keeps_the_order() {
    let pool = ProcessPool::builder()
        .program(WORKER)
        .processes(2)
        .build()
        .unwrap();
    let doubled = pool.map(&DOUBLE, 0..200).map(Result::unwrap);
    assert!(doubled.eq((0..200).map(|number| number * 2)));
    let sums = pool.map(&ADD, [(1, 2), (3, 4)]).map(Result::unwrap);
    assert!(sums.eq([3, 7]));
    assert_ne!(process_of(&pool), std::process::id());
    let parsed = ["7", "x"].map(|text| pool.submit(&PARSE, &text.to_owned()).unwrap().result());
    let [seven, error] = parsed.map(Result::unwrap);
    assert_eq!(
        (seven, error),
        (Ok(7), Err(r#""x" is no number"#.to_owned()))
    );
}

#[tokio::test]
async fn a_result_from_a_process_is_awaited() {
    let pool = one_process().capacity(1).build().unwrap();
    let future = pool.submit_async(&DOUBLE, &4).await.unwrap();
    assert_eq!(future.await.unwrap(), 8);
    pool.shutdown_async(Shutdown::Drain).await;
}

#[test]
fn a_full_pool_of_processes_refuses_and_a_closed_one_too() {
    let pool = one_process().capacity(1).build().unwrap();
    let (go, running) = held(&pool);
    let queued = pool.try_submit(&DOUBLE, &4).unwrap();
    let full = pool.try_submit(&DOUBLE, &5);
    assert!(matches!(full, Err(SubmitError::Full)));
    let late = pool.submit_timeout(&DOUBLE, &5, Duration::from_millis(1));
    assert!(matches!(late, Err(SubmitError::Full)));
    std::thread::scope(|scope| {
        let waiting =
            scope.spawn(|| matches!(pool.submit(&DOUBLE, &6), Err(SubmitError::ShutDown)));
        until("it waits for room", || pool.waiting() == 1);
        pool.close(Shutdown::Drain);
        assert!(waiting.join().unwrap());
    });
    let closed = pool.try_submit(&DOUBLE, &7);
    assert!(matches!(closed, Err(SubmitError::ShutDown)));
    drop(go);
    running.result().unwrap();
    assert_eq!(queued.result().unwrap(), 8);
}

#[test]
fn a_panic_is_carried_over_and_the_worker_stays() {
    let pool = one_process().build().unwrap();
    let before = process_of(&pool);
    let outcome = pool
        .submit(&PANIC, &"far away".to_owned())
        .unwrap()
        .result();
    assert_eq!(message(outcome), "the task panicked: far away");
    assert_eq!(process_of(&pool), before);
}

#[test]
fn a_worker_that_dies_fails_its_task_alone_and_is_replaced() {
    let pool = one_process().build().unwrap();
    let before = process_of(&pool);
    let deaths = [
        (
            pool.submit(&KILL, &()),
            "was killed by signal 9 (SIGKILL) while it ran `kill`",
        ),
        (
            pool.submit(&ABORT, &()),
            "was killed by signal 6 (SIGABRT) while it ran `abort`",
        ),
        (
            pool.submit(&EXIT, &3),
            "ended with exit code 3 while it ran `exit`",
        ),
    ];
    let after: Vec<_> = (0..100)
        .map(|number| pool.submit(&DOUBLE, &number).unwrap())
        .collect();
    for (dying, how) in deaths {
        assert_eq!(
            message(dying.unwrap().result()),
            format!("worker process PID {how}")
        );
    }
    for (number, doubled) in (0..).zip(after) {
        assert_eq!(doubled.result().unwrap(), number * 2);
    }
    assert_ne!(process_of(&pool), before);
    assert!(!is_there(before), "it is still a zombie");
}

#[test]
fn a_worker_killed_from_outside_at_any_moment_loses_only_what_it_had() {
    let pool = ProcessPool::builder()
        .program(WORKER)
        .processes(2)
        .build()
        .unwrap();
    let futures: Vec<_> = (0..300)
        .map(|number| pool.submit(&DOUBLE, &number).unwrap())
        .collect();
    let victims: Vec<_> = (0..20)
        .map(|_| pool.submit(&PROCESS, &()).unwrap())
        .collect();
    for victim in victims {
        if let Ok(process) = victim.result() {
            // It may be gone already, by the kill before.
            let _ = kill(Pid::from_raw(process.try_into().unwrap()), Signal::SIGKILL);
        }
    }
    let mut lost = 0;
    for (number, future) in (0..).zip(futures) {
        match future.result() {
            Ok(doubled) => assert_eq!(doubled, number * 2),
            Err(TaskError::Worker(WorkerError::Died { .. })) => lost += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert!(lost <= 20, "{lost} of 300");
    // The last one that was killed may not have been dead yet.
    until("it is as good as before", || {
        let doubled = pool.submit(&DOUBLE, &21).unwrap().result();
        doubled.is_ok_and(|doubled| doubled == 42)
    });
}

#[test]
fn what_a_task_prints_and_reads_stays_out_of_the_frames() {
    let pool = one_process().build().unwrap();
    let read = pool.submit(&CHATTER, &3).unwrap().result().unwrap();
    assert_eq!(read, "", "its standard input is empty");
    assert_eq!(pool.submit(&DOUBLE, &1).unwrap().result().unwrap(), 2);
}

#[test]
fn what_a_task_complains_of_is_on_the_programs_standard_error() {
    let output = Command::new(WORKER).arg("complain").output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "a complaint\n");
    assert_eq!(output.stdout, b"");
}

#[test]
fn a_worker_knows_its_parent() {
    let pool = one_process().build().unwrap();
    let parent = pool.submit(&PARENT, &()).unwrap().result().unwrap();
    assert_eq!(parent, std::process::id());
}

#[test]
fn a_function_that_is_not_registered_is_named() {
    let pool = one_process().build().unwrap();
    let outcome = pool.submit(&UNLISTED, &()).unwrap().result();
    let expected = "the function `unlisted` is not registered: list it in `worker_main`";
    assert_eq!(message(outcome), expected);
    let outcome = pool
        .submit(&IMPOSTOR, &"\u{7f}".repeat(3))
        .unwrap()
        .result();
    // Its argument is read as another type: bytes are as good as text.
    assert_eq!(outcome.unwrap(), 3);
}

#[test]
fn arguments_and_results_have_a_longest_length() {
    let pool = one_process().frame(1000).build().unwrap();
    let error = pool.submit(&LENGTH, &vec![0; 1000]).unwrap_err();
    assert!(matches!(error, SubmitError::Argument { .. }));
    let expected =
        "the argument of `length` cannot be sent: it has 1013 bytes, and 1000 are allowed";
    assert_eq!(error.to_string(), expected);
    assert_eq!(
        pool.submit(&LENGTH, &vec![0; 980])
            .unwrap()
            .result()
            .unwrap(),
        980
    );
    let before = process_of(&pool);
    let outcome = pool.submit(&ZEROS, &1000).unwrap().result();
    let expected = "the result of `zeros` cannot be sent: it has 1003 bytes, and 1000 are allowed";
    assert_eq!(outcome.unwrap_err().to_string(), expected);
    assert_eq!(process_of(&pool), before);
    let mut map = pool.map(&LENGTH, [vec![0; 2000], vec![0]]);
    assert!(matches!(
        map.next(),
        Some(Err(TaskError::Worker(WorkerError::Argument { .. })))
    ));
    assert_eq!(map.next().unwrap().unwrap(), 1);
}

#[test]
fn large_arguments_and_results_come_whole() {
    let pool = one_process().build().unwrap();
    let many = 3 << 20;
    assert_eq!(
        pool.submit(&LENGTH, &vec![7; many])
            .unwrap()
            .result()
            .unwrap(),
        many
    );
    assert_eq!(
        pool.submit(&ZEROS, &many).unwrap().result().unwrap(),
        vec![0; many]
    );
}

#[test]
fn a_task_that_takes_too_long_is_killed() {
    // Long enough for the quick task that follows, on however busy a machine.
    let pool = with_limits(Limits::default().task_time(Duration::from_secs(1)));
    let before = process_of(&pool);
    let outcome = pool
        .submit(&SLEEP, &Duration::from_secs(1000))
        .unwrap()
        .result();
    let expected = "`sleep` was not done after 1s, and its worker process was killed";
    assert_eq!(message(outcome), expected);
    assert!(!is_there(before));
    assert_eq!(pool.submit(&DOUBLE, &1).unwrap().result().unwrap(), 2);
}

#[test]
fn processor_time_is_limited_for_each_task() {
    let pool = with_limits(Limits::default().task_processor_seconds(1));
    let outcome = pool.submit(&SPIN, &()).unwrap().result();
    let expected = "worker process PID was killed by signal 24 (SIGXCPU), \
        over its limit of 1 s of processor time, while it ran `spin`";
    assert_eq!(message(outcome), expected);
}

#[test]
fn memory_is_limited() {
    let pool = with_limits(Limits::default().memory(256 << 20));
    assert_eq!(
        pool.submit(&ALLOCATE, &(1 << 20))
            .unwrap()
            .result()
            .unwrap(),
        1 << 20
    );
    let outcome = pool.submit(&ALLOCATE, &(512 << 20)).unwrap().result();
    let expected = "worker process PID was killed by signal 6 (SIGABRT), \
        perhaps over its limit of 268435456 bytes of memory, while it ran `allocate`";
    assert_eq!(message(outcome), expected);
}

#[test]
fn descriptors_are_limited() {
    let pool = with_limits(Limits::default().descriptors(16));
    let (opened, why) = pool.submit(&OPEN, &100).unwrap().result().unwrap();
    assert!(
        (8..16).contains(&opened) && why.contains("Too many open files"),
        "{opened}: {why}"
    );
}

#[test]
fn the_length_of_a_file_is_limited() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long").display().to_string();
    let pool = with_limits(Limits::default().file_size(1_000));
    let write = |bytes| {
        pool.submit(&WRITE, &(path.clone(), bytes))
            .unwrap()
            .result()
    };
    write(1_000).unwrap();
    let expected = "worker process PID was killed by signal 25 (SIGXFSZ), \
        over its limit of 1000 bytes for a file, while it ran `write`";
    assert_eq!(message(write(1_001)), expected);
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 1_000);
}

#[test]
fn a_scope_does_with_the_threads_that_the_system_gives() {
    let time = Limits::default().task_time(Duration::from_secs(60));
    let pool = with_limits(time.memory(1 << 30));
    let run = |threads: usize, stack: usize| pool.submit(&SCOPE, &(threads, stack)).unwrap();
    // A thousand stacks of 64 MiB are not to be had where there is one GiB.
    assert_eq!(run(1_000, 64 << 20).result().unwrap(), 999_000);
    let none = message(run(1, 1 << 40).result());
    assert!(
        none.starts_with("the task panicked: the system gives no thread: "),
        "{none}"
    );
    assert_eq!(run(2, 0).result().unwrap(), 999_000);
}

#[test]
fn limits_that_cannot_be_set_are_an_error_of_the_task() {
    // More than the system allows anybody.
    let pool = with_limits(Limits::default().descriptors(u64::MAX - 1));
    let outcome = pool.submit(&DOUBLE, &1).unwrap().result();
    let Err(TaskError::Worker(WorkerError::NotStarted { source, .. })) = outcome else {
        panic!("{outcome:?}");
    };
    assert!(
        source
            .to_string()
            .starts_with("its limits cannot be set: descriptors"),
        "{source}"
    );
}

#[test]
fn a_program_that_is_no_worker_is_named() {
    let run = |program: &Path| {
        let pool = one_process().program(program).build().unwrap();
        let outcome = pool.submit(&DOUBLE, &1).unwrap().result();
        let Err(TaskError::Worker(error @ WorkerError::NotStarted { .. })) = outcome else {
            panic!("{outcome:?}");
        };
        let source = std::error::Error::source(&error).unwrap().to_string();
        (error.to_string(), source)
    };
    let (error, why) = run(Path::new("/bin/false"));
    assert_eq!(error, "no worker process for `double` could be started");
    let expected = "/bin/false ended with exit code 1 instead of answering as a worker; \
        it must call `worker_main` first in its `main`";
    assert_eq!(why, expected);
    assert!(
        run(Path::new("/no/such/program"))
            .1
            .contains("No such file")
    );
}

#[test]
fn a_program_that_does_not_call_worker_main_cannot_start_itself_for_ever() {
    let error = ProcessPool::new().unwrap_err();
    let expected = "a program with a ProcessPool must call `worker_main` first in its `main`";
    assert_eq!(error.to_string(), expected);
    let mut command = Command::new(WORKER);
    command
        .arg("--lariat-sync-worker")
        .env("WITHOUT_WORKER_MAIN", "1");
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(
        String::from_utf8(output.stdout).unwrap().trim_end(),
        expected
    );
}

#[test]
fn a_worker_that_nobody_speaks_to_says_what_it_is_for() {
    let mut command = Command::new(WORKER);
    command.arg("--lariat-sync-worker").stdin(Stdio::null());
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("is for processes that a ProcessPool starts"),
        "{said}"
    );
}

#[test]
fn a_worker_is_replaced_after_so_many_tasks() {
    let pool = one_process().tasks_per_process(2).build().unwrap();
    let processes: Vec<u32> = (0..6).map(|_| process_of(&pool)).collect();
    let distinct: std::collections::HashSet<_> = processes.iter().collect();
    assert_eq!(distinct.len(), 3, "{processes:?}");
    assert!(processes[..4].iter().all(|process| !is_there(*process)));
}

#[test]
fn a_program_is_its_own_workers() {
    let output = Command::new(WORKER).output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "[2, 4, 6, 8, 10]\n"
    );
}

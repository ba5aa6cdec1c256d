//! How pools, their workers and the program end.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::time::Duration;

use lariat_sync::executor::{Shutdown, TaskError};
use lariat_sync::process::SubmitError;
use nix::sys::signal::Signal;

use super::{WORKER, functions::*, held, is_there, message, one_process, process_of, send, until};

#[test]
fn the_end_of_a_pool_is_the_end_of_its_workers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ended");
    let pool = one_process().build().unwrap();
    let worker = process_of(&pool);
    pool.submit(&AT_EXIT, &path.display().to_string())
        .unwrap()
        .result()
        .unwrap();
    let last = pool.submit(&DOUBLE, &1).unwrap();
    drop(pool);
    assert_eq!(last.result().unwrap(), 2);
    assert!(!is_there(worker));
    assert_eq!(std::fs::read_to_string(path).unwrap(), "ended");
}

#[test]
fn a_pool_that_is_killed_leaves_nothing_behind() {
    kill_a_pool(How::Blocking);
    kill_a_pool(How::Awaited);
}

enum How {
    Blocking,
    Awaited,
}

fn run<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(future)
}

fn kill_a_pool(how: How) {
    let pool = one_process().build().unwrap();
    let grandchild = pool.submit(&GRANDCHILD, &()).unwrap().result().unwrap();
    let worker = process_of(&pool);
    assert!(is_there(grandchild));
    let spinning = pool.submit(&SPIN, &()).unwrap();
    let queued = pool.submit(&DOUBLE, &1).unwrap();
    until("it begins", || spinning.is_running());
    match how {
        How::Blocking => pool.kill(),
        How::Awaited => run(pool.kill_async()),
    }
    assert!(matches!(queued.result(), Err(TaskError::Cancelled)));
    assert!(message(spinning.result()).contains("was killed by signal 9"));
    assert!(!is_there(worker));
    until("what it started is killed too", || is_dead(grandchild));
    assert!(matches!(
        pool.submit(&DOUBLE, &1),
        Err(SubmitError::ShutDown)
    ));
}

#[test]
fn workers_that_are_killed_fail_what_they_had_and_are_replaced() {
    let pool = one_process().build().unwrap();
    let before = process_of(&pool);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("begun");
    let endless = pool.submit(&ENDLESS, &path.display().to_string()).unwrap();
    let queued = pool.submit(&DOUBLE, &4).unwrap();
    // A worker that is killed before it has read its task would hand it to the next.
    until("the worker has it", || path.exists());
    pool.kill_workers();
    assert!(message(endless.result()).contains("was killed by signal 9"));
    assert_eq!(queued.result().unwrap(), 8);
    assert_ne!(process_of(&pool), before);
}

/// Nobody buries a grandchild in a container without an init, so a zombie is as good.
fn is_dead(process: u32) -> bool {
    match std::fs::read_to_string(format!("/proc/{process}/stat")) {
        Ok(stat) => stat.contains(") Z "),
        Err(_) => !is_there(process),
    }
}

#[test]
fn a_shutdown_with_a_thousand_queued_does_or_cancels_them() {
    for what in [Shutdown::Drain, Shutdown::Cancel] {
        let pool = one_process().build().unwrap();
        let (go, first) = held(&pool);
        let futures: Vec<_> = (0..1000)
            .map(|n| pool.submit(&DOUBLE, &n).unwrap())
            .collect();
        pool.close(what);
        drop(go);
        pool.shutdown(what);
        first.result().unwrap();
        let mut outcomes = futures
            .into_iter()
            .map(|mut future| future.try_result().unwrap());
        match what {
            Shutdown::Drain => assert!(outcomes.all(|outcome| outcome.is_ok())),
            Shutdown::Cancel => {
                assert!(outcomes.all(|outcome| matches!(outcome, Err(TaskError::Cancelled))));
            }
        }
    }
}

#[test]
fn a_worker_that_dies_idle_is_replaced_without_a_failure_and_buried() {
    let pool = one_process().build().unwrap();
    let before = process_of(&pool);
    send(before, Signal::SIGKILL);
    until("it is buried though nobody asks for anything", || {
        !is_there(before)
    });
    assert_ne!(process_of(&pool), before);
}

#[test]
fn what_a_worker_started_that_dies_idle_dies_with_it() {
    let pool = one_process().build().unwrap();
    let grandchild = pool.submit(&GRANDCHILD, &()).unwrap().result().unwrap();
    let worker = process_of(&pool);
    assert!(!is_dead(grandchild));
    send(worker, Signal::SIGKILL);
    until("what it started is killed too", || is_dead(grandchild));
    assert!(!is_there(worker) || is_dead(worker));
    assert_eq!(pool.submit(&DOUBLE, &2).unwrap().result().unwrap(), 4);
}

#[test]
fn a_pool_that_is_killed_while_a_worker_starts_kills_that_too() {
    for _ in 0..20 {
        let pool = one_process().build().unwrap();
        let sleeping = pool.submit(&SLEEP, &Duration::from_secs(1000)).unwrap();
        until("its turn has come", || sleeping.is_running());
        pool.kill();
        // Whether or not the worker had it already.
        assert!(message(sleeping.result()).contains("was killed by signal 9"));
    }
}

#[test]
fn what_has_not_reached_its_worker_when_the_pool_is_killed_has_died_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("begun");
    // No task reaches a worker whose initializer has no end.
    let pool = one_process()
        .initializer(&ENDLESS, &path.display().to_string())
        .build()
        .unwrap();
    let begun = pool.submit(&DOUBLE, &1).unwrap();
    until("its worker is being started", || path.exists());
    pool.kill();
    let expected = "worker process PID was killed by signal 9 (SIGKILL) while it ran `double`";
    assert_eq!(message(begun.result()), expected);
}

#[test]
fn workers_end_with_a_program_that_is_killed() {
    let mut command = Command::new(WORKER);
    let mut program = command.arg("hold").stdout(Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(program.stdout.take().unwrap());
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    let worker: u32 = line.trim().parse().unwrap();
    assert!(is_there(worker));
    program.kill().unwrap();
    program.wait().unwrap();
    // The worker has the same standard output, which ends when both are gone.
    output.read_to_end(&mut Vec::new()).unwrap();
    until("the worker is gone", || is_dead(worker));
}

#[test]
fn at_the_end_threads_are_waited_for_and_handlers_run_once_the_last_first() {
    let output = Command::new(WORKER).arg("end").output().unwrap();
    let expected = "main is done\na thread that nobody joined\nlast registered\n\
        registered by a handler\nfirst registered\n";
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
    assert_eq!(output.status.code(), Some(7));
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.contains("a handler that panics"), "{errors}");
}

/// Two threads that are no daemons end the process at once, and each would wait for the other.
#[test]
fn of_two_threads_that_exit_the_first_ends_the_process() {
    for _ in 0..20 {
        let output = Command::new(WORKER).arg("exit twice").output().unwrap();
        let code = output.status.code();
        assert!(matches!(code, Some(3 | 4)), "{output:?}");
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(said, "the handler\n");
    }
}

fn said(mode: &str) -> String {
    let output = Command::new(WORKER).arg(mode).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_main_thread_is_known_to_the_others() {
    assert_eq!(said("main"), "true\nmain true\n");
}

#[test]
fn a_hook_is_told_of_a_panic_and_so_is_who_joins() {
    assert_eq!(said("hook"), "unlucky: no luck\npanicked: no luck\n");
}

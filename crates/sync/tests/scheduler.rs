//! The scheduler on the real clock: that runs come, end and stop. When they come is tested in
//! `timetable.rs`, without a clock.

#![allow(clippy::unwrap_used)]

mod common;

use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use common::{LONG, poll_once, run};
use lariat_sync::scheduler::{Overrun, Periodic, Schedule, Scheduler};

const SOON: Duration = Duration::from_millis(1);

fn ticks() -> (impl FnMut() + Send + 'static, Receiver<()>) {
    let (told, ticks): (Sender<()>, _) = channel();
    let tick = move || {
        let _ = told.send(());
    };
    (tick, ticks)
}

#[test]
fn no_run_begins_once_a_job_is_cancelled() {
    let scheduler = Scheduler::new(2).unwrap();
    for _ in 0..50 {
        let (tick, ticks) = ticks();
        let job = scheduler.every(SOON, tick);
        ticks.recv_timeout(LONG).unwrap();
        job.cancel();
        job.wait();
        // The job, and with it the sender, has gone with its last run.
        while ticks.try_recv().is_ok() {}
        assert_eq!(ticks.try_recv(), Err(TryRecvError::Disconnected));
        let counts = job.counts();
        assert!(counts.runs >= 1);
        job.cancel();
        assert_eq!(job.counts(), counts);
    }
}

#[test]
fn a_job_that_panics_is_counted_and_goes_on() {
    let scheduler = Scheduler::new(1).unwrap();
    let (mut tick, ticks) = ticks();
    let job = scheduler.every(SOON, move || {
        tick();
        panic!("each time");
    });
    for _ in 0..3 {
        ticks.recv_timeout(LONG).unwrap();
    }
    job.cancel();
    let counts = job.counts();
    assert!(
        counts.panicked >= 2 && counts.panicked == counts.runs,
        "{counts:?}"
    );
}

#[test]
fn a_job_never_runs_twice_at_once_and_holds_up_no_other() {
    let scheduler = Scheduler::new(2).unwrap();
    let (go, wait) = channel::<()>();
    let (told, begins) = channel();
    let mut running = 0;
    let catching_up = Schedule::every(SOON).overrun(Overrun::CatchUp(3));
    let slow = scheduler.run(catching_up, move || {
        running += 1;
        told.send(running).unwrap();
        let _ = wait.recv();
    });
    assert_eq!(begins.recv_timeout(LONG).unwrap(), 1);
    let (tick, ticks) = ticks();
    let quick = scheduler.every(SOON, tick);
    for _ in 0..5 {
        ticks.recv_timeout(LONG).unwrap();
    }
    assert!(begins.try_recv().is_err(), "it is still in its first run");
    assert!(slow.cancel(), "a run is on");
    assert!(quick.counts().runs >= 4);
    drop(go);
}

#[test]
fn a_scheduler_that_is_dropped_waits_for_what_runs_and_cancels_the_rest() {
    ends_by(drop);
}

#[test]
fn a_scheduler_that_is_shut_down_waits_for_what_runs_and_cancels_the_rest() {
    ends_by(Scheduler::shutdown);
    ends_by(|scheduler| run(scheduler.shutdown_async()));
}

fn ends_by(end: impl FnOnce(Scheduler)) {
    let scheduler = Scheduler::new(1).unwrap();
    let done = Arc::new(Mutex::new(false));
    let (begun, begins) = channel();
    let doing = Arc::clone(&done);
    let job = scheduler.run(
        Schedule::every(LONG).first_after(Duration::ZERO),
        move || {
            begun.send(()).unwrap();
            std::thread::sleep(SOON);
            *doing.lock().unwrap() = true;
        },
    );
    let (tick, ticks) = ticks();
    let _later = scheduler.every(LONG, tick);
    begins.recv_timeout(LONG).unwrap();
    end(scheduler);
    assert!(*done.lock().unwrap());
    assert_eq!(job.counts().runs, 1);
    assert!(ticks.recv().is_err());
}

#[test]
fn a_shutdown_that_is_given_up_blocks_nobody() {
    let scheduler = Scheduler::new(1).unwrap();
    let (begun, begins) = channel();
    let (go, wait) = channel::<()>();
    let job = scheduler.run(
        Schedule::every(LONG).first_after(Duration::ZERO),
        move || {
            begun.send(()).unwrap();
            let _ = wait.recv();
        },
    );
    begins.recv_timeout(LONG).unwrap();
    let mut ending = Box::pin(scheduler.shutdown_async());
    assert!(poll_once(&mut ending).is_pending());
    drop(ending);
    drop(go);
    job.wait();
    assert_eq!(job.counts().runs, 1);
}

#[test]
fn whoever_cancels_a_job_may_wait_for_the_run_that_is_on() {
    let scheduler = Scheduler::new(1).unwrap();
    let (begun, begins) = channel();
    let (go, wait) = channel::<()>();
    let captured = Arc::new(());
    let kept = Arc::clone(&captured);
    let job = scheduler.run(
        Schedule::every(LONG).first_after(Duration::ZERO),
        move || {
            let _ = &kept;
            begun.send(()).unwrap();
            let _ = wait.recv();
        },
    );
    begins.recv_timeout(LONG).unwrap();
    assert!(job.cancel() && !job.wait_timeout(Duration::ZERO));
    {
        let mut waiting = Box::pin(job.wait_async());
        assert!(poll_once(&mut waiting).is_pending());
        drop(go);
        run(waiting);
    }
    assert_eq!((job.counts().runs, Arc::strong_count(&captured)), (1, 1));
    job.wait();
    assert!(job.wait_timeout(Duration::ZERO), "no run is on");
}

#[test]
fn a_job_that_waits_for_itself_does_not_wait() {
    let scheduler = Scheduler::new(1).unwrap();
    let (give, own) = channel::<Periodic>();
    let (told, ended) = channel();
    let job = scheduler.every(SOON, move || {
        if let Ok(job) = own.recv() {
            job.cancel();
            job.wait();
            told.send(job.wait_timeout(Duration::ZERO)).unwrap();
        }
    });
    give.send(job).unwrap();
    assert!(ended.recv_timeout(LONG).unwrap());
}

#[test]
fn a_job_may_drop_its_own_scheduler() {
    let own = Arc::new(Mutex::new(None));
    let (told, ended) = channel();
    let taken = Arc::clone(&own);
    let scheduler = Scheduler::new(1).unwrap();
    let _job = scheduler.every(SOON, move || {
        let scheduler: Option<Scheduler> = taken.lock().unwrap().take();
        if let Some(scheduler) = scheduler {
            drop(scheduler);
            told.send(()).unwrap();
        }
    });
    *own.lock().unwrap() = Some(scheduler);
    ended.recv_timeout(LONG).unwrap();
}

#[test]
fn no_run_is_before_its_beat() {
    let scheduler = Scheduler::new(1).unwrap();
    let start = Instant::now();
    let (told, moments) = channel();
    let period = Duration::from_millis(20);
    let _job = scheduler.every(period, move || {
        told.send(start.elapsed()).unwrap();
    });
    let mut runs = 0;
    while runs < 6 {
        let moment = moments.recv_timeout(LONG).unwrap();
        runs += 1;
        assert!(moment >= period * runs, "run {runs} at {moment:?}");
    }
}

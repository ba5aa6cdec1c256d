//! The workers of the tests of processes; without being one, a program that uses them.

#![allow(clippy::unwrap_used)]

#[allow(dead_code, reason = "each side has what the other does not need")]
mod functions;

use std::sync::mpsc;
use std::time::Duration;

use lariat_sync::executor::Shutdown;
use lariat_sync::exit;
use lariat_sync::process::{ProcessPool, worker_main};

fn main() {
    match std::env::args().nth(1).as_deref() {
        // What a program does that forgot to call it.
        Some("--lariat-sync-worker") if std::env::var_os("WITHOUT_WORKER_MAIN").is_some() => {
            println!("{}", ProcessPool::new().unwrap_err());
            std::process::exit(3);
        }
        _ => {}
    }
    worker_main(&functions::ALL);
    match std::env::args().nth(1).as_deref() {
        Some("hold") => hold(),
        Some("end") => end(),
        Some("exit twice") => exit_twice(),
        Some("main") => say_main(),
        Some("hook") => hook(),
        Some("complain") => complain(),
        _ => use_itself(),
    }
}

/// Its workers are this program itself.
fn use_itself() {
    let pool = ProcessPool::builder().processes(2).build().unwrap();
    let doubled = pool.map(&functions::DOUBLE, 1..=5).map(Result::unwrap);
    println!("{:?}", doubled.collect::<Vec<_>>());
    let worker = pool.submit(&functions::PROCESS, &()).unwrap();
    assert_ne!(worker.result().unwrap(), std::process::id());
}

/// Gives a worker something that has no end, and waits for ever.
fn hold() {
    let pool = ProcessPool::builder().processes(1).build().unwrap();
    let worker = pool.submit(&functions::PROCESS, &()).unwrap();
    let spinning = pool.submit(&functions::SPIN, &()).unwrap();
    println!("{}", worker.result().unwrap());
    let _ = spinning.result();
}

/// Says in which order a program ends.
fn end() {
    let code = exit::run(|| {
        exit::at_exit(|| println!("first registered"));
        exit::at_exit(|| panic!("a handler that panics"));
        let cancelled = exit::at_exit(|| println!("never"));
        assert!(cancelled.cancel());
        exit::at_exit(|| {
            exit::at_exit(|| println!("registered by a handler"));
            println!("last registered");
        });
        let (main, over) = mpsc::channel::<()>();
        let builder = lariat_sync::thread::Builder::new();
        builder
            .spawn(move || {
                // Nothing is ever sent: this waits until the main thread is done.
                let _ = over.recv();
                std::thread::sleep(Duration::from_millis(50));
                println!("a thread that nobody joined");
            })
            .unwrap();
        let daemon = lariat_sync::thread::Builder::new().daemon(true);
        daemon
            .spawn(|| std::thread::sleep(Duration::from_secs(1000)))
            .unwrap();
        println!("main is done");
        drop(main);
        7
    });
    // They have run, and do not run again.
    let pool = ProcessPool::builder().processes(1).build().unwrap();
    pool.shutdown(Shutdown::Drain);
    exit::exit(code);
}

/// Two threads that nobody told of each other end the process.
fn exit_twice() {
    exit::run(|| {
        exit::at_exit(|| {
            println!("the handler");
            std::thread::sleep(Duration::from_millis(5));
        });
        for code in [3, 4] {
            let builder = lariat_sync::thread::Builder::new().daemon(false);
            builder.spawn(move || exit::exit(code)).unwrap();
        }
    });
}

/// What another thread says of the main one, before and within `exit::run`.
fn say_main() {
    let ask = || std::thread::spawn(lariat_sync::thread::main).join();
    println!("{}", ask().unwrap().is_none());
    exit::run(|| {
        let main = ask().unwrap().unwrap();
        println!("{} {}", main.name(), main == lariat_sync::thread::current());
    });
}

/// A hook for what threads panic with.
fn hook() {
    std::panic::set_hook(Box::new(|panic| {
        let thread = lariat_sync::thread::current();
        let what = panic.payload().downcast_ref::<&str>().unwrap();
        println!("{}: {what}", thread.name());
    }));
    let builder = lariat_sync::thread::Builder::new().name("unlucky");
    let thread = builder.spawn(|| panic!("no luck")).unwrap();
    let joined: Result<(), _> = thread.join();
    println!("{}", joined.unwrap_err());
}

/// Has a worker write to its standard error.
fn complain() {
    let pool = ProcessPool::builder().processes(1).build().unwrap();
    let complaining = pool.submit(&functions::COMPLAIN, &()).unwrap();
    complaining.result().unwrap();
}

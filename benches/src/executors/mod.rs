//! What a task costs in a pool of threads and in one of processes, beside rayon and Python's
//! `concurrent.futures`.
//!
//! Tasks do next to nothing, so what is measured is the executor: handing a task over, and
//! getting its result back.

use std::hint::black_box;
use std::io;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::{Duration, Instant};

use lariat::sync::executor::ThreadPool;
use lariat::sync::process::{Function, ProcessPool, Registered};

use crate::python;

const PYTHON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/executors.py");

/// As many threads or processes as the machine has processors that the figures are for.
const WORKERS: usize = 2;

static DOUBLE: Function<u64, u64> = Function::new("double", |number| number * 2);
static ECHO: Function<Text, Text> = Function::new("echo", |text| text);

/// What is sent to and fro: text, which serde writes in one piece.
type Text = String;

/// What the workers of this program are asked for.
pub static FUNCTIONS: [&dyn Registered; 2] = [&DOUBLE, &ECHO];

/// How long a measurement takes, about.
#[derive(Clone, Copy)]
struct Size {
    tasks: u32,
    calls: u32,
    megabytes: u32,
    repeats: usize,
}

/// Prints both tables.
pub fn measure(quick: bool) -> io::Result<()> {
    let scale = if quick { 20 } else { 1 };
    let size = Size {
        tasks: 200_000 / scale,
        calls: 20_000 / scale,
        megabytes: 100 / scale,
        repeats: if quick { 1 } else { 5 },
    };
    println!(
        "{WORKERS} workers; the best of {} runs, in microseconds",
        size.repeats
    );
    println!();
    println!("{:<34}{:>12}{:>14}", "threads", "of many", "one at a time");
    let pool = ThreadPool::builder()
        .threads(WORKERS)
        .capacity(usize::MAX)
        .build()?;
    row(
        "lariat ThreadPool",
        size,
        size.tasks,
        |count| many(&pool, count),
        |count| one(&pool, count),
    )?;
    drop(pool);
    let rayon = rayon::ThreadPoolBuilder::new().num_threads(WORKERS);
    let rayon = rayon.build().map_err(io::Error::other)?;
    row(
        "rayon, spawn and a channel",
        size,
        size.tasks,
        |count| many_rayon(&rayon, count),
        |count| one_rayon(&rayon, count),
    )?;
    drop(rayon);
    rows_of_python("threads", size)?;
    println!();
    println!(
        "{:<34}{:>12}{:>14}{:>12}",
        "processes", "of many", "one at a time", "1 MB"
    );
    processes(size)?;
    rows_of_python("processes", size)
}

/// A row: a task of many that are submitted together, and one that is waited for before the
/// next.
fn row(
    name: &str,
    size: Size,
    tasks: u32,
    many: impl Fn(u32) -> io::Result<()>,
    one: impl Fn(u32) -> io::Result<()>,
) -> io::Result<()> {
    let many = best(size, tasks, many)?;
    let one = best(size, tasks / 10, one)?;
    println!("{name:<34}{many:>12.2}{one:>14.2}");
    Ok(())
}

/// The shortest time of a task, in microseconds.
fn best(size: Size, tasks: u32, run: impl Fn(u32) -> io::Result<()>) -> io::Result<f64> {
    let mut best = Duration::MAX;
    for _ in 0..size.repeats {
        let start = Instant::now();
        run(tasks)?;
        best = best.min(start.elapsed() / tasks);
    }
    Ok(best.as_secs_f64() * 1e6)
}

fn many(pool: &ThreadPool, count: u32) -> io::Result<()> {
    let submit = |number| pool.submit(move || black_box(number) * 2);
    let futures: Result<Vec<_>, _> = (0..count).map(submit).collect();
    for future in futures.map_err(|_| io::ErrorKind::Other)? {
        future.result().map_err(io::Error::other)?;
    }
    Ok(())
}

fn one(pool: &ThreadPool, count: u32) -> io::Result<()> {
    for number in 0..count {
        let future = pool.submit(move || black_box(number) * 2);
        let future = future.map_err(|_| io::ErrorKind::Other)?;
        future.result().map_err(io::Error::other)?;
    }
    Ok(())
}

/// Rayon's `spawn` gives no result, so each task sends its own.
fn many_rayon(pool: &rayon::ThreadPool, count: u32) -> io::Result<()> {
    let submit = |number| {
        let (sender, receiver) = sync_channel(1);
        pool.spawn(move || tell(&sender, number));
        receiver
    };
    let results: Vec<_> = (0..count).map(submit).collect();
    for result in results {
        result.recv().map_err(io::Error::other)?;
    }
    Ok(())
}

fn tell(sender: &SyncSender<u32>, number: u32) {
    // Whoever asked is still there.
    let _ = sender.send(black_box(number) * 2);
}

fn one_rayon(pool: &rayon::ThreadPool, count: u32) -> io::Result<()> {
    for number in 0..count {
        let (sender, receiver) = sync_channel(1);
        pool.spawn(move || tell(&sender, number));
        receiver.recv().map_err(io::Error::other)?;
    }
    Ok(())
}

fn processes(size: Size) -> io::Result<()> {
    let pool = ProcessPool::builder().processes(WORKERS).build()?;
    // Both workers are there before anything is measured.
    pool.map(&DOUBLE, 0..100).for_each(drop);
    let many = best(size, size.calls, |count| {
        let submit = |number| pool.submit(&DOUBLE, &u64::from(number));
        let futures: Result<Vec<_>, _> = (0..count).map(submit).collect();
        for future in futures.map_err(io::Error::other)? {
            future.result().map_err(io::Error::other)?;
        }
        Ok(())
    })?;
    let one = best(size, size.calls / 10, |count| {
        for number in 0..count {
            let future = pool.submit(&DOUBLE, &u64::from(number));
            let future = future.map_err(io::Error::other)?;
            future.result().map_err(io::Error::other)?;
        }
        Ok(())
    })?;
    let text = "x".repeat(1_000_000);
    let megabyte = best(size, size.megabytes, |count| {
        for _ in 0..count {
            let future = pool.submit(&ECHO, &text).map_err(io::Error::other)?;
            future.result().map_err(io::Error::other)?;
        }
        Ok(())
    })?;
    println!(
        "{:<34}{many:>12.2}{one:>14.2}{megabyte:>12.0}",
        "lariat ProcessPool"
    );
    Ok(())
}

/// The rows of Python's own.
fn rows_of_python(which: &str, size: Size) -> io::Result<()> {
    let numbers =
        [size.tasks / 10, size.calls / 4, size.megabytes].map(|number| number.to_string());
    let Some(name) = python::name() else {
        println!("not installed: python3");
        return Ok(());
    };
    println!("{name}:");
    let mut command = python::command();
    command.arg(PYTHON).arg(which).args(numbers);
    match command.arg(size.repeats.to_string()).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(io::Error::other(format!("python3 {PYTHON}: {status}"))),
        Err(error) => {
            println!("python3 cannot be run: {error}");
            Ok(())
        }
    }
}

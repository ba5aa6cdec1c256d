//! How late timers are when there are a hundred thousand, and what it costs to add and to cancel one.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use lariat::sync::{Countdown, Timers};

/// Over how long the timers are spread.
const SPREAD: Duration = Duration::from_secs(4);

/// How long there is to add them before the first is due.
const AHEAD: Duration = Duration::from_secs(1);

/// What was seen of one way to have timers.
struct Seen {
    /// Of each timer, how long after its moment it was called.
    late: Vec<Duration>,
    /// What adding them took.
    adding: Duration,
}

/// Measures ours against tokio's.
pub fn measure(count: u32) -> io::Result<()> {
    println!(
        "{count} timers over {} s, added within {} s before; how late in us, and what one costs in ns",
        SPREAD.as_secs(),
        AHEAD.as_secs()
    );
    println!();
    println!(
        "{:<28}{:>9}{:>9}{:>9}{:>9}{:>12}",
        "", "median", "p99", "p99.9", "most", "to add"
    );
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_time()
        .build()?;
    show("lariat Timers::call_at", called(count)?, count);
    show(
        "lariat Timers::sleep, tasks",
        runtime.block_on(slept(count))?,
        count,
    );
    show(
        "tokio sleep, tasks",
        runtime.block_on(tokio_slept(count)),
        count,
    );
    println!();
    println!(
        "a timer added and cancelled among {count}: {} ns",
        cancelled(count)?
    );
    Ok(())
}

/// The moments, in an order that is not theirs.
fn moments(count: u32, first: Instant) -> impl Iterator<Item = Instant> {
    let step = SPREAD / count;
    // A prime steps through all of them.
    (0..count).map(move |index| {
        let place = u64::from(index) * 2_147_483_647 % u64::from(count);
        first + step * u32::try_from(place).expect("it is below the count")
    })
}

fn called(count: u32) -> io::Result<Seen> {
    let timers = Timers::new()?;
    let late = Arc::new(Mutex::new(Vec::with_capacity(count as usize)));
    let done = Arc::new(Countdown::new(count as usize));
    let start = Instant::now();
    for moment in moments(count, start + AHEAD) {
        let (late, done) = (Arc::clone(&late), Arc::clone(&done));
        timers.call_at(moment, move || {
            let by = moment.elapsed();
            late.lock().expect("nobody panics").push(by);
            done.count_down().expect("one for each");
        });
    }
    let adding = start.elapsed();
    done.wait();
    let late = std::mem::take(&mut *late.lock().expect("nobody panics"));
    Ok(Seen { late, adding })
}

async fn slept(count: u32) -> io::Result<Seen> {
    let timers = Arc::new(Timers::new()?);
    let start = Instant::now();
    let tasks: Vec<_> = moments(count, start + AHEAD)
        .map(|moment| {
            let timers = Arc::clone(&timers);
            tokio::spawn(async move {
                timers
                    .sleep(moment.saturating_duration_since(Instant::now()))
                    .await;
                moment.elapsed()
            })
        })
        .collect();
    let adding = start.elapsed();
    Ok(Seen {
        late: all(tasks).await,
        adding,
    })
}

async fn tokio_slept(count: u32) -> Seen {
    let start = Instant::now();
    let tasks: Vec<_> = moments(count, start + AHEAD)
        .map(|moment| {
            tokio::spawn(async move {
                tokio::time::sleep_until(moment.into()).await;
                moment.elapsed()
            })
        })
        .collect();
    let adding = start.elapsed();
    Seen {
        late: all(tasks).await,
        adding,
    }
}

async fn all(tasks: Vec<tokio::task::JoinHandle<Duration>>) -> Vec<Duration> {
    let mut late = Vec::with_capacity(tasks.len());
    for task in tasks {
        late.push(task.await.expect("it does not panic"));
    }
    late
}

/// The time in ns to add one and cancel it again while the others wait.
fn cancelled(count: u32) -> io::Result<u128> {
    let timers = Timers::new()?;
    let hour = Instant::now() + Duration::from_secs(3600);
    for moment in moments(count, hour) {
        timers.call_at(moment, || ());
    }
    let start = Instant::now();
    for moment in moments(count, hour) {
        assert!(timers.call_at(moment, || ()).cancel());
    }
    Ok(start.elapsed().as_nanos() / u128::from(count))
}

fn show(name: &str, mut seen: Seen, count: u32) {
    seen.late.sort_unstable();
    assert_eq!(seen.late.len(), count as usize);
    let quantile = |share: f64| {
        let place = ((seen.late.len() - 1) as f64 * share) as usize;
        seen.late[place].as_micros()
    };
    println!(
        "{name:<28}{:>9}{:>9}{:>9}{:>9}{:>12}",
        quantile(0.5),
        quantile(0.99),
        quantile(0.999),
        quantile(1.0),
        seen.adding.as_nanos() / u128::from(count)
    );
}

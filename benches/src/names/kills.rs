//! Registrations under `kill -9`: whether one that was acknowledged is ever lost.

use std::io;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use super::{Asking, Served};
use crate::platform::child::{Ask, Given};

/// How many registrations a round sends; it is killed long before the last.
const EACH: usize = 2_000;

/// The longest that a round runs before its server is killed, in milliseconds.
const LONGEST: u64 = 60;

/// How many servers, each with a store of its own, are killed beside each other: most of a round is
/// waiting for the disk and for a process to start.
const LANES: usize = 4;

/// How many rounds one store has before another is begun: a start checks all that is in it.
const ROUNDS_OF_A_STORE: usize = 25;

/// How often it is told how far it is, in rounds.
const TOLD_EVERY: usize = 50;

/// What came of the rounds so far.
#[derive(Default)]
struct Came {
    rounds: usize,
    acknowledged: usize,
    lost: usize,
    unfinished: usize,
}

/// Runs so many rounds, and prints what came of them.
pub fn measure(rounds: usize) -> io::Result<()> {
    let begin = Instant::now();
    let came = Mutex::new(Came::default());
    let lanes: Vec<io::Result<()>> = thread::scope(|scope| {
        let lanes: Vec<_> = (0..LANES)
            .map(|lane| {
                let own = rounds / LANES + usize::from(lane < rounds % LANES);
                let came = &came;
                scope.spawn(move || run_lane(lane, own, rounds, came))
            })
            .collect();
        let ended = lanes.into_iter().map(|lane| lane.join());
        ended
            .map(|ended| ended.unwrap_or_else(|_| Err(io::Error::other("a lane panicked"))))
            .collect()
    });
    lanes.into_iter().collect::<io::Result<()>>()?;
    let came = came.into_inner().unwrap_or_else(|error| error.into_inner());
    println!(
        "{} rounds on {LANES} servers, each killed within {LONGEST} ms, {} of them while registering",
        came.rounds, came.unfinished
    );
    println!(
        "{} registrations acknowledged, {} lost; {:.1} s",
        came.acknowledged,
        came.lost,
        begin.elapsed().as_secs_f64()
    );
    match came.lost {
        0 => Ok(()),
        lost => Err(io::Error::other(format!(
            "{lost} acknowledged registrations are lost"
        ))),
    }
}

/// The rounds of one server after the other, on one store after the other.
fn run_lane(lane: usize, rounds: usize, of: usize, came: &Mutex<Came>) -> io::Result<()> {
    // A simple generator, so that rounds differ and a run can be repeated.
    let mut chance: u64 = 0x2545_f491_4f6c_dd1d ^ (lane as u64 + 1);
    let mut left = rounds;
    while left > 0 {
        let folder = tempfile::tempdir()?;
        let mut acknowledged: Vec<String> = Vec::new();
        let mut looked_for = 0;
        for round in 0..left.min(ROUNDS_OF_A_STORE) {
            let served = Served::start(Given::default(), folder.path())?;
            let mut asking = served.connect()?;
            // Those of the round just before; all of them are looked for at the store's end.
            let lost = missing(&mut asking, &acknowledged[looked_for..])?;
            looked_for = acknowledged.len();
            chance ^= chance << 13;
            chance ^= chance >> 7;
            chance ^= chance << 17;
            let after = Duration::from_millis(1 + chance % LONGEST);
            let count = kill_while_registering(served, asking, round, after)?;
            acknowledged.extend((0..count).map(|one| format!("r{round}-{one}")));
            left -= 1;
            note(came, of, count, lost);
        }
        let served = Served::start(Given::default(), folder.path())?;
        let lost = missing(&mut served.connect()?, &acknowledged)?;
        came.lock().unwrap_or_else(|error| error.into_inner()).lost += lost;
    }
    Ok(())
}

/// Takes note of a round, and tells how far it is now and then.
fn note(came: &Mutex<Came>, of: usize, count: usize, lost: usize) {
    let mut came = came.lock().unwrap_or_else(|error| error.into_inner());
    came.rounds += 1;
    came.acknowledged += count;
    came.lost += lost;
    came.unfinished += usize::from(count < EACH);
    if came.rounds.is_multiple_of(TOLD_EVERY) {
        eprintln!(
            "{} of {of} rounds: {} registrations acknowledged, {} lost",
            came.rounds, came.acknowledged, came.lost
        );
    }
}

/// Registers until the server is killed, after so long. Returns how many were acknowledged.
fn kill_while_registering(
    mut served: Served,
    mut asking: Asking,
    round: usize,
    after: Duration,
) -> io::Result<usize> {
    let lines: String = (0..EACH)
        .map(|one| format!("register r{round}-{one} 127.0.0.1:1 ttl=86400 probe=none\n"))
        .collect();
    let mut connection = asking.stream.try_clone()?;
    let writing = thread::spawn(move || {
        // It ends in the middle, which is what is wanted.
        let _ = io::Write::write_all(&mut connection, lines.as_bytes());
    });
    let killing = thread::spawn(move || {
        thread::sleep(after);
        served.process.ask(Ask::Kill)?;
        served.process.wait(Duration::from_secs(10))
    });
    let mut count = 0;
    while let Some(answer) = asking.answer()? {
        answer.map_err(io::Error::other)?;
        count += 1;
    }
    let _ = writing.join();
    killing
        .join()
        .map_err(|_| io::Error::other("killing panicked"))??;
    Ok(count)
}

/// How many of these names the server does not know.
fn missing(asking: &mut Asking, names: &[String]) -> io::Result<usize> {
    let mut missing = 0;
    for some in names.chunks(256) {
        let lines: String = some.iter().map(|name| format!("find {name}\n")).collect();
        asking.send(lines.as_bytes())?;
        for _ in some {
            let answer = asking.answer()?;
            let answer = answer.ok_or_else(|| io::Error::other("the server has gone"))?;
            missing += usize::from(answer.is_err());
        }
    }
    Ok(missing)
}

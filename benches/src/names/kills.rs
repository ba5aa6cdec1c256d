//! Registrations under `kill -9`: whether one that was acknowledged is ever lost.

use std::io;
use std::time::{Duration, Instant};

use super::{Asking, Served};
use crate::platform::child::{Ask, Given};

/// How many registrations a round sends; it is killed long before the last.
const EACH: usize = 2_000;

/// The longest that a round runs before its server is killed, in milliseconds.
const LONGEST: u64 = 60;

/// Runs so many rounds on one store, and prints what came of them.
pub fn measure(rounds: usize) -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let begin = Instant::now();
    let mut acknowledged: Vec<String> = Vec::new();
    let (mut lost, mut unfinished) = (0, 0);
    // A simple generator, so that rounds differ and a run can be repeated.
    let mut chance: u64 = 0x2545_f491_4f6c_dd1d;
    for round in 0..rounds {
        let mut served = Served::start(Given::default(), folder.path())?;
        let mut asking = served.connect()?;
        // Those of the rounds just before; all of them are looked for at the end.
        let recent = acknowledged.len().saturating_sub(500);
        lost += missing(&mut asking, &acknowledged[recent..])?;
        let lines: String = (0..EACH)
            .map(|one| format!("register r{round}-{one} 127.0.0.1:1 ttl=86400 probe=none\n"))
            .collect();
        let mut connection = asking.stream.try_clone()?;
        let writing = std::thread::spawn(move || {
            // It ends in the middle, which is what is wanted.
            let _ = std::io::Write::write_all(&mut connection, lines.as_bytes());
        });
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        let after = Duration::from_millis(1 + chance % LONGEST);
        let killing = std::thread::spawn(move || {
            std::thread::sleep(after);
            served.process.ask(Ask::Kill)?;
            served.process.wait(Duration::from_secs(10))
        });
        let mut count = 0;
        while let Some(answer) = asking.answer()? {
            answer.map_err(io::Error::other)?;
            acknowledged.push(format!("r{round}-{count}"));
            count += 1;
        }
        unfinished += usize::from(count < EACH);
        let _ = writing.join();
        killing
            .join()
            .map_err(|_| io::Error::other("killing panicked"))??;
    }
    let served = Served::start(Given::default(), folder.path())?;
    lost += missing(&mut served.connect()?, &acknowledged)?;
    println!(
        "{rounds} rounds, each killed within {LONGEST} ms, {unfinished} of them while registering"
    );
    println!(
        "{} registrations acknowledged, {lost} lost; {:.0} s",
        acknowledged.len(),
        begin.elapsed().as_secs_f64()
    );
    match lost {
        0 => Ok(()),
        lost => Err(io::Error::other(format!(
            "{lost} acknowledged registrations are lost"
        ))),
    }
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

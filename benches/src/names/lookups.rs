//! Look-ups a second on one processor, many of them on the way at once.

use std::io;
use std::time::{Duration, Instant};

use super::{Served, exchange};
use crate::platform::child::Given;
use crate::platform::process;

/// How many services are registered.
const SERVICES: usize = 1_000;

/// How many requests are sent by one write, and answered before the next.
const DEPTH: usize = 256;

/// What is asked, and a line of it for the service of a number.
type Question = (&'static str, fn(usize) -> String);

const QUESTIONS: [Question; 3] = [
    ("by name", |number| format!("find service-{number}\n")),
    ("by tag, 10 places", |number| {
        format!("find tag=tag-{}\n", number % 100)
    }),
    ("renewing", |number| {
        format!("renew service-{number} token=0123456789abcdef\n")
    }),
];

/// Prints a row for each kind of question.
pub fn measure(quick: bool) -> io::Result<()> {
    let (for_server, for_load) = process::two_processors()?;
    process::stay_on(for_load)?;
    let given = Given {
        processor: Some(for_server),
        ..Given::default()
    };
    let folder = tempfile::tempdir()?;
    let served = Served::start(given, folder.path())?;
    let mut asking = served.connect()?;
    let lines: String = (0..SERVICES)
        .map(|number| {
            format!(
                "register service-{number} 127.0.0.1:{} ttl=86400 probe=none tags=tag-{} \
                 description=\"number {number}\" token=0123456789abcdef\n",
                10_000 + number,
                number % 100
            )
        })
        .collect();
    exchange(&mut asking, &lines, SERVICES)?;
    println!("{SERVICES} services; {DEPTH} requests by one write on one connection");
    println!();
    println!("{:<22}{:>14}{:>22}", "", "a second", "processor, µs each");
    let time = Duration::from_secs(if quick { 1 } else { 5 });
    for (name, question) in QUESTIONS {
        let batches: Vec<String> = (0..SERVICES)
            .step_by(DEPTH)
            .map(|first| {
                (first..first + DEPTH)
                    .map(|one| question(one % SERVICES))
                    .collect()
            })
            .collect();
        let before = served.process.processor_time()?;
        let begin = Instant::now();
        let mut count = 0;
        while begin.elapsed() < time {
            for batch in &batches {
                exchange(&mut asking, batch, DEPTH)?;
                count += DEPTH;
            }
        }
        let rate = count as f64 / begin.elapsed().as_secs_f64();
        let used = served.process.processor_time()? - before;
        let each = used.as_secs_f64() * 1e6 / count as f64;
        println!("{name:<22}{rate:>14.0}{each:>22.2}");
    }
    Ok(())
}

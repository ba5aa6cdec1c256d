//! The rounds of a table: all servers in turn, and ratios to the first of the same round.

use std::io;
use std::time::Duration;

use super::Effort;
use crate::servers::{Given, Running, Server};
use crate::timestamp::statistics::Quartiles;

/// A load on one server: runs for so long, and returns how much was done.
pub trait Work {
    /// Keeps the server busy.
    fn run(&mut self, duration: Duration) -> io::Result<u64>;
}

/// What was measured of a server in all rounds.
struct Measured {
    /// Nanoseconds of processor time for each thing done; nothing for a round that failed.
    costs: Vec<Option<f64>>,
    /// How many were done in a second.
    rates: Vec<f64>,
    failure: Option<io::Error>,
}

/// What a server's rounds came to.
pub struct Figures {
    /// Nanoseconds of processor time for each thing done.
    pub cost: f64,
    /// That by the first server's of the same round.
    pub ratios: Quartiles,
    /// How many were done in a second.
    pub rate: f64,
}

impl Figures {
    /// The ratio's quartiles, as all tables show them.
    pub fn quartiles(&self) -> String {
        format!("{:.2} to {:.2}", self.ratios.first, self.ratios.third)
    }
}

/// Measures all servers, and prints a row for each: the cost, its ratio to the first.
///
/// `unit` is what is done, `per` divides the costs and multiplies the rates.
pub fn print<W: Work>(
    effort: &Effort,
    servers: &[Server],
    unit: &str,
    begin: impl Fn(&Running, &Server) -> io::Result<W>,
) -> io::Result<()> {
    let all = run(effort, servers, begin);
    println!(
        "{:<28}{:>14}{:>8}{:>18}{:>14}",
        "",
        format!("ns/{unit}"),
        "ratio",
        "quartiles",
        format!("{unit}/s")
    );
    for (server, figures) in servers.iter().zip(all) {
        match figures {
            Ok(figures) => println!(
                "{:<28}{:>14.0}{:>8.2}{:>18}{:>14.0}",
                server.name,
                figures.cost,
                figures.ratios.median,
                figures.quartiles(),
                figures.rate,
            ),
            Err(failure) => println!("{:<28}{failure}", server.name),
        }
    }
    Ok(())
}

/// Measures all servers: what each came to, or why it could not be measured.
pub fn run<W: Work>(
    effort: &Effort,
    servers: &[Server],
    begin: impl Fn(&Running, &Server) -> io::Result<W>,
) -> Vec<io::Result<Figures>> {
    let mut all: Vec<Measured> = servers.iter().map(|_| Measured::new()).collect();
    for round in 0..effort.rounds {
        run_round(effort, servers, round, &begin, &mut all);
    }
    let first = all.first().map_or(Vec::new(), |first| first.costs.clone());
    all.into_iter()
        .map(|measured| measured.figures(&first))
        .collect()
}

impl Measured {
    fn new() -> Measured {
        Measured {
            costs: Vec::new(),
            rates: Vec::new(),
            failure: None,
        }
    }

    fn figures(self, first: &[Option<f64>]) -> io::Result<Figures> {
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        let ratios = self.costs.iter().zip(first);
        Ok(Figures {
            cost: Quartiles::of(self.costs.iter().flatten().copied()).median,
            ratios: Quartiles::of(ratios.filter_map(|(our, first)| Some((*our)? / (*first)?))),
            rate: Quartiles::of(self.rates).median,
        })
    }
}

/// A server in a round.
struct Loaded<W> {
    running: Running,
    work: W,
    used: Duration,
    took: Duration,
    done: u64,
}

impl<W: Work> Loaded<W> {
    fn slice(&mut self, duration: Duration) -> io::Result<()> {
        let before = self.running.process.processor_time()?;
        let begin = std::time::Instant::now();
        self.done += self.work.run(duration)?;
        self.took += begin.elapsed();
        // What is told may go back by a hundredth of a second; over all slices it is right.
        self.used = (self.used + self.running.process.processor_time()?).saturating_sub(before);
        Ok(())
    }
}

fn run_round<W: Work>(
    effort: &Effort,
    servers: &[Server],
    round: usize,
    begin: &impl Fn(&Running, &Server) -> io::Result<W>,
    all: &mut [Measured],
) {
    let given = Given {
        processor: Some(effort.for_server),
        ..Given::default()
    };
    let mut loaded: Vec<Option<Loaded<W>>> = Vec::new();
    for (server, measured) in servers.iter().zip(all.iter_mut()) {
        // One that cannot be had is not tried again in each round.
        let started = match measured.failure {
            Some(_) => None,
            None => start(server, given, effort, begin)
                .map_err(|error| measured.failure = Some(error))
                .ok(),
        };
        loaded.push(started);
    }
    for slice in 0..effort.slices {
        for step in 0..servers.len() {
            // Who comes first changes, so that a drift of the machine favours nobody.
            let place = (step + slice + round) % servers.len();
            if let Some(server) = &mut loaded[place]
                && let Err(error) = server.slice(effort.slice)
            {
                all[place].failure = Some(error);
                loaded[place] = None;
            }
        }
    }
    for (loaded, measured) in loaded.iter().zip(all) {
        let done = loaded.as_ref().filter(|loaded| loaded.done > 0);
        measured
            .costs
            .push(done.map(|it| it.used.as_nanos() as f64 / it.done as f64));
        measured
            .rates
            .extend(done.map(|it| it.done as f64 / it.took.as_secs_f64()));
    }
}

fn start<W: Work>(
    server: &Server,
    given: Given,
    effort: &Effort,
    begin: &impl Fn(&Running, &Server) -> io::Result<W>,
) -> io::Result<Loaded<W>> {
    let running = (server.start)(given)?;
    let mut work = begin(&running, server)?;
    // What happens once is not what each costs; the languages compile meanwhile.
    work.run(effort.slice * 3)?;
    Ok(Loaded {
        running,
        work,
        used: Duration::ZERO,
        took: Duration::ZERO,
        done: 0,
    })
}

//! A table: every client in turn, round after round, and what each of them took.

use std::fs::File;
use std::io;
use std::process::{Command, Stdio};
use std::time::Instant;

use super::Task;
use super::clients::Client;
use super::place::{NAME, Place};
use crate::platform::process;
use crate::timestamp::statistics::Quartiles;

/// What all tables have in common.
pub struct Contest<'a> {
    pub rounds: usize,
    pub for_server: usize,
    pub place: &'a Place,
}

/// What one run took, in seconds.
#[derive(Clone, Copy)]
struct Took {
    processor: f64,
    wall: f64,
}

impl Contest<'_> {
    /// Has each client do the task by its command, and prints a row for each. Ratios are to the
    /// first, by what counts: the processor's time of a large file or a list, and the time of many small files.
    pub fn print(
        &self,
        title: &str,
        task: Task,
        clients: &[Client],
        command: impl Fn(Client) -> Vec<String>,
    ) -> io::Result<()> {
        println!("\n{title}");
        let mut runs: Vec<Result<Vec<Took>, io::Error>> =
            clients.iter().map(|_| Ok(Vec::new())).collect();
        for _ in 0..self.rounds {
            for (client, so_far) in clients.iter().zip(&mut runs) {
                if let Ok(took) = so_far {
                    match self.run(task, *client, &command(*client)) {
                        Ok(more) => took.push(more),
                        Err(error) => *so_far = Err(error),
                    }
                }
            }
        }
        let many = matches!(task, Task::FetchMany | Task::SendMany);
        let counts = |took: Took| if many { took.wall } else { took.processor };
        let first: Vec<f64> = match runs.first() {
            Some(Ok(took)) => took.iter().map(|took| counts(*took)).collect(),
            _ => Vec::new(),
        };
        let unit = match task {
            Task::FetchMany | Task::SendMany => "ms/file",
            Task::List => "us/article",
            _ => "s/GiB",
        };
        println!(
            "{:<28}{:>18}{:>18}{:>10}{:>18}",
            "",
            format!("CPU {unit}"),
            format!("wall {unit}"),
            "ratio",
            "quartiles"
        );
        let share = match task {
            Task::FetchMany | Task::SendMany => self.place.many as f64 / 1000.0,
            Task::List => self.place.overviews as f64 / 1_000_000.0,
            _ => self.place.large as f64 / (1_u64 << 30) as f64,
        };
        for (client, took) in clients.iter().zip(runs) {
            match took {
                Ok(took) => row(client.name(), &took, &first, counts, share),
                Err(error) => println!("{:<28}{error}", client.name()),
            }
        }
        Ok(())
    }

    /// One client once, on what is new to it.
    fn run(&self, task: Task, client: Client, command: &[String]) -> io::Result<Took> {
        self.place.clear()?;
        let log = tempfile::NamedTempFile::new()?;
        let output = match task {
            Task::List => File::create(self.place.fetched().join(NAME))?.into(),
            _ => Stdio::null(),
        };
        let program = client.program()?;
        let before = process::processor_time_of_children()?;
        let begin = Instant::now();
        let status = Command::new(program)
            .args(command)
            .current_dir(match task {
                Task::FetchLarge | Task::FetchMany => self.place.fetched(),
                _ => self.place.owned(),
            })
            .env("NETRC", "/nonexistent")
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(File::create(log.path())?)
            .status()?;
        let wall = begin.elapsed().as_secs_f64();
        let after = process::processor_time_of_children()?;
        if !status.success() {
            let said = std::fs::read_to_string(log.path())?;
            let last = said.lines().last().unwrap_or("nothing");
            return Err(io::Error::other(format!("{status}: {last}")));
        }
        self.place.check(task)?;
        Ok(Took {
            processor: after.saturating_sub(before).as_secs_f64(),
            wall,
        })
    }
}

fn row(name: &str, took: &[Took], first: &[f64], counts: impl Fn(Took) -> f64, share: f64) {
    let processor = Quartiles::of(took.iter().map(|took| took.processor / share));
    let wall = Quartiles::of(took.iter().map(|took| took.wall / share));
    let ratios = took.iter().zip(first);
    let ratios = Quartiles::of(ratios.map(|(took, first)| counts(*took) / first));
    println!(
        "{name:<28}{:>18.3}{:>18.3}{:>10.2}{:>18}",
        processor.median,
        wall.median,
        ratios.median,
        format!("{:.2} to {:.2}", ratios.first, ratios.third)
    );
}

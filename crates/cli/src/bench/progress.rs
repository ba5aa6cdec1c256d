//! The line that moves while a person waits; nothing where nobody looks.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::bench::report::grouped;

/// How finely the bar is divided.
const STEPS: u64 = 1000;

/// A bar on standard error, if that is a terminal.
pub struct Progress(ProgressBar);

impl Progress {
    /// A bar at its beginning.
    pub fn new() -> Self {
        let style = ProgressStyle::with_template("{prefix} [{bar:30}] {msg}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        Progress(ProgressBar::new(STEPS).with_style(style.progress_chars("=> ")))
    }

    /// How far it is, from 0 to 1, and what is being done.
    pub fn show(&self, doing: &'static str, part: f64, words: String) {
        self.0.set_prefix(doing);
        self.0
            .set_position((part.clamp(0.0, 1.0) * STEPS as f64) as u64);
        self.0.set_message(words);
    }

    /// Takes the line away.
    pub fn clear(&self) {
        self.0.finish_and_clear();
    }
}

/// How many answers came by when, to say how fast they come now.
#[derive(Default)]
pub struct Pace {
    answered: u64,
    at: Duration,
}

impl Pace {
    /// So many answers until now: how many a second since it was last asked, and what went wrong.
    pub fn words(&mut self, answered: u64, faults: u64, at: Duration) -> String {
        let seconds = (at.saturating_sub(self.at)).as_secs_f64();
        let more = answered.saturating_sub(self.answered);
        let rate = if seconds > 0.0 {
            more as f64 / seconds
        } else {
            0.0
        };
        (self.answered, self.at) = (answered, at);
        let faults = match faults {
            0 => String::new(),
            faults => format!(", {} wrong or missing", grouped(faults)),
        };
        format!("{} messages/s{faults}", grouped(rate as u64))
    }
}

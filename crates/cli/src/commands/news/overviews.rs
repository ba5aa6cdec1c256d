//! The list of a group's articles, shown as it comes: there may be more of them than are to be kept.

use std::io;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use lariat_client::nntp::{Error, Overview};
use serde_json::json;

use super::draft;
use super::message::{decoded, seconds};
use super::shown::Shown;
use crate::failure::Failure;

/// How many of the first are looked at to see how wide the columns are.
const LOOKED_AT: usize = 1000;

/// The columns of a name at most.
const NAME: usize = 20;

/// How much is written at once.
const PIECE: usize = 32 * 1024;

/// A line for each article.
pub struct Table {
    shown: Shown,
    zone: TimeZone,
    /// Those that wait until it is known how wide the columns are.
    first: Vec<Overview>,
    /// The columns of a number, and of a name.
    widths: Option<(usize, usize)>,
    last: u64,
    /// What is to be written.
    text: String,
    /// Why nothing more can be.
    failure: Option<Failure>,
}

impl Table {
    /// One whose highest number is this at most.
    pub fn new(shown: Shown, last: u64) -> Self {
        Table {
            shown,
            zone: TimeZone::system(),
            first: Vec::new(),
            widths: None,
            last,
            text: String::new(),
            failure: None,
        }
    }

    /// Takes an article.
    ///
    /// # Errors
    ///
    /// When what came before it cannot be written; [`finish`](Self::finish) says why.
    pub fn add(&mut self, overview: Overview) -> io::Result<()> {
        let Some(widths) = self.widths else {
            self.first.push(overview);
            return match self.first.len() {
                LOOKED_AT => self.begin(self.last),
                _ => Ok(()),
            };
        };
        self.write(&overview, widths)
    }

    /// Writes the rest, if all has come.
    ///
    /// # Errors
    ///
    /// Why not all came, or not all could be written.
    pub fn finish(mut self, heard: Result<(), Error>) -> Result<(), Failure> {
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        let last = self.first.last().map(Overview::number);
        let begun = self.begin(last.unwrap_or(1));
        match self.failure.take() {
            Some(failure) => return Err(failure),
            None => begun?,
        }
        self.shown.lines(&self.text)?;
        Ok(heard?)
    }

    /// Writes those that have waited.
    fn begin(&mut self, last: u64) -> io::Result<()> {
        let first = std::mem::take(&mut self.first);
        let names = first
            .iter()
            .map(|overview| author(overview).chars().count());
        let widths = (
            last.to_string().len(),
            names.max().unwrap_or_default().min(NAME),
        );
        self.widths.get_or_insert(widths);
        first
            .iter()
            .try_for_each(|overview| self.write(overview, widths))
    }

    fn write(&mut self, overview: &Overview, (digits, width): (usize, usize)) -> io::Result<()> {
        let (shown, zone) = (&self.shown, &self.zone);
        let row = || row(overview, digits, width, zone);
        shown.add(&mut self.text, row, || object(overview));
        if self.text.len() < PIECE {
            return Ok(());
        }
        let written = self.shown.lines(&self.text);
        self.text.clear();
        written.map_err(|failure| {
            self.failure = Some(failure);
            io::Error::other("what is listed cannot be shown")
        })
    }
}

fn row(overview: &Overview, digits: usize, width: usize, zone: &TimeZone) -> String {
    let day = seconds(overview.date()).and_then(|at| Timestamp::from_second(at).ok());
    let day = day.map(|at| at.to_zoned(zone.clone()).strftime("%Y-%m-%d").to_string());
    let author: String = author(overview).chars().take(width).collect();
    let row = format!(
        "{:>digits$}  {:10}  {author:width$}  {}",
        overview.number(),
        day.unwrap_or_default(),
        decoded(overview.subject())
    );
    row.trim_end().to_owned()
}

fn author(overview: &Overview) -> String {
    draft::name(&decoded(overview.from())).to_owned()
}

fn object(overview: &Overview) -> serde_json::Value {
    json!({
        "number": overview.number(),
        "subject": decoded(overview.subject()),
        "from": decoded(overview.from()),
        "date": overview.date(),
        "id": overview.message_id(),
        "references": overview.references().collect::<Vec<_>>(),
        "bytes": overview.bytes(),
        "lines": overview.lines(),
    })
}

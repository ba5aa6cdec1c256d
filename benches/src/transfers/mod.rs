//! What files cost who fetches and sends them, and news who lists them: `lariat ftp`, `lariat fetch` and
//! `lariat news` beside curl, wget, lftp and Python's own.

mod clients;
mod contest;
mod ftp;
mod http;
mod news;
mod place;

use std::io;

use clap::ValueEnum;

use crate::platform::process;
use crate::servers::news::ARTICLES;
use contest::Contest;
use place::Place;

/// How many bytes the one large file has.
const LARGE: u64 = 1 << 30;

/// How many small files there are, and how many bytes each has.
const MANY: usize = 10_000;
const SMALL: usize = 1024;

/// A protocol's tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Table {
    /// From and to vsftpd.
    Ftp,
    /// The same over TLS.
    Ftps,
    /// From and to nginx.
    Http,
    /// Overviews from a server of this program.
    News,
}

/// What is moved, and which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Task {
    FetchLarge,
    SendLarge,
    FetchMany,
    SendMany,
    /// As a form of one field, which is the file.
    SendForm,
    /// The articles of a group, a line for each.
    List,
}

/// Prints the tables, or one protocol's.
///
/// # Errors
///
/// When there are not two processors, or no place for the files.
pub fn measure(quick: bool, only: Option<Table>) -> io::Result<()> {
    let (for_server, for_client) = process::two_processors()?;
    process::raise_open_files()?;
    process::stay_on(for_client)?;
    let (rounds, large, many, overviews) = match quick {
        true => (1, LARGE / 64, MANY / 100, ARTICLES / 100),
        false => (5, LARGE, MANY, ARTICLES),
    };
    let place = match only {
        // No files are moved.
        Some(Table::News) => Place::fill(0, 0, overviews)?,
        _ => Place::fill(large, many, overviews)?,
    };
    let contest = Contest {
        rounds,
        for_server,
        place: &place,
    };
    println!(
        "{rounds} rounds; one file of {} MiB, {many} of {SMALL} bytes, and {overviews} articles; the client on processor \
         {for_client}",
        large >> 20
    );
    if only.is_none_or(|only| only == Table::Ftp) {
        ftp::print(&contest)?;
    }
    if only.is_none_or(|only| only == Table::Ftps) {
        ftp::print_over_tls(&contest)?;
    }
    if only.is_none_or(|only| only == Table::Http) {
        http::print(&contest)?;
    }
    if only.is_none_or(|only| only == Table::News) {
        news::print(&contest)?;
    }
    Ok(())
}

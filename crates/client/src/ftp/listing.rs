//! What is in a folder: as text for people, as names, and as entries.

use std::io;
use std::time::{SystemTime, UNIX_EPOCH};

use lariat_protocol::ftp::{Command, Entry, Kind, Moment, parse_facts, parse_listed};

use super::{Client, Error};

/// How many lines of a listing are kept, which is a million files of one folder.
const MAXIMUM_LINES: usize = 1_000_000;

/// How many bytes of a listing are kept.
const MAXIMUM_LISTING: usize = 128 * 1024 * 1024;

/// What is in a folder, as far as the server's listing is understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The files and folders, without the folder itself and the one above.
    pub entries: Vec<Entry>,
    /// The lines in no form that is known, each of which may be a file's.
    pub unread: Vec<String>,
}

impl Client {
    /// The lines of a folder as the server shows them to people (`LIST`), or of this one.
    ///
    /// # Errors
    ///
    /// When the server says no, the transfer fails, or there are more than a million lines.
    pub async fn dir(&mut self, path: Option<&str>) -> Result<Vec<String>, Error> {
        let path = path.map(|path| self.text(path)).transpose()?;
        self.lines(&Command::List(path)).await
    }

    /// The names in a folder (`NLST`), or in this one. A few servers answer 550 for an empty folder, which
    /// has none.
    ///
    /// # Errors
    ///
    /// As [`dir`](Self::dir).
    pub async fn nlst(&mut self, path: Option<&str>) -> Result<Vec<String>, Error> {
        let path = path.map(|path| self.text(path)).transpose()?;
        match self.lines(&Command::Nlst(path)).await {
            Err(error) if is_empty(&error) => Ok(Vec::new()),
            names => names,
        }
    }

    /// The entries of a folder by their facts (`MLSD`), or of this one, without the folder itself and the
    /// one above. A line that is not understood is left out.
    ///
    /// # Errors
    ///
    /// As [`dir`](Self::dir); also where the server has no `MLSD`.
    pub async fn mlsd(&mut self, path: Option<&str>) -> Result<Vec<Entry>, Error> {
        Ok(self.facts(path).await?.entries)
    }

    /// What is known of a file or a folder (`MLST`), or of the folder that the connection is in. Its name is what the server
    /// calls it, often with the folders that it is in.
    ///
    /// # Errors
    ///
    /// When the server says no, has no `MLST`, or says what is not understood.
    pub async fn mlst(&mut self, path: Option<&str>) -> Result<Entry, Error> {
        let path = path.map(|path| self.text(path)).transpose()?;
        let reply = self.control.expect_done(&Command::Mlst(path)).await?;
        // It stands between two lines for people, behind a space.
        let line = reply.lines().get(1).map_or("", String::as_str);
        let entry = parse_facts(line.strip_prefix(' ').unwrap_or(line));
        entry.map_err(|error| self.control.broken(error))
    }

    /// The entries of a folder, or of this one: by `MLSD` where the server has it, and else read from
    /// `LIST`. A line that is not understood is left out: see [`listing`](Self::listing).
    ///
    /// # Errors
    ///
    /// As [`dir`](Self::dir).
    pub async fn list(&mut self, path: Option<&str>) -> Result<Vec<Entry>, Error> {
        Ok(self.listing(path).await?.entries)
    }

    /// The same with the lines that are not understood.
    ///
    /// # Errors
    ///
    /// As [`dir`](Self::dir).
    pub async fn listing(&mut self, path: Option<&str>) -> Result<Listing, Error> {
        if self.knows("MLST") || self.knows("MLSD") {
            return self.facts(path).await;
        }
        let lines = self.dir(path).await?;
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let now = Moment::from_seconds(i64::try_from(now.as_secs()).unwrap_or(i64::MAX));
        Ok(read(lines, |line| parse_listed(line, now)))
    }

    async fn facts(&mut self, path: Option<&str>) -> Result<Listing, Error> {
        let path = path.map(|path| self.text(path)).transpose()?;
        let lines = self.lines(&Command::Mlsd(path)).await?;
        Ok(read(lines, |line| parse_facts(line).ok()))
    }

    async fn lines(&mut self, command: &Command) -> Result<Vec<String>, Error> {
        let (mut lines, mut count, mut length) = (Vec::new(), 0, 0);
        let take = |line: &str| {
            // Empty ones count as well, or a listing of them would never end.
            count += 1;
            length += line.len();
            if count > MAXIMUM_LINES || length > MAXIMUM_LISTING {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "a listing has more than a million lines, or 128 MiB",
                ));
            }
            if !line.is_empty() {
                lines.push(line.to_owned());
            }
            Ok(())
        };
        self.receive_lines(command, take).await?;
        Ok(lines)
    }
}

fn read(lines: Vec<String>, parse: impl Fn(&str) -> Option<Entry>) -> Listing {
    let mut listing = Listing::default();
    for line in lines {
        match parse(&line) {
            Some(entry) if is_folder_itself(&entry) => {}
            Some(entry) => listing.entries.push(entry),
            None if is_total(&line) => {}
            None => listing.unread.push(line),
        }
    }
    listing
}

/// What `ls -l` says of all files before it names them.
fn is_total(line: &str) -> bool {
    let rest = line.strip_prefix("total ").map(str::trim);
    rest.is_some_and(|rest| {
        rest.starts_with(|first: char| first.is_ascii_digit()) && !rest.contains(' ')
    })
}

/// A folder without files, to the servers that say so by an error.
fn is_empty(error: &Error) -> bool {
    let says_so = |text: &str| text.to_ascii_lowercase().contains("no files found");
    error.is_unavailable() && error.reply().is_some_and(|reply| says_so(&reply.text()))
        || error
            .reply()
            .is_some_and(|reply| reply.code() == 450 && says_so(&reply.text()))
}

fn is_folder_itself(entry: &Entry) -> bool {
    matches!(entry.kind, Kind::This | Kind::Parent) || matches!(entry.name.as_str(), "." | "..")
}

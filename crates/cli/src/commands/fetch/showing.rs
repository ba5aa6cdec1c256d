//! An answer on standard output: as it is for programs, and on a terminal so that it can be read and steers
//! nothing.

use std::io::{self, IsTerminal, Write};

use http::header::CONTENT_TYPE;
use http::{HeaderMap, response};
use lariat_client::http::Body;

use super::exit::{too_large, unwritable};
use super::readable::readable;
use crate::failure::{Failure, in_words};
use crate::output::{harmless, print};

/// The longest JSON that is laid out; what is longer is shown as it is.
const LONGEST_JSON: usize = 16 * 1024 * 1024;

/// Shows a body on standard output.
///
/// # Errors
///
/// When not all of it came, it cannot be written, or it is binary and a terminal would be its place.
pub async fn show(
    answer: &response::Parts,
    body: Body,
    even_binary: bool,
    most: u64,
) -> Result<u64, Failure> {
    if even_binary || !io::stdout().is_terminal() {
        return copy(body, io::stdout(), most).await;
    }
    let mut pieces = Pieces::new(body, most);
    pieces.gather(1).await?;
    if pieces.held.contains(&0) {
        return Err(unwritable(format!(
            "what came is binary ({}), which is nothing for a terminal; -o FILE saves it, and -o - shows it all \
             the same",
            kind(&answer.headers)
        )));
    }
    if is_json(&answer.headers) {
        pieces.gather(LONGEST_JSON).await?;
        let is_coloured = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let text = std::str::from_utf8(&pieces.held).ok();
        let page = text.filter(|_| pieces.is_at_end);
        if let Some(page) = page.and_then(|text| readable(text, is_coloured)) {
            print(page)?;
            return Ok(pieces.came);
        }
    }
    loop {
        let text = pieces.take_text();
        print(harmless(&text))?;
        if pieces.is_at_end {
            return Ok(pieces.came);
        }
        pieces.gather(1).await?;
    }
}

/// Copies a body, as it is.
///
/// # Errors
///
/// When not all of it came, it is more than `most` bytes, or it cannot be written.
pub async fn copy(
    mut body: Body,
    mut to: impl Write + Send + 'static,
    most: u64,
) -> Result<u64, Failure> {
    let mut length = 0;
    check_length(body.length().unwrap_or(0), most)?;
    while let Some(piece) = body.data().await? {
        length += piece.len() as u64;
        check_length(length, most)?;
        to = written(to, move |to| to.write_all(&piece)).await?;
    }
    written(to, Write::flush).await?;
    Ok(length)
}

/// Writes on a thread that may wait: whoever does not read for long, as a pager, keeps nobody from hearing ^C.
async fn written<W: Write + Send + 'static>(
    mut to: W,
    write: impl FnOnce(&mut W) -> io::Result<()> + Send + 'static,
) -> Result<W, Failure> {
    let writing = tokio::task::spawn_blocking(move || write(&mut to).map(|()| to));
    let written = writing.await.map_err(io::Error::other);
    written.and_then(|written| written).map_err(not_written)
}

fn check_length(length: u64, most: u64) -> Result<(), Failure> {
    match length > most {
        true => Err(too_large(format!(
            "what comes is larger than the {most} bytes that are allowed"
        ))),
        false => Ok(()),
    }
}

/// Whoever does not want to read more has had what they wanted; else it is told.
fn not_written(error: io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::BrokenPipe => error.into(),
        _ => unwritable(format!("what came cannot be written: {}", in_words(&error))),
    }
}

/// A body of which some is held back.
struct Pieces {
    body: Body,
    held: Vec<u8>,
    is_at_end: bool,
    came: u64,
    most: u64,
}

impl Pieces {
    fn new(body: Body, most: u64) -> Self {
        Pieces {
            body,
            held: Vec::new(),
            is_at_end: false,
            came: 0,
            most,
        }
    }

    /// Reads until at least so much is held, or nothing more comes.
    async fn gather(&mut self, length: usize) -> Result<(), Failure> {
        while self.held.len() < length && !self.is_at_end {
            match self.body.data().await? {
                Some(piece) => {
                    self.came += piece.len() as u64;
                    check_length(self.came, self.most)?;
                    self.held.extend_from_slice(&piece);
                }
                None => self.is_at_end = true,
            }
        }
        Ok(())
    }

    /// What is held, but for a character of which only the beginning is there.
    fn take_text(&mut self) -> Vec<u8> {
        let whole = match std::str::from_utf8(&self.held) {
            Err(error) if error.error_len().is_none() && !self.is_at_end => error.valid_up_to(),
            _ => self.held.len(),
        };
        let rest = self.held.split_off(whole);
        std::mem::replace(&mut self.held, rest)
    }
}

fn kind(headers: &HeaderMap) -> &str {
    let value = headers.get(CONTENT_TYPE);
    value
        .and_then(|value| value.to_str().ok())
        .unwrap_or("of no type")
}

/// Whether an answer says that it is JSON (RFC 8259, and RFC 6839 for its kinds).
pub fn is_json(headers: &HeaderMap) -> bool {
    let kind = kind(headers).split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json") || kind.to_ascii_lowercase().ends_with("+json")
}

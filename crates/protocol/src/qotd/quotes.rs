//! A file of quotes, read into what cannot be wrong.

use crate::qotd::MAXIMUM_QUOTE;

/// Quotes, each as it is sent: at least one, none empty and none too long.
///
/// ```
/// use lariat_protocol::qotd::Quotes;
///
/// let quotes = Quotes::parse(b"Measure twice,\ncut once.\n%\nTry it.\n").expect("good ones");
/// assert_eq!(quotes.len(), 2);
/// assert_eq!(quotes.choose(0), b"Measure twice,\r\ncut once.\r\n");
/// assert_eq!(quotes.choose(3), b"Try it.\r\n");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quotes(Vec<Box<[u8]>>);

/// A file of quotes that cannot be served.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuotesError {
    /// A quote is longer than may be sent.
    #[error(
        "the quote in line {line} is {length} bytes long; {MAXIMUM_QUOTE} are allowed, line ends as CRLF included"
    )]
    TooLong {
        /// Where it begins, from 1.
        line: usize,
        /// How long it is as it would be sent.
        length: usize,
    },
    /// A line has something in it that is no text.
    #[error("line {line} has {what} in it; a quote is UTF-8 text without control characters")]
    NoText {
        /// Which line, from 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// There is nothing to be served.
    #[error("there is no quote in it; write one, and a line with nothing but % between each two")]
    Empty,
}

impl Quotes {
    /// Reads quotes that lines of nothing but `%` stand between, as `fortune` has them, or blank
    /// lines if there is no such line.
    ///
    /// # Errors
    ///
    /// What is wrong with the first quote that cannot be sent, and in which line.
    pub fn parse(text: &[u8]) -> Result<Self, QuotesError> {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let lines: Vec<&[u8]> = text
            .split(|byte| *byte == b'\n')
            .map(<[u8]>::trim_ascii_end)
            .collect();
        let separator: &[u8] = match lines.contains(&&b"%"[..]) {
            true => b"%",
            false => b"",
        };
        let mut quotes = Vec::new();
        let mut line = 1;
        for group in lines.split(|line| *line == separator) {
            quotes.extend(quote(group, line)?);
            line += group.len() + 1;
        }
        match quotes.is_empty() {
            true => Err(QuotesError::Empty),
            false => Ok(Quotes(quotes)),
        }
    }

    /// The quote that a random number chooses.
    pub fn choose(&self, random: u64) -> &[u8] {
        // There is one, and the remainder is less than their number.
        &self.0[(random % self.0.len() as u64) as usize]
    }

    /// How many there are.
    #[allow(clippy::len_without_is_empty, reason = "there is always one")]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether a datagram is one of them, and so an answer, which is not to be answered.
    pub fn contains(&self, datagram: &[u8]) -> bool {
        self.0.iter().any(|quote| **quote == *datagram)
    }
}

/// The lines of a quote, of which the first has this number, as they are sent; nothing if they
/// are blank.
fn quote(lines: &[&[u8]], number: usize) -> Result<Option<Box<[u8]>>, QuotesError> {
    let is_blank = |line: &&[u8]| line.is_empty();
    let blank = lines.iter().take_while(|line| is_blank(line)).count();
    let behind = lines.iter().rev().take_while(|line| is_blank(line)).count();
    let number = number + blank;
    let Some(lines) = lines.get(blank..lines.len().saturating_sub(behind)) else {
        return Ok(None);
    };
    let mut quote = Vec::new();
    for (line, text) in (number..).zip(lines) {
        check(text).map_err(|what| QuotesError::NoText { line, what })?;
        quote.extend_from_slice(text);
        quote.extend_from_slice(b"\r\n");
    }
    let length = quote.len();
    if length > MAXIMUM_QUOTE {
        return Err(QuotesError::TooLong {
            line: number,
            length,
        });
    }
    Ok((length > 0).then(|| quote.into_boxed_slice()))
}

fn check(line: &[u8]) -> Result<(), String> {
    let text = std::str::from_utf8(line).map_err(|_| "bytes that are no UTF-8".to_owned())?;
    let control = text.chars().find(|one| one.is_control() && *one != '\t');
    control.map_or(Ok(()), |control| {
        Err(format!(
            "the control character {}",
            control.escape_default()
        ))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn all(text: &str) -> Vec<String> {
        let quotes = Quotes::parse(text.as_bytes()).unwrap();
        let sent = (0..quotes.len()).map(|at| quotes.choose(at as u64).to_vec());
        sent.map(|quote| String::from_utf8(quote).unwrap())
            .collect()
    }

    #[test]
    fn quotes_stand_between_percent_signs_or_blank_lines() {
        assert_eq!(all("one"), ["one\r\n"]);
        assert_eq!(
            all("one\n\n\ntwo\nlines\n"),
            ["one\r\n", "two\r\nlines\r\n"]
        );
        assert_eq!(all("\r\none\r\n \r\ntwo\r\n"), ["one\r\n", "two\r\n"]);
        // A blank line is one of the quote's then; around it, it is nothing.
        assert_eq!(
            all("%\none\n\nmore\n%\n%\n\n50%\n\n%\n"),
            ["one\r\n\r\nmore\r\n", "50%\r\n"]
        );
        assert_eq!(all("\u{feff}gr\u{fc}\u{df}e\n"), ["gr\u{fc}\u{df}e\r\n"]);
    }

    #[test]
    fn what_cannot_be_served_is_named_with_its_line() {
        let error = |text: &[u8]| Quotes::parse(text).unwrap_err().to_string();
        let fits = "x".repeat(MAXIMUM_QUOTE - 2);
        assert_eq!(all(&fits).len(), 1);
        let long = format!("short\n\n\ntoo\n{fits}\n");
        assert!(
            error(long.as_bytes()).starts_with("the quote in line 4 is 517 bytes long; 512"),
            "{}",
            error(long.as_bytes())
        );
        let fortune = format!("short\n%\n\n{fits}x\n%\nshort");
        assert!(error(fortune.as_bytes()).starts_with("the quote in line 4 is 513 bytes long"));
        assert!(error(b"ok\n\n\x1b[2J").starts_with("line 3 has the control character \\u{1b}"));
        assert!(error(b"ok\n\n\xff").starts_with("line 3 has bytes that are no UTF-8"));
        for nothing in [&b""[..], b"\n\n", b"%\n%\n", b" \n"] {
            assert!(error(nothing).starts_with("there is no quote"));
        }
    }

    #[test]
    fn its_own_quotes_are_answers() {
        let quotes = Quotes::parse(b"one\n\ntwo").unwrap();
        assert!(quotes.contains(b"two\r\n"));
        assert!(!quotes.contains(b"two") && !quotes.contains(b""));
    }
}

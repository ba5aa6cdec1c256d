//! Overviews: what a list of articles shows of each (RFC 3977, section 8).

use std::sync::Arc;

use crate::contract::Error;
use crate::nntp::text::shown;
use crate::nntp::{decode, parsing};

/// What each line begins with, whatever else the server has.
const FIXED: [&str; 7] = [
    "Subject",
    "From",
    "Date",
    "Message-ID",
    "References",
    ":bytes",
    ":lines",
];

/// How many fields are kept: servers have one or two beyond the fixed ones.
const MAXIMUM_FIELDS: usize = 100;

/// Which fields an overview has (`LIST OVERVIEW.FMT`). By default the seven that each has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverviewFormat {
    /// Without colons behind them; the fixed ones by the names of RFC 3977.
    names: Vec<String>,
}

impl Default for OverviewFormat {
    fn default() -> Self {
        OverviewFormat {
            names: FIXED.map(str::to_owned).to_vec(),
        }
    }
}

impl OverviewFormat {
    /// Reads the lines of a list of fields. The first seven are what they are, by whatever names.
    pub fn of<'a>(lines: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut format = OverviewFormat::default();
        for line in lines.into_iter().skip(FIXED.len()).take(MAXIMUM_FIELDS) {
            let name = decode(line);
            // A field that stands there with its name is called `Xref:full`.
            let name = name.split_once(':').filter(|(name, _)| !name.is_empty());
            match name {
                Some((name, _)) => format.names.push(name.to_owned()),
                None => format.names.push(decode(line)),
            }
        }
        format
    }

    /// The names of the fields.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The lines of the list of fields, as a server sends them.
    pub fn lines(&self) -> impl Iterator<Item = String> + '_ {
        self.names.iter().enumerate().map(|(at, name)| match at {
            5 | 6 => name.clone(),
            ..5 => format!("{name}:"),
            _ => format!("{name}:full"),
        })
    }
}

/// The overview of one article. It keeps the line, of which fields are given when they are asked for: there may be a
/// hundred thousand of them.
///
/// ```
/// use lariat_protocol::nntp::Overview;
///
/// let line = b"7\tRe: rope\tAnna <a@x.example>\t17 Jun 2006 17:27:21 +0000\t<2@x>\t<1@x>\t1234\t17";
/// let overview = Overview::parse(line, Default::default())?;
/// assert_eq!((overview.number(), overview.subject()), (7, "Re: rope"));
/// assert_eq!(overview.get("references"), Some("<1@x>"));
/// assert_eq!((overview.bytes(), overview.lines()), (Some(1234), Some(17)));
/// # Ok::<(), lariat_protocol::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    number: u64,
    /// What stands behind the number.
    line: String,
    format: Arc<OverviewFormat>,
}

impl Overview {
    /// Reads a line.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for what has no number in front.
    pub fn parse(line: &[u8], format: Arc<OverviewFormat>) -> Result<Self, Error> {
        let text = decode(line);
        let (number, rest) = text.split_once('\t').unwrap_or((&text, ""));
        match parsing::number(number) {
            Some(number) => Ok(Overview {
                number,
                line: rest.to_owned(),
                format,
            }),
            None => Err(Error::invalid(format!(
                "{} is no overview of an article, which has a number in front",
                shown(line)
            ))),
        }
    }

    /// The article's number, 0 if it was asked for by its name.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// What it is about. As all fields it stands here as in the article: RFC 2047 is not decoded.
    pub fn subject(&self) -> &str {
        self.at(0)
    }

    /// Who has written it.
    pub fn from(&self) -> &str {
        self.at(1)
    }

    /// When, in the words of its header.
    pub fn date(&self) -> &str {
        self.at(2)
    }

    /// Its name, with brackets.
    pub fn message_id(&self) -> &str {
        self.at(3)
    }

    /// The names of those that it follows, the nearest last.
    pub fn references(&self) -> impl Iterator<Item = &str> {
        self.at(4).split_ascii_whitespace()
    }

    /// How many bytes it has, if the server knows.
    pub fn bytes(&self) -> Option<u64> {
        parsing::number(self.at(5))
    }

    /// How many lines its body has, if the server knows.
    pub fn lines(&self) -> Option<u64> {
        parsing::number(self.at(6))
    }

    /// A field by its name, in capitals or not; nothing if the overview has none of that name.
    pub fn get(&self, name: &str) -> Option<&str> {
        let is_it = |known: &String| known.eq_ignore_ascii_case(name);
        self.format
            .names
            .iter()
            .position(is_it)
            .map(|at| self.at(at))
    }

    /// All fields by their names, as far as the line has them.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        let names = self.format.names.iter().map(String::as_str);
        names.enumerate().map(|(at, name)| (name, self.at(at)))
    }

    fn at(&self, index: usize) -> &str {
        let field = self.line.split('\t').nth(index).unwrap_or_default();
        if index < FIXED.len() {
            return field;
        }
        // What is not one of the seven has its name in front.
        let name = &self.format.names[index];
        match field.split_at_checked(name.len()) {
            Some((front, behind)) if front.eq_ignore_ascii_case(name) => {
                behind.strip_prefix(':').map_or(field, str::trim)
            }
            _ => field,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format() -> Arc<OverviewFormat> {
        let lines: [&[u8]; 9] = [
            b"Subject:",
            b"From:",
            b"Date:",
            b"Message-ID:",
            b"References:",
            b"Bytes:",
            b"Lines:",
            b"Xref:full",
            b"Archive:full",
        ];
        Arc::new(OverviewFormat::of(lines))
    }

    #[test]
    fn fields_are_found_by_their_places() {
        let line = b"3\ta\tb\tc\t<d>\t<e> <f>\t7\t\txref: host g:3\tarchive";
        let overview = Overview::parse(line, format()).expect("an overview");
        assert_eq!(overview.references().collect::<Vec<_>>(), ["<e>", "<f>"]);
        assert_eq!((overview.bytes(), overview.lines()), (Some(7), None));
        assert_eq!(overview.get("XREF"), Some("host g:3"));
        assert_eq!(overview.get("Archive"), Some("archive"));
        assert_eq!(overview.get(":bytes"), Some("7"));
        assert_eq!(overview.get("Bytes"), None);
        assert_eq!(overview.fields().count(), 9);
    }

    #[test]
    fn a_short_line_lacks_what_it_lacks_and_no_line_is_refused() {
        let overview = Overview::parse(b"3\ta", format()).expect("an overview");
        assert_eq!((overview.subject(), overview.from()), ("a", ""));
        assert_eq!(overview.get("xref"), Some(""));
        assert_eq!(overview.references().count(), 0);
        for wrong in [&b""[..], b"a\tb", b"-1\ta", b"3 a\tb"] {
            assert!(Overview::parse(wrong, format()).is_err());
        }
    }

    #[test]
    fn a_format_is_written_as_it_was_read() {
        let written: Vec<String> = format().lines().collect();
        assert_eq!(
            written[3..],
            [
                "Message-ID:",
                "References:",
                ":bytes",
                ":lines",
                "Xref:full",
                "Archive:full"
            ]
        );
        let lines: Vec<&[u8]> = written.iter().map(String::as_bytes).collect();
        assert_eq!(OverviewFormat::of(lines), *format());
        let many = OverviewFormat::of((0..1000).map(|_| &b"X:full"[..]));
        assert_eq!(many.names().len(), FIXED.len() + MAXIMUM_FIELDS);
    }
}

//! Requests as the small web server hears them.

use std::io::{self, BufRead, Read};

/// More than any test sends in a line.
const LONGEST_LINE: u64 = 64 * 1024;

/// A request that came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// `GET`, and so on.
    pub method: String,
    /// The path, with what is behind its `?`.
    pub target: String,
    /// The header's lines, in their order.
    pub headers: Vec<(String, String)>,
    /// What was sent with it.
    pub body: Vec<u8>,
}

impl Heard {
    /// The value of a header, the first if there are several.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter();
        let found = found.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The path without what is behind its `?`.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or(&self.target)
    }

    /// The next request of a connection; nothing when there is none any more.
    pub(super) fn read(from: &mut impl BufRead) -> io::Result<Option<Self>> {
        let first = line(from)?;
        let mut words = first.split(' ');
        let (Some(method), Some(target)) = (words.next(), words.next()) else {
            return Ok(None);
        };
        let mut heard = Heard {
            method: method.to_owned(),
            target: target.to_owned(),
            ..Heard::default()
        };
        loop {
            let line = line(from)?;
            let Some((name, value)) = line.split_once(':') else {
                break;
            };
            let value = value.trim().to_owned();
            heard.headers.push((name.to_owned(), value));
        }
        heard.body = heard.read_body(from)?;
        Ok(Some(heard))
    }

    fn read_body(&self, from: &mut impl BufRead) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        if self.header("transfer-encoding").is_some() {
            loop {
                let length = u64::from_str_radix(&line(from)?, 16);
                let length = length.map_err(io::Error::other)?;
                take(from, length, &mut body)?;
                line(from)?;
                if length == 0 {
                    return Ok(body);
                }
            }
        }
        let length = self.header("content-length");
        let length = length.map_or(Ok(0), str::parse);
        take(from, length.map_err(io::Error::other)?, &mut body)?;
        Ok(body)
    }
}

fn line(from: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    from.take(LONGEST_LINE).read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}

fn take(from: &mut impl BufRead, length: u64, into: &mut Vec<u8>) -> io::Result<()> {
    match from.take(length).read_to_end(into)? as u64 == length {
        true => Ok(()),
        false => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

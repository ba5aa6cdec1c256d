//! The header of a response: its status and its fields.

use crate::contract::Error;

/// A response's header.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// The status, as 200.
    pub status: u16,
    /// What the server says about it, as `OK`.
    pub reason: String,
    /// The fields in their order, without the spaces around their values.
    pub fields: Vec<(String, String)>,
}

/// How a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    /// After so many bytes.
    Bytes(u64),
    /// By its chunks.
    Chunks,
    /// With the connection.
    End,
}

impl Header {
    /// Reads a whole header, without its empty line. Bytes that are no UTF-8 are replaced.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let text = String::from_utf8_lossy(bytes);
        let mut lines = text.lines();
        let first = lines.next().unwrap_or_default();
        let (status, reason) = status_line(first)?;
        let fields = lines.map(field).collect::<Result<_, _>>()?;
        Ok(Header {
            status,
            reason,
            fields,
        })
    }

    /// The values of a field, by its name in any case.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let fields = self.fields.iter();
        fields.filter_map(move |(known, value)| {
            known.eq_ignore_ascii_case(name).then_some(&value[..])
        })
    }

    /// Whether the answer says where its body ends, by a length or by chunks. Otherwise that is where the
    /// connection ends, which a broken one does too.
    ///
    /// ```
    /// use lariat_protocol::http_raw::Header;
    ///
    /// let mut header = Header { status: 200, ..Header::default() };
    /// assert!(!header.names_length());
    /// header.fields.push(("Content-Length".into(), "5".into()));
    /// assert!(header.names_length());
    /// ```
    pub fn names_length(&self) -> bool {
        matches!(self.length(), Ok(Length::Bytes(_) | Length::Chunks))
    }

    /// Whether another header follows, which is the answer (RFC 9110, 15.2).
    pub(super) fn is_interim(&self) -> bool {
        (100..200).contains(&self.status)
    }

    /// How the body of the answer to a `GET` ends (RFC 9112, 6.3).
    pub(super) fn length(&self) -> Result<Length, Error> {
        if matches!(self.status, 204 | 304) {
            return Ok(Length::Bytes(0));
        }
        let codings: Vec<&str> = self.listed("transfer-encoding").collect();
        match codings[..] {
            [] => {}
            [one] if one.eq_ignore_ascii_case("chunked") => return Ok(Length::Chunks),
            _ => {
                return Err(Error::invalid(format!(
                    "the body comes as {:?}; only \"chunked\" is read",
                    codings.join(", ")
                )));
            }
        }
        let mut length = None;
        for value in self.listed("content-length") {
            let digits = value.bytes().all(|byte| byte.is_ascii_digit());
            let number = value.parse::<u64>().ok().filter(|_| digits);
            let number = number.ok_or_else(|| {
                Error::invalid(format!("the length {value:?} is no number of bytes"))
            })?;
            if length.is_some_and(|other| other != number) {
                return Err(Error::invalid("there are two lengths, and they differ"));
            }
            length = Some(number);
        }
        Ok(length.map_or(Length::End, Length::Bytes))
    }

    /// The elements of a field that is a list.
    fn listed<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.values(name)
            .flat_map(|value| value.split(','))
            .map(str::trim)
    }
}

fn status_line(line: &str) -> Result<(u16, String), Error> {
    let parts = || {
        let rest = line.strip_prefix("HTTP/1.")?;
        let (minor, rest) = rest.split_once(' ')?;
        let (status, reason) = rest.split_once(' ').unwrap_or((rest, ""));
        let digits = status.len() == 3 && status.bytes().all(|byte| byte.is_ascii_digit());
        let status: u16 = status
            .parse()
            .ok()
            .filter(|status| digits && *status >= 100)?;
        (minor.len() == 1 && minor.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| (status, reason.trim().to_string()))
    };
    parts().ok_or_else(|| {
        let begin: String = line.chars().take(40).collect();
        Error::invalid(format!(
            "an answer of HTTP/1.1 does not begin with {begin:?}"
        ))
    })
}

fn field(line: &str) -> Result<(String, String), Error> {
    let token = |name: &str| {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        !name.is_empty() && name.bytes().all(known)
    };
    match line.split_once(':') {
        Some((name, value)) if token(name) => Ok((name.into(), value.trim().into())),
        _ => {
            let begin: String = line.chars().take(40).collect();
            Err(Error::invalid(format!("{begin:?} is no field of a header")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length(fields: &str) -> Result<Length, String> {
        let header = Header::parse(format!("HTTP/1.1 200 OK\r\n{fields}").as_bytes());
        header
            .and_then(|header| header.length())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_header_is_a_status_and_fields() {
        let header =
            Header::parse(b"HTTP/1.0 404 Not Found\r\nA: b\r\na:  c \r\n").expect("a header");
        assert_eq!((header.status, header.reason.as_str()), (404, "Not Found"));
        assert_eq!(header.values("A").collect::<Vec<_>>(), ["b", "c"]);
        assert!(Header::parse(b"HTTP/1.1 200").is_ok());
        for wrong in [
            "",
            "HTTP/2 200 OK",
            "HTTP/1.1 20 OK",
            "HTTP/1.1 2000 OK",
            "HTTP/1.1 099 x",
            "220 ftp",
            "HTTP/1.1 200 OK\r\nno field",
            "HTTP/1.1 200 OK\r\na : b",
            "HTTP/1.1 200 OK\r\nA: b\r\n folded",
        ] {
            assert!(Header::parse(wrong.as_bytes()).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_length_is_one_number_or_chunks() {
        assert_eq!(length(""), Ok(Length::End));
        assert_eq!(length("Content-Length: 5"), Ok(Length::Bytes(5)));
        assert_eq!(
            length("Content-Length: 5, 5\r\ncontent-length: 5"),
            Ok(Length::Bytes(5))
        );
        // Chunks count, whatever length is named (RFC 9112, 6.3).
        assert_eq!(
            length("Content-Length: 5\r\nTransfer-Encoding: Chunked"),
            Ok(Length::Chunks)
        );
        for (fields, words) in [
            ("Content-Length: 5\r\nContent-Length: 6", "they differ"),
            ("Content-Length: +5", "no number of bytes"),
            ("Content-Length: -1", "no number of bytes"),
            ("Content-Length:", "no number of bytes"),
            ("Content-Length: 99999999999999999999", "no number of bytes"),
            ("Transfer-Encoding: gzip, chunked", "only \"chunked\""),
        ] {
            let error = length(fields).expect_err(fields);
            assert!(error.contains(words), "{error}");
        }
    }
}

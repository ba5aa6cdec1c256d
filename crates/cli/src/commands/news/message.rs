//! Articles as a person reads them: header fields decoded, and the text that somebody has written.
//!
//! What is in them may have control characters in it; whoever shows it escapes them.

use jiff::fmt::rfc2822::DateTimeParser;
use lariat_client::nntp::{Fetched, decode_header};

/// An article that was taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// The header fields in their order, decoded.
    pub headers: Vec<(String, String)>,
    /// What somebody has written, with `\n` behind each line.
    pub text: String,
}

impl Message {
    /// Takes an article apart that the server has sent.
    pub fn of(article: &Fetched) -> Self {
        let headers = article.headers();
        let headers = headers
            .iter()
            .map(|(name, value)| (name.to_owned(), decoded(value)));
        Message {
            headers: headers.collect(),
            text: lines(&article.text()),
        }
    }

    /// The first field of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.headers.iter();
        let found = fields.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// An article in plain words.
    #[cfg(test)]
    pub fn plain(article: &str) -> Self {
        let (head, body) = article.split_once("\n\n").expect("an empty line");
        let fields = head.lines().filter_map(|line| line.split_once(": "));
        let headers = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Message {
            headers: headers.collect(),
            text: body.to_owned(),
        }
    }
}

/// A header field's value in its characters, on one line: what is encoded may have line ends in it, behind which others
/// would find fields that nobody has written.
pub fn decoded(value: &str) -> String {
    decode_header(value).replace(char::is_control, " ")
}

/// When an article was written, in seconds since 1970, if its date can be read.
pub fn seconds(date: &str) -> Option<i64> {
    // Some programs do not know which day of the week it is.
    let parser = DateTimeParser::new().relaxed_weekday(true);
    parser
        .parse_timestamp(date)
        .ok()
        .map(jiff::Timestamp::as_second)
}

/// Text whose lines end with `\n`, the last one too.
fn lines(text: &str) -> String {
    let mut text = text.replace("\r\n", "\n");
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_all_zones() {
        let known = Some(1_150_565_241);
        for date in [
            "Sat, 17 Jun 2006 17:27:21 +0000",
            "17 Jun 2006 10:27:21 -0700",
            "Sat, 17 Jun 2006 17:27:21 GMT",
            "Mon, 17 Jun 2006 17:27:21 +0000 (UTC)",
        ] {
            assert_eq!(seconds(date), known, "{date}");
        }
        assert_eq!(seconds("yesterday"), None);
        assert_eq!(seconds(""), None);
    }

    #[test]
    fn what_is_encoded_stays_on_its_line() {
        let two = decoded("=?utf-8?Q?a=0D=0AApproved:_b?=");
        assert!(two.ends_with("Approved: b") && !two.contains(char::is_control));
        assert_eq!(
            decoded("=?utf-8?Q?Gr=C3=BC=C3=9Fe?= an alle"),
            "Grüße an alle"
        );
    }

    #[test]
    fn every_line_has_its_end() {
        assert_eq!(lines("a\r\nb"), "a\nb\n");
        assert_eq!(lines(""), "");
    }
}

//! The header fields of an article (RFC 5536, which takes their form from RFC 5322).

use crate::nntp::decode;

/// The fields of a head, unfolded, in their order. Lines that are no field are left out: articles have had
/// forty years to gather them.
///
/// ```
/// use lariat_protocol::nntp::Headers;
///
/// let headers = Headers::parse(b"Subject: a rope\r\n with a loop\r\nfrom: Anna <a@x.example>\r\n");
/// assert_eq!(headers.get("subject"), Some("a rope with a loop"));
/// assert_eq!(headers.iter().count(), 2);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers {
    fields: Vec<(String, String)>,
}

impl Headers {
    /// Reads a head, up to its first empty line if there is one.
    pub fn parse(head: &[u8]) -> Self {
        let (head, _) = crate::nntp::split_article(head);
        let mut fields: Vec<(String, String)> = Vec::new();
        // A line that follows on one that was left out belongs to nothing.
        let mut is_open = false;
        for line in head.split(|byte| *byte == b'\n') {
            let line = decode(line.strip_suffix(b"\r").unwrap_or(line));
            if line.starts_with([' ', '\t']) {
                if let Some((_, value)) = fields.last_mut().filter(|_| is_open) {
                    value.push_str(&line);
                }
                continue;
            }
            let field = line.split_once(':');
            is_open = field.is_some_and(|(name, _)| is_name(name));
            if let Some((name, value)) = field.filter(|_| is_open) {
                fields.push((name.to_owned(), value.trim_start().to_owned()));
            }
        }
        for (_, value) in &mut fields {
            value.truncate(value.trim_end().len());
        }
        Headers { fields }
    }

    /// The first field of this name, in capitals or not. RFC 2047 is not decoded.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut fields = self.iter();
        fields
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// All fields.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let fields = self.fields.iter();
        fields.map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_unfolded_and_the_body_is_none() {
        let head = b"A: 1 \r\n\t2\r\nnonsense\r\n to it\r\nB:\r\na: 3\r\nC d: 4\r\n: 5\r\nF: \xfc\r\n\r\nD: 6\r\n";
        let headers = Headers::parse(head);
        let fields: Vec<_> = headers.iter().collect();
        assert_eq!(fields, [("A", "1 \t2"), ("B", ""), ("a", "3"), ("F", "ü")]);
        assert_eq!(headers.get("a"), Some("1 \t2"));
        assert_eq!(headers.get("D"), None);
    }

    #[test]
    fn a_head_of_lf_alone_or_of_nothing_is_read() {
        assert_eq!(Headers::parse(b"A: b\nC: d").iter().count(), 2);
        assert_eq!(Headers::parse(b" x\n").iter().count(), 0);
        assert_eq!(Headers::parse(b"").iter().count(), 0);
    }
}

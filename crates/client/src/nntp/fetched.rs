//! An article, or half of one, that has been fetched.

use lariat_protocol::nntp::{Headers, decode, split_article};

use super::decoding::article_text;

/// What the server sent for `ARTICLE`, `HEAD` or `BODY`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Its number in the group that is selected, 0 if it was asked for by its name.
    pub number: u64,
    /// Its name, with brackets.
    pub id: String,
    /// Its lines, each with a LF at its end.
    pub content: Vec<u8>,
    /// What the lines are: `BODY` has no head.
    pub(super) has_head: bool,
}

impl Fetched {
    /// The lines without their ends, as bytes.
    pub fn lines(&self) -> impl Iterator<Item = &[u8]> {
        let lines = self.content.strip_suffix(b"\n").unwrap_or(&self.content);
        let count = match self.content.is_empty() {
            true => 0,
            false => usize::MAX,
        };
        lines.split(|byte| *byte == b'\n').take(count)
    }

    /// The header fields; none of a `BODY`.
    pub fn headers(&self) -> Headers {
        match self.has_head {
            true => Headers::parse(&self.content),
            false => Headers::default(),
        }
    }

    /// What stands behind the header fields, as it was sent.
    pub fn body(&self) -> &[u8] {
        match self.has_head {
            true => split_article(&self.content).1,
            false => &self.content,
        }
    }

    /// The text to read: of an article with parts the first that is text, decoded. What a `BODY` has is
    /// not known without its head, so of it the lines are given as they are.
    pub fn text(&self) -> String {
        match self.has_head {
            true => article_text(&self.content),
            false => decode(&self.content),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_article_is_lines_a_head_and_a_body() {
        let article = Fetched {
            number: 7,
            id: "<a@b>".into(),
            content: b"Subject: a\n\none\n\ntwo\n".to_vec(),
            has_head: true,
        };
        let lines: Vec<&[u8]> = article.lines().collect();
        assert_eq!(lines, [&b"Subject: a"[..], b"", b"one", b"", b"two"]);
        assert_eq!(article.headers().get("subject"), Some("a"));
        assert_eq!(
            (article.body(), article.text().as_str()),
            (&b"one\n\ntwo\n"[..], "one\n\ntwo\n")
        );
        let body = Fetched {
            has_head: false,
            ..article.clone()
        };
        assert_eq!((body.headers().iter().count(), body.body().len()), (0, 21));
        let empty = Fetched {
            content: Vec::new(),
            ..article.clone()
        };
        assert_eq!(empty.lines().count(), 0);
        let line = Fetched {
            content: b"\n".to_vec(),
            ..article
        };
        assert_eq!(line.lines().count(), 1);
    }
}

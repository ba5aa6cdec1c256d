//! The name that an article has everywhere.

use std::fmt;

use crate::contract::Error;

/// The longest message-id, in bytes with its brackets (RFC 3977, 3.6).
const MAXIMUM: usize = 250;

/// `<something@somewhere>`: printable ASCII between angle brackets, 250 bytes at most.
///
/// ```
/// use lariat_protocol::nntp::MessageId;
///
/// assert_eq!(MessageId::new("<1@a.example>")?.as_str(), "<1@a.example>");
/// assert_eq!(MessageId::bare("1@a.example")?.as_str(), "<1@a.example>");
/// assert!(MessageId::new("<1 2>").is_err());
/// # Ok::<(), lariat_protocol::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId(String);

impl MessageId {
    /// One with its brackets.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] for what is none.
    pub fn new(id: impl Into<String>) -> Result<Self, Error> {
        let id = id.into();
        let inner = id
            .strip_prefix('<')
            .and_then(|rest| rest.strip_suffix('>'))
            .filter(|inner| !inner.is_empty() && id.len() <= MAXIMUM)
            .filter(|inner| {
                let is_inner = |byte: u8| byte.is_ascii_graphic() && byte != b'>' && byte != b'<';
                inner.bytes().all(is_inner)
            });
        match inner {
            Some(_) => Ok(MessageId(id)),
            None => {
                let shown: String = id.chars().take(60).collect();
                Err(Error::misuse(format!(
                    "{shown:?} is no message-id; write <something@somewhere>, without spaces and in {MAXIMUM} \
                     bytes at most"
                )))
            }
        }
    }

    /// One whose brackets may be left out, as they are in URLs.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn bare(id: &str) -> Result<Self, Error> {
        match id.starts_with('<') {
            true => MessageId::new(id),
            false => MessageId::new(format!("<{id}>")),
        }
    }

    /// With its brackets.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands between the brackets.
    pub fn inner(&self) -> &str {
        self.0.trim_start_matches('<').trim_end_matches('>')
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_message_id_is_refused() {
        let long = format!("<{}>", "x".repeat(249));
        for wrong in [
            "", "<>", "a@b", "<a@b", "a@b>", "<a b>", "<a>b>", "<a<b>", "<a@ü>", "<a\r\n>", "<\0>",
            &long,
        ] {
            assert!(MessageId::new(wrong).is_err(), "{wrong:?}");
        }
        assert_eq!(MessageId::new("<a@b>").expect("one").inner(), "a@b");
        assert!(MessageId::new(format!("<{}>", "x".repeat(248))).is_ok());
        assert!(MessageId::bare("a>\r\nQUIT").is_err());
    }
}

//! Text out of header fields and bodies, by mail-parser.

use std::borrow::Cow;

use lariat_protocol::nntp::{decode, split_article};
use mail_parser::parsers::MessageStream;
use mail_parser::{HeaderValue, Message, MessageParser};

/// The text of a header field's value, in which other characters than ASCII may stand encoded (RFC 2047). What is
/// wrongly encoded stays as it is.
///
/// ```
/// use lariat_client::nntp::decode_header;
///
/// assert_eq!(decode_header("=?utf-8?q?Gr=C3=BC=C3=9Fe?= to all"), "Grüße to all");
/// assert_eq!(decode_header("a rope"), "a rope");
/// ```
pub fn decode_header(value: &str) -> String {
    if !value.contains("=?") {
        return value.to_owned();
    }
    // The parser wants a line's end, and takes the first one for it.
    let line = value.replace("\r\n", " ").replace(['\r', '\n'], " ") + "\n";
    match MessageStream::new(line.as_bytes()).parse_unstructured() {
        HeaderValue::Text(text) => text.into_owned(),
        _ => value.to_owned(),
    }
}

/// The text of an article: its first part that is one, decoded, or all of its body where it has no parts. HTML becomes
/// plain text.
pub(super) fn article_text(article: &[u8]) -> String {
    let parsed = MessageParser::default().parse(article);
    // Without MIME nothing is said of the encoding, and much was written before there was UTF-8.
    let typed = parsed.as_ref().filter(|message| is_typed(message));
    let text = typed.and_then(|message| message.body_text(0).map(Cow::into_owned));
    text.unwrap_or_else(|| decode(split_article(article).1))
}

/// Whether it says what it consists of.
fn is_typed(message: &Message<'_>) -> bool {
    let has = |name: &str| message.header(name.to_owned()).is_some();
    has("Content-Type") || has("Content-Transfer-Encoding")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_fields_are_decoded_and_what_is_wrong_stays() {
        for (value, text) in [
            ("=?iso-8859-1?Q?Andr=E9?= <a@b>", "André <a@b>"),
            ("=?utf-8?b?w6Q=?= =?utf-8?b?w7Y=?=", "äö"),
            ("=?utf-8?x?a?=", "=?utf-8?x?a?="),
            ("=?utf-8?q?a", "=?utf-8?q?a"),
            ("=?", "=?"),
            ("a\r\nb =?us-ascii?q?c?=", "a b c"),
            ("Ü", "Ü"),
        ] {
            assert_eq!(decode_header(value), text, "{value}");
        }
    }

    #[test]
    fn articles_become_text() {
        let multipart = b"Content-Type: multipart/alternative; boundary=x\n\n--x\nContent-Type: text/plain; charset=utf-8\n\
            Content-Transfer-Encoding: quoted-printable\n\nGr=C3=BC=C3=9Fe\n--x\nContent-Type: text/html\n\n<p>no\n--x--\n";
        assert_eq!(article_text(multipart).trim_end(), "Grüße");
        let encoded = b"Content-Transfer-Encoding: base64\nContent-Type: text/plain; charset=iso-8859-1\n\n6fE=\n";
        assert_eq!(article_text(encoded), "éñ");
        let html = b"Content-Type: text/html\n\n<b>one</b><br>two\n";
        assert_eq!(article_text(html).trim(), "one\ntwo");
        // Before there was MIME.
        assert_eq!(article_text(b"Subject: a\n\nGr\xfc\xdfe\n"), "Grüße\n");
        assert_eq!(article_text(b"Subject: a\n"), "");
        assert_eq!(article_text(b""), "");
    }
}

//! The text of articles, by mail-parser.

use std::borrow::Cow;

use lariat_protocol::nntp::{decode, split_article};
use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::charsets::DecoderFnc;
use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{Encoding, Message, MessageParser, MimeHeaders, PartType};

/// What ASCII is called.
const ASCII: [&str; 3] = ["us-ascii", "ascii", "ansi_x3.4-1968"];

/// What decodes characters of this set, if somebody knows it. That a text is ASCII is also said of what is not, so that says
/// nothing.
pub(super) fn decoder(charset: &str) -> Option<DecoderFnc> {
    let is_named = |name: &&str| charset.eq_ignore_ascii_case(name);
    match ASCII.iter().any(is_named) {
        true => None,
        false => charset_decoder(charset.as_bytes()),
    }
}

/// The text of an article: its first part that is one, decoded, or all of its body where it has no parts. HTML becomes
/// plain text.
pub(super) fn article_text(article: &[u8]) -> String {
    let parsed = MessageParser::default().parse(article);
    // Without MIME nothing is said of the encoding, and much was written before there was UTF-8.
    let typed = parsed.as_ref().filter(|message| is_typed(message));
    let text = typed.and_then(|message| {
        let unnamed = text_of_no_charset(message);
        unnamed.or_else(|| message.body_text(0).map(Cow::into_owned))
    });
    text.unwrap_or_else(|| decode(split_article(article).1))
}

/// The text of the first part, if that is plain and does not say in which characters, in ones that nobody knows, or in ASCII:
/// then it is in those that are likely, as where nothing at all is said.
fn text_of_no_charset(message: &Message<'_>) -> Option<String> {
    let part = message
        .parts
        .get(usize::try_from(*message.text_body.first()?).ok()?)?;
    let charset = part
        .content_type()
        .and_then(|kind| kind.attribute("charset"));
    let is_known = charset.is_some_and(|name| decoder(name).is_some());
    if is_known || !matches!(part.body, PartType::Text(_)) {
        return None;
    }
    let [begin, end] = [part.offset_body, part.offset_end].map(usize::try_from);
    let bytes = message.raw_message.get(begin.ok()?..end.ok()?)?;
    Some(match part.encoding {
        Encoding::None => decode(bytes),
        Encoding::QuotedPrintable => decode(&quoted_printable_decode(bytes)?),
        Encoding::Base64 => decode(&base64_decode(bytes)?),
    })
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
    fn articles_become_text() {
        let multipart = b"Content-Type: multipart/alternative; boundary=x\n\n--x\nContent-Type: text/plain; charset=utf-8\n\
            Content-Transfer-Encoding: quoted-printable\n\nGr=C3=BC=C3=9Fe\n--x\nContent-Type: text/html\n\n<p>no\n--x--\n";
        assert_eq!(article_text(multipart).trim_end(), "Grüße");
        let encoded = b"Content-Transfer-Encoding: base64\nContent-Type: text/plain; charset=iso-8859-1\n\n6fE=\n";
        assert_eq!(article_text(encoded), "éñ");
        let html = b"Content-Type: text/html\n\n<b>one</b><br>two\n";
        assert_eq!(article_text(html).trim(), "one\ntwo");
        // A type without characters, with unknown ones, or with those that these are not.
        for typed in [
            &b"Content-Type: text/plain\n\nGr\xfc\xdfe\n"[..],
            b"Content-Type: text/plain; charset=unknown-8bit\n\nGr\xfc\xdfe\n",
            b"Content-Type: text/plain; charset=US-ASCII\n\nGr\xc3\xbc\xc3\x9fe\n",
            b"Content-Type: text/plain; charset=us-ascii\n\nGr\xfc\xdfe\n",
            b"Content-Transfer-Encoding: 8bit\n\nGr\xc3\xbc\xc3\x9fe\n",
            b"Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\nGr=FC=DFe\n",
            b"Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain\n\nGr\xfc\xdfe\n--x--\n",
        ] {
            let text = article_text(typed);
            assert_eq!(text.trim_end(), "Grüße", "{}", decode(typed));
        }
        // Before there was MIME.
        assert_eq!(article_text(b"Subject: a\n\nGr\xfc\xdfe\n"), "Grüße\n");
        assert_eq!(article_text(b"Subject: a\n"), "");
        assert_eq!(article_text(b""), "");
    }
}

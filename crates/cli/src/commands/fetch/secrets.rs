//! What is left out of what is shown: whatever lets in whoever has it.

use std::borrow::Cow;

/// The headers whose values let in whoever has them.
pub const SECRETS: [&str; 4] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
];

/// What stands in the place of a secret.
pub const HIDDEN: &str = "****";

/// Whether the value of this header is a secret.
pub fn is_secret(name: &[u8]) -> bool {
    SECRETS
        .iter()
        .any(|secret| name.eq_ignore_ascii_case(secret.as_bytes()))
}

/// The value of a header as it is shown: without what is secret in it.
pub fn shown_value<'a>(name: &str, value: &'a [u8]) -> Cow<'a, str> {
    match is_secret(name.as_bytes()) {
        true => Cow::Borrowed(HIDDEN),
        false => {
            // The whole of it is one URL, of which a scheme may be left out, and a password may have quotes in it.
            let (begin, ends) = match name.to_ascii_lowercase().as_str() {
                "location" | "content-location" => ("//", "/?#"),
                _ => TEXT,
            };
            let text = String::from_utf8_lossy(value);
            Cow::Owned(hidden(&text, begin, ends).into_owned())
        }
    }
}

/// What the host's part of a URL begins and ends with that stands in a text.
const TEXT: (&str, &str) = ("://", "/?#\"'<>");

/// A text without the names and passwords of the URLs in it, as `Location` may have them.
pub fn without_passwords(text: &str) -> Cow<'_, str> {
    hidden(text, TEXT.0, TEXT.1)
}

fn hidden<'a>(text: &'a str, begin: &str, ends: &str) -> Cow<'a, str> {
    let mut shown = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(begin) {
        let (before, behind) = rest.split_at(at + begin.len());
        let is_end = |character: char| character.is_whitespace() || ends.contains(character);
        let end = behind.find(is_end).unwrap_or(behind.len());
        shown.push_str(before);
        let authority = &behind[..end];
        match authority.rsplit_once('@') {
            Some((_, host)) => {
                shown.push_str(HIDDEN);
                shown.push('@');
                shown.push_str(host);
            }
            None => shown.push_str(authority),
        }
        rest = &behind[end..];
    }
    if shown.len() + rest.len() == text.len() && shown == text[..shown.len()] {
        return Cow::Borrowed(text);
    }
    shown.push_str(rest);
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lets_somebody_in_is_not_shown() {
        for (name, value, shown) in [
            ("cookie", "a=secret", "****"),
            ("Set-Cookie", "a=secret", "****"),
            ("x-cookie", "a=b", "a=b"),
            ("location", "/a?b=http://c", "/a?b=http://c"),
            (
                "location",
                "https://me:secret@a.example:1/b@c",
                "https://****@a.example:1/b@c",
            ),
            ("location", "//me:secret@host/", "//****@host/"),
            (
                "Location",
                "http://me:it's-<\">secret@host/",
                "http://****@host/",
            ),
            (
                "link",
                "<http://me:secret@a>; rel=next, <ftp://secret@b/>",
                "<http://****@a>; rel=next, <ftp://****@b/>",
            ),
        ] {
            assert_eq!(
                shown_value(name, value.as_bytes()),
                shown,
                "{name}: {value}"
            );
        }
    }
}

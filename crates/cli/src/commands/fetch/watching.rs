//! `--raw`: the bytes on the wire, on standard error, each line behind `>` if it was sent and `<` if it was
//! received. What is secret in them is left out.

use std::mem;
use std::sync::Mutex;

use lariat_client::http::Observer;

use crate::output::note;

/// A line that is longer is shown in pieces.
const LONGEST_LINE: usize = 4096;

/// The headers whose values let in whoever has them.
pub const SECRETS: [&str; 4] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
];

/// Shows what is sent and received.
#[derive(Default)]
pub struct Watching(Mutex<Shown>);

#[derive(Default)]
struct Shown {
    /// What is behind the last line's end, and which way it went.
    line: Vec<u8>,
    direction: char,
    /// The line's beginning was a secret's, so that the rest of it is one.
    is_within_secret: bool,
}

impl Watching {
    fn show(&self, direction: char, bytes: &[u8]) {
        // Whoever panicked while showing a line has not harmed the others.
        let mut shown = self
            .0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        if shown.direction != direction {
            shown.end();
            shown.direction = direction;
        }
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            shown.line.extend_from_slice(piece);
            if piece.ends_with(b"\n") || shown.line.len() > LONGEST_LINE {
                shown.end();
            }
        }
    }
}

impl Observer for Watching {
    fn sent(&self, bytes: &[u8]) {
        match is_login(bytes) {
            true => self.show('>', b"(a name and a password)\n"),
            false => self.show('>', bytes),
        }
    }

    fn received(&self, bytes: &[u8]) {
        self.show('<', bytes);
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        if let Ok(shown) = self.0.get_mut() {
            shown.end();
        }
    }
}

impl Shown {
    fn end(&mut self) {
        let line = mem::take(&mut self.line);
        if !line.is_empty() && !self.is_within_secret {
            note(&format!("{} {}", self.direction, text(&line)));
        }
        let goes_on = !line.is_empty() && !line.ends_with(b"\n");
        self.is_within_secret = goes_on && (self.is_within_secret || is_secret(&line));
    }
}

/// A line with what cannot be seen escaped, its end included.
fn text(line: &[u8]) -> String {
    let line = without_secret(line);
    match std::str::from_utf8(&line) {
        Ok(text) => text.replace('\\', "\\\\"),
        Err(_) => line.escape_ascii().to_string(),
    }
}

/// A line of a header without its value, if that is a secret.
fn without_secret(line: &[u8]) -> Vec<u8> {
    match is_secret(line) {
        true => [name(line), b": ****\r\n"].concat(),
        false => line.to_vec(),
    }
}

fn is_secret(line: &[u8]) -> bool {
    let name = name(line);
    SECRETS
        .iter()
        .any(|secret| name.eq_ignore_ascii_case(secret.as_bytes()))
}

/// What stands before the colon of a header's line.
fn name(line: &[u8]) -> &[u8] {
    let colon = line.iter().position(|byte| *byte == b':');
    &line[..colon.unwrap_or(line.len())]
}

/// Whether this is a login at a SOCKS proxy (RFC 1929): a 1, a name and a password behind their lengths, and nothing
/// else.
fn is_login(bytes: &[u8]) -> bool {
    let [1, user_length, rest @ ..] = bytes else {
        return false;
    };
    let behind_user = rest.get(usize::from(*user_length)..);
    matches!(behind_user, Some([length, password @ ..]) if password.len() == usize::from(*length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_shown_with_its_end_and_without_secrets() {
        assert_eq!(text(b"GET / HTTP/1.1\r\n"), "GET / HTTP/1.1\r\n");
        assert_eq!(
            text(b"Authorization: Basic eA==\r\n"),
            "Authorization: ****\r\n"
        );
        assert_eq!(text(b"set-cookie: a=b\r\n"), "set-cookie: ****\r\n");
        assert_eq!(text(b"X-Cookie: a\\b\r\n"), "X-Cookie: a\\\\b\r\n");
        assert_eq!(text(b"\xff\x1b[2J\n"), "\\xff\\x1b[2J\\n");
    }

    #[test]
    fn a_login_at_a_socks_proxy_is_seen_as_one() {
        assert!(is_login(b"\x01\x02me\x03abc"));
        assert!(
            !is_login(b"\x05\x01\x00") && !is_login(b"\x01\x02me\x03abcd") && !is_login(b"\x01")
        );
    }
}

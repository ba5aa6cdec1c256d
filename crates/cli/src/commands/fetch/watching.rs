//! `--raw`: the bytes on the wire, on standard error, each line behind `>` if it was sent and `<` if it was
//! received; from the second connection on, its number stands in front. What is secret in them is left out.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::mem;
use std::sync::Mutex;

use lariat_client::http::Observer;

use super::secrets::{HIDDEN, is_secret, without_passwords};
use crate::output::note;

/// A line that is longer is shown in pieces.
const LONGEST_LINE: usize = 4096;

/// The most of a line's beginning that is remembered when it is shown in pieces: more than any secret's name has.
const LONGEST_NAME: usize = 64;

/// Shows what is sent and received.
#[derive(Default)]
pub struct Watching(Mutex<BTreeMap<u64, Connection>>);

/// What was said over a connection.
#[derive(Default)]
struct Connection {
    sent: Side,
    received: Side,
}

/// One way of a connection.
#[derive(Default)]
struct Side {
    /// What is behind the last line's end, and was not shown.
    line: Vec<u8>,
    /// The beginning of that line, as far as it was shown: by its name the rest may be a secret.
    begin: Vec<u8>,
}

impl Watching {
    fn show(&self, connection: u64, direction: char, bytes: &[u8]) {
        for line in self.lines(connection, direction, bytes) {
            note(&line);
        }
    }

    /// The lines that are to be shown now.
    fn lines(&self, connection: u64, direction: char, bytes: &[u8]) -> Vec<String> {
        // Whoever panicked while showing a line has not harmed the others.
        let mut shown = self
            .0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        let Connection { sent, received } = shown.entry(connection).or_default();
        let (this, (other, back)) = match direction {
            '>' => (sent, (received, '<')),
            _ => (received, (sent, '>')),
        };
        let mut lines = Vec::new();
        lines.extend(other.end(connection, back));
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            this.line.extend_from_slice(piece);
            if piece.ends_with(b"\n") || this.line.len() > LONGEST_LINE {
                lines.extend(this.end(connection, direction));
            }
        }
        lines
    }
}

impl Observer for Watching {
    fn sent(&self, connection: u64, bytes: &[u8]) {
        match is_login(bytes) {
            true => self.show(connection, '>', b"(a name and a password)\n"),
            false => self.show(connection, '>', bytes),
        }
    }

    fn received(&self, connection: u64, bytes: &[u8]) {
        self.show(connection, '<', bytes);
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let shown = self
            .0
            .get_mut()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        for (number, Connection { sent, received }) in shown {
            let lines = [sent.end(*number, '>'), received.end(*number, '<')];
            lines.iter().flatten().for_each(|line| note(line));
        }
    }
}

impl Side {
    /// The line as far as it has come, unless it is the rest of a secret.
    fn end(&mut self, connection: u64, direction: char) -> Option<String> {
        let piece = mem::take(&mut self.line);
        if piece.is_empty() {
            return None;
        }
        let is_first = self.begin.is_empty();
        let room = LONGEST_NAME.saturating_sub(self.begin.len());
        self.begin.extend(piece.iter().take(room));
        let is_rest_of_secret = !is_first && is_secret(name(&self.begin));
        if piece.ends_with(b"\n") {
            self.begin.clear();
        }
        let number = match connection {
            1 => String::new(),
            number => number.to_string(),
        };
        (!is_rest_of_secret).then(|| format!("{number}{direction} {}", text(&piece)))
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

/// A line of a header without its value, if that is a secret, and without the password of a URL to which it points.
fn without_secret(line: &[u8]) -> Cow<'_, [u8]> {
    let name = name(line);
    if is_secret(name) {
        return [name, format!(": {HIDDEN}\r\n").as_bytes()].concat().into();
    }
    match std::str::from_utf8(line) {
        Ok(text) if name.eq_ignore_ascii_case(b"location") => {
            without_passwords(text).into_owned().into_bytes().into()
        }
        _ => line.into(),
    }
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
        assert_eq!(
            text(b"Location: http://a:b@c/\r\n"),
            "Location: http://****@c/\r\n"
        );
        assert_eq!(text(b"X-Cookie: a\\b\r\n"), "X-Cookie: a\\\\b\r\n");
        assert_eq!(text(b"\xff\x1b[2J\n"), "\\xff\\x1b[2J\\n");
    }

    #[test]
    fn a_secret_is_one_whatever_comes_between_its_pieces() {
        let watching = Watching::default();
        let mut lines = Vec::new();
        for (connection, direction, bytes) in [
            (1, '>', "GET / HTTP/1.1\r\nCook"),
            (2, '<', "HTTP/1.1 200 OK\r\nSet-Cookie: a=sec"),
            (1, '<', "HTTP/1.1 100 Go\r\n"),
            (1, '>', "ie: a=secret\r\nX: y\r\n"),
            (2, '>', "x"),
            (2, '<', "ret\r\nY: z\r\n"),
        ] {
            lines.extend(watching.lines(connection, direction, bytes.as_bytes()));
        }
        assert!(lines.iter().all(|line| !line.contains("sec")), "{lines:?}");
        for line in ["> X: y\r\n", "2< Y: z\r\n", "< HTTP/1.1 100 Go\r\n", "2> x"] {
            assert!(
                lines.iter().any(|shown| shown == line),
                "{line:?}: {lines:?}"
            );
        }
    }

    #[test]
    fn a_login_at_a_socks_proxy_is_seen_as_one() {
        assert!(is_login(b"\x01\x02me\x03abc"));
        assert!(
            !is_login(b"\x05\x01\x00") && !is_login(b"\x01\x02me\x03abcd") && !is_login(b"\x01")
        );
    }
}

//! An article on the screen: its lines, as wide as the terminal, and how far somebody has read.

use ratatui::crossterm::event::KeyCode;
use unicode_width::UnicodeWidthChar;

use crate::commands::news::message::Message;
use crate::output::one_line;

/// What a line is, which says how it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Header,
    Text,
    /// Somebody else's words, or a signature.
    Quoted,
}

/// The header fields that are shown at first.
const SHOWN: [&str; 4] = ["From", "Newsgroups", "Date", "Subject"];

/// How far apart the stops of the tabulator are.
const TABULATOR: usize = 8;

/// An article that is read.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Its number in its group.
    pub number: u64,
    pub message: Message,
    /// The lines, none of which can steer a terminal.
    pub lines: Vec<(Kind, String)>,
    /// The line at the top of the screen.
    pub top: usize,
    has_all_headers: bool,
    width: usize,
}

impl Reading {
    /// Begins at the top.
    pub fn new(number: u64, message: Message, width: usize) -> Self {
        let mut reading = Reading {
            number,
            message,
            lines: Vec::new(),
            top: 0,
            has_all_headers: false,
            width,
        };
        reading.lay_out();
        reading
    }

    /// Shows all header fields, or the few again.
    pub fn turn_headers(&mut self) {
        self.has_all_headers = !self.has_all_headers;
        self.top = 0;
        self.lay_out();
    }

    /// Goes on at another width, about where it was.
    pub fn resize(&mut self, width: usize) {
        let (top, count) = (self.top, self.lines.len().max(1));
        self.width = width;
        self.lay_out();
        self.top = top * self.lines.len() / count;
    }

    /// Moves by a key. False if the key moves nothing.
    pub fn moved(&mut self, key: KeyCode, page: usize) -> bool {
        self.top = match key {
            KeyCode::Up | KeyCode::Char('k') => self.top.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') | KeyCode::Enter => self.top + 1,
            KeyCode::PageUp | KeyCode::Char('b') => self.top.saturating_sub(page),
            KeyCode::PageDown | KeyCode::Char(' ') => self.top + page,
            KeyCode::Home | KeyCode::Char('g') => 0,
            KeyCode::End | KeyCode::Char('G') => self.lines.len(),
            _ => return false,
        };
        self.top = self.top.min(self.lines.len().saturating_sub(page));
        true
    }

    /// Whether the last line is on the screen.
    pub fn is_at_end(&self, page: usize) -> bool {
        self.top + page >= self.lines.len()
    }

    fn lay_out(&mut self) {
        let mut lines = Vec::new();
        let is_shown = |name: &str| SHOWN.iter().any(|shown| shown.eq_ignore_ascii_case(name));
        for (name, value) in &self.message.headers {
            if self.has_all_headers || is_shown(name) {
                let field = wrapped(&format!("{name}: {value}"), self.width);
                lines.extend(field.into_iter().map(|line| (Kind::Header, line)));
            }
        }
        lines.push((Kind::Text, String::new()));
        let mut is_signature = false;
        for line in self.message.text.lines() {
            is_signature |= line == "-- ";
            let kind = match is_signature || line.starts_with(['>', '|']) {
                true => Kind::Quoted,
                false => Kind::Text,
            };
            lines.extend(
                wrapped(line, self.width)
                    .into_iter()
                    .map(|line| (kind, line)),
            );
        }
        self.lines = lines;
    }
}

/// A line as several that are no wider than that, broken between words where that can be. What could steer a
/// terminal is escaped.
pub fn wrapped(line: &str, width: usize) -> Vec<String> {
    let width = width.max(2);
    let line = one_line(&expanded(line));
    let mut lines = Vec::new();
    let mut current = String::new();
    let mut columns = 0;
    // Where a word begins in the line that is being filled, and how many columns stand before it.
    let mut word = None;
    let mut is_indent = true;
    for character in line.chars() {
        let wide = character.width().unwrap_or(0);
        if columns + wide > width {
            let (rest, before) = match word {
                _ if character == ' ' => (String::new(), columns),
                Some((start, before)) => (current.split_off(start), before),
                None => (String::new(), columns),
            };
            lines.push(std::mem::take(&mut current));
            columns -= before;
            current = rest;
            word = None;
            if character == ' ' {
                columns = 0;
                continue;
            }
        }
        current.push(character);
        columns += wide;
        is_indent &= character == ' ';
        if character == ' ' && !is_indent {
            word = Some((current.len(), columns));
        }
    }
    lines.push(current);
    lines
}

/// The line with spaces in the place of its tabulators.
fn expanded(line: &str) -> String {
    if !line.contains('\t') {
        return line.to_owned();
    }
    let mut expanded = String::with_capacity(line.len() + TABULATOR);
    let mut column = 0;
    for character in line.chars() {
        if character == '\t' {
            let spaces = TABULATOR - column % TABULATOR;
            expanded.extend(std::iter::repeat_n(' ', spaces));
            column += spaces;
        } else {
            expanded.push(character);
            column += character.width().unwrap_or(0);
        }
    }
    expanded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words() {
        for (line, width, lines) in [
            ("", 9, &[""][..]),
            ("one two three", 9, &["one two ", "three"]),
            ("one two three", 7, &["one two", "three"]),
            ("> abcdefghijkl", 8, &["> ", "abcdefgh", "ijkl"]),
            ("abcdefghijkl", 5, &["abcde", "fghij", "kl"]),
            ("   indented line", 12, &["   indented ", "line"]),
            ("日本語の文", 4, &["日本", "語の", "文"]),
            ("a\tb", 20, &["a       b"]),
            ("a\x1b[2Jb\u{202e}", 20, &["a\\u{1b}[2Jb\\u{202e}"]),
        ] {
            assert_eq!(wrapped(line, width), lines, "{line:?}");
        }
    }

    #[test]
    fn no_line_is_wider_and_no_word_is_lost() {
        let text = "Aber über alle Maßen 日本語 sehr lange, undnochvielvielviellänger - und kurz.";
        for width in 2..90 {
            let lines = wrapped(text, width);
            let columns = |line: &String| line.chars().filter_map(|c| c.width()).sum::<usize>();
            assert!(lines.iter().all(|line| columns(line) <= width), "{lines:?}");
            let squeezed = |text: &str| text.replace(' ', "");
            assert_eq!(squeezed(&lines.concat()), squeezed(text));
        }
    }

    #[test]
    fn a_long_line_is_quick() {
        let line = " ".repeat(200_000) + &"x y ".repeat(200_000);
        assert!(wrapped(&line, 80).len() > 10_000);
    }

    #[test]
    fn few_headers_are_shown_or_all() {
        let article = "Path: here\nFrom: a@b\nSubject: x\n\none\n> two\n-- \nA\n";
        let mut reading = Reading::new(1, Message::plain(article), 40);
        let shown = |reading: &Reading| -> Vec<(Kind, String)> { reading.lines.clone() };
        let line = |kind, text: &str| (kind, text.to_owned());
        let body = [
            line(Kind::Text, ""),
            line(Kind::Text, "one"),
            line(Kind::Quoted, "> two"),
            line(Kind::Quoted, "-- "),
            line(Kind::Quoted, "A"),
        ];
        let few = [
            line(Kind::Header, "From: a@b"),
            line(Kind::Header, "Subject: x"),
        ];
        assert_eq!(shown(&reading), [&few[..], &body[..]].concat());
        reading.turn_headers();
        assert_eq!(shown(&reading)[0], line(Kind::Header, "Path: here"));
        reading.turn_headers();
        assert_eq!(shown(&reading).len(), 7);
    }

    #[test]
    fn reading_stays_within_the_article() {
        let text: String = (0..50).map(|line| format!("{line}\n")).collect();
        let message = Message {
            headers: Vec::new(),
            text,
        };
        let mut reading = Reading::new(1, message, 40);
        assert!(reading.moved(KeyCode::Char(' '), 10) && !reading.is_at_end(10));
        assert_eq!(reading.top, 10);
        reading.resize(20);
        assert_eq!(reading.top, 10);
        reading.moved(KeyCode::End, 10);
        assert_eq!((reading.top, reading.is_at_end(10)), (41, true));
        reading.moved(KeyCode::Char(' '), 10);
        assert_eq!(reading.top, 41);
        assert!(!reading.moved(KeyCode::Char('x'), 10));
    }
}

//! A line of the log for a person.

use std::fmt::Write as _;

use lariat_service::clock::local_ctime;
use tracing::Level;

use super::record::{Record, shown};
use crate::output::one_line;

/// What of a connection is for whoever looks into it: its end is known by the service and the
/// peer.
const DETAILS: [&str; 2] = ["endpoint", "phase"];

/// How lines are to look.
#[derive(Clone, Copy)]
pub struct Style {
    pub colour: bool,
    /// Whether it begins with the time.
    pub time: bool,
    /// Whether every field is shown.
    pub detailed: bool,
}

/// `Sat Jun 17 17:27:21 2006 warning: what happened (peer=…, service=…)`
pub fn line(record: &Record<'_>, style: Style) -> String {
    let mut line = String::new();
    if style.time {
        line += &String::from_utf8_lossy(&local_ctime());
        line.push(' ');
    }
    let (word, colour) = word(record.level);
    // Writing into a string cannot fail.
    let _ = match style.colour {
        true => write!(line, "\x1b[{colour}m{word}\x1b[0m: "),
        false => write!(line, "{word}: "),
    };
    line += &one_line(record.message);
    let shown_fields = record.fields.iter();
    let fields: Vec<String> = shown_fields
        .filter(|(name, _)| style.detailed || !DETAILS.contains(name))
        .map(|(name, value)| one_line(&format!("{name}={}", shown(value))))
        .collect();
    if !fields.is_empty() {
        let _ = write!(line, " ({})", fields.join(", "));
    }
    line.push('\n');
    line
}

/// A level as people call it, and the number of its colour.
fn word(level: Level) -> (&'static str, u8) {
    match level {
        Level::ERROR => ("error", 31),
        Level::WARN => ("warning", 33),
        Level::INFO => ("info", 32),
        Level::DEBUG => ("debug", 34),
        Level::TRACE => ("trace", 35),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown_as(detailed: bool, colour: bool) -> String {
        let fields = [
            ("held_ms", 51.into()),
            ("service", "timestamp".into()),
            ("endpoint", "tcp://localhost:1".into()),
            ("peer", "a\x1bb".into()),
        ];
        let record = Record {
            level: Level::WARN,
            message: "a\nb",
            fields: &fields,
        };
        let style = Style {
            colour,
            time: false,
            detailed,
        };
        line(&record, style)
    }

    #[test]
    fn a_line_has_the_fields_behind_the_message() {
        let short = "warning: a\\nb (held_ms=51, service=timestamp, peer=a\\u{1b}b)\n";
        assert_eq!(shown_as(false, false), short);
        let whole = "warning: a\\nb (held_ms=51, service=timestamp, \
                     endpoint=tcp://localhost:1, peer=a\\u{1b}b)\n";
        assert_eq!(shown_as(true, false), whole);
        assert!(shown_as(true, true).starts_with("\x1b[33mwarning\x1b[0m: a"));
    }
}

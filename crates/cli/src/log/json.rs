//! A line of the log for a program: one JSON object.
//!
//! `time` (RFC 3339, in UTC), `level` and `message` come first, then the fields by their own
//! names; one that is called like those three has a `_` behind it.

use std::fmt::Write as _;

use jiff::Timestamp;
use tracing::Level;

use super::record::Record;
use crate::output::escape_json;

/// What stands in every line.
const FIXED: [&str; 3] = ["time", "level", "message"];

/// The line of an event that happens now.
pub fn line(record: &Record<'_>) -> String {
    line_at(record, Timestamp::now())
}

fn line_at(record: &Record<'_>, now: Timestamp) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let mut line = format!(
        "{{\"time\":\"{now:.3}\",\"level\":\"{}\",\"message\":{}",
        level(record.level),
        quoted(record.message),
    );
    for (name, value) in record.fields {
        let suffix = if FIXED.contains(name) { "_" } else { "" };
        // Writing into a string cannot fail.
        let _ = write!(line, ",{}:{value}", quoted(&format!("{name}{suffix}")));
    }
    line.push('}');
    escape_json(&line) + "\n"
}

fn level(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_an_object_without_control_characters() {
        let fields = [
            ("count", 3.into()),
            ("peer", "a\"\u{9b}\u{202e}\x7f".into()),
            ("level", "x".into()),
        ];
        let record = Record {
            level: Level::WARN,
            message: "one\ntwo\x1b[31m",
            fields: &fields,
        };
        let now = Timestamp::from_second(1_150_565_241).expect("a time");
        let line = line_at(&record, now);
        assert_eq!(
            line,
            "{\"time\":\"2006-06-17T17:27:21.000Z\",\"level\":\"warn\",\
             \"message\":\"one\\ntwo\\u001b[31m\",\"count\":3,\
             \"peer\":\"a\\\"\\u009b\\u202e\\u007f\",\"level_\":\"x\"}\n"
        );
        let read: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!(read["peer"], "a\"\u{9b}\u{202e}\x7f");
    }
}

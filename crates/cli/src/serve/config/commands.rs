//! The commands that a configuration file adds to the command server.
//!
//! ```toml
//! [commands.disk]
//! run = ["df", "-h", "/"]      # a program and its arguments; no shell reads them
//! help = "free space"          # the line that help shows
//! directory = "/"              # where it runs; where the server does, if it is not said
//! time-limit = "5s"            # 10s, if it is not said
//! output-limit = "16K"         # 64K, if it is not said
//! ```

use std::ops::RangeInclusive;
use std::time::Duration;

use lariat_protocol::endpoint::nearest;
use lariat_service::command::Custom;
use toml::Spanned;
use toml::de::{DeString, DeValue};

use super::{Wrong, expected, in_order, text_of, written};
use crate::serve::settings::values;

const KEYS: [&str; 5] = ["run", "help", "directory", "time-limit", "output-limit"];

/// What a program may be given: whoever waits longer is better served by something else.
const TIMES: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_secs(3600);

/// How much it may be let write: it is all held until the program has ended.
const SIZES: RangeInclusive<usize> = 1..=8 * 1024 * 1024;

/// Reads the table of them.
pub(super) fn read(value: &Spanned<DeValue<'_>>) -> Result<Vec<Custom>, Wrong> {
    let table = value.get_ref().as_table();
    let table = table.ok_or_else(|| expected("commands", value, "a table, [commands.NAME]"))?;
    let commands = in_order(table).into_iter();
    commands.map(|(name, value)| command(name, value)).collect()
}

fn command(name: &Spanned<DeString<'_>>, value: &Spanned<DeValue<'_>>) -> Result<Custom, Wrong> {
    let shown = name.get_ref().as_ref();
    let table = value.get_ref().as_table();
    let table = table.ok_or_else(|| {
        expected(
            shown,
            value,
            &format!("a table, [commands.{shown}] with run = [\"PROGRAM\"] in it"),
        )
    })?;
    let pairs = in_order(table);
    let run = pairs.iter().find(|(key, _)| key.get_ref() == "run");
    let words = run.map_or(Ok(Vec::new()), |(_, value)| words(value))?;
    let at = run.map_or(name.span(), |(_, value)| value.span());
    let mut custom = Custom::new(shown, words)
        .map_err(|error| Wrong::new(at, format!("commands.{shown}: {error}")))?;
    for (key, value) in pairs {
        custom = match key.get_ref().as_ref() {
            "run" => custom,
            "help" => custom.described(text_of("help", value)?),
            "directory" => custom.within(text_of("directory", value)?),
            "time-limit" => custom.taking(time(value)?),
            "output-limit" => custom.writing(size(value)?),
            other => return Err(Wrong::new(key.span(), unknown(shown, other))),
        };
    }
    Ok(custom)
}

fn words<'a>(value: &'a Spanned<DeValue<'_>>) -> Result<Vec<&'a str>, Wrong> {
    let words = value.get_ref().as_array();
    let words = words.map(|words| words.iter().map(|word| word.get_ref().as_str()).collect());
    let words: Option<Option<Vec<&str>>> = words;
    words.flatten().ok_or_else(|| {
        expected(
            "run",
            value,
            "a program and its arguments, such as [\"df\", \"-h\"]",
        )
    })
}

fn time(value: &Spanned<DeValue<'_>>) -> Result<Duration, Wrong> {
    let time = written(value).and_then(|text| values::time(&text).ok());
    let time = time.filter(|time| TIMES.contains(time));
    time.ok_or_else(|| expected("time-limit", value, "a time such as 5s, of at most 1h"))
}

fn size(value: &Spanned<DeValue<'_>>) -> Result<usize, Wrong> {
    let size = written(value).and_then(|text| values::bytes(&text).ok().flatten());
    let size = size.filter(|size| SIZES.contains(size));
    size.ok_or_else(|| {
        expected(
            "output-limit",
            value,
            "a number of bytes such as 64K, at most 8M",
        )
    })
}

fn unknown(command: &str, key: &str) -> String {
    let hint = nearest(key, &KEYS);
    let hint = hint.map_or(String::new(), |word| format!("did you mean {word:?}? "));
    let known = KEYS.join(", ");
    format!("commands.{command}: unknown key {key:?} ({hint}known: {known})")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::config::parse;

    #[test]
    fn a_command_is_a_table_of_its_own() {
        let config = parse(
            "[commands.disk]\nrun = ['df', '-h']\nhelp = 'free space'\ndirectory = '/'\n\
             time-limit = '5s'\noutput-limit = '16K'\n[commands.up]\nrun = ['uptime']\n",
        );
        let config = config.expect("read");
        let [disk, up] = &config.commands[..] else {
            panic!("two commands");
        };
        let custom = Custom::new("disk", ["df", "-h"]).expect("a good one");
        let custom = custom.described("free space").within("/");
        assert_eq!(
            *disk,
            custom.taking(Duration::from_secs(5)).writing(16 * 1024)
        );
        assert_eq!(*up, Custom::new("up", ["uptime"]).expect("a good one"));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, line, words) in [
            ("commands = 5", 1, "commands is to be a table"),
            ("[commands]\ndisk = 'df'", 2, "[commands.disk]"),
            ("\n[commands.disk]\nhelp = 'x'", 2, "the program is missing"),
            (
                "[commands.disk]\nrun = 'df -h'",
                2,
                "such as [\"df\", \"-h\"]",
            ),
            ("[commands.disk]\nrun = [5]", 2, "such as [\"df\", \"-h\"]"),
            ("[commands.disk]\nrun = []", 2, "the program is missing"),
            (
                "[commands.date]\nrun = ['date']",
                2,
                "known to every server",
            ),
            ("[commands.Disk]\nrun = ['df']", 2, "letters a to z"),
            (
                "[commands.disk]\nrun = ['df']\ntime-limt = '5s'",
                3,
                "unknown key \"time-limt\" (did you mean \"time-limit\"?",
            ),
            (
                "[commands.disk]\nrun = ['df']\ntime-limit = '2h'",
                3,
                "at most 1h",
            ),
            (
                "[commands.disk]\nrun = ['df']\ntime-limit = '0s'",
                3,
                "such as 5s",
            ),
            (
                "[commands.disk]\nrun = ['df']\noutput-limit = '9M'",
                3,
                "at most 8M",
            ),
        ] {
            let wrong = parse(text).expect_err(text);
            assert_eq!(1 + text[..wrong.at].matches('\n').count(), line, "{text}");
            assert!(wrong.what.contains(words), "{text}: {}", wrong.what);
        }
    }
}

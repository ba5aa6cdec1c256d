//! The commands of a session: their names, what may stand behind them, and what they are for.

use lariat_protocol::ftp::{Command, Text};

use crate::failure::Failure;
use crate::words;

/// A command: its names, what may stand behind it, and what it is for.
pub struct Description {
    names: &'static [&'static str],
    arguments: &'static str,
    about: &'static str,
    /// How many words may stand behind it.
    count: std::ops::RangeInclusive<usize>,
}

const ANY: usize = 1000;

const fn describe(
    names: &'static [&'static str],
    arguments: &'static str,
    count: std::ops::RangeInclusive<usize>,
    about: &'static str,
) -> Description {
    Description {
        names,
        arguments,
        about,
        count,
    }
}

/// All commands, as `help` shows them.
const COMMANDS: &[Description] = &[
    describe(
        &["ls", "dir"],
        "[FOLDER]",
        0..=1,
        "show what is in a folder",
    ),
    describe(&["nlist"], "[FOLDER]", 0..=1, "show the names alone"),
    describe(&["cd"], "FOLDER", 1..=1, "go to another folder"),
    describe(&["pwd"], "", 0..=0, "show where you are"),
    describe(&["get"], "FILE [HERE]", 1..=2, "fetch a file"),
    describe(&["reget"], "FILE [HERE]", 1..=2, "go on with fetching one"),
    describe(
        &["mget"],
        "PATTERN...",
        1..=ANY,
        "fetch all files that fit, such as *.txt",
    ),
    describe(&["cat"], "FILE", 1..=1, "show a file"),
    describe(&["put"], "FILE [THERE]", 1..=2, "send a file"),
    describe(&["reput"], "FILE [THERE]", 1..=2, "go on with sending one"),
    describe(&["mput"], "PATTERN...", 1..=ANY, "send all files that fit"),
    describe(
        &["mirror"],
        "[-R] FROM [TO]",
        1..=3,
        "copy a folder from there, with -R to there",
    ),
    describe(&["rm", "delete"], "FILE...", 1..=ANY, "remove files"),
    describe(&["mkdir"], "FOLDER...", 1..=ANY, "make folders"),
    describe(&["rmdir"], "FOLDER...", 1..=ANY, "remove empty folders"),
    describe(&["mv", "rename"], "FROM TO", 2..=2, "give another name"),
    describe(&["size"], "FILE", 1..=1, "show how many bytes a file has"),
    describe(
        &["date"],
        "FILE",
        1..=1,
        "show when a file was changed, in UTC",
    ),
    describe(&["lcd"], "[FOLDER]", 0..=1, "go to another folder here"),
    describe(
        &["passive"],
        "",
        0..=0,
        "connect to the server for transfers (at first)",
    ),
    describe(
        &["active"],
        "",
        0..=0,
        "have the server connect here for transfers",
    ),
    describe(
        &["binary"],
        "",
        0..=0,
        "transfer bytes as they are (at first)",
    ),
    describe(
        &["ascii"],
        "",
        0..=0,
        "transfer text, with each side's line ends",
    ),
    describe(&["quote"], "WORD...", 1..=ANY, "send a command as it is"),
    describe(&["help", "?"], "", 0..=0, "show this"),
    describe(&["quit", "bye", "exit"], "", 0..=0, "end"),
];

/// The first names of all commands.
pub fn names() -> Vec<String> {
    COMMANDS
        .iter()
        .map(|command| command.names[0].to_owned())
        .collect()
}

/// What `help` shows.
pub fn help() -> String {
    let mut text = String::new();
    for command in COMMANDS {
        let usage = format!("{} {}", command.names[0], command.arguments);
        text.push_str(&format!("  {usage:<22} {}\n", command.about));
    }
    text
}

/// Whether a password stands in a line, which is to be remembered nowhere then.
pub fn is_secret(line: &str) -> bool {
    let Ok(words) = words::split(line) else {
        // Whoever forgot the end of a quote has typed the password all the same.
        return line.trim_start().starts_with("quote");
    };
    match words.split_first() {
        Some((name, said)) if name == "quote" => {
            Text::new(said.join(" ")).is_ok_and(|said| Command::Other(said).is_secret())
        }
        _ => false,
    }
}

/// The first name of a command that is called so, with so many words behind it.
pub fn known(name: &str, arguments: &[String]) -> Result<&'static str, Failure> {
    let found = COMMANDS
        .iter()
        .find(|command| command.names.contains(&name));
    let Some(command) = found else {
        let names = names();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let advice = match lariat_protocol::endpoint::nearest(name, &names) {
            Some(nearest) => format!("did you mean {nearest}?"),
            None => "help shows what there is".into(),
        };
        return Err(Failure::usage(format!("{name} is no command; {advice}")));
    };
    let first = command.names[0];
    match command.count.contains(&arguments.len()) {
        true => Ok(first),
        false => Err(Failure::usage(
            format!("usage: {first} {}", command.arguments)
                .trim_end()
                .to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &[&str]) -> Result<&'static str, String> {
        let arguments: Vec<String> = line[1..].iter().map(|word| (*word).to_owned()).collect();
        known(line[0], &arguments)
            .map_err(|failure| failure.message().unwrap_or_default().to_owned())
    }

    #[test]
    fn a_line_with_a_password_is_secret() {
        for line in ["quote pass x", "quote ' ACCT x'", " quote 'PASS x"] {
            assert!(is_secret(line), "{line}");
        }
        for line in ["quote PASV", "get pass", "quote", "get 'a", ""] {
            assert!(!is_secret(line), "{line}");
        }
    }

    #[test]
    fn a_command_has_its_names_and_its_words() {
        assert_eq!(read(&["dir"]), Ok("ls"));
        assert_eq!(read(&["mv", "a", "b"]), Ok("mv"));
        assert_eq!(read(&["mv", "a"]), Err("usage: mv FROM TO".into()));
        assert_eq!(read(&["pwd", "x"]), Err("usage: pwd".into()));
        assert_eq!(
            read(&["gte", "x"]),
            Err("gte is no command; did you mean get?".into())
        );
        assert!(
            COMMANDS
                .iter()
                .all(|command| help().contains(command.about))
        );
    }
}

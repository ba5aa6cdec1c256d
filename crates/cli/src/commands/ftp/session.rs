//! A person's session on a server: what each command does, and what it shows.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lariat_client::ftp::{Client, Error, Site};
use lariat_protocol::ftp::{Command, Entry, Kind, Text};
use serde_json::{Value, json};

use super::copying;
use crate::failure::Failure;
use crate::line_editor::Printer;
use crate::output::{escape_json, note, print, shown};
use crate::words;

/// A session: a connection, and how its results are shown.
pub struct Session {
    pub client: Client,
    /// Where it is, for the connections that a mirror makes.
    pub site: Site,
    pub as_json: bool,
    pub is_quiet: bool,
    pub as_text: bool,
    pub resume: bool,
    pub in_place: bool,
    pub transfers: usize,
    /// Above the line that is typed; nothing where there is none.
    pub printer: Option<Printer>,
    /// What is being sent and is to be continued by nobody, by the names that the halves have there.
    pub halves: Arc<Mutex<BTreeSet<String>>>,
    /// Where to go back to: a mirror leads the connection through its folders.
    pub folder: Option<String>,
}

/// What to do behind a command.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Take the next one.
    GoOn,
    /// End the session.
    Quit,
}

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

impl Session {
    /// Carries out a command by its words.
    ///
    /// # Errors
    ///
    /// Wrong usage where there is no such command, or not with these words; else whatever it met.
    pub async fn carry_out(&mut self, words: &[String]) -> Result<Next, Failure> {
        let Some((name, arguments)) = words.split_first() else {
            return Ok(Next::GoOn);
        };
        let command = known(name, arguments)?;
        match command {
            "quit" => return Ok(Next::Quit),
            "help" => self.text(&help()).await?,
            "lcd" => self.go_here(arguments).await?,
            "get" | "reget" | "put" | "reput" | "mget" | "mput" | "mirror" | "cat" => {
                copying::copy(self, command, arguments).await?;
            }
            "passive" | "active" | "binary" | "ascii" => self.set(command).await?,
            "ls" | "nlist" | "pwd" | "size" | "date" => self.look(command, arguments).await?,
            _ => self.change(command, arguments).await?,
        }
        Ok(Next::GoOn)
    }

    /// Ends a command that was broken off, on the server as well, where no half file stays then.
    ///
    /// # Errors
    ///
    /// When the connection is lost, or the folder is gone in which it was.
    pub async fn break_off(&mut self) -> Result<(), Error> {
        if !self.client.is_idle() {
            self.client.abort().await?;
        }
        if let Some(folder) = self.folder.take() {
            self.client.cwd(&folder).await?;
        }
        let halves = std::mem::take(&mut *self.halves());
        for half in halves {
            match self.client.delete(&half).await {
                // It may not have been begun.
                Ok(_) | Err(Error::Refused { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// What is being sent.
    pub fn halves(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.halves.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What only looks.
    async fn look(&mut self, command: &str, arguments: &[String]) -> Result<(), Failure> {
        let path = arguments.first().map(String::as_str);
        match (command, path) {
            ("pwd", _) => {
                let path = self.client.pwd().await?;
                self.answer(&path, json!({"path": path})).await
            }
            ("size", Some(path)) => {
                let size = self.client.size(path).await?;
                self.answer(&size.to_string(), json!({"path": path, "size": size}))
                    .await
            }
            ("date", Some(path)) => {
                let moment = self.client.mdtm(path).await?;
                let ((year, month, day), (hour, minute, second)) = (moment.date(), moment.time());
                let text =
                    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}");
                self.answer(&text, json!({"path": path, "modified": moment.to_string()}))
                    .await
            }
            ("ls", path) if self.as_json => {
                for entry in self.client.list(path).await? {
                    self.object(entry_object(&entry)).await?;
                }
                Ok(())
            }
            ("ls", path) => {
                let lines = self.client.dir(path).await?;
                self.text(&joined(&lines)).await
            }
            (_, path) => {
                let names = self.client.nlst(path).await?;
                if !self.as_json {
                    return self.text(&joined(&names)).await;
                }
                for name in names {
                    self.object(json!({"name": name})).await?;
                }
                Ok(())
            }
        }
    }

    /// What changes something on the server.
    async fn change(&mut self, command: &str, arguments: &[String]) -> Result<(), Failure> {
        if let ("mv", [from, to]) = (command, arguments) {
            self.client.rename(from, to).await?;
            return self
                .done(json!({"done": "mv", "path": from, "to": to}))
                .await;
        }
        if command == "quote" {
            let reply = self.client.sendcmd(&arguments.join(" ")).await?;
            let object = json!({"code": reply.code(), "lines": reply.lines()});
            return self
                .answer(&format!("{} {}", reply.code(), reply.text()), object)
                .await;
        }
        for path in arguments {
            match command {
                "cd" => drop(self.client.cwd(path).await?),
                "rm" => drop(self.client.delete(path).await?),
                "mkdir" => drop(self.client.mkd(path).await?),
                _ => drop(self.client.rmd(path).await?),
            }
            self.done(json!({"done": command, "path": path})).await?;
        }
        Ok(())
    }

    async fn set(&mut self, command: &str) -> Result<(), Failure> {
        match command {
            "passive" | "active" => {
                let active = command == "active";
                self.client.set_active(active);
                self.site.options.active = active;
            }
            _ => self.as_text = command == "ascii",
        }
        self.done(json!({"done": command})).await
    }

    /// Goes to another folder of this machine; to the home folder without one.
    async fn go_here(&mut self, arguments: &[String]) -> Result<(), Failure> {
        let home = || std::env::home_dir().unwrap_or_default();
        let folder = arguments.first().map_or_else(home, PathBuf::from);
        let gone = std::env::set_current_dir(&folder).and_then(|()| std::env::current_dir());
        let here = gone.map_err(|error| {
            Failure::new(format!(
                "{}: {}",
                folder.display(),
                crate::failure::in_words(&error)
            ))
        })?;
        let here = here.display().to_string();
        self.answer(&here, json!({"here": here})).await
    }

    /// Shows what was asked for.
    pub async fn answer(&self, text: &str, object: Value) -> Result<(), Failure> {
        match self.as_json {
            true => self.object(object).await,
            false => self.text(&format!("{text}\n")).await,
        }
    }

    /// Shows that something was done, to programs alone.
    async fn done(&self, object: Value) -> Result<(), Failure> {
        match self.as_json {
            true => self.object(object).await,
            false => Ok(()),
        }
    }

    /// Shows a line of JSON.
    pub async fn object(&self, object: Value) -> Result<(), Failure> {
        self.text(&format!("{}\n", escape_json(&object.to_string())))
            .await
    }

    /// Shows text, which ends with a line's end, or nothing.
    pub async fn text(&self, text: &str) -> Result<(), Failure> {
        match &self.printer {
            _ if text.is_empty() => Ok(()),
            Some(printer) => printer.print(text.strip_suffix('\n').unwrap_or(text)).await,
            None => print(shown(text.as_bytes())),
        }
    }

    /// Says what happened, which is no result.
    pub async fn remark(&self, line: &str) -> Result<(), Failure> {
        match &self.printer {
            _ if self.is_quiet || self.as_json => Ok(()),
            Some(printer) => printer.print(crate::output::one_line(line)).await,
            None => {
                note(line);
                Ok(())
            }
        }
    }
}

/// The first name of a command that is called so, with so many words behind it.
fn known(name: &str, arguments: &[String]) -> Result<&'static str, Failure> {
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

fn entry_object(entry: &Entry) -> Value {
    let kind = match entry.kind {
        Kind::File => "file",
        Kind::Directory => "folder",
        Kind::Link => "link",
        _ => "other",
    };
    json!({
        "name": entry.name,
        "kind": kind,
        "size": entry.size,
        "modified": entry.modified.map(|moment| moment.to_string()),
        "target": entry.target,
    })
}

fn joined(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
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

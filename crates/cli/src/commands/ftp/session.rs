//! A person's session on a server: what each command does, and what it shows.

use std::path::PathBuf;

use lariat_client::ftp::{Client, Error, Listing, Site};
use lariat_protocol::ftp::{Entry, Kind};
use serde_json::{Value, json};

use super::commands::{help, known};
use super::copying;
use super::halves::Halves;
use crate::failure::{FAILED, Failure};
use crate::line_editor::Printer;
use crate::output::{complain, escape_json, note, one_line, print, shown};

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
    /// What is being sent.
    pub halves: Halves,
    /// Where to go back to before the next command: a mirror leads the connection through its folders.
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
            "passive" | "active" | "binary" | "ascii" => self.set(command).await?,
            _ => {
                self.go_back().await?;
                self.ask(command, arguments).await?;
            }
        }
        Ok(Next::GoOn)
    }

    /// Carries out what the server has to do with.
    async fn ask(&mut self, command: &str, arguments: &[String]) -> Result<(), Failure> {
        match command {
            "get" | "reget" | "put" | "reput" | "mget" | "mput" | "mirror" | "cat" => {
                copying::copy(self, command, arguments).await
            }
            "ls" | "nlist" | "pwd" | "size" | "date" => self.look(command, arguments).await,
            _ => self.change(command, arguments).await,
        }
    }

    /// Goes back to the folder out of which a mirror has led the connection.
    async fn go_back(&mut self) -> Result<(), Error> {
        if let Some(folder) = self.folder.clone() {
            self.client.cwd(&folder).await?;
            // Not before: where it has not gone back, the next command does not work where it is now.
            self.folder = None;
        }
        Ok(())
    }

    /// Ends a command that was broken off, on the server as well, where no half file stays then but one that has its real
    /// name, of which is told.
    ///
    /// # Errors
    ///
    /// When the connection is lost, or the folder is gone in which it was.
    pub async fn break_off(&mut self) -> Result<(), Failure> {
        let halves = self.halves.take();
        for name in halves.in_place {
            let words = format!("{name} is not whole there: it was being sent in place");
            self.complain(&words).await?;
        }
        if !self.client.is_idle() {
            self.client.abort().await?;
        }
        self.go_back().await?;
        for half in halves.parts {
            match self.client.delete(&half).await {
                // It may not have been begun.
                Ok(_) | Err(Error::Refused { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
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
                let listing = self.client.listing(path).await?;
                for entry in &listing.entries {
                    self.object(entry_object(entry)).await?;
                }
                self.tell_unread(&listing).await
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
            self.answer(&format!("{} {}", reply.code(), reply.text()), object)
                .await?;
            // The server has said why.
            return match reply.is_transient() || reply.is_permanent() {
                true => Err(Failure::quiet(FAILED)),
                false => Ok(()),
            };
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

    /// Says that there may be more in a folder than is understood.
    pub async fn tell_unread(&self, listing: &Listing) -> Result<(), Failure> {
        let Some(first) = listing.unread.first() else {
            return Ok(());
        };
        let count = listing.unread.len();
        self.complain(&format!(
            "{count} of the listing's lines are in no form that is known, such as {first:?}"
        ))
        .await
    }

    /// Says what went wrong where more is still to be done.
    pub async fn complain(&self, message: &str) -> Result<(), Failure> {
        match &self.printer {
            Some(printer) => printer.print(one_line(message)).await,
            None => {
                complain(message);
                Ok(())
            }
        }
    }

    /// Says what happened, which is no result.
    pub async fn remark(&self, line: &str) -> Result<(), Failure> {
        match &self.printer {
            _ if self.is_quiet || self.as_json => Ok(()),
            Some(printer) => printer.print(one_line(line)).await,
            None => {
                note(line);
                Ok(())
            }
        }
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

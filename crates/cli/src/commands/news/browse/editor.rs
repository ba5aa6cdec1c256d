//! A person's own editor for drafts, which lie in a file until they are posted.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::messages::Edited;
use crate::commands::news::UNCONFIRMED;
use crate::failure::in_words;
use crate::output::{complain, note};
use crate::platform::{create_private_file, create_private_folder};
use crate::serve::state;
use crate::words;

/// More drafts than anybody has forgotten.
const MAXIMUM_FILES: u32 = 1000;

/// Longer than anything that is posted.
const MAXIMUM_DRAFT: u64 = 1024 * 1024;

/// What is started where no variable names an editor.
#[cfg(windows)]
const USUAL: &str = "notepad";
/// What is started where no variable names an editor.
#[cfg(not(windows))]
const USUAL: &str = "vi";

/// The file of the draft that is being written, if one is.
#[derive(Debug)]
pub struct DraftFile {
    path: Option<PathBuf>,
    /// Nothing was written into it yet.
    is_new: bool,
    /// What an editor has left that failed: nothing else is written there.
    kept: Vec<PathBuf>,
    /// The server has been asked to take it, and has not said whether it has.
    is_sent: bool,
}

impl DraftFile {
    /// None yet.
    pub fn none() -> Self {
        DraftFile {
            path: None,
            is_new: true,
            kept: Vec::new(),
            is_sent: false,
        }
    }

    /// Keeps the draft as it is sent, so that whoever posts it from there posts the same again.
    pub fn keep(&mut self, text: &str) -> Result<(), String> {
        self.write(text).map(drop)
    }

    /// Whether the draft is on its way, and the server's word on it has not come.
    pub fn set_sent(&mut self, is_sent: bool) {
        self.is_sent = is_sent;
    }

    /// Edits a draft. Gives how it came out of the editor; nothing is kept of what was not written.
    pub fn edit(&mut self, text: &str) -> Edited {
        let path = match self.write(text) {
            Ok(path) => path,
            Err(why) => return Edited::Failed(why),
        };
        let edited = run_editor(&path, text);
        if let Edited::Failed(why) = edited {
            return Edited::Failed(self.failed(why, text));
        }
        self.is_new &= !matches!(edited, Edited::Changed(_));
        edited
    }

    /// What an editor has written before it failed may be all that somebody has to say: the next draft goes elsewhere.
    fn failed(&mut self, why: String, text: &str) -> String {
        let is_as_it_was =
            |path: &PathBuf| std::fs::read_to_string(path).is_ok_and(|now| now == text);
        match self.path.take_if(|path| !is_as_it_was(path)) {
            Some(path) => {
                self.is_new = true;
                // Somebody may have moved it away.
                if !path.exists() {
                    return why;
                }
                let why = format!("{why}; what was written is in {}", path.display());
                self.kept.push(path);
                why
            }
            None => {
                if self.is_new {
                    self.remove();
                }
                why
            }
        }
    }

    /// The draft is posted, or not wanted.
    pub fn remove(&mut self) {
        if let Some(path) = self.path.take() {
            // Somebody may have moved it away.
            let _ = std::fs::remove_file(path);
        }
    }

    /// Writes a draft into the file. Gives where that is.
    fn write(&mut self, text: &str) -> Result<PathBuf, String> {
        if let Some(path) = &self.path {
            replace(path, text)
                .map_err(|error| format!("{}: {}", path.display(), in_words(&error)))?;
            return Ok(path.clone());
        }
        let state = state::path(None).map_err(|failure| {
            let why = failure.message().unwrap_or("there is no folder for drafts");
            why.to_owned()
        })?;
        let folder = state.join("drafts");
        let wrong = |error| format!("{}: {}", folder.display(), in_words(&error));
        create_private_folder(&folder).map_err(wrong)?;
        for number in 1..=MAXIMUM_FILES {
            let path = folder.join(format!("draft-{number}.txt"));
            match create_private_file(&path) {
                Ok(mut file) => {
                    file.write_all(text.as_bytes()).map_err(wrong)?;
                    self.path = Some(path.clone());
                    self.is_new = true;
                    return Ok(path);
                }
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(wrong(error)),
            }
        }
        Err(format!(
            "{} is full of drafts; post or remove some",
            folder.display()
        ))
    }
}

impl Drop for DraftFile {
    /// Says where what was written is, since nobody knows that it was posted.
    fn drop(&mut self) {
        if self.is_sent {
            complain(UNCONFIRMED);
        }
        for path in self.kept.iter().chain(&self.path) {
            note(&format!("the draft is kept in {}", path.display()));
        }
    }
}

/// Starts the editor on a file and waits for its end. The terminal is the editor's meanwhile.
fn run_editor(path: &Path, before: &str) -> Edited {
    let named = ["VISUAL", "EDITOR"]
        .into_iter()
        .filter_map(|name| std::env::var(name).ok());
    let editor = named.into_iter().find(|value| !value.trim().is_empty());
    let editor = editor.unwrap_or_else(|| USUAL.into());
    let command = match words::split(&editor) {
        Ok(command) => command,
        Err(why) => return Edited::Failed(format!("EDITOR: {why}")),
    };
    let Some((program, arguments)) = command.split_first() else {
        return Edited::Failed("EDITOR names no program".into());
    };
    let status = Command::new(program).args(arguments).arg(path).status();
    match status {
        Ok(status) if status.success() => {}
        Ok(status) => return Edited::Failed(format!("{program}: {status}; nothing is posted")),
        Err(error) => {
            return Edited::Failed(format!(
                "{program}: {}; set EDITOR to an editor that there is",
                in_words(&error)
            ));
        }
    }
    let wrong = |why: String| Edited::Failed(format!("{}: {why}", path.display()));
    match std::fs::metadata(path) {
        Ok(known) if known.len() > MAXIMUM_DRAFT => return wrong("it is longer than 1 MiB".into()),
        _ => {}
    }
    match std::fs::read_to_string(path) {
        Ok(text) if text == before => Edited::Same,
        Ok(text) => Edited::Changed(text),
        Err(error) => wrong(in_words(&error)),
    }
}

/// Puts a text in the place of a file, which stays as it is when that fails, as on a full disk.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let beside = path.with_extension("new");
    let _ = std::fs::remove_file(&beside);
    let written = create_private_file(&beside)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    written
}

//! The files of the server, in memory.

use std::collections::{BTreeMap, BTreeSet};

use lariat_protocol::ftp::{Entry, Kind, Moment};

/// A file.
pub(super) struct File {
    pub(super) content: Vec<u8>,
    pub(super) changed: Moment,
}

/// All files and folders, by their paths from the root on, without a slash at the end.
#[derive(Default)]
pub(super) struct Tree {
    files: BTreeMap<String, File>,
    folders: BTreeSet<String>,
}

impl Tree {
    pub(super) fn put(&mut self, path: &str, content: Vec<u8>, changed: Moment) {
        let path = path.to_owned();
        let mut above = parent(&path);
        while !above.is_empty() {
            self.folders.insert(above.to_owned());
            above = parent(above);
        }
        self.files.insert(path, File { content, changed });
    }

    pub(super) fn make_folder(&mut self, path: &str) -> bool {
        let is_free = !self.is_folder(path) && !self.files.contains_key(path);
        is_free && self.is_folder(parent(path)) && self.folders.insert(path.to_owned())
    }

    pub(super) fn is_folder(&self, path: &str) -> bool {
        path.is_empty() || path == "/" || self.folders.contains(path)
    }

    pub(super) fn file(&self, path: &str) -> Option<&File> {
        self.files.get(path)
    }

    pub(super) fn file_mut(&mut self, path: &str) -> Option<&mut File> {
        self.files.get_mut(path)
    }

    pub(super) fn paths(&self) -> Vec<String> {
        self.files.keys().cloned().collect()
    }

    pub(super) fn remove(&mut self, path: &str) -> bool {
        self.files.remove(path).is_some()
    }

    pub(super) fn remove_folder(&mut self, path: &str) -> bool {
        self.entries(path).is_empty() && self.folders.remove(path)
    }

    pub(super) fn rename(&mut self, from: &str, to: &str) -> bool {
        match self.files.remove(from) {
            Some(file) => {
                self.files.insert(to.to_owned(), file);
                true
            }
            None => false,
        }
    }

    /// What is in a folder.
    pub(super) fn entries(&self, folder: &str) -> Vec<Entry> {
        let folder = folder.trim_end_matches('/');
        let name = |path: &String| {
            let name = path.strip_prefix(folder)?.strip_prefix('/')?;
            (!name.is_empty() && !name.contains('/')).then(|| name.to_owned())
        };
        let folders = self.folders.iter().filter_map(name).map(|name| Entry {
            kind: Kind::Directory,
            ..Entry::named(name)
        });
        let files = self.files.iter().filter_map(|(path, file)| {
            Some(Entry {
                size: Some(file.content.len() as u64),
                modified: Some(file.changed),
                ..Entry::named(name(path)?)
            })
        });
        folders.chain(files).collect()
    }
}

/// The folder that a path is in; empty for the root.
pub(super) fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(above, _)| above)
}

/// A path from the root on, by where the client is.
pub(super) fn resolve(here: &str, path: &str) -> String {
    let mut parts: Vec<&str> = match path.starts_with('/') {
        true => Vec::new(),
        false => here.split('/').filter(|part| !part.is_empty()).collect(),
    };
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.iter().map(|part| format!("/{part}")).collect()
}

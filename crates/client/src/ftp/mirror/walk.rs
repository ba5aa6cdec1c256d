//! What is in a folder and the folders in it, on either side.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};

use lariat_protocol::ftp::{Entry, Kind, Precision};

use super::{Item, Known, Mirrored, Step, Watcher, known_here};
use crate::ftp::moment::moment;
use crate::ftp::{Client, Error};
use crate::part::{cannot, is_taken};

/// How many files a mirror has at most, which is what is kept in memory of them.
const MAXIMUM_FILES: usize = 1_000_000;

/// How many folders are within each other at most: a server can make up folders without end.
const MAXIMUM_DEPTH: usize = 64;

/// How many folders there are at most, for the same reason.
const MAXIMUM_FOLDERS: usize = 200_000;

/// Why the name of a part, or of its mark, is left out.
const NOT_WHOLE: &str = "its name is that of a file that is not whole";

/// A walk through folders, and the files that it has found.
pub(super) struct Walk<'a> {
    watcher: &'a dyn Watcher,
    items: Vec<Item>,
    done: Mirrored,
    folders: usize,
}

/// A folder on both sides.
struct Folder {
    /// Its path within the one that is copied, which ends with a slash but for that one itself.
    path: String,
    remote: String,
    local: PathBuf,
    depth: usize,
    /// What the server says that no other folder has, of this one and of those that it is in.
    unique: Vec<Mark>,
}

/// What stands for what a server says that no other folder has, which may be long, and is kept for each folder.
type Mark = u64;

fn mark(unique: &str) -> Mark {
    let mut hasher = DefaultHasher::new();
    unique.hash(&mut hasher);
    hasher.finish()
}

impl Folder {
    /// What is in it under this name.
    fn join(&self, name: &str) -> (String, String, PathBuf) {
        let remote = format!("{}/{name}", self.remote.trim_end_matches('/'));
        (
            format!("{}{name}", self.path),
            remote,
            self.local.join(name),
        )
    }

    fn inner(&self, name: &str, unique: Option<Mark>) -> Folder {
        let (path, remote, local) = self.join(name);
        let above = self.unique.iter().copied();
        Folder {
            path: path + "/",
            remote,
            local,
            depth: self.depth + 1,
            unique: above.chain(unique).collect(),
        }
    }

    /// Takes out of what is in it what is not unique, though the server says so: of such a server all would be one folder.
    /// What is in doubt is taken out as well, and looked into.
    fn mistrust(&self, entries: &mut [Entry]) {
        let mut seen: HashSet<Mark> = HashSet::new();
        let is_told_twice = entries.iter().any(|entry| {
            let mark = entry.unique.as_deref().map(mark);
            let is_known = |mark| entry.kind == Kind::File && self.unique.contains(&mark);
            mark.is_some_and(|mark| !seen.insert(mark) || is_known(mark))
        });
        let is_in_doubt = self
            .may_be_in_itself_alone(entries)
            .is_some_and(|only| !self.has_name_of(only));
        if is_told_twice || is_in_doubt {
            entries.iter_mut().for_each(|entry| entry.unique = None);
        }
    }

    /// The folder that is all there is in this one, and of which the server says that it is this one, if it has never said of
    /// any that it is another.
    fn may_be_in_itself_alone<'a>(&self, entries: &'a [Entry]) -> Option<&'a Entry> {
        let [only] = entries else {
            return None;
        };
        let mark = mark(only.unique.as_deref()?);
        let is_one = !self.unique.is_empty() && self.unique.iter().all(|above| *above == mark);
        (only.kind == Kind::Directory && is_one).then_some(only)
    }

    /// Whether it is called as this folder is, as a link to that is in what it leads to.
    fn has_name_of(&self, entry: &Entry) -> bool {
        let above = self.path.trim_end_matches('/');
        above.rsplit('/').next() == Some(&*entry.name)
    }

    /// Whether a link stands in its place here, by which what is put into it would be put elsewhere. Where the first one
    /// leads is for whoever has named it to know.
    fn leads_elsewhere(&self) -> bool {
        let known = || fs::symlink_metadata(&self.local);
        self.depth > 0 && known().is_ok_and(|known| known.is_symlink())
    }
}

impl<'a> Walk<'a> {
    pub(super) fn new(watcher: &'a dyn Watcher) -> Self {
        Walk {
            watcher,
            items: Vec::new(),
            done: Mirrored::default(),
            folders: 0,
        }
    }

    /// The files, and what has been left out.
    pub(super) fn end(self) -> (Vec<Item>, Mirrored) {
        (self.items, self.done)
    }

    /// Lists the server's folders, and makes those of this machine.
    pub(super) async fn down(
        &mut self,
        client: &mut Client,
        remote: String,
        local: &Path,
    ) -> Result<(), Error> {
        let mut waiting = vec![root(remote, local)];
        while let Some(mut folder) = waiting.pop() {
            if folder.leads_elsewhere() {
                self.leave_out(&folder.path, "a link stands in its place here");
                continue;
            }
            let listed = match client.cwd(&folder.remote).await {
                Ok(_) => client.listing(None).await,
                Err(error) => Err(error),
            };
            let mut listing = match listed {
                Ok(listing) => listing,
                Err(error) => {
                    let goes_on = client.can_go_on_behind(&error);
                    self.pass_over(&folder, goes_on, error)?;
                    continue;
                }
            };
            if let Err(error) = fs::create_dir_all(&folder.local) {
                let error = cannot("make the folder", &folder.local, error).into();
                self.pass_over(&folder, true, error)?;
                continue;
            }
            if folder.depth == 0 && listing.entries.iter().any(|entry| entry.unique.is_some()) {
                let here = client.mlst(None).await;
                let here = client.if_known(here)?;
                let here = here.and_then(|here| here.unique);
                folder.unique.extend(here.as_deref().map(mark));
            }
            folder.mistrust(&mut listing.entries);
            if let Some(only) = folder.may_be_in_itself_alone(&listing.entries) {
                // What is in it may be nowhere else, so nobody is to take the copy for whole.
                let path = folder.join(&only.name).0;
                let why = io::Error::other("the server says that it is the folder that it is in");
                self.failed(&path, &cannot("go into", Path::new(&path), why).into());
                listing.entries.clear();
            }
            for line in listing.unread {
                let path = match folder.path.as_str() {
                    "" => ".",
                    path => path,
                };
                self.failed(path, &Error::Unread(line));
            }
            for entry in listing.entries {
                self.entry(&folder, entry, &mut waiting)?;
            }
            self.watcher.step(Step::Found(self.items.len() as u64));
        }
        Ok(())
    }

    /// Takes a line of the server's listing.
    fn entry(
        &mut self,
        folder: &Folder,
        entry: Entry,
        waiting: &mut Vec<Folder>,
    ) -> Result<(), Error> {
        let (path, remote, local) = folder.join(&entry.name);
        if !entry.has_plain_name() {
            self.leave_out(
                &path,
                "its name leads out of its folder, or steers a terminal",
            );
            return Ok(());
        }
        let unique = entry.unique.as_deref().map(mark);
        match entry.kind {
            Kind::Directory if unique.is_some_and(|mark| folder.unique.contains(&mark)) => {
                self.leave_out(&path, "it is a folder that it is in itself");
            }
            Kind::Directory => {
                self.enter(folder)?;
                waiting.push(folder.inner(&entry.name, unique));
            }
            Kind::File if is_taken(&entry.name) => self.leave_out(&path, NOT_WHOLE),
            Kind::File => {
                self.add(Item {
                    there: known_here(&local),
                    path,
                    remote,
                    local,
                    source: known_there(&entry),
                    attempts: 0,
                    is_begun: false,
                })?;
            }
            Kind::Link => self.leave_out(&path, "it is a link"),
            _ => self.leave_out(&path, "it is no file"),
        }
        Ok(())
    }

    /// Reads this machine's folders, and makes those of the server.
    pub(super) async fn up(
        &mut self,
        client: &mut Client,
        remote: String,
        local: &Path,
    ) -> Result<(), Error> {
        let mut waiting = vec![root(remote, local)];
        while let Some(folder) = waiting.pop() {
            let read = read_folder(&folder.local);
            let found = match read {
                Ok(found) => found,
                Err(error) => {
                    self.pass_over(&folder, true, error)?;
                    continue;
                }
            };
            let there = match there(client, &folder).await {
                Ok(there) => there,
                Err(error) => {
                    let goes_on = client.can_go_on_behind(&error);
                    self.pass_over(&folder, goes_on, error)?;
                    continue;
                }
            };
            for (name, known) in found {
                let name = match name.into_string() {
                    Ok(name) => name,
                    Err(name) => {
                        let path = format!("{}{}", folder.path, name.display());
                        let why = format!("its name, {name:?}, is not UTF-8");
                        self.leave_out(&path, &why);
                        continue;
                    }
                };
                let (path, remote, local) = folder.join(&name);
                if known.is_dir() {
                    self.enter(&folder)?;
                    waiting.push(folder.inner(&name, None));
                } else if known.is_file() && is_taken(&name) {
                    self.leave_out(&path, NOT_WHOLE);
                } else if known.is_file() {
                    self.add(Item {
                        path,
                        remote,
                        local,
                        source: Known {
                            size: Some(known.len()),
                            modified: known.modified().ok().map(moment),
                        },
                        there: there.get(&name).map(known_there),
                        attempts: 0,
                        is_begun: false,
                    })?;
                } else {
                    let why = match known.is_symlink() {
                        true => "it is a link",
                        false => "it is no file",
                    };
                    self.leave_out(&path, why);
                }
            }
            self.watcher.step(Step::Found(self.items.len() as u64));
        }
        Ok(())
    }

    fn add(&mut self, item: Item) -> Result<(), Error> {
        if self.items.len() == MAXIMUM_FILES {
            return Err(too_many(
                &item.path,
                "a mirror has more than a million files",
            ));
        }
        self.items.push(item);
        Ok(())
    }

    /// Another folder is in this one.
    fn enter(&mut self, folder: &Folder) -> Result<(), Error> {
        self.folders += 1;
        if folder.depth == MAXIMUM_DEPTH {
            return Err(too_many(
                &folder.path,
                "more than 64 folders are within each other",
            ));
        }
        if self.folders > MAXIMUM_FOLDERS {
            return Err(too_many(
                &folder.path,
                "a mirror has more than 200,000 folders",
            ));
        }
        Ok(())
    }

    fn leave_out(&mut self, path: &str, why: &str) {
        self.done.left_out += 1;
        self.watcher.step(Step::LeftOut { path, why });
    }

    /// Goes on without a folder, unless it is the one that everything is in, or nothing goes on.
    fn pass_over(&mut self, folder: &Folder, goes_on: bool, error: Error) -> Result<(), Error> {
        if folder.depth == 0 || !goes_on {
            return Err(error);
        }
        self.failed(&folder.path, &error);
        Ok(())
    }

    fn failed(&mut self, path: &str, error: &Error) {
        self.done.failed += 1;
        self.watcher.step(Step::Failed { path, error });
    }
}

/// The path from the server's root on.
pub(super) async fn absolute(client: &mut Client, path: &str) -> Result<String, Error> {
    if path.starts_with('/') {
        return Ok(path.to_owned());
    }
    let here = client.pwd().await?;
    Ok(match path.trim_end_matches('/') {
        "" | "." => here,
        path => format!("{}/{path}", here.trim_end_matches('/')),
    })
}

fn root(remote: String, local: &Path) -> Folder {
    Folder {
        path: String::new(),
        remote,
        local: local.to_owned(),
        depth: 0,
        unique: Vec::new(),
    }
}

type Found = Vec<(std::ffi::OsString, fs::Metadata)>;

/// What is in a folder of this machine, by name; links are what they are.
fn read_folder(path: &Path) -> Result<Found, Error> {
    let read = fs::read_dir(path).and_then(known_of);
    read.map_err(|error| cannot("read", path, error).into())
}

/// What is known of those that are still there.
fn known_of(entries: impl Iterator<Item = io::Result<fs::DirEntry>>) -> io::Result<Found> {
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        match entry.metadata() {
            Ok(known) => found.push((entry.file_name(), known)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    found.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(found)
}

/// What a listing of the server's says of a file.
fn known_there(entry: &Entry) -> Known {
    let is_exact = entry.precision == Precision::Second;
    Known {
        size: entry.size,
        modified: entry.modified.filter(|_| is_exact),
    }
}

/// What is in a folder of the server, which is made if it is not there; so are those that the first one is in.
async fn there(client: &mut Client, folder: &Folder) -> Result<HashMap<String, Entry>, Error> {
    match client.cwd(&folder.remote).await {
        Ok(_) => {
            let entries = client.list(None).await?.into_iter();
            Ok(entries.map(|entry| (entry.name.clone(), entry)).collect())
        }
        Err(Error::Refused { .. }) => {
            if folder.depth == 0 {
                for (at, _) in folder.remote.match_indices('/').filter(|(at, _)| *at > 0) {
                    // Whether they are there now, the folder in them tells.
                    let made = client.mkd(&folder.remote[..at]).await;
                    client.if_known(made)?;
                }
            }
            client.mkd(&folder.remote).await?;
            Ok(HashMap::new())
        }
        Err(error) => Err(error),
    }
}

fn too_many(path: &str, words: &str) -> Error {
    let error = io::Error::new(io::ErrorKind::QuotaExceeded, words.to_owned());
    cannot("go into", Path::new(path), error).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_has_gone_meanwhile_does_not_keep_the_others() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["a", "b", "c"] {
            fs::write(folder.path().join(name), name).expect("written");
        }
        let entries: Vec<_> = fs::read_dir(folder.path()).expect("read").collect();
        fs::remove_file(folder.path().join("b")).expect("removed");
        let found = known_of(entries.into_iter()).expect("known");
        let names: Vec<_> = found.iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["a", "c"]);
    }
}

//! A folder and all in it, from the server to this machine or back, by several connections at once.
//!
//! Links are left out on both sides, and so is what has a name that would lead out of the folder, or ends with `.part`,
//! as those of files do that are not whole yet. Nothing is removed anywhere.

mod joining;
mod walk;

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use lariat_protocol::ftp::Moment;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use self::joining::{caught, keep_alive};
use super::moment::moment;
use super::{Client, Download, Error, Site, Upload};

/// How often a file is tried for which the connection broke.
const ATTEMPTS: u32 = 3;

/// Where files go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the server to this machine.
    Down,
    /// From this machine to the server.
    Up,
}

/// Copies a folder with all in it, but for the files that are there already: of the same length, and not older.
///
/// ```no_run
/// use std::path::Path;
/// use std::sync::Arc;
/// use lariat_client::ftp::{Direction, Login, Mirror, Options, Site, Step};
///
/// # async fn f() -> Result<(), lariat_client::ftp::Error> {
/// let site = Site {
///     endpoint: "tcp://ftp.example.org:21".parse().expect("an endpoint"),
///     options: Options::default(),
///     login: Login::default(),
/// };
/// let mirror = Mirror { transfers: 8, ..Mirror::new(Direction::Down) };
/// let watcher = Arc::new(|step: Step<'_>| println!("{step:?}"));
/// let done = mirror.run(&site, "pub", Path::new("copy"), watcher).await?;
/// println!("{} files", done.files);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Mirror {
    /// Where files go.
    pub direction: Direction,
    /// How many files are transferred at once, each by a connection of its own; at least one. A server that
    /// allows fewer connections gets fewer.
    pub transfers: usize,
    /// Go on with what an earlier mirror has left of files. One that is tried again goes on with what this one has moved
    /// of it in any case.
    pub resume: bool,
    /// Send files under their names from the first byte on: see [`Upload::in_place`].
    pub in_place: bool,
    /// All files are text, with each side's line ends. Their lengths tell nothing then, so those are there already that
    /// are not older.
    pub as_text: bool,
}

/// What a mirror has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mirrored {
    /// How many files were transferred.
    pub files: u64,
    /// How many bytes that were.
    pub bytes: u64,
    /// How many files were there already.
    pub kept: u64,
    /// How many were left out: links, names that cannot be, and those of files that are not whole.
    pub left_out: u64,
    /// How many failed, of which the watcher was told, unless it was what panicked.
    pub failed: u64,
}

/// What happens in a mirror. Paths are those within the folder, with `/` between their parts.
#[derive(Debug)]
#[non_exhaustive]
pub enum Step<'a> {
    /// So many files are to be transferred or looked at, as far as folders were listed.
    Found(u64),
    /// A file is begun.
    Begun {
        /// Which.
        path: &'a str,
        /// How many bytes it has, if that is known.
        size: Option<u64>,
    },
    /// So many bytes more have been moved.
    Moved(u64),
    /// A file is there, whole.
    Done {
        /// Which.
        path: &'a str,
        /// How many bytes were transferred.
        bytes: u64,
    },
    /// A file was there already.
    Kept {
        /// Which.
        path: &'a str,
    },
    /// A file or a folder was left out.
    LeftOut {
        /// Which.
        path: &'a str,
        /// Why.
        why: &'a str,
    },
    /// A file or a folder could not be transferred.
    Failed {
        /// Which.
        path: &'a str,
        /// Why not.
        error: &'a Error,
    },
}

/// Who is told what happens, on whichever thread it does.
pub trait Watcher: Send + Sync + 'static {
    /// Something happened.
    fn step(&self, step: Step<'_>);
}

impl<F: Fn(Step<'_>) + Send + Sync + 'static> Watcher for F {
    fn step(&self, step: Step<'_>) {
        self(step);
    }
}

/// A file that is to be transferred.
#[derive(Clone, Debug)]
struct Item {
    /// Its path within the folder.
    path: String,
    remote: String,
    local: PathBuf,
    source: Known,
    /// What is known of a file in the place where it goes, if there is one.
    there: Option<Known>,
    attempts: u32,
    /// Some of it has been moved, so that what is not whole in the place where it goes is this mirror's.
    is_begun: bool,
}

/// What is known of a file.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    size: Option<u64>,
    /// When it was changed, if that is known to the second.
    modified: Option<Moment>,
}

/// What all transfers of a mirror share.
struct Work {
    how: Mirror,
    site: Site,
    watcher: Arc<dyn Watcher>,
    waiting: Mutex<VecDeque<Item>>,
    done: Mutex<Mirrored>,
}

impl Mirror {
    /// One by four connections, which begins each file anew.
    pub const fn new(direction: Direction) -> Self {
        Mirror {
            direction,
            transfers: 4,
            resume: false,
            in_place: false,
            as_text: false,
        }
    }

    /// Copies all that is in the folder. A relative path is one from the folder on in which the login ends.
    ///
    /// A file that fails does not keep the others from being transferred; [`Mirrored::failed`] says how many did.
    ///
    /// # Errors
    ///
    /// When nobody can be connected to, the folder itself is not there, too much is in it, or all transfers have
    /// panicked.
    pub async fn run(
        self,
        site: &Site,
        remote: &str,
        local: &Path,
        watcher: Arc<dyn Watcher>,
    ) -> Result<Mirrored, Error> {
        let mut first = site.connect().await?;
        let outcome = self.run_on(&mut first, site, remote, local, watcher).await;
        if first.is_idle() {
            // Everything is there; what the server says to a goodbye changes nothing.
            let _ = first.quit().await;
        }
        outcome
    }

    /// The same by a connection that is there already, as the first of them: some servers allow one alone. A relative path
    /// is one from the folder on that it is in. In which one it is afterwards is not said; and it is another connection to
    /// the site, if that one broke.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run).
    pub async fn run_on(
        self,
        first: &mut Client,
        site: &Site,
        remote: &str,
        local: &Path,
        watcher: Arc<dyn Watcher>,
    ) -> Result<Mirrored, Error> {
        let mut walk = walk::Walk::new(&*watcher);
        let root = walk::absolute(first, remote).await?;
        match self.direction {
            Direction::Down => walk.down(first, root, local).await?,
            Direction::Up => walk.up(first, root, local).await?,
        }
        let (items, done) = walk.end();
        let others = self.transfers.clamp(1, items.len().max(1)) - 1;
        let work = Arc::new(Work {
            how: self,
            site: site.clone(),
            watcher,
            waiting: Mutex::new(items.into()),
            done: Mutex::new(done),
        });
        let mut workers = JoinSet::new();
        for _ in 0..others {
            workers.spawn(Arc::clone(&work).carry_on_alone());
        }
        let (over, are_over) = oneshot::channel::<()>();
        let joined = async {
            let mut outcome = Ok(());
            while let Some(ended) = workers.join_next().await {
                outcome = outcome.and(work.outcome(ended.map_err(io::Error::from)));
            }
            drop(over);
            outcome
        };
        let carried_on = async {
            let outcome = caught(work.carry_on(first)).await;
            keep_alive(first, are_over).await;
            outcome
        };
        let (of_first, of_others) = tokio::join!(carried_on, joined);
        let outcome = of_others.and(work.outcome(of_first));
        // One that got no connection is no loss where another did its work.
        let left = work.next();
        let done = *work.done.lock().unwrap_or_else(PoisonError::into_inner);
        match (left, outcome) {
            (Some(_), Err(error)) => Err(error),
            _ => Ok(done),
        }
    }
}

impl Work {
    fn next(&self) -> Option<Item> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.pop_front()
    }

    fn again(&self, item: Item) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push_back(item);
    }

    fn count(&self, count: impl FnOnce(&mut Mirrored)) {
        count(&mut self.done.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// What became of one that transferred.
    fn outcome(&self, ended: io::Result<Result<(), Error>>) -> Result<(), Error> {
        ended.unwrap_or_else(|error| {
            // It had a file in hand, of which nobody else knows.
            self.count(|done| done.failed += 1);
            Err(Error::Local {
                what: "a transfer of the mirror panicked".into(),
                error,
            })
        })
    }

    /// Transfers by a connection of its own.
    async fn carry_on_alone(self: Arc<Self>) -> Result<(), Error> {
        let mut client = self.site.connect().await?;
        self.carry_on(&mut client).await?;
        if client.is_idle() {
            // Everything is there; what the server says to a goodbye changes nothing.
            let _ = client.quit().await;
        }
        Ok(())
    }

    /// Transfers file after file, by a connection in whose place there is another one when it breaks.
    async fn carry_on(&self, client: &mut Client) -> Result<(), Error> {
        let mut is_of_use = true;
        while let Some(mut item) = self.next() {
            if !is_of_use {
                match self.site.connect().await {
                    Ok(connected) => *client = connected,
                    Err(error) => {
                        self.again(item);
                        return Err(error);
                    }
                }
            }
            item.attempts += 1;
            is_of_use = match self.transfer(client, &mut item).await {
                Ok(()) => true,
                Err(error) => {
                    if error.may_pass() && item.attempts < ATTEMPTS {
                        self.again(item);
                    } else {
                        let path = &item.path;
                        self.count(|done| done.failed += 1);
                        self.watcher.step(Step::Failed {
                            path,
                            error: &error,
                        });
                    }
                    client.can_go_on_behind(&error)
                }
            };
        }
        Ok(())
    }

    async fn transfer(&self, client: &mut Client, item: &mut Item) -> Result<(), Error> {
        let modified = self.modified(client, item).await?;
        let there = self.there(client, item).await?;
        let path = &item.path;
        if there.is_some_and(|there| self.is_as_good(there, item.source.size, modified)) {
            self.count(|done| done.kept += 1);
            self.watcher.step(Step::Kept { path });
            return Ok(());
        }
        self.watcher.step(Step::Begun {
            path,
            size: item.source.size,
        });
        let resume = self.how.resume || item.is_begun;
        let mut before = 0;
        let progress = |there: u64, _all: Option<u64>| {
            item.is_begun |= there > 0;
            self.watcher.step(Step::Moved(there.saturating_sub(before)));
            before = there;
        };
        let bytes = match self.how.direction {
            Direction::Down => {
                let how = Download {
                    resume,
                    as_text: self.how.as_text,
                    size: item.source.size,
                    modified,
                };
                client
                    .download_at(&item.remote, &item.local, how, progress)
                    .await?
            }
            Direction::Up => {
                let how = Upload {
                    resume,
                    as_text: self.how.as_text,
                    in_place: self.how.in_place,
                };
                client
                    .upload(&item.local, &item.remote, how, progress)
                    .await?
            }
        };
        self.count(|done| {
            done.files += 1;
            done.bytes += bytes;
        });
        self.watcher.step(Step::Done { path, bytes });
        Ok(())
    }

    /// When the source was changed, asked for where a listing does not say it to the second, and it
    /// matters: everything is to have its time in the end.
    async fn modified(&self, client: &mut Client, item: &Item) -> Result<Option<Moment>, Error> {
        if item.source.modified.is_some() || self.how.direction == Direction::Up {
            return Ok(item.source.modified);
        }
        let modified = client.mdtm(&item.remote).await;
        client.if_known(modified)
    }

    /// What is known of the file where this one goes: its time is asked for where the server's listing does not
    /// say it to the second, and that decides.
    async fn there(&self, client: &mut Client, item: &Item) -> Result<Option<Known>, Error> {
        let Some(there) = item.there else {
            return Ok(None);
        };
        let is_unknown = self.how.direction == Direction::Up && there.modified.is_none();
        if !is_unknown || !self.is_as_long(there, item.source.size) {
            return Ok(Some(there));
        }
        let modified = client.mdtm(&item.remote).await;
        Ok(Some(Known {
            modified: client.if_known(modified)?,
            ..there
        }))
    }

    fn is_as_long(&self, there: Known, size: Option<u64>) -> bool {
        self.how.as_text || there.size.is_some() && there.size == size
    }

    /// Whether what is there will do: as long as the source, and not older. Fractions of seconds do not count, which are
    /// lost on the way.
    fn is_as_good(&self, there: Known, size: Option<u64>, modified: Option<Moment>) -> bool {
        let is_new = match (there.modified, modified) {
            (Some(there), Some(modified)) => there.seconds() >= modified.seconds(),
            _ => false,
        };
        is_new && self.is_as_long(there, size)
    }
}

/// What is known of a file here.
fn known_here(path: &Path) -> Option<Known> {
    let known = std::fs::metadata(path)
        .ok()
        .filter(std::fs::Metadata::is_file)?;
    Some(Known {
        size: Some(known.len()),
        modified: known.modified().ok().map(moment),
    })
}

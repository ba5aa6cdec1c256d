//! A folder and all in it, from the server to this machine or back, by several connections at once.
//!
//! Links are left out on both sides, and so is what has a name that would lead out of the folder, or ends with `.part`,
//! as those of files do that are not whole yet. Nothing is removed anywhere.

mod walk;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use lariat_protocol::ftp::Moment;
use tokio::task::JoinSet;

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
/// let mirror = Mirror { direction: Direction::Down, transfers: 4 };
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
    size: Option<u64>,
    /// When the source was changed, if that is known to the second.
    modified: Option<Moment>,
    /// What is known of a file in the place where it goes: its length, and when that was changed.
    there: Option<(Option<u64>, Option<Moment>)>,
    attempts: u32,
}

/// What all transfers of a mirror share.
struct Work {
    direction: Direction,
    site: Site,
    watcher: Arc<dyn Watcher>,
    waiting: Mutex<VecDeque<Item>>,
    done: Mutex<Mirrored>,
}

impl Mirror {
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
        let mut walk = walk::Walk::new(&*watcher);
        let root = walk::absolute(&mut first, remote).await?;
        match self.direction {
            Direction::Down => walk.down(&mut first, root, local).await?,
            Direction::Up => walk.up(&mut first, root, local).await?,
        }
        let (items, done) = walk.end();
        let others = self.transfers.clamp(1, items.len().max(1)) - 1;
        let work = Arc::new(Work {
            direction: self.direction,
            site: site.clone(),
            watcher,
            waiting: Mutex::new(items.into()),
            done: Mutex::new(done),
        });
        let mut workers = JoinSet::new();
        workers.spawn(Arc::clone(&work).carry_on(Some(first)));
        for _ in 0..others {
            workers.spawn(Arc::clone(&work).carry_on(None));
        }
        let mut outcome = Ok(());
        while let Some(ended) = workers.join_next().await {
            match ended {
                Ok(Ok(())) => {}
                Ok(Err(error)) => outcome = Err(error),
                Err(error) => {
                    // It had a file in hand, of which nobody else knows.
                    work.count(|done| done.failed += 1);
                    outcome = Err(Error::Local {
                        what: "a transfer of the mirror panicked".into(),
                        error: error.into(),
                    });
                }
            }
        }
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

    /// Transfers file after file, by a connection that is made again when it breaks.
    async fn carry_on(self: Arc<Self>, mut client: Option<Client>) -> Result<(), Error> {
        while let Some(mut item) = self.next() {
            let connected = match client.take() {
                Some(client) => Ok(client),
                None => self.site.connect().await,
            };
            let mut connection = match connected {
                Ok(connection) => connection,
                Err(error) => {
                    self.again(item);
                    return Err(error);
                }
            };
            item.attempts += 1;
            match self.transfer(&mut connection, &item).await {
                Ok(()) => client = Some(connection),
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
                    client = connection.can_go_on_behind(&error).then_some(connection);
                }
            }
        }
        if let Some(client) = client {
            // Everything is there; what the server says to a goodbye changes nothing.
            let _ = client.quit().await;
        }
        Ok(())
    }

    async fn transfer(&self, client: &mut Client, item: &Item) -> Result<(), Error> {
        let path = &item.path;
        let modified = self.modified(client, item).await?;
        if is_there(item, modified) {
            self.count(|done| done.kept += 1);
            self.watcher.step(Step::Kept { path });
            return Ok(());
        }
        self.watcher.step(Step::Begun {
            path,
            size: item.size,
        });
        let mut before = 0;
        let progress = |there: u64, _all: Option<u64>| {
            self.watcher.step(Step::Moved(there.saturating_sub(before)));
            before = there;
        };
        let bytes = match self.direction {
            Direction::Down => {
                let how = Download {
                    size: item.size,
                    modified,
                    ..Download::default()
                };
                client
                    .download(&item.remote, &item.local, how, progress)
                    .await?
            }
            Direction::Up => {
                let how = Upload::default();
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
        if item.modified.is_some() || self.direction == Direction::Up {
            return Ok(item.modified);
        }
        match client.mdtm(&item.remote).await {
            Ok(moment) => Ok(Some(moment)),
            Err(Error::Refused { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Whether the file is in its place already: as long as the source, and not older. Fractions of seconds do not
/// count, which are lost on the way.
fn is_there(item: &Item, modified: Option<Moment>) -> bool {
    let Some((size, changed)) = item.there else {
        return false;
    };
    let is_as_long = size.is_some() && size == item.size;
    match (changed, modified) {
        (Some(changed), Some(modified)) => is_as_long && changed.seconds() >= modified.seconds(),
        _ => false,
    }
}

/// What is known of a file here.
fn known_here(path: &Path) -> Option<(Option<u64>, Option<Moment>)> {
    let known = std::fs::metadata(path)
        .ok()
        .filter(std::fs::Metadata::is_file)?;
    Some((Some(known.len()), known.modified().ok().map(moment)))
}

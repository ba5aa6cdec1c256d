//! Watching what is no connection: files that change here, and on Unix any descriptor.
//!
//! It tells that something happened and never what: nothing is read from a file here, or from
//! a descriptor. Read [`Watch`] first, then [`Handle::watch_file`].

use std::fmt::Display;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf, absolute};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use notify::event::{AccessKind, ModifyKind};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::platform::accept::is_out_of_descriptors;
use crate::reactor::Handle;

/// A file is looked at when nothing has happened to it for this long.
const QUIET: Duration = Duration::from_millis(50);

/// A file that never comes to rest, such as a log, is looked at this often.
const PATIENCE: Duration = Duration::from_millis(500);

/// How often a folder that went away is looked for.
const FOLDER_RETRY: Duration = Duration::from_secs(1);

/// What [`Handle::watch_file`] and, on Unix, `watch_readable` and `watch_writable` began.
///
/// It goes on when this is dropped, until it is cancelled, the callback ends it or panics, or
/// the reactor's threads end; so it still works while the reactor drains.
#[derive(Clone, Debug)]
pub struct Watch {
    cancelled: CancellationToken,
    ended: CancellationToken,
}

impl Watch {
    /// Ends it: the callback is not called again. From another thread, a call that is under
    /// way is finished.
    pub fn cancel(&self) {
        self.cancelled.cancel();
    }

    /// Whether it is over, for whatever reason, and what it held has been dropped.
    pub fn is_ended(&self) -> bool {
        self.ended.is_cancelled()
    }

    /// Waits until it is over.
    pub async fn ended(&self) {
        self.ended.cancelled().await;
    }

    /// A watch, and the side of it that its task keeps for as long as it runs.
    pub(crate) fn new(name: String) -> (Watch, Life) {
        let watch = Watch {
            cancelled: CancellationToken::new(),
            ended: CancellationToken::new(),
        };
        let life = Life {
            name,
            cancelled: watch.cancelled.clone(),
            _ended: watch.ended.clone().drop_guard(),
        };
        (watch, life)
    }
}

/// What the task of a watch knows about it. Dropping it ends the watch, so it is dropped last.
pub(crate) struct Life {
    /// What is watched, for the log.
    name: String,
    cancelled: CancellationToken,
    _ended: DropGuard,
}

impl Life {
    pub(crate) async fn cancelled(&self) {
        self.cancelled.cancelled().await;
    }

    /// Calls the callback, unless the watch is cancelled. None means that the watch is over.
    pub(crate) fn call<T>(&self, callback: impl FnOnce() -> T) -> Option<T> {
        if self.cancelled.is_cancelled() {
            return None;
        }
        let called = catch_unwind(AssertUnwindSafe(callback));
        if called.is_err() {
            tracing::error!(watch = self.name, "a callback panicked; its watch ends");
        }
        called.ok()
    }

    pub(crate) fn log_failure(&self, error: impl Display) {
        tracing::info!(watch = self.name, "watch ended: {error}");
    }
}

/// What happened to a file, told by [`Handle::watch_file`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileEvent {
    /// There was none, and now there is one.
    Created,
    /// It was written, or another one has taken its place.
    Changed,
    /// There was one, and now there is none.
    Removed,
}

impl Handle {
    /// Tells a callback on a reactor thread what becomes of a file: that it is created, changed,
    /// removed. The file need not exist yet, its folder must.
    ///
    /// The folder is what is watched, so a file that is replaced by renaming another over it,
    /// as editors and the renewal of certificates do, is seen as [`FileEvent::Changed`]; so is
    /// a symbolic link that comes to lead elsewhere within the folder. Several changes within
    /// 50 ms are one, and what a file is then is what counts: one that was created and
    /// removed meanwhile is not mentioned. A file that is written without pause is told of
    /// twice a second. Changes are never queued: while the callback runs, all that happens is
    /// remembered as one. A change may rarely be told twice, and none is passed over; that
    /// only its permissions changed is not told. If the folder itself is removed or replaced,
    /// it is looked for every second.
    ///
    /// Each watch costs a thread of its own and, on Linux, one inotify instance, of which a
    /// user has 128 by default.
    ///
    /// ```
    /// use lariat_net::{FileEvent, Reactor};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let folder = folder.path();
    /// let reactor = Reactor::builder().threads(1).build()?;
    /// let handle = reactor.handle();
    /// reactor.handle().watch_file(folder.join("server.pem"), move |event| {
    ///     if event != FileEvent::Removed {
    ///         println!("a new certificate");
    ///         handle.stop();
    ///     }
    /// })?;
    /// // As a renewal does it: written beside it, then renamed, so that it is never half there.
    /// std::fs::write(folder.join("server.pem.new"), "-----BEGIN CERTIFICATE-----")?;
    /// std::fs::rename(folder.join("server.pem.new"), folder.join("server.pem"))?;
    /// reactor.run();
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// When the folder does not exist or cannot be watched, when the path is that of a folder
    /// or names no file, and when the system has no more watches to give.
    pub fn watch_file(
        &self,
        path: impl AsRef<Path>,
        callback: impl FnMut(FileEvent) + Send + 'static,
    ) -> io::Result<Watch> {
        let place = Place::of(path.as_ref())?;
        let seen = Arc::new(Seen::default());
        let watcher = watch_folder(&place, &seen)?;
        // After the watch has begun: what happens from here on is seen.
        let known = State::of(&place.path);
        let (watch, life) = Watch::new(place.path.display().to_string());
        let file = WatchedFile {
            place,
            seen,
            watcher: Some(watcher),
            known,
        };
        self.spawn(run(file, callback, life));
        Ok(watch)
    }
}

/// Where a file is or will be.
#[derive(Clone)]
struct Place {
    /// Absolute, so that it stays the same when the program changes its folder.
    path: PathBuf,
    folder: PathBuf,
}

impl Place {
    fn of(path: &Path) -> io::Result<Place> {
        let wrong = |kind, problem: &str| {
            let problem = format!("cannot watch {}: {problem}", path.display());
            io::Error::new(kind, problem)
        };
        let names_file = !path.as_os_str().is_empty() && path.file_name().is_some();
        let whole = absolute(path).ok().filter(|_| names_file);
        let parts = whole
            .as_deref()
            .and_then(|whole| Some((whole, whole.parent()?)));
        let Some((whole, folder)) = parts else {
            let problem = "it has no file's name at its end";
            return Err(wrong(io::ErrorKind::InvalidInput, problem));
        };
        if whole.is_dir() {
            let problem = "it is a folder; name a file in it";
            return Err(wrong(io::ErrorKind::IsADirectory, problem));
        }
        Ok(Place {
            path: whole.to_path_buf(),
            folder: folder.to_path_buf(),
        })
    }

    fn error(&self, kind: io::ErrorKind, problem: impl Display) -> io::Error {
        io::Error::new(
            kind,
            format!("cannot watch {}: {problem}", self.path.display()),
        )
    }
}

/// What the watcher's thread tells the task: flags, so there is nothing that could grow.
#[derive(Default)]
struct Seen {
    /// Something happened in the folder.
    woken: Notify,
    /// Something happened to the file that need not show in its [`State`].
    touched: AtomicBool,
    /// The folder itself went away.
    folder_lost: AtomicBool,
}

/// What can be seen of a file without reading it.
#[derive(PartialEq, Eq)]
struct State {
    length: u64,
    modified: Option<SystemTime>,
    /// Where symbolic links lead.
    target: Option<PathBuf>,
}

impl State {
    fn of(path: &Path) -> Option<State> {
        let target = match path.canonicalize() {
            Ok(target) => Some(target),
            // Not a changed target: it may be removed at any moment, between two looks too.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            // Some file systems have no real paths.
            Err(_) => None,
        };
        let metadata = std::fs::metadata(path).ok()?;
        Some(State {
            length: metadata.len(),
            modified: metadata.modified().ok(),
            target,
        })
    }
}

struct WatchedFile {
    place: Place,
    seen: Arc<Seen>,
    /// None while the folder is away.
    watcher: Option<RecommendedWatcher>,
    /// The state that the callback knows of; None if there is no file.
    known: Option<State>,
}

async fn run(mut file: WatchedFile, mut callback: impl FnMut(FileEvent), life: Life) {
    loop {
        let event = tokio::select! {
            biased;
            () = life.cancelled() => break,
            event = file.next() => event,
        };
        if life.call(|| callback(event)).is_none() {
            break;
        }
    }
    drop((file, callback));
    drop(life);
}

impl WatchedFile {
    async fn next(&mut self) -> FileEvent {
        loop {
            if self.watcher.is_some() {
                self.settled().await;
            } else {
                self.find_folder().await;
            }
            if self.seen.folder_lost.swap(false, Ordering::AcqRel) {
                self.watcher = None;
            }
            // Before the look: what happens after it is for the next one.
            let touched = self.seen.touched.swap(false, Ordering::AcqRel);
            let path = self.place.path.clone();
            // A file system may be a slow one.
            let now = spawn_blocking(move || State::of(&path)).await;
            let now = now.unwrap_or_default();
            let event = match (&self.known, &now) {
                (None, Some(_)) => Some(FileEvent::Created),
                (Some(_), None) => Some(FileEvent::Removed),
                (Some(before), Some(now)) if touched || before != now => Some(FileEvent::Changed),
                _ => None,
            };
            self.known = now;
            if let Some(event) = event {
                return event;
            }
        }
    }

    /// Waits for something to happen, and then until nothing more does.
    async fn settled(&self) {
        self.seen.woken.notified().await;
        let end = Instant::now() + PATIENCE;
        loop {
            let quiet = end.min(Instant::now() + QUIET);
            if timeout_at(quiet, self.seen.woken.notified()).await.is_err() {
                return;
            }
        }
    }

    /// Waits until the folder can be watched again.
    async fn find_folder(&mut self) {
        while self.watcher.is_none() {
            sleep(FOLDER_RETRY).await;
            let (place, seen) = (self.place.clone(), Arc::clone(&self.seen));
            let found = spawn_blocking(move || watch_folder(&place, &seen)).await;
            self.watcher = found.ok().and_then(Result::ok);
        }
    }
}

fn watch_folder(place: &Place, seen: &Arc<Seen>) -> io::Result<RecommendedWatcher> {
    let shown = place.folder.display();
    // Some systems report the real path, whatever they were asked for.
    let folder = place.folder.canonicalize().map_err(|error| {
        let problem = match error.kind() {
            io::ErrorKind::NotFound => {
                format!("its folder {shown} does not exist; the file itself may come later")
            }
            _ => format!("its folder {shown}: {error}"),
        };
        place.error(error.kind(), problem)
    })?;
    if !folder.is_dir() {
        let problem = format!("{shown} is not a folder");
        return Err(place.error(io::ErrorKind::NotADirectory, problem));
    }
    let (file_name, seen) = (
        place.path.file_name().map(ToOwned::to_owned),
        Arc::clone(seen),
    );
    let own_folder = folder.clone();
    let sort = move |event: notify::Result<notify::Event>| {
        let is_file = |path: &PathBuf| path.file_name() == file_name.as_deref();
        let about = match &event {
            Ok(event) if event.need_rescan() => About::File,
            Ok(event) => about(event, is_file, &own_folder),
            // Something may have been passed over.
            Err(_) => About::File,
        };
        match about {
            About::Nothing => return,
            About::Neighbour => {}
            About::File => seen.touched.store(true, Ordering::Release),
            About::Folder => {
                seen.touched.store(true, Ordering::Release);
                seen.folder_lost.store(true, Ordering::Release);
            }
        }
        seen.woken.notify_one();
    };
    let begun = notify::recommended_watcher(sort).and_then(|mut watcher| {
        watcher.watch(&folder, RecursiveMode::NonRecursive)?;
        Ok(watcher)
    });
    begun.map_err(|error| not_watched(place, error))
}

fn not_watched(place: &Place, error: notify::Error) -> io::Error {
    match error.kind {
        notify::ErrorKind::Io(error) if is_out_of_descriptors(&error) => {
            let problem = "no descriptor is left, or no watcher for this user \
                           (on Linux fs.inotify.max_user_instances)";
            place.error(error.kind(), problem)
        }
        notify::ErrorKind::Io(error) => place.error(error.kind(), error),
        notify::ErrorKind::MaxFilesWatch => {
            let problem = "no watch is left for this user (on Linux fs.inotify.max_user_watches)";
            place.error(io::ErrorKind::QuotaExceeded, problem)
        }
        kind => place.error(io::ErrorKind::Other, notify::Error::new(kind)),
    }
}

/// What an event in the folder is about.
#[derive(Debug, PartialEq, Eq)]
enum About {
    /// Somebody looked at something.
    Nothing,
    /// Not the file, but it may show in the file's state: a link that it leads through.
    Neighbour,
    File,
    /// The watched folder is no longer where it was.
    Folder,
}

fn about(event: &notify::Event, is_file: impl Fn(&PathBuf) -> bool, folder: &Path) -> About {
    match event.kind {
        EventKind::Access(AccessKind::Close(_)) | EventKind::Modify(ModifyKind::Metadata(_)) => {
            About::Neighbour
        }
        EventKind::Access(_) => About::Nothing,
        EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_))
            if event.paths.iter().any(|path| path == folder) =>
        {
            About::Folder
        }
        _ if event.paths.iter().any(is_file) => About::File,
        _ => About::Neighbour,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// How long it takes to settle when something happens so many times, 20 ms apart.
    async fn time_to_settle(times: u32) -> Duration {
        let folder = tempfile::tempdir().unwrap();
        let file = WatchedFile {
            place: Place::of(&folder.path().join("a")).unwrap(),
            seen: Arc::default(),
            watcher: None,
            known: None,
        };
        let seen = Arc::clone(&file.seen);
        let start = Instant::now();
        let happens = async {
            for _ in 0..times {
                seen.woken.notify_one();
                sleep(Duration::from_millis(20)).await;
            }
            std::future::pending().await
        };
        tokio::select! {
            () = file.settled() => start.elapsed(),
            () = happens => unreachable!(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_written_in_pieces_is_looked_at_once_at_its_end() {
        assert_eq!(time_to_settle(1).await, QUIET);
        // The last of ten is after 180 ms.
        let end = Duration::from_millis(180) + QUIET;
        assert_eq!(time_to_settle(10).await, end);
    }

    #[tokio::test(start_paused = true)]
    async fn what_never_rests_is_looked_at_too() {
        assert_eq!(time_to_settle(1_000_000).await, PATIENCE);
    }

    #[test]
    fn reading_a_file_is_nothing_and_a_lost_folder_is_noticed() {
        use notify::event::{AccessMode, CreateKind, MetadataKind, RemoveKind, RenameMode};

        let told = |kind, path: &str| {
            let event = notify::Event::new(kind).add_path(path.into());
            about(&event, |path| path.ends_with("file"), Path::new("/folder"))
        };
        let opened = EventKind::Access(AccessKind::Open(AccessMode::Any));
        let created = EventKind::Create(CreateKind::File);
        let renamed = EventKind::Modify(ModifyKind::Name(RenameMode::From));
        let removed = EventKind::Remove(RemoveKind::Folder);
        let permitted = EventKind::Modify(ModifyKind::Metadata(MetadataKind::Any));
        assert_eq!(told(opened, "/folder/file"), About::Nothing);
        assert_eq!(told(created, "/folder/file"), About::File);
        assert_eq!(told(created, "/folder/other"), About::Neighbour);
        assert_eq!(told(permitted, "/folder/file"), About::Neighbour);
        assert_eq!(told(renamed, "/folder/file"), About::File);
        assert_eq!(told(renamed, "/folder"), About::Folder);
        assert_eq!(told(removed, "/folder"), About::Folder);
    }
}

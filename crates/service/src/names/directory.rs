//! The names that a process has, for its own code: what a connection does by lines, as calls.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{
    Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak,
};
use std::time::Duration;

use lariat_protocol::names::{
    Change, Entry, ErrorCode, LogRow, Name, Query, Refused, Registration,
};
use lariat_store::StoreError;
use lariat_store::names::{Names as Store, NumberedRow, Write};
use tokio::sync::Notify;

use crate::names::asked::Asked;
use crate::names::cache::Cache;
use crate::names::keeping::{Done, Op, Pending, Reply, TICK};
use crate::names::prober::TIMEOUT;
use crate::names::registry::Registry;
use crate::names::schedule::Schedule;
use crate::names::terms::Probes;
use crate::names::watchers::{Sink, Watchers};
use crate::names::{Clock, Terms, Who, millis};

/// The most changes that wait for the disk. More are refused, since they are kept in memory.
const MAXIMUM_WAITING: usize = 4_096;

/// The most changes in one transaction, so that the first does not wait for all.
const MAXIMUM_BATCH: usize = 1_024;

/// The most pages of the log that are waited for.
const MAXIMUM_PAGES: usize = 64;

/// How a [`Directory`] is to be.
#[derive(Clone)]
pub struct Settings {
    /// What time it is.
    pub clock: Clock,
    /// How long a name is kept for its token when its last place has expired or was dropped.
    /// Default ten minutes: longer than a machine takes to start again.
    pub keep_names: Duration,
    /// How often look-ups are written to the log. Default 5 s.
    pub log_every: Duration,
    /// How long one probe may take. Default [`TIMEOUT`](crate::names::TIMEOUT).
    pub probe_timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            clock: Clock::system(),
            keep_names: Duration::from_secs(600),
            log_every: Duration::from_secs(5),
            probe_timeout: TIMEOUT,
        }
    }
}

/// All names of a process, in memory and in a store. Cheap to clone; a clone is the same.
///
/// ```
/// use lariat_service::names::{Directory, Settings, Terms, Who};
/// use lariat_protocol::names::{Query, Registration};
/// use lariat_store::names::MemoryNames;
///
/// let directory = Directory::open(MemoryNames::default(), Settings::default())?;
/// let print = Registration::new("print".parse()?, "print:9100".parse()?);
/// let done = directory.register(print, Who::Local, Terms::default())?;
/// assert!(done.token.is_some());
/// let found = directory.find(&Query::name("print".parse()?), false, Who::Local)?;
/// assert_eq!(found[0].place.as_str(), "tcp://print:9100");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Directory(pub(super) Arc<Shared>);

pub(super) struct Shared {
    pub store: Box<dyn Store>,
    pub clock: Clock,
    pub settings: Settings,
    pub watchers: Watchers,
    /// Told when there may be something to probe earlier than was known.
    pub to_probe: Notify,
    pub is_probing: AtomicBool,
    registry: RwLock<Registry>,
    pub cache: Cache,
    pub asked: Asked,
    /// When what was asked is written next, in milliseconds.
    log_at: AtomicU64,
    schedule: Mutex<Schedule>,
    probes: RwLock<Probes>,
    last_id: AtomicU64,
    /// To the thread that changes things; without it the caller's own does.
    keeper: OnceLock<SyncSender<Pending>>,
    /// To the thread that reads the log.
    reader: OnceLock<SyncSender<Reading>>,
    /// Held by whoever changes things.
    alone: Mutex<()>,
}

/// A page of the log that somebody waits for.
struct Reading {
    name: Option<Name>,
    before: Option<u64>,
    limit: usize,
    reply: PageReply,
}

/// Is told a page of the log.
pub(super) type PageReply = Box<dyn FnOnce(Result<Vec<LogRow>, Refused>) + Send>;

impl Directory {
    /// The names that a store has, with a thread of their own that changes them and one that
    /// reads the log. Both end with the last clone.
    ///
    /// Every registration has its whole time to live before it: how long the server was
    /// away is not its registrants' fault. What an earlier process had registered for itself is
    /// taken away.
    ///
    /// # Errors
    ///
    /// When the store cannot be read, or the system gives no thread.
    pub fn open(store: impl Store, settings: Settings) -> Result<Self, StoreError> {
        let directory = Directory::without_threads(store, settings)?;
        let shared = &directory.0;
        let (keeper, changes) = sync_channel(MAXIMUM_WAITING);
        let (reader, pages) = sync_channel(MAXIMUM_PAGES);
        let failed = |error: std::io::Error| StoreError::Failed(error.to_string());
        let weak = Arc::downgrade(shared);
        let thread = std::thread::Builder::new().name("names".into());
        thread
            .spawn(move || keep(&weak, &changes))
            .map_err(failed)?;
        let weak = Arc::downgrade(shared);
        let thread = std::thread::Builder::new().name("names-log".into());
        thread.spawn(move || read(&weak, &pages)).map_err(failed)?;
        let _ = shared.keeper.set(keeper);
        let _ = shared.reader.set(reader);
        Ok(directory)
    }

    /// The same without threads, for tests: whoever changes something waits for it, and nothing runs
    /// out before [`tick`](Self::tick) says so.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn without_threads(store: impl Store, settings: Settings) -> Result<Self, StoreError> {
        let kept = store.load()?;
        let shared = Shared {
            store: Box::new(store),
            clock: settings.clock.clone(),
            watchers: Watchers::default(),
            to_probe: Notify::new(),
            is_probing: AtomicBool::new(false),
            registry: RwLock::default(),
            cache: Cache::default(),
            asked: Asked::default(),
            log_at: AtomicU64::new(0),
            schedule: Mutex::default(),
            probes: RwLock::default(),
            last_id: AtomicU64::new(0),
            keeper: OnceLock::new(),
            reader: OnceLock::new(),
            alone: Mutex::default(),
            settings,
        };
        shared.restore(kept)?;
        Ok(Directory(Arc::new(shared)))
    }

    /// Registers a place, and waits until that is on the disk.
    ///
    /// # Errors
    ///
    /// As the protocol has them: the name is another's, there is no room, it cannot be kept.
    pub fn register(
        &self,
        registration: Registration,
        who: Who,
        terms: Terms,
    ) -> Result<Done, Refused> {
        self.wait(Op::Register {
            registration: Box::new(registration),
            who,
            terms: Arc::new(terms),
        })
    }

    /// Finds the place that is to be tried, or all of them in the order in which they are.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn find(&self, query: &Query, all: bool, who: Who) -> Result<Vec<Entry>, Refused> {
        let now = self.0.clock.now();
        let mut entries = Vec::new();
        self.0
            .find(query, all, who, |record| entries.push(record.entry(now)))?;
        Ok(entries)
    }

    /// Registers what this process itself offers, and waits until all that is on the disk; says
    /// what was refused.
    pub fn register_own(&self, registrations: Vec<Registration>) -> Vec<Refused> {
        let (sender, receiver) = std::sync::mpsc::channel();
        for registration in registrations {
            let sender = sender.clone();
            let op = Op::Register {
                registration: Box::new(registration),
                who: Who::Inside,
                terms: Arc::default(),
            };
            let reply = move |result: Result<Done, Refused>| {
                let _ = sender.send(result.err());
            };
            self.0.submit(op, Box::new(reply));
        }
        drop(sender);
        receiver.into_iter().flatten().collect()
    }

    /// Takes away what this process registered for itself, and waits until that is done.
    pub fn remove_inside(&self) {
        let inside: Vec<_> = {
            let registry = self.0.registry();
            let all = registry.all().filter(|record| record.who == Who::Inside);
            all.cloned().collect()
        };
        let change = Change::Removed;
        for record in inside {
            // That it cannot be written does not keep it: it is taken away at the next start.
            let _ = self.wait(Op::Gone { record, change });
        }
    }

    /// Lets what has run out go and writes what was asked to the log, as the directory's own
    /// thread does twice a second.
    pub fn tick(&self) {
        self.0.tick();
    }

    /// Writes what was asked to the log now, without waiting for the next time.
    pub fn flush(&self) {
        self.0.log_at.store(0, Ordering::Relaxed);
        self.0.tick();
    }

    /// How many places are registered.
    pub fn places(&self) -> usize {
        self.0.registry().places()
    }

    /// Takes what an endpoint says of probes as well.
    pub fn allow_probes(&self, probes: &Probes) {
        let mut all = self
            .0
            .probes
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        all.merge(probes);
    }

    fn wait(&self, op: Op) -> Result<Done, Refused> {
        let (sender, receiver) = sync_channel(1);
        let reply: Reply = Box::new(move |result| {
            let _ = sender.send(result);
        });
        self.0.submit(op, reply);
        let gone = || Refused::new(ErrorCode::Stopping, "the name server has ended");
        receiver.recv().unwrap_or_else(|_| Err(gone()))
    }
}

impl Shared {
    /// Has a change made; the reply comes when it is on the disk, perhaps within this call.
    pub fn submit(&self, op: Op, reply: Reply) {
        let pending = Pending { op, reply };
        let Some(keeper) = self.keeper.get() else {
            return self.keep(VecDeque::from([pending]));
        };
        match keeper.try_send(pending) {
            Ok(()) => {}
            Err(TrySendError::Full(pending)) => {
                let sentence = "too many registrations wait for the disk; try again in a moment";
                (pending.reply)(Err(Refused::new(ErrorCode::Limit, sentence)));
            }
            Err(TrySendError::Disconnected(pending)) => (pending.reply)(Err(broken())),
        }
    }

    /// Whether replies come from threads, and not within the call that asks for them.
    pub fn has_threads(&self) -> bool {
        self.keeper.get().is_some()
    }

    /// Reads a page of the log; the reply comes later, or within this call.
    pub fn log(&self, name: Option<Name>, before: Option<u64>, limit: usize, reply: PageReply) {
        let reading = Reading {
            name,
            before,
            limit,
            reply,
        };
        let Some(reader) = self.reader.get() else {
            return self.read(reading);
        };
        if let Err(TrySendError::Full(reading) | TrySendError::Disconnected(reading)) =
            reader.try_send(reading)
        {
            let sentence = "too many read the log; try again in a moment";
            (reading.reply)(Err(Refused::new(ErrorCode::Limit, sentence)));
        }
    }

    fn read(&self, reading: Reading) {
        let name = reading.name.as_ref().map(Name::as_str);
        let rows = self.store.log(name, reading.before, reading.limit);
        let rows = rows.map(|rows| rows.into_iter().filter_map(shown).collect());
        (reading.reply)(rows.map_err(|error| {
            Refused::new(
                ErrorCode::Storage,
                format!("the log cannot be read: {error}"),
            )
        }));
    }

    /// Adds a watcher of this.
    pub fn watch(&self, filter: Query, sink: Sink) -> Result<u64, Refused> {
        self.watchers.add(filter, sink)
    }

    pub fn tick(&self) {
        self.to_probe.notify_one();
        let (over, free) = self.registry_mut().due(self.clock.now());
        let change = Change::Expired;
        let gone = over.into_iter().map(|record| Op::Gone { record, change });
        let ops = gone.chain(free.into_iter().map(Op::Release));
        let pending = ops.map(|op| Pending {
            op,
            reply: Box::new(drop),
        });
        self.keep(pending.collect());
    }

    /// What was asked, as rows of the log, if it is time for that.
    pub fn take_asked(&self) -> Vec<Write> {
        let now = self.clock.now();
        if millis(now) < self.log_at.load(Ordering::Relaxed) {
            return Vec::new();
        }
        let next = millis(now + self.settings.log_every);
        self.log_at.store(next, Ordering::Relaxed);
        self.asked.take(self.clock.wall())
    }

    pub fn alone(&self) -> MutexGuard<'_, ()> {
        self.alone.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn next_id(&self) -> u64 {
        self.last_id.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub fn registry(&self) -> RwLockReadGuard<'_, Registry> {
        self.registry.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn registry_mut(&self) -> RwLockWriteGuard<'_, Registry> {
        let registry = self.registry.write();
        registry.unwrap_or_else(PoisonError::into_inner)
    }

    pub fn schedule(&self) -> MutexGuard<'_, Schedule> {
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn probes(&self) -> RwLockReadGuard<'_, Probes> {
        self.probes.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn broken() -> Refused {
    let sentence = "the name server's thread that writes has broken down; it must be started again";
    Refused::new(ErrorCode::Storage, sentence)
}

fn shown(row: NumberedRow) -> Option<LogRow> {
    Some(LogRow {
        row: row.number,
        time: row.row.time,
        what: row.row.what.parse().ok()?,
        who: row.row.who,
        name: row.row.name.and_then(|name| name.parse().ok()),
        about: row.row.about,
        count: row.row.count,
    })
}

/// Makes changes for as long as somebody has the directory.
fn keep(shared: &Weak<Shared>, changes: &Receiver<Pending>) {
    loop {
        let first = changes.recv_timeout(TICK);
        if let Err(RecvTimeoutError::Disconnected) = first {
            return;
        }
        let Some(shared) = shared.upgrade() else {
            return;
        };
        // Whatever came while the last ones were written goes into one transaction.
        let rest = changes.try_iter().take(MAXIMUM_BATCH - 1);
        let pending: VecDeque<Pending> = first.into_iter().chain(rest).collect();
        if !pending.is_empty() {
            shared.keep(pending);
        }
        shared.tick();
    }
}

fn read(shared: &Weak<Shared>, pages: &Receiver<Reading>) {
    while let Ok(reading) = pages.recv() {
        let Some(shared) = shared.upgrade() else {
            return;
        };
        shared.read(reading);
    }
}

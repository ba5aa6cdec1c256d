//! Who a thread is, and the list of those alive.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

use super::platform;

static NEXT: AtomicU64 = AtomicU64::new(1);
static ALIVE: Mutex<BTreeMap<u64, Identity>> = Mutex::new(BTreeMap::new());
/// Somebody was taken off the list, or is not waited for any more.
static ENDED: Condvar = Condvar::new();
static MAIN: OnceLock<Identity> = OnceLock::new();

thread_local! {
    static CURRENT: OnceCell<Current> = const { OnceCell::new() };
}

/// Who a thread is: a number that no other thread of this process has or will have, a name
/// that others may have too, and whether it is a daemon.
#[derive(Clone, Debug)]
pub struct Identity(Arc<Facts>);

#[derive(Debug)]
struct Facts {
    number: u64,
    name: String,
    daemon: bool,
    /// Known from when it runs.
    native: OnceLock<Option<u64>>,
    /// It only waits for another to end the process.
    awaits_the_end: AtomicBool,
}

impl Identity {
    fn new(name: String, daemon: bool) -> Self {
        Identity(Arc::new(Facts {
            number: NEXT.fetch_add(1, Ordering::Relaxed),
            name,
            daemon,
            native: OnceLock::new(),
            awaits_the_end: AtomicBool::new(false),
        }))
    }

    /// Its number, from 1. Unlike Python's, it is never given again.
    pub fn number(&self) -> u64 {
        self.0.number
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Whether nobody waits for its end.
    pub fn is_daemon(&self) -> bool {
        self.0.daemon
    }

    /// The system's own number for it, as debuggers and `top` show it: on Linux, once it runs.
    pub fn native_id(&self) -> Option<u64> {
        self.0.native.get().copied().flatten()
    }

    fn found_here(&self) {
        self.0.native.get_or_init(platform::thread_id);
    }
}

impl PartialEq for Identity {
    fn eq(&self, other: &Self) -> bool {
        self.0.number == other.0.number
    }
}

impl Eq for Identity {}

/// The thread that asks. One that was not started here gets its identity by asking: std's main
/// thread is no daemon, others are, since nobody waits for them.
///
/// ```
/// use lariat_sync::thread;
///
/// let asked = thread::Builder::new().name("asked").spawn(thread::current)?;
/// let number = asked.identity().number();
/// let itself = asked.join()?;
/// assert_eq!((itself.name(), itself.number()), ("asked", number));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn current() -> Identity {
    let found = CURRENT.try_with(|current| {
        let current = current.get_or_init(Current::found);
        current.identity.clone()
    });
    // A thread that is already taking down its locals is nobody in particular.
    found.unwrap_or_else(|_| Identity::new("ending".to_owned(), true))
}

/// The main thread, once it has asked for [`current`] or is in [`exit::run`](crate::exit::run).
pub fn main() -> Option<Identity> {
    MAIN.get().cloned()
}

/// The threads that are alive, the oldest first: those that were started here, and the others
/// that have asked for [`current`].
pub fn alive() -> Vec<Identity> {
    list().values().cloned().collect()
}

/// How many are [`alive`].
pub fn active_count() -> usize {
    list().len()
}

/// Makes this thread the main one, if none is yet.
pub(crate) fn enter_main() {
    // `current` itself sets it, if this is std's main thread.
    let own = current();
    let _ = MAIN.set(own);
}

/// Waits until all others have ended, but for the main thread and the daemons.
pub(crate) fn wait_for_others() {
    let own = current();
    let main = main();
    let is_waited_for = |other: &Identity| {
        let may_be_left = other.is_daemon() || other.0.awaits_the_end.load(Ordering::Relaxed);
        !may_be_left && *other != own && main.as_ref() != Some(other)
    };
    let mut alive = list();
    while alive.values().any(is_waited_for) {
        alive = ENDED.wait(alive).unwrap_or_else(PoisonError::into_inner);
    }
}

/// Waits until another thread has ended the process. Nobody waits for this one any more.
pub(crate) fn wait_for_the_end() -> ! {
    let own = current();
    let alive = list();
    own.0.awaits_the_end.store(true, Ordering::Relaxed);
    drop(alive);
    ENDED.notify_all();
    loop {
        std::thread::park();
    }
}

fn list() -> MutexGuard<'static, BTreeMap<u64, Identity>> {
    ALIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A place on the list, as long as this is kept.
#[derive(Debug)]
pub(super) struct Listed(Identity);

impl Listed {
    pub fn new(name: String, daemon: bool) -> Self {
        let identity = Identity::new(name, daemon);
        list().insert(identity.number(), identity.clone());
        Listed(identity)
    }

    pub fn identity(&self) -> Identity {
        self.0.clone()
    }

    /// Makes it the identity of the thread that calls, which has just begun.
    pub fn begin(&self) {
        self.0.found_here();
        let current = Current {
            identity: self.identity(),
            _listed: None,
        };
        CURRENT.with(|this| this.set(current).is_ok());
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        list().remove(&self.0.number());
        ENDED.notify_all();
    }
}

/// What a thread knows of itself.
struct Current {
    identity: Identity,
    /// For threads that were not started here: they are listed for as long as they have locals.
    _listed: Option<Listed>,
}

impl Current {
    fn found() -> Self {
        let thread = std::thread::current();
        // Anybody may call a thread `main`; where the system does not say which is, its name does.
        let is_main = MAIN.get().is_none()
            && platform::is_main_thread().unwrap_or(thread.name() == Some("main"));
        let name = thread.name().unwrap_or("unnamed").to_owned();
        let listed = Listed::new(name, !is_main);
        let identity = listed.identity();
        identity.found_here();
        if is_main {
            let _ = MAIN.set(identity.clone());
        }
        Current {
            identity,
            _listed: Some(listed),
        }
    }
}

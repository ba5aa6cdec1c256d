//! Which requests are being handled: counted by address, waited for, and cut off in the end.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::address::Address;
use crate::platform::Bell;
use crate::request::Cut;

/// The requests of one server that are not over.
pub struct Live {
    table: Mutex<Table>,
    /// The last one is over.
    emptied: Condvar,
    /// There is room again, for a server that waits for it.
    room: Bell,
}

#[derive(Default)]
struct Table {
    next: u64,
    requests: HashMap<u64, Option<Arc<dyn Cut>>>,
    by_address: HashMap<IpAddr, usize>,
    /// How many wait for the end of the last: to tell nobody is a system call for each request.
    waiting: usize,
    /// Whether the server waits for room.
    is_awaited: bool,
    /// Whether `room` was rung, and not silenced since. Asking the bell itself would be a system
    /// call for each request.
    is_rung: bool,
}

/// One request's place among those that are live, given up when it is dropped.
pub struct Permit {
    live: Arc<Live>,
    key: u64,
    address: Option<IpAddr>,
}

impl Live {
    pub(crate) fn new() -> io::Result<Arc<Self>> {
        Ok(Arc::new(Live {
            table: Mutex::default(),
            emptied: Condvar::new(),
            room: Bell::new()?,
        }))
    }

    /// Takes a place, unless this address has as many as it may.
    pub(crate) fn admit(
        self: &Arc<Self>,
        client: &Address,
        most: Option<usize>,
        cutter: Option<Arc<dyn Cut>>,
    ) -> Option<Permit> {
        let address = client.ip().filter(|_| most.is_some());
        let mut table = self.table();
        if let (Some(address), Some(most)) = (address, most) {
            let count = table.by_address.entry(address).or_default();
            if *count >= most {
                if *count == 0 {
                    table.by_address.remove(&address);
                }
                return None;
            }
            *count += 1;
        }
        let key = table.next;
        table.next += 1;
        table.requests.insert(key, cutter);
        drop(table);
        Some(Permit {
            live: Arc::clone(self),
            key,
            address,
        })
    }

    /// How many requests are live.
    pub fn count(&self) -> usize {
        self.table().requests.len()
    }

    /// Waits until none is left, or the time is over. Returns how many are.
    pub fn wait_until_none(&self, until: Option<Instant>) -> usize {
        let mut table = self.table();
        loop {
            let left = table.requests.len();
            let time = until.map(|until| until.saturating_duration_since(Instant::now()));
            if left == 0 || time.is_some_and(|time| time.is_zero()) {
                return left;
            }
            table.waiting += 1;
            table = match time {
                None => self
                    .emptied
                    .wait(table)
                    .unwrap_or_else(PoisonError::into_inner),
                Some(time) => {
                    let waited = self.emptied.wait_timeout(table, time);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
            table.waiting -= 1;
        }
    }

    /// Ends the sockets of all of them.
    pub(crate) fn cut_all(&self) {
        let cutters: Vec<_> = self.table().requests.values().flatten().cloned().collect();
        for cutter in cutters {
            cutter.cut();
        }
    }

    /// What rings when there is room, from now on, should there be none.
    pub(crate) fn room(&self, is_full: impl FnOnce(usize) -> bool) -> Option<&Bell> {
        let mut table = self.table();
        if std::mem::take(&mut table.is_rung) {
            self.room.silence();
        }
        table.is_awaited = is_full(table.requests.len());
        table.is_awaited.then_some(&self.room)
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        // Nothing in here calls out, so a panic cannot leave it half-changed.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit {
    /// Another process has the socket now, and ends with it.
    pub(crate) fn let_go(&self) {
        let cutter = self
            .live
            .table()
            .requests
            .get_mut(&self.key)
            .map(Option::take);
        drop(cutter);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut table = self.live.table();
        let cutter = table.requests.remove(&self.key);
        if let Some(address) = self.address
            && let Some(count) = table.by_address.get_mut(&address)
        {
            *count -= 1;
            if *count == 0 {
                table.by_address.remove(&address);
            }
        }
        if std::mem::take(&mut table.is_awaited) {
            table.is_rung = true;
            self.live.room.ring();
        }
        if table.requests.is_empty() && table.waiting > 0 {
            self.live.emptied.notify_all();
        }
        drop(table);
        // It may be the last to hold the socket.
        drop(cutter);
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live")
            .field("count", &self.count())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

//! Closing so that nothing is cut off: what a client still sends is taken and thrown away.
//!
//! A socket that is closed while there is input that nobody has read, or to which more comes
//! later, is reset, and a reset takes with it what has not arrived of the reply. So whoever is
//! done says that nothing more will be written, and waits for the client's end, for so long and so
//! much as a client that has its answer needs.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::platform::{BorrowedFd, until_readable};
use crate::request::Wire;

/// How long a client has to end, once it was told that nothing more comes.
const LINGER: Duration = Duration::from_secs(2);

/// How long of it the thread waits that has handled the request: a client that ends when its
/// answer does is gone by then.
const AT_FIRST: Duration = Duration::from_millis(20);

/// How much of what a client still sends is thrown away.
const MOST: usize = 64 * 1024;

/// How many clients are waited for at a time, beside the requests that are handled. Each is a
/// descriptor; beyond it the one that has waited longest is closed.
const PLACES: usize = 64;

/// A socket whose client is to end.
pub(crate) struct Ending {
    wire: Arc<dyn Wire>,
    until: Instant,
    /// How much more is thrown away.
    left: usize,
}

impl Ending {
    pub(crate) fn new(wire: Arc<dyn Wire>) -> Self {
        Ending {
            wire,
            until: Instant::now() + LINGER,
            left: MOST,
        }
    }

    /// Waits for the client's end, here and now. Returns what is still to be waited for.
    pub(crate) fn wait_at_first(mut self) -> Option<Self> {
        let over = Instant::now() + AT_FIRST;
        self.wait(over).then_some(self)
    }

    /// Waits for the client's end, for as long as it has.
    pub(crate) fn wait_whole(mut self) {
        self.wait(self.until);
    }

    /// Returns whether there is still something to be waited for.
    fn wait(&mut self, over: Instant) -> bool {
        loop {
            let time = over.saturating_duration_since(Instant::now());
            let Some(descriptor) = self.wire.descriptor() else {
                return false;
            };
            match until_readable(&[descriptor], Some(time)) {
                Ok(readable) if readable[0] => {}
                waited => return waited.is_ok(),
            }
            if !self.discard() {
                return false;
            }
        }
    }

    /// Throws away what has come. Returns whether more may.
    fn discard(&mut self) -> bool {
        let mut waste = [0; 4096];
        match self.wire.discard(&mut waste) {
            Ok(0) => false,
            Ok(length) => {
                self.left = self.left.saturating_sub(length);
                self.left > 0
            }
            Err(error) => matches!(
                error.kind(),
                io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
            ),
        }
    }
}

/// The sockets of one server that are waited for where it waits for requests.
#[derive(Default)]
pub(crate) struct Lingering {
    endings: Mutex<VecDeque<Ending>>,
    /// How many there are, for who only asks whether there are any.
    count: AtomicUsize,
}

impl Lingering {
    pub(crate) fn add(&self, ending: Ending) {
        if ending.wire.descriptor().is_none() {
            return;
        }
        let mut endings = self.endings();
        let oldest = match endings.len() {
            PLACES.. => endings.pop_front(),
            _ => None,
        };
        endings.push_back(ending);
        self.count.store(endings.len(), Ordering::Release);
        drop(endings);
        drop(oldest);
    }

    /// What is to be polled with whatever else is.
    pub(crate) fn wires(&self) -> Vec<Arc<dyn Wire>> {
        if self.count.load(Ordering::Acquire) == 0 {
            return Vec::new();
        }
        let endings = self.endings();
        endings.iter().map(|ending| ending.wire.clone()).collect()
    }

    /// Throws away what has come, and closes those that are over.
    pub(crate) fn discard(&self) {
        let now = Instant::now();
        let mut endings = self.endings();
        endings.retain_mut(|ending| {
            now < ending.until && (!is_readable(&*ending.wire) || ending.discard())
        });
        self.count.store(endings.len(), Ordering::Release);
    }

    /// Closes them all: their descriptors are needed.
    pub(crate) fn clear(&self) {
        self.endings().clear();
        self.count.store(0, Ordering::Release);
    }

    /// Waits until all of them are over, which takes no longer than each has, nor than `until`.
    pub(crate) fn wait_until_none(&self, until: Option<Instant>) {
        loop {
            let wires = self.wires();
            let descriptors: Vec<BorrowedFd<'_>> =
                wires.iter().filter_map(|wire| wire.descriptor()).collect();
            let time = self.time_left(until);
            if descriptors.is_empty()
                || time.is_zero()
                || until_readable(&descriptors, Some(time)).is_err()
            {
                return self.clear();
            }
            self.discard();
        }
    }

    /// How long the next of them has.
    pub(crate) fn time_left(&self, until: Option<Instant>) -> Duration {
        let next = self.endings().front().map(|ending| ending.until);
        let next = next.into_iter().chain(until).min();
        next.map_or(LINGER, |next| {
            next.saturating_duration_since(Instant::now())
        })
    }

    fn endings(&self) -> MutexGuard<'_, VecDeque<Ending>> {
        self.endings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether reading would not have to wait.
fn is_readable(wire: &dyn Wire) -> bool {
    let readable = wire
        .descriptor()
        .map(|descriptor| until_readable(&[descriptor], Some(Duration::ZERO)));
    matches!(readable, Some(Ok(readable)) if readable[0])
}

impl fmt::Debug for Lingering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lingering")
            .field("count", &self.count.load(Ordering::Acquire))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use crate::platform::UnixStream;

    use super::*;

    fn pair() -> (Ending, UnixStream) {
        let (ours, theirs) = UnixStream::pair().expect("descriptors");
        (Ending::new(Arc::new(ours)), theirs)
    }

    #[test]
    fn a_client_that_ends_is_waited_for_no_longer() {
        let (ending, theirs) = pair();
        drop(theirs);
        assert!(ending.wait_at_first().is_none());
    }

    #[test]
    fn a_client_that_goes_on_is_heard_only_so_much() {
        let (ending, mut theirs) = pair();
        let talking = std::thread::spawn(move || {
            let mut count = 0;
            while theirs.write_all(&[0; 4096]).is_ok() {
                count += 4096;
            }
            count
        });
        ending.wait_whole();
        // What the buffers of the system hold comes to it.
        let taken = talking.join().expect("no panic");
        assert!((MOST..16 * MOST).contains(&taken), "{taken}");
    }

    #[test]
    fn there_are_only_so_many_places() {
        let lingering = Lingering::default();
        let mut clients = Vec::new();
        for _ in 0..PLACES + 3 {
            let (ending, client) = pair();
            lingering.add(ending);
            clients.push(client);
        }
        assert_eq!(lingering.wires().len(), PLACES);
        // Those that have waited longest were closed.
        let open: Vec<bool> = clients
            .iter_mut()
            .map(|client| client.write_all(b"still here").is_ok())
            .collect();
        assert_eq!(open.iter().position(|open| *open), Some(3));
        lingering.discard();
        assert_eq!(lingering.wires().len(), PLACES);
        drop(clients);
        lingering.discard();
        assert!(lingering.wires().is_empty());
    }

    #[test]
    fn all_of_them_are_waited_for_in_the_end() {
        let lingering = Lingering::default();
        let clients: Vec<UnixStream> = (0..3)
            .map(|_| {
                let (ending, mut client) = pair();
                lingering.add(ending);
                client.write_all(b"one word more").expect("there is room");
                client
            })
            .collect();
        let wires = lingering.wires();
        let ends = std::thread::spawn(move || drop(clients));
        lingering.wait_until_none(None);
        assert!(lingering.wires().is_empty());
        ends.join().expect("no panic");
        // What they said last was taken, and not only given up.
        for wire in wires {
            assert_eq!(wire.receive(&mut [0; 8]).expect("the end"), 0);
        }
        // Or for as long as they are let.
        let (ending, _client) = pair();
        lingering.add(ending);
        lingering.wait_until_none(Some(Instant::now()));
        assert!(lingering.wires().is_empty());
    }
}

//! What is being sent: which half files ^C would leave on the server.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lariat_client::ftp::Upload;

/// The files that are being sent; cheap to clone, for the transfers of a mirror.
#[derive(Clone, Default)]
pub struct Halves(Arc<Mutex<Sent>>);

/// Half files, by the names that they have there.
#[derive(Default)]
pub struct Sent {
    /// Those that are to be continued by nobody.
    pub parts: BTreeSet<String>,
    /// Those that have their real names. Whether such a file was there before nobody knows, so it is not removed.
    pub in_place: BTreeSet<String>,
}

impl Halves {
    /// A file is being sent.
    pub fn begin(&self, how: Upload, remote: &str) {
        let mut sent = self.lock();
        if how.in_place {
            sent.in_place.insert(remote.to_owned());
        } else if !how.resume {
            sent.parts.insert(how.place(remote));
        }
    }

    /// It is not any more, whether it is there or has failed.
    pub fn end(&self, how: Upload, remote: &str) {
        let mut sent = self.lock();
        sent.in_place.remove(remote);
        sent.parts.remove(&how.place(remote));
    }

    /// Those that were being sent, as nothing is any more.
    pub fn take(&self) -> Sent {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Sent> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

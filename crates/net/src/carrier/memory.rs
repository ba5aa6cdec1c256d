//! `mem://name`: connections within one process, by name.

use std::collections::HashMap;
use std::io;
use std::sync::{LazyLock, Mutex, PoisonError};

use tokio::io::DuplexStream;
use tokio::sync::mpsc;

/// How many bytes one side may be ahead of the other.
const CAPACITY: usize = 64 * 1024;

/// How many connections may wait to be accepted.
const BACKLOG: usize = 128;

type Registry = Mutex<HashMap<String, mpsc::Sender<DuplexStream>>>;

static LISTENING: LazyLock<Registry> = LazyLock::new(Registry::default);

/// A name that connections within the process are accepted by, until it is dropped.
pub(crate) struct MemoryListener {
    name: String,
    accepting: mpsc::Receiver<DuplexStream>,
}

impl MemoryListener {
    pub(crate) fn bind(name: &str) -> io::Result<Self> {
        let mut listening = LISTENING.lock().unwrap_or_else(PoisonError::into_inner);
        if listening.contains_key(name) {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        let (sender, accepting) = mpsc::channel(BACKLOG);
        listening.insert(name.to_string(), sender);
        Ok(MemoryListener {
            name: name.to_string(),
            accepting,
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) async fn accept(&mut self) -> io::Result<DuplexStream> {
        let stream = self.accepting.recv().await;
        stream.ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl Drop for MemoryListener {
    fn drop(&mut self) {
        let mut listening = LISTENING.lock().unwrap_or_else(PoisonError::into_inner);
        listening.remove(&self.name);
    }
}

/// Connects to a name of this process.
pub(crate) async fn connect(name: &str) -> io::Result<DuplexStream> {
    let sender = {
        let listening = LISTENING.lock().unwrap_or_else(PoisonError::into_inner);
        listening.get(name).cloned()
    };
    let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
    let sender = sender.ok_or_else(refused)?;
    let (ours, theirs) = tokio::io::duplex(CAPACITY);
    sender.send(theirs).await.map_err(|_| refused())?;
    Ok(ours)
}

//! Taking items until the queue is shut down.

use std::fmt;

use super::error::GetError;
use super::{Queue, SimpleQueue};

/// Takes items, waiting for each, until the queue is shut down and empty: [`Queue::iter`].
pub struct Items<'a, T>(Source<'a, T>);

enum Source<'a, T> {
    Queue(&'a Queue<T>),
    Simple(&'a SimpleQueue<T>),
}

impl<'a, T> Items<'a, T> {
    pub(super) fn new(queue: &'a Queue<T>) -> Self {
        Items(Source::Queue(queue))
    }

    pub(super) fn simple(queue: &'a SimpleQueue<T>) -> Self {
        Items(Source::Simple(queue))
    }

    /// The next item, awaited, in any async runtime. `None` when the queue is shut down and empty.
    ///
    /// ```
    /// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    /// # runtime.block_on(async {
    /// let queue = lariat_sync::SimpleQueue::new(None);
    /// queue.put(1)?;
    /// queue.shutdown();
    /// let mut items = queue.iter();
    /// while let Some(item) = items.next_async().await {
    ///     assert_eq!(item, 1);
    /// }
    /// # Ok::<(), lariat_sync::PutError<u8>>(())
    /// # }).unwrap();
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub async fn next_async(&mut self) -> Option<T> {
        let got = match self.0 {
            Source::Queue(queue) => queue.get_async(),
            Source::Simple(queue) => queue.get_async(),
        };
        got.await.ok()
    }

    fn get(&self) -> Result<T, GetError> {
        match self.0 {
            Source::Queue(queue) => queue.get(),
            Source::Simple(queue) => queue.get(),
        }
    }
}

impl<T> Iterator for Items<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.get().ok()
    }
}

impl<T> fmt::Debug for Items<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Items")
    }
}

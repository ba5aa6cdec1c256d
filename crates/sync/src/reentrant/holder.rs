//! Who holds a re-entrant lock.

use std::sync::atomic::{AtomicU64, Ordering};

/// Who holds a [`ReentrantLock`](super::ReentrantLock): a thread, or whatever calls itself by this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Holder(u64);

/// The numbers of holders, which are never given twice.
static NEXT: AtomicU64 = AtomicU64::new(1);

thread_local! {
    static THIS_THREAD: Holder = Holder::new();
}

impl Holder {
    /// A holder that is nobody else.
    #[expect(
        clippy::new_without_default,
        reason = "each is another, so none is a default"
    )]
    pub fn new() -> Self {
        Holder(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// The holder that this thread is.
    pub fn this_thread() -> Self {
        THIS_THREAD.with(|holder| *holder)
    }
}

#[cfg(test)]
mod tests {
    use super::Holder;

    #[test]
    fn a_thread_is_always_the_same_holder_and_no_other() {
        let here = Holder::this_thread();
        assert_eq!(here, Holder::this_thread());
        let there = std::thread::spawn(Holder::this_thread).join();
        assert_ne!(here, there.expect("it does not panic"));
        assert_ne!(here, Holder::new());
    }
}

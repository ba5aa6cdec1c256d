//! Locks, atomics and parked threads: std's, or with the feature `loom` those that run every
//! order in which threads can meet.
//!
//! What waits in this crate is made of what is here, and so can be modelled; but for the list of
//! the threads alive, which is a static, and for the scheduler's clock and the processes, whose
//! threads are the system's.

#[cfg(feature = "loom")]
pub(crate) use modelled::*;
#[cfg(not(feature = "loom"))]
pub(crate) use real::*;

#[cfg(not(feature = "loom"))]
mod real {
    use std::fmt;
    use std::sync::PoisonError;
    use std::sync::atomic::AtomicBool as Flag;
    use std::thread::{self, Thread};
    use std::time::{Duration, Instant};

    pub(crate) use std::sync::MutexGuard;
    pub(crate) use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};

    /// A lock that a panic does not poison: whoever holds one here leaves what it guards whole
    /// before anything of the user's can panic.
    #[derive(Default)]
    pub(crate) struct Mutex<T>(std::sync::Mutex<T>);

    impl<T> Mutex<T> {
        pub(crate) const fn new(value: T) -> Self {
            Mutex(std::sync::Mutex::new(value))
        }

        pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }

    impl<T> fmt::Debug for Mutex<T> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("Mutex")
        }
    }

    /// What threads wait for under a [`Mutex`].
    pub(crate) struct Condvar(std::sync::Condvar);

    impl Condvar {
        pub(crate) const fn new() -> Self {
            Condvar(std::sync::Condvar::new())
        }

        pub(crate) fn notify_one(&self) {
            self.0.notify_one();
        }

        pub(crate) fn notify_all(&self) {
            self.0.notify_all();
        }

        pub(crate) fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
            self.0.wait(guard).unwrap_or_else(PoisonError::into_inner)
        }

        /// Waits at most so long, and says whether the time was over.
        pub(crate) fn wait_timeout<'a, T>(
            &self,
            guard: MutexGuard<'a, T>,
            timeout: Duration,
        ) -> (MutexGuard<'a, T>, bool) {
            let waited = self.0.wait_timeout(guard, timeout);
            let (guard, result) = waited.unwrap_or_else(PoisonError::into_inner);
            (guard, result.timed_out())
        }
    }

    /// Sleeps until somebody wakes it. The flag keeps what others do with the thread's own token
    /// apart from what is meant here.
    pub(crate) struct Parker {
        thread: Thread,
        woken: Flag,
    }

    impl Parker {
        /// One for the thread that calls.
        pub(crate) fn new() -> Self {
            Parker {
                thread: thread::current(),
                woken: Flag::new(false),
            }
        }

        pub(crate) fn unpark(&self) {
            if !self.woken.swap(true, Ordering::AcqRel) {
                self.thread.unpark();
            }
        }

        /// Sleeps until woken or until the moment, and says whether it was woken.
        pub(crate) fn park(&self, until: Option<Instant>) -> bool {
            while !self.woken.swap(false, Ordering::AcqRel) {
                match until {
                    None => thread::park(),
                    Some(until) => {
                        let left = until.saturating_duration_since(Instant::now());
                        if left.is_zero() {
                            return false;
                        }
                        thread::park_timeout(left);
                    }
                }
            }
            true
        }
    }
}

#[cfg(feature = "loom")]
mod modelled {
    use std::fmt;
    use std::sync::PoisonError;
    use std::time::{Duration, Instant};

    pub(crate) use loom::sync::MutexGuard;
    pub(crate) use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};

    #[derive(Default)]
    pub(crate) struct Mutex<T>(loom::sync::Mutex<T>);

    impl<T> Mutex<T> {
        pub(crate) fn new(value: T) -> Self {
            Mutex(loom::sync::Mutex::new(value))
        }

        pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }

    impl<T> fmt::Debug for Mutex<T> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("Mutex")
        }
    }

    pub(crate) struct Condvar(loom::sync::Condvar);

    impl Condvar {
        pub(crate) fn new() -> Self {
            Condvar(loom::sync::Condvar::new())
        }

        pub(crate) fn notify_one(&self) {
            self.0.notify_one();
        }

        pub(crate) fn notify_all(&self) {
            self.0.notify_all();
        }

        pub(crate) fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
            self.0.wait(guard).unwrap_or_else(PoisonError::into_inner)
        }

        /// Loom has no time, and here it is never over.
        pub(crate) fn wait_timeout<'a, T>(
            &self,
            guard: MutexGuard<'a, T>,
            _timeout: Duration,
        ) -> (MutexGuard<'a, T>, bool) {
            (self.wait(guard), false)
        }
    }

    /// Loom's own tokens of threads are shared with its locks, so this is made of those.
    pub(crate) struct Parker {
        woken: Mutex<bool>,
        changed: Condvar,
    }

    impl Parker {
        pub(crate) fn new() -> Self {
            Parker {
                woken: Mutex::new(false),
                changed: Condvar::new(),
            }
        }

        pub(crate) fn unpark(&self) {
            *self.woken.lock() = true;
            self.changed.notify_one();
        }

        /// Loom has no time: whoever gives a moment is taken to have reached it at once.
        pub(crate) fn park(&self, until: Option<Instant>) -> bool {
            let mut woken = self.woken.lock();
            while !*woken {
                if until.is_some() {
                    return false;
                }
                woken = self.changed.wait(woken);
            }
            *woken = false;
            true
        }
    }
}

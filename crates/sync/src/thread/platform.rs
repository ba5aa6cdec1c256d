//! What the system calls a thread.

/// The number of the thread that calls, where the system has one that others can see.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub fn thread_id() -> Option<u64> {
    u64::try_from(nix::unistd::gettid().as_raw()).ok()
}

/// The number of the thread that calls, where the system has one that others can see.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub fn thread_id() -> Option<u64> {
    None
}

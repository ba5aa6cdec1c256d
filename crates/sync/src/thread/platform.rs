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

/// Whether the thread that calls is the one that the process began with, where the system says so.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub fn is_main_thread() -> Option<bool> {
    Some(nix::unistd::gettid() == nix::unistd::getpid())
}

/// Whether the thread that calls is the one that the process began with, where the system says so.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub fn is_main_thread() -> Option<bool> {
    None
}

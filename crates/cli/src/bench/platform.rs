//! How many descriptors this process may have.

/// Room for what is no connection: standard streams, the reactor's threads, files that are read.
const BESIDE: u64 = 64;

/// Allows this process as many descriptors as the system lets it have, and tells how many
/// connections that is good for.
#[cfg(unix)]
pub fn most_connections() -> u64 {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};

    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else {
        return u64::MAX;
    };
    let raised = setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok();
    let limit = if raised { hard } else { soft };
    // The type is narrower on some systems.
    #[allow(clippy::useless_conversion)]
    u64::from(limit).saturating_sub(BESIDE)
}

/// Allows this process as many descriptors as the system lets it have, and tells how many
/// connections that is good for.
#[cfg(not(unix))]
pub fn most_connections() -> u64 {
    u64::MAX - BESIDE
}

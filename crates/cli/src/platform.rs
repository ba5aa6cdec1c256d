//! What a server asks of the system for itself: descriptors.

/// Allows this process as many descriptors as the system lets it have. Returns how many that
/// were and are, where the system counts them.
#[cfg(unix)]
pub fn raise_descriptor_limit() -> Option<(u64, u64)> {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};

    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    // Some systems have a hard limit that they do not take as a soft one.
    let raised = soft < hard && setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok();
    // The type is narrower on some systems.
    #[allow(clippy::useless_conversion)]
    Some((soft.into(), if raised { hard.into() } else { soft.into() }))
}

/// Nothing: descriptors are not counted here.
#[cfg(not(unix))]
pub fn raise_descriptor_limit() -> Option<(u64, u64)> {
    None
}

//! Waiting for whichever of several descriptors has something to read, or has ended, first.

use std::io;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// Which of the descriptors have something to read, as soon as one has.
pub(crate) fn until_readable(
    descriptors: &[BorrowedFd<'_>],
    timeout: Option<Duration>,
) -> io::Result<Vec<bool>> {
    let until = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    let mut polled: Vec<PollFd<'_>> = descriptors
        .iter()
        .map(|descriptor| PollFd::new(*descriptor, PollFlags::POLLIN))
        .collect();
    loop {
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        match poll(&mut polled, in_milliseconds(left)) {
            // The longest time that `poll` knows is shorter than ours may be.
            Ok(0) if left.is_none_or(|left| left > LONGEST) => {}
            Ok(_) => return Ok(polled.iter().map(|one| one.any() == Some(true)).collect()),
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// 24 days, the longest that `poll` can be told to wait.
const LONGEST: Duration = Duration::from_millis(i32::MAX as u64);

/// Rounded up, so that it is not over before its time.
fn in_milliseconds(left: Option<Duration>) -> PollTimeout {
    match left {
        None => PollTimeout::NONE,
        Some(left) => {
            let rounded = left.as_nanos().div_ceil(1_000_000);
            PollTimeout::try_from(rounded).unwrap_or(PollTimeout::MAX)
        }
    }
}

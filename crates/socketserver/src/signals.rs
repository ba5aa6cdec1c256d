//! Ending a server by signals.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

use crate::shutdown::ShutdownHandle;

/// Whether this process was forked to handle one request.
static IN_CHILD: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// Has SIGTERM and SIGINT end a loop, in order; a second one ends the process.
pub(crate) fn end_by_signals(handle: &ShutdownHandle) -> io::Result<()> {
    for signal in [SIGTERM, SIGINT] {
        // In this order they are called. Who ends a child means that child; a terminal's ^C goes
        // to all, and the requests that are being handled are finished.
        if signal == SIGTERM {
            flag::register_conditional_default(signal, Arc::clone(&IN_CHILD))?;
        }
        let again = Arc::new(AtomicBool::new(false));
        flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&again))?;
        flag::register(signal, again)?;
        low_level::pipe::register(signal, OwnedFd::from(handle.rope()?))?;
    }
    Ok(())
}

/// This process was forked to handle one request.
pub(crate) fn in_child() {
    IN_CHILD.store(true, Ordering::SeqCst);
}

//! What is done with connections in the same way whichever socket they come by.

use std::io;
use std::net::Shutdown;
use std::sync::Arc;

use socket2::SockRef;

use crate::options::Options;
use crate::platform::AsFd;
use crate::request::{StreamRequest, Wire};
use crate::transport::Accepted;

/// Lets clients come.
pub(super) fn listen(listener: &impl AsFd, options: &Options) -> io::Result<()> {
    let listener = SockRef::from(listener);
    listener.listen(options.request_queue_size.try_into().unwrap_or(i32::MAX))?;
    // `poll` says when somebody waits; who went away meanwhile must not hold us up.
    listener.set_nonblocking(true)
}

/// Lets nobody come any more.
pub(super) fn stop_listening(listener: &impl AsFd) {
    // One that does not listen needs no ending.
    let _ = SockRef::from(listener).shutdown(Shutdown::Both);
}

/// Says something to who is refused.
pub(super) fn refuse(socket: &impl Wire, words: &[u8]) {
    // A new connection takes a few words at once; who cannot be told is just refused.
    let _ = socket.dont_wait().and_then(|()| socket.send(words));
}

/// What a handler is lent.
pub(super) fn open(
    socket: Arc<impl Wire + 'static>,
    accepted: &Accepted,
    options: &Options,
) -> io::Result<StreamRequest> {
    if accepted.is_refused() {
        socket.dont_wait()?;
    }
    Ok(StreamRequest::new(socket, accepted, options))
}

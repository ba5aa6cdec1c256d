//! The server that is measured: the timestamp service on a reactor of one thread.

use std::io;

use lariat::Reactor;
use lariat::service::timestamp::Timestamp;

/// Serves until the process is killed; `listening` is told where.
pub fn serve(listening: impl FnOnce(&str) -> io::Result<()>) -> io::Result<()> {
    let reactor = Reactor::builder()
        .threads(1)
        .build()
        .map_err(io::Error::other)?;
    let listener = reactor
        .listen("tcp://127.0.0.1:0", Timestamp::default())
        .map_err(io::Error::other)?;
    let endpoint = listener.endpoint().to_string();
    listening(endpoint.trim_start_matches("tcp://"))?;
    reactor.run();
    Ok(())
}

//! Stopping without losing anybody's answer.

use std::sync::Arc;

use crate::driver::hub::Signals;
use crate::observe::Ended;
use crate::reactor::{Handle, Shared, now};

/// How the connections ended that were open when the reactor was asked to stop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DrainReport {
    /// Ended before they heard of it, or by the peer, or otherwise of themselves.
    pub finished: usize,
    /// Were told that the server goes down, and ended in order.
    pub said_goodbye: usize,
    /// Still open when the drain time was over, and cut off.
    pub forced: usize,
}

impl DrainReport {
    /// How many there were.
    pub fn all(&self) -> usize {
        self.finished + self.said_goodbye + self.forced
    }
}

/// How many connections have said goodbye so far.
fn said_goodbye(handle: &Handle) -> u64 {
    let stats = handle.stats();
    let services = stats.services.iter();
    services.map(|service| service.ended(Ended::Goodbye)).sum()
}

/// How many connections there were when the stop was asked for, and how many had said goodbye
/// by then, which is counted once.
pub(super) fn count_at_stop(handle: &Handle) -> (usize, u64) {
    let count = || (handle.connections(), said_goodbye(handle));
    *handle.0.at_stop.get_or_init(count)
}

/// Tells every connection to say goodbye, and ends those that take too long.
pub(super) async fn drain(handle: &Handle) -> DrainReport {
    let shared = &handle.0;
    let live = || handle.connections();
    let (before, begun) = count_at_stop(handle);
    for worker in &shared.workers {
        worker.hub.signal_all(Signals::DRAIN);
    }
    let deadline = now() + handle.drain_time();
    wait_until_empty(shared, deadline).await;
    // Those that end between the one count and the other have finished.
    let in_order = said_goodbye(handle);
    let left = live();
    if left > 0 {
        tracing::warn!(
            connections = left,
            "connections were still open at the end of the drain time"
        );
        for worker in &shared.workers {
            worker.hub.signal_all(Signals::FORCE);
        }
        // What is forced ends at its next turn; a callback that never returns does not.
        wait_until_empty(shared, now() + std::time::Duration::from_secs(1)).await;
    }
    let said_goodbye = said_goodbye(handle);
    // What was about to end anyway may have done so before the force came.
    let forced = left.saturating_sub((said_goodbye - in_order) as usize);
    let said_goodbye = (said_goodbye - begun) as usize;
    let report = DrainReport {
        finished: before.saturating_sub(forced + said_goodbye),
        said_goodbye,
        forced,
    };
    if before > 0 {
        let DrainReport {
            finished,
            said_goodbye,
            forced,
        } = report;
        tracing::info!(finished, said_goodbye, forced, "drained");
    }
    report
}

async fn wait_until_empty(shared: &Arc<Shared>, deadline: std::time::Instant) {
    let empty = async {
        for worker in &shared.workers {
            worker.hub.emptied().await;
        }
    };
    let _ = tokio::time::timeout_at(deadline.into(), empty).await;
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use lariat_protocol::{Protocol, Transport};
    use tokio::io::AsyncReadExt;
    use tokio::net::UdpSocket;

    use super::*;
    use crate::carrier::memory;
    use crate::reactor::Reactor;

    /// Greets, says goodbye, and goes on.
    struct Stays;

    impl Protocol for Stays {
        fn connection_made(&mut self, transport: &mut Transport) {
            transport.write(b"hello");
        }

        fn data_received(&mut self, _: &mut Transport, _: &[u8]) {}

        fn drain(&mut self, transport: &mut Transport) {
            transport.write(b"goodbye");
        }
    }

    /// As when the thread was held up for all of the drain time.
    #[tokio::test]
    async fn who_hears_of_the_draining_and_of_its_end_at_once_says_goodbye_first() {
        let handle = Reactor::builder().attach();
        let name = "draining-and-its-end";
        let listening = handle.listen(format!("mem://{name}"), || Stays);
        let of_datagrams = handle.listen("udp://127.0.0.1:0", || Stays);
        let mut stream = memory::connect(name).await.expect("connected");
        let mut said = [0; 5];
        stream.read_exact(&mut said).await.expect("greeted");
        let port = of_datagrams.as_ref().expect("listening").endpoint().port();
        let peer = UdpSocket::bind("127.0.0.1:0").await.expect("bound");
        let server = ("127.0.0.1", port.expect("a port"));
        peer.connect(server).await.expect("connected");
        peer.send(b"hi").await.expect("sent");
        peer.recv(&mut said).await.expect("greeted");
        assert_eq!(handle.connections(), 2);
        let hub = &handle.0.workers[0].hub;
        hub.signal_all(Signals::DRAIN);
        hub.signal_all(Signals::FORCE);
        let mut goodbye = Vec::new();
        stream.read_to_end(&mut goodbye).await.expect("ended");
        assert_eq!(goodbye, b"goodbye");
        let mut goodbye = [0; 7];
        let told = tokio::time::timeout(Duration::from_secs(20), peer.recv(&mut goodbye));
        told.await.expect("told").expect("told");
        assert_eq!(&goodbye, b"goodbye");
        hub.emptied().await;
        let stats = handle.stats();
        let forced = stats
            .services
            .iter()
            .map(|service| service.ended(Ended::Forced));
        assert_eq!(forced.collect::<Vec<_>>(), [1, 1]);
        drop(listening);
    }
}

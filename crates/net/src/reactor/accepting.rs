//! Accepting from a socket that listens, for ever, whatever happens.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use lariat_protocol::{Address, ConnectionInfo, Refusal};

use crate::carrier::{Carrier, Herded};
use crate::driver::herd::Lane;
use crate::platform::{self, accept};
use crate::reactor::listener::Target;

/// How long accepting pauses when the system is out of something that we cannot free, or
/// when there is no place for anybody.
const PAUSE: Duration = Duration::from_millis(100);

/// How much of what somebody has sent who is shown out is read and dropped.
const DISCARD: usize = 64 * 1024;

/// How many connections are accepted in one go before others have their turn.
const BATCH: usize = 64;

/// Somebody who was accepted and belongs to no thread yet.
pub(crate) trait Visitor: Sized {
    /// Who it is.
    fn peer(&self) -> Address;

    /// Both ends.
    fn info(&self) -> ConnectionInfo;

    /// Says something without waiting, before it is closed; whatever does not fit into the
    /// system's empty buffer is lost.
    fn say(&mut self, words: &[u8]);

    /// The carrier, registered with the runtime that this is called in; or by its herd, where
    /// it has a lane.
    fn open(self, lane: Option<Arc<Lane>>) -> io::Result<(Carrier, ConnectionInfo)>;

    /// Whether it can be one of a herd.
    const CAN_BE_HERDED: bool = false;
}

/// Writes, ends, and drops what has come: a close over unread input would be a reset, which
/// takes the words back.
fn say_and_discard<S: Read + Write>(
    stream: &mut S,
    words: &[u8],
    end: impl FnOnce(&S) -> io::Result<()>,
) -> io::Result<()> {
    stream.write_all(words)?;
    end(stream)?;
    let mut discarded = [0; 4096];
    for _ in 0..DISCARD / discarded.len() {
        if stream.read(&mut discarded)? == 0 {
            break;
        }
    }
    Ok(())
}

/// A visitor by TCP.
struct TcpVisitor(TcpStream, SocketAddr);

impl Visitor for TcpVisitor {
    fn peer(&self) -> Address {
        Address::from(self.1)
    }

    fn info(&self) -> ConnectionInfo {
        let local = self.0.local_addr();
        ConnectionInfo::stream(self.1, local.map_or(Address::Unix(None), Address::from))
    }

    fn say(&mut self, words: &[u8]) {
        let _ = self.0.set_nonblocking(true);
        let _ = say_and_discard(&mut self.0, words, |stream| {
            stream.shutdown(Shutdown::Write)
        });
    }

    const CAN_BE_HERDED: bool = true;

    fn open(self, lane: Option<Arc<Lane>>) -> io::Result<(Carrier, ConnectionInfo)> {
        let TcpVisitor(stream, peer) = self;
        // Answers are whole when they are written; waiting for more to send with them only
        // makes them late.
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let info = ConnectionInfo::stream(peer, stream.local_addr()?);
        let carrier = match lane {
            Some(lane) => Carrier::Herded(Herded::new(stream, lane)),
            None => Carrier::Tcp(tokio::net::TcpStream::from_std(stream)?),
        };
        Ok((carrier, info))
    }
}

pub(super) async fn accept_tcp(target: Target, listener: TcpListener) -> io::Result<()> {
    accept_from(&target, listener, |listener| {
        let (stream, peer) = listener.accept()?;
        Ok(TcpVisitor(stream, peer))
    })
    .await
}

/// A visitor by a Unix socket, and the address that it came to.
#[cfg(unix)]
struct UnixVisitor(platform::UnixStream, platform::UnixAddress, Address);

#[cfg(unix)]
impl Visitor for UnixVisitor {
    fn peer(&self) -> Address {
        Address::Unix(self.1.as_pathname().map(Arc::from))
    }

    fn info(&self) -> ConnectionInfo {
        ConnectionInfo::stream(self.peer(), self.2.clone())
    }

    fn say(&mut self, words: &[u8]) {
        let _ = self.0.set_nonblocking(true);
        let _ = say_and_discard(&mut self.0, words, |stream| {
            stream.shutdown(Shutdown::Write)
        });
    }

    fn open(self, _: Option<Arc<Lane>>) -> io::Result<(Carrier, ConnectionInfo)> {
        let info = self.info();
        self.0.set_nonblocking(true)?;
        let stream = tokio::net::UnixStream::from_std(self.0)?;
        Ok((Carrier::Unix(stream), info))
    }
}

#[cfg(unix)]
pub(super) async fn accept_unix(
    target: Target,
    listener: platform::UnixListener,
) -> io::Result<()> {
    let local = listener.local_addr()?;
    let local = Address::Unix(local.as_pathname().map(Arc::from));
    accept_from(&target, listener, |listener| {
        let (stream, peer) = listener.accept()?;
        Ok(UnixVisitor(stream, peer, local.clone()))
    })
    .await
}

async fn accept_from<L: accept::Listens, V: Visitor>(
    target: &Target,
    listener: L,
    accept: impl Fn(&L) -> io::Result<V>,
) -> io::Result<()> {
    let acceptor = accept::Acceptor::new(listener)?;
    let mut reserve = accept::Reserve::new();
    let mut crowd = Crowd::new();
    let mut batch = 0;
    loop {
        match acceptor.accept(&accept).await {
            Ok(visitor) => {
                if target.receive(visitor).is_some_and(is_for_everybody) {
                    crowd.turned_away().await;
                }
                // Whoever is accepted already waits for its turn on this same thread.
                batch += 1;
                if batch == BATCH {
                    batch = 0;
                    tokio::task::yield_now().await;
                }
            }
            Err(error) if accept::is_out_of_descriptors(&error) => {
                shed(target, &acceptor, &accept, &mut reserve, &error).await;
            }
            // The peer gave up before it was accepted; or the network had a moment.
            Err(error) if is_passing(&error) => {}
            Err(error) => {
                tracing::warn!(service = target.service_name(), %error, "cannot accept");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Whether nobody else would be let in either.
fn is_for_everybody(refusal: Refusal) -> bool {
    matches!(refusal, Refusal::Total | Refusal::Memory)
}

/// Those who come while there is no place for anybody: who is turned away and comes back at
/// once must not keep the thread from those who have a place. Where others would be let in,
/// there is no pause, for it would be theirs.
struct Crowd {
    since: Instant,
    count: usize,
}

impl Crowd {
    fn new() -> Self {
        Crowd {
            since: crate::reactor::now(),
            count: 0,
        }
    }

    async fn turned_away(&mut self) {
        if self.count == 0 || self.since.elapsed() > PAUSE {
            *self = Crowd::new();
        }
        self.count += 1;
        if self.count == BATCH {
            tokio::time::sleep(PAUSE).await;
            *self = Crowd::new();
        }
    }
}

/// With no descriptor left, whoever knocks is let in by the one kept back and shown out at
/// once: in the queue they would wait for an answer that does not come, and keep the
/// listening socket ready, so that the thread would spin.
async fn shed<L: accept::Listens, V: Visitor>(
    target: &Target,
    acceptor: &accept::Acceptor<L>,
    accept: &impl Fn(&L) -> io::Result<V>,
    reserve: &mut accept::Reserve,
    error: &io::Error,
) {
    tracing::warn!(service = target.service_name(), %error, "closing new connections");
    reserve.give_up();
    // No more than in any other go: who knocks without end must not keep the thread.
    for _ in 0..BATCH {
        match acceptor.try_accept(accept) {
            Ok(visitor) => target.send_away(visitor),
            Err(_) => break,
        }
    }
    reserve.take_back();
    tokio::time::sleep(PAUSE).await;
}

fn is_passing(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionReset | Interrupted
    )
}

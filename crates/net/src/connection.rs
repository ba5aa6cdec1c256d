//! A connection as an async function sees it: a byte stream with two ends.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use lariat_protocol::contract::Deadlines;
use lariat_protocol::{Address, ConnectionInfo, Factory, Protocol, Reason, TlsInfo};
use lariat_tls::ClientTls;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::carrier::Carrier;
use crate::driver::Driver;
use crate::driver::hub::Hub;
use crate::open::{self, OpenError, Opening};
use crate::progress::{Activity, Progress};
use crate::state::ServiceState;

/// An open connection over any carrier, as `AsyncRead + AsyncWrite`.
///
/// What the tokio world has for byte streams (hyper, russh, codecs, `BufReader`) works on
/// it. On carriers with message boundaries a write is one message and a read is at most one.
///
/// Two tasks may share it, by `tokio::io::split`, one of which reads and one writes; but not
/// over plain TLS (`tls://`), where reading may have to write and the other way round, and only
/// the task that asked last is woken: there it is driven by one task at a time.
///
/// ```no_run
/// use lariat_net::Connection;
/// use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
///
/// async fn greet(connection: Connection) -> std::io::Result<()> {
///     let mut stream = BufReader::new(connection);
///     let mut name = String::new();
///     stream.read_line(&mut name).await?;
///     stream.write_all(format!("hello, {name}").as_bytes()).await?;
///     stream.shutdown().await
/// }
///
/// # fn main() -> Result<(), lariat_net::Error> {
/// let reactor = lariat_net::Reactor::builder().build()?;
/// reactor.listen("tcp://localhost:7000", greet)?;
/// # Ok(()) }
/// ```
pub struct Connection {
    carrier: Held,
    info: ConnectionInfo,
    service: Arc<ServiceState>,
    activity: Arc<Activity>,
}

impl Connection {
    pub(crate) fn new(carrier: Carrier, info: ConnectionInfo, service: Arc<ServiceState>) -> Self {
        Connection::accepted(carrier, info, service, Arc::default())
    }

    /// One whose task keeps time by what is noted in `activity`.
    pub(crate) fn accepted(
        carrier: Carrier,
        info: ConnectionInfo,
        service: Arc<ServiceState>,
        activity: Arc<Activity>,
    ) -> Self {
        Connection {
            carrier: Held {
                carrier,
                home: None,
            },
            info,
            service,
            activity,
        }
    }

    /// The same, whose carrier comes back through `home` when it is dropped: whoever gave it
    /// away sees to an orderly end.
    pub(crate) fn returning(mut self, home: oneshot::Sender<Carrier>) -> Self {
        self.carrier.home = Some(home);
        self
    }

    /// The other end.
    pub fn peer(&self) -> &Address {
        &self.info.peer
    }

    /// Our end.
    pub fn local(&self) -> &Address {
        &self.info.local
    }

    /// The TLS session, if there is one.
    pub fn tls(&self) -> Option<&TlsInfo> {
        self.info.tls.as_deref()
    }

    /// Whether each write is one message, and each message is read by itself.
    pub fn is_message_oriented(&self) -> bool {
        self.info.message_oriented
    }

    /// Whether our side can end, by `shutdown`, while the peer's goes on.
    pub fn can_half_close(&self) -> bool {
        self.carrier.carrier.can_half_close()
    }

    /// Cancelled when the server goes down: finish what is under way, and no more.
    pub fn draining(&self) -> &CancellationToken {
        &self.service.draining
    }

    /// Marks where the peer's messages begin and end, for the deadlines of the service. Whoever
    /// asks for it marks each message: what is only read is none from then on.
    pub fn progress(&self) -> Progress {
        self.activity.expect_marks();
        Progress(Arc::clone(&self.activity))
    }

    /// Has the connection end at once and not in order when it is dropped: what the system has not sent yet is thrown away, and
    /// the peer is told by a reset, over TCP and TLS. Otherwise one that is dropped ends behind what was written.
    ///
    /// ```no_run
    /// # async fn f() -> Result<(), Box<dyn std::error::Error>> {
    /// use tokio::io::AsyncWriteExt;
    ///
    /// let mut connection = lariat_net::connect(&"tcp://localhost:7000".parse()?).await?;
    /// connection.write_all(&[0; 1_000_000]).await?;
    /// // Nobody is to have it after all.
    /// connection.reset_when_dropped();
    /// # Ok(()) }
    /// ```
    pub fn reset_when_dropped(&mut self) {
        self.carrier.home = None;
        self.carrier.carrier.reset_when_closed();
    }

    /// Begins TLS on a connection that was plain, by the certificates that its endpoint
    /// names.
    ///
    /// # Errors
    ///
    /// When the endpoint has none, the connection is no plain stream, or the handshake fails.
    /// The connection is gone then.
    pub async fn start_tls(self) -> Result<Connection, OpenError> {
        let service = Arc::clone(&self.service);
        self.secured(|carrier, deadlines| open::start_tls(carrier, &service.layers, deadlines))
            .await
    }

    /// Begins TLS, as a client, with whoever is behind the connection: it may have TLS already, as one to a
    /// proxy that passes it on.
    ///
    /// ```no_run
    /// # async fn f() -> Result<(), Box<dyn std::error::Error>> {
    /// use lariat_net::client_tls;
    ///
    /// let proxy = lariat_net::connect(&"tls://proxy.example:443".parse()?).await?;
    /// // What the proxy is asked for, and what it answers, goes over it first.
    /// let tls = client_tls(&"tls://example.org:443".parse()?)?;
    /// let connection = proxy.start_tls_with(&tls, "example.org").await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// When the connection is no stream, or the handshake fails: the other side is not whom `name` names. The connection
    /// is gone then.
    pub async fn start_tls_with(
        self,
        tls: &ClientTls,
        name: &str,
    ) -> Result<Connection, OpenError> {
        self.secured(|carrier, deadlines| open::start_tls_with(carrier, tls, name, deadlines))
            .await
    }

    async fn secured(
        mut self,
        open: impl FnOnce(Carrier, Deadlines) -> Opening,
    ) -> Result<Connection, OpenError> {
        let carrier = std::mem::replace(&mut self.carrier.carrier, Carrier::Gone);
        let service = &self.service;
        let opened = open(carrier, service.deadlines()).await;
        service.counters(0).handshake(opened.is_ok());
        let opened = opened?;
        self.carrier.carrier = opened.carrier;
        self.info.tls = opened.session;
        Ok(self)
    }

    /// Lets a [`Protocol`] have the connection until its end: from the async way of writing
    /// a service to the event-driven one.
    ///
    /// Dropping the future ends the connection.
    pub async fn serve(self, protocol: impl Protocol) -> Reason {
        let (told, lost) = oneshot::channel();
        let hub = Arc::new(Hub::default());
        let once = std::sync::Mutex::new(Some(Box::new(protocol) as Box<dyn Protocol>));
        let service = self.service.with_factory(Arc::new(Once(once)));
        let draining = service.draining.clone();
        let place = hub.register();
        let id = place.id();
        let told = Box::new(move |reason| {
            let _ = told.send(reason);
        });
        let driver = Driver::open(
            self.carrier.take(),
            self.info,
            place,
            Arc::new(service),
            Some(told),
        );
        let timers = Arc::clone(&hub);
        tokio::select! {
            biased;
            () = driver => {}
            () = crate::reactor::run_timers(timers) => {}
            () = crate::reactor::tell_draining(&hub, id, draining) => {}
        }
        lost.await.unwrap_or(Reason::Aborted)
    }

    pub(crate) fn into_parts(self) -> (Carrier, ConnectionInfo, Arc<ServiceState>) {
        (self.carrier.take(), self.info, self.service)
    }
}

/// A carrier that goes home when it is dropped, if it has one.
struct Held {
    carrier: Carrier,
    home: Option<oneshot::Sender<Carrier>>,
}

impl Held {
    /// Takes the carrier for good: whoever has it now ends it.
    fn take(mut self) -> Carrier {
        self.home = None;
        std::mem::replace(&mut self.carrier, Carrier::Gone)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(home) = self.home.take() {
            // Nobody waits for it at home when the runtime is going down.
            let _ = home.send(std::mem::replace(&mut self.carrier, Carrier::Gone));
        }
    }
}

/// A factory for the one protocol that is there already.
struct Once(std::sync::Mutex<Option<Box<dyn Protocol>>>);

impl Factory for Once {
    fn build(&self, _: &ConnectionInfo) -> Option<Box<dyn Protocol>> {
        let mut protocol = self.0.lock().ok()?;
        protocol.take()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.activity.begin_read(context)?;
        let before = buffer.filled().len();
        let carrier = &mut self.carrier.carrier;
        let read = Pin::new(&mut *carrier).poll_read(context, buffer);
        let brought = read.is_ready().then(|| buffer.filled().len() - before);
        let arrived = carrier.arrived(brought.unwrap_or(0));
        let in_carrier = carrier.is_in_message();
        self.activity.end_read(brought, arrived, in_carrier);
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.activity.begin_write(context)?;
        let written = Pin::new(&mut self.carrier.carrier).poll_write(context, data);
        self.activity.end_write(taken(&written));
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.activity.begin_write(context)?;
        let written = Pin::new(&mut self.carrier.carrier).poll_write_vectored(context, slices);
        self.activity.end_write(taken(&written));
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.carrier.carrier.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.activity.begin_write(context)?;
        let flushed = Pin::new(&mut self.carrier.carrier).poll_flush(context);
        self.activity.end_write(flushed.is_ready().then_some(0));
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.activity.begin_write(context)?;
        let shut = Pin::new(&mut self.carrier.carrier).poll_shutdown(context);
        self.activity.end_write(shut.is_ready().then_some(0));
        shut
    }
}

/// How many bytes a write took, if it could.
fn taken(written: &Poll<io::Result<usize>>) -> Option<usize> {
    match written {
        Poll::Ready(written) => Some(*written.as_ref().unwrap_or(&0)),
        Poll::Pending => None,
    }
}

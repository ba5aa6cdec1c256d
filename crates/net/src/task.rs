//! The task of a connection whose service is an async function.

use std::future::{Future, poll_fn};
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use futures_util::FutureExt;
use lariat_protocol::contract::{Milliseconds, Pace, milliseconds};
use lariat_protocol::{Address, ConnectionInfo, Deadline, Error};
use tokio::sync::oneshot;

use crate::carrier::Carrier;
use crate::connection::Connection;
use crate::driver::closing::Closing;
use crate::driver::hub::{Place, Signals};
use crate::observe::{ConnectionStatus, Ended, Phase};
use crate::open;
use crate::progress::{Activity, Totals};
use crate::service::AsyncFunction;
use crate::state::{ServiceState, Who};

/// How long a function may take to end after its connection has, before it is dropped.
const GRACE: Duration = Duration::from_secs(1);

/// What the engine knows of the connection while the function runs.
struct Watch {
    place: Place,
    service: Arc<ServiceState>,
    activity: Arc<Activity>,
    peer: Address,
    /// Whether the peer counts at the gates; given back with this value.
    admitted: bool,
    pace: Pace,
    phase: Phase,
    counted: Totals,
    made: Milliseconds,
    /// When the hub will wake the connection for its deadlines.
    armed: Milliseconds,
    passed: Option<Deadline>,
}

/// What ends the function from outside.
enum Cut {
    Forced,
    Killed,
    /// It went on after its connection had ended.
    Late,
}

/// Opens the connection's layers and runs the function until it ends, panics, or is ended;
/// then closes in order what the function has dropped.
///
/// It counts from the call on, whether what is returned is ever driven or not.
pub(crate) fn run(
    carrier: Carrier,
    info: ConnectionInfo,
    place: Place,
    service: Arc<ServiceState>,
    function: AsyncFunction,
) -> impl Future<Output = ()> + Send {
    let watch = Watch::new(place, service, &info);
    drive(watch, carrier, info, function)
}

async fn drive(mut watch: Watch, carrier: Carrier, info: ConnectionInfo, function: AsyncFunction) {
    let Some(opened) = watch.open(carrier, info).await else {
        return;
    };
    let (home, returned) = oneshot::channel();
    let (carrier, info) = opened;
    let connection = Connection::accepted(
        carrier,
        info,
        Arc::clone(&watch.service),
        Arc::clone(&watch.activity),
    );
    let running = AssertUnwindSafe(async { function(connection.returning(home)).await });
    let ended = watch.run(running.catch_unwind()).await;
    let how = watch.log(ended);
    if matches!(
        how,
        Ended::Finished | Ended::Goodbye | Ended::Failed | Ended::Deadline
    ) {
        // A task that the function has started may have the connection for longer than itself.
        watch.enter(Phase::Closing);
        watch.armed = 0;
        watch.unless_cut(close(returned)).await;
    }
    watch.counters().ended(how);
}

/// Waits for the carrier to be dropped, and closes it in order; nothing if somebody else does.
async fn close(returned: oneshot::Receiver<Carrier>) {
    if let Ok(mut carrier) = returned.await {
        let mut closing = Closing::new(false);
        poll_fn(|context| closing.poll(context, &mut carrier)).await;
    }
}

impl Watch {
    fn new(place: Place, service: Arc<ServiceState>, info: &ConnectionInfo) -> Self {
        let made = place.hub().passed(crate::reactor::now());
        let watch = Watch {
            activity: Arc::default(),
            peer: info.peer.clone(),
            admitted: service.layers.proxy.is_none(),
            pace: Pace::new(made),
            phase: Phase::Opening,
            counted: Totals::default(),
            made,
            armed: Milliseconds::MAX,
            passed: None,
            place,
            service,
        };
        watch.counters().phase(None, Some(Phase::Opening));
        watch
    }

    fn counters(&self) -> &crate::observe::counters::Counters {
        self.service.counters(self.place.hub().thread())
    }

    fn who(&self) -> Who<'_> {
        Who {
            key: self.place.key(),
            peer: &self.peer,
            phase: self.phase,
        }
    }

    fn enter(&mut self, phase: Phase) {
        if phase != self.phase {
            self.counters().phase(Some(self.phase), Some(phase));
            self.phase = phase;
        }
    }

    /// Opens the layers. Nothing if that failed, or was cut.
    async fn open(
        &mut self,
        carrier: Carrier,
        mut info: ConnectionInfo,
    ) -> Option<(Carrier, ConnectionInfo)> {
        if self.service.layers.is_empty() {
            self.begin();
            return Some((carrier, info));
        }
        let opening = open::accept(carrier, &info, &self.service);
        match self.unless_cut(opening).await? {
            Ok(opened) => {
                if let Some(proxied) = opened.proxied {
                    (info.peer, info.local) = proxied.take();
                    self.peer = info.peer.clone();
                    self.admitted = true;
                }
                if self.service.layers.shake_hands() {
                    self.counters().handshake(true);
                }
                info.tls = opened.session;
                self.begin();
                Some((opened.carrier, info))
            }
            Err(error) => {
                let how = self.service.opening_failed(self.who(), &error);
                self.service.log_failure(self.who(), Error::from(error));
                self.counters().ended(how);
                None
            }
        }
    }

    fn begin(&mut self) {
        self.pace = Pace::new(self.now());
        self.enter(Phase::First);
        self.arm();
    }

    fn now(&self) -> Milliseconds {
        self.place.hub().passed(crate::reactor::now())
    }

    /// Runs the function under its deadlines.
    async fn run<T>(&mut self, running: impl Future<Output = T>) -> Result<T, Cut> {
        let mut running = pin!(running);
        let mut begun = false;
        poll_fn(|context| {
            if !std::mem::replace(&mut begun, true) {
                self.place.set_waker(context.waker());
            }
            let signals = self.look();
            let ended = running.as_mut().poll(context);
            self.take_note();
            match ended {
                Poll::Ready(ended) => return Poll::Ready(Ok(ended)),
                Poll::Pending if signals.contains(Signals::KILL) => Poll::Ready(Err(Cut::Killed)),
                Poll::Pending if signals.contains(Signals::FORCE) => Poll::Ready(Err(Cut::Forced)),
                Poll::Pending if signals.contains(Signals::TIMER) && !self.keep_time() => {
                    Poll::Ready(Err(Cut::Late))
                }
                Poll::Pending => Poll::Pending,
            }
        })
        .await
    }

    /// Waits for what is not the function, which only force ends.
    async fn unless_cut<T>(&mut self, future: impl Future<Output = T>) -> Option<T> {
        let mut future = pin!(future);
        let mut begun = false;
        poll_fn(|context| {
            if !std::mem::replace(&mut begun, true) {
                self.place.set_waker(context.waker());
            }
            let signals = self.look();
            match future.as_mut().poll(context) {
                Poll::Ready(done) => Poll::Ready(Some(done)),
                Poll::Pending
                    if signals.contains(Signals::FORCE) || signals.contains(Signals::KILL) =>
                {
                    Poll::Ready(None)
                }
                Poll::Pending => Poll::Pending,
            }
        })
        .await
    }

    /// Answers who looks at the table, and takes the signals.
    fn look(&mut self) -> Signals {
        self.place.answer(|| self.status());
        self.place
            .take()
            .map_or(Signals::default(), |waiting| waiting.signals)
    }

    fn status(&self) -> ConnectionStatus {
        let totals = self.activity.totals();
        ConnectionStatus {
            key: self.place.key(),
            service: Arc::clone(&self.service.metrics.service),
            endpoint: Arc::clone(&self.service.metrics.endpoint),
            peer: self.peer.clone(),
            phase: self.phase,
            age: Duration::from_millis(self.now().saturating_sub(self.made)),
            received: totals.received,
            sent: totals.sent,
            messages: totals.messages,
            held: 0,
        }
    }

    /// Counts what has moved, and sees to it that the next deadline is met.
    fn take_note(&mut self) {
        let moved = self.activity.since(self.counted);
        let totals = self.activity.totals();
        let messages = totals.messages.wrapping_sub(self.counted.messages);
        self.counters()
            .moved(messages, moved.received as u64, moved.sent as u64, None);
        self.counted = totals;
        let before = self.pace.stage();
        self.pace.turn(self.now(), moved, &self.service.deadlines());
        self.enter(self.pace.stage().into());
        if self.passed.is_none() && self.pace.stage() != before {
            self.arm();
        }
    }

    fn arm(&mut self) {
        let deadline = self.pace.deadline(&self.service.deadlines());
        if let Some((at, _)) = deadline.filter(|(at, _)| *at < self.armed) {
            self.armed = at;
            self.place.wake_at(at);
        }
    }

    /// Looks which deadline has passed. Returns whether the function may go on.
    fn keep_time(&mut self) -> bool {
        if self.passed.is_some() {
            return false;
        }
        self.armed = Milliseconds::MAX;
        let now = self.now();
        match self.pace.deadline(&self.service.deadlines()) {
            Some((at, deadline)) if at <= now => {
                self.passed = Some(deadline);
                self.counters().deadline(deadline);
                self.activity.expire(deadline);
                self.place.wake_at(now + milliseconds(GRACE));
            }
            _ => self.arm(),
        }
        true
    }

    /// Says how the function ended.
    fn log<E: std::any::Any>(&self, ended: Result<Result<Result<(), Error>, E>, Cut>) -> Ended {
        let who = self.who();
        if let Some(deadline) = self.passed {
            self.service.log_failure(who, deadline);
            return Ended::Deadline;
        }
        match ended {
            Ok(Ok(Ok(()))) => {
                tracing::debug!(service = self.service.name(), peer = %self.peer, "connection ended");
                match self.service.draining.is_cancelled() {
                    true => Ended::Goodbye,
                    false => Ended::Finished,
                }
            }
            Ok(Ok(Err(error))) => {
                self.service.log_failure(who, error);
                Ended::Failed
            }
            Ok(Err(_)) => {
                self.service.log_panic(who);
                Ended::Panicked
            }
            Err(Cut::Killed) => {
                self.service.log_failure(who, "killed");
                Ended::Killed
            }
            Err(Cut::Forced | Cut::Late) => {
                self.service.log_failure(who, "ended by draining");
                Ended::Forced
            }
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.counters().phase(Some(self.phase), None);
        if self.admitted {
            self.service.leave(&self.peer);
        }
    }
}

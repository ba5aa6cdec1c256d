//! The task of a connection whose service is an async function.

use std::future::{Future, poll_fn};
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use futures_util::FutureExt;
use lariat_protocol::contract::{Milliseconds, Pace, milliseconds};
use lariat_protocol::{Address, ConnectionInfo, Deadline, Error, Reason};
use tokio::sync::oneshot;

use crate::carrier::Carrier;
use crate::connection::Connection;
use crate::driver::closing::Closing;
use crate::driver::hub::{Place, Signals};
use crate::observe::{ConnectionStatus, Ended, Phase};
use crate::open;
use crate::progress::{Activity, Totals};
use crate::service::AsyncFunction;
use crate::state::{Seat, ServiceState, Who};

/// How long a function may take to end after its connection has, before it is dropped.
const GRACE: Duration = Duration::from_secs(1);

/// What the engine knows of the connection while the function runs.
struct Watch {
    place: Place,
    service: Arc<ServiceState>,
    activity: Arc<Activity>,
    peer: Address,
    /// The place at the gates, given back with this value.
    seat: Seat,
    pace: Pace,
    phase: Phase,
    counted: Totals,
    made: Milliseconds,
    /// When the hub will wake the connection for its deadlines.
    armed: Milliseconds,
    passed: Option<Deadline>,
    /// How it ended; as a failure if nobody says, as when its runtime goes down.
    how: Ended,
}

/// What ends the function from outside.
#[derive(Clone, Copy)]
enum Cut {
    Forced,
    Killed,
    /// It went on after its connection had ended.
    Late,
}

impl Cut {
    fn by(signals: Signals) -> Self {
        match signals.contains(Signals::KILL) {
            true => Cut::Killed,
            false => Cut::Forced,
        }
    }
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
    seat: Seat,
    function: AsyncFunction,
) -> impl Future<Output = ()> + Send {
    let watch = Watch::new(place, service, seat, &info);
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
    watch.how = watch.log(ended);
    if !matches!(
        watch.how,
        Ended::Finished | Ended::Goodbye | Ended::Failed | Ended::Deadline
    ) {
        return;
    }
    // A task that the function has started may have the connection for longer than itself.
    let returned = watch.run(returned).await;
    if watch.passed.is_some() && watch.how != Ended::Deadline {
        watch.how = watch.log::<()>(Ok(Ok(Ok(()))));
    }
    match returned {
        Ok(Ok(carrier)) => watch.close(carrier).await,
        // Somebody else has it, and sees to its end.
        Ok(Err(_)) => {}
        Err(Cut::Late) => {}
        Err(cut) => watch.how = watch.log::<()>(Err(cut)),
    }
}

impl Watch {
    fn new(place: Place, service: Arc<ServiceState>, seat: Seat, info: &ConnectionInfo) -> Self {
        let made = place.hub().tick(crate::reactor::now());
        let watch = Watch {
            activity: Arc::default(),
            peer: info.peer.clone(),
            seat,
            pace: Pace::new(made),
            phase: Phase::Opening,
            counted: Totals::default(),
            made,
            armed: Milliseconds::MAX,
            passed: None,
            how: Ended::Failed,
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
        let opened = match self.unless_cut(opening, Signals::ENDING).await {
            Ok(opened) => opened,
            // Nobody has been promised anything yet.
            Err(cut) => {
                self.how = match cut {
                    Cut::Killed => Ended::Killed,
                    _ => Ended::Finished,
                };
                return None;
            }
        };
        match opened {
            Ok(opened) => {
                if let Some(proxied) = opened.proxied {
                    (info.peer, info.local, self.seat) = proxied.take();
                    self.peer = info.peer.clone();
                }
                if self.service.layers.shake_hands() {
                    self.counters().handshake(true);
                }
                info.tls = opened.session;
                self.begin();
                Some((opened.carrier, info))
            }
            Err(error) => {
                self.how = self.service.opening_failed(self.who(), &error, false);
                self.service.log_failure(self.who(), Error::from(error));
                None
            }
        }
    }

    fn begin(&mut self) {
        self.pace = Pace::new(self.now());
        self.enter(Phase::First);
        self.arm();
    }

    /// Now, rounded up, so that nothing that is counted from it comes too early.
    fn now(&self) -> Milliseconds {
        self.place.hub().tick(crate::reactor::now())
    }

    /// Runs the function under its deadlines.
    async fn run<T>(&mut self, running: impl Future<Output = T>) -> Result<T, Cut> {
        let mut running = pin!(running);
        let mut begun = false;
        poll_fn(|context| {
            if !std::mem::replace(&mut begun, true) {
                self.place.set_waker(context.waker());
            }
            self.activity.kept_by(context);
            let signals = self.look();
            let ended = {
                let running = running.as_mut();
                self.activity.looked_after(|| running.poll(context))
            };
            self.take_note();
            match ended {
                Poll::Ready(ended) => Poll::Ready(Ok(ended)),
                Poll::Pending if signals.contains(Signals::AT_ONCE) => {
                    // Who has the connection beside the function is cut off as well.
                    self.activity.cut();
                    Poll::Ready(Err(Cut::by(signals)))
                }
                Poll::Pending if signals.contains(Signals::TIMER) && !self.keep_time() => {
                    Poll::Ready(Err(Cut::Late))
                }
                Poll::Pending => Poll::Pending,
            }
        })
        .await
    }

    /// Closes in order what was dropped.
    async fn close(&mut self, mut carrier: Carrier) {
        self.enter(Phase::Closing);
        let mut closing = Closing::new(false);
        let closed = poll_fn(|context| closing.poll(context, &mut carrier));
        if let Err(cut) = self.unless_cut(closed, Signals::AT_ONCE).await
            && matches!(self.how, Ended::Finished | Ended::Goodbye)
        {
            self.how = self.log::<()>(Err(cut));
        }
    }

    /// Waits for what is not the function, unless one of these signals comes.
    async fn unless_cut<T>(
        &mut self,
        future: impl Future<Output = T>,
        ending: Signals,
    ) -> Result<T, Cut> {
        let mut future = pin!(future);
        let mut begun = false;
        poll_fn(|context| {
            if !std::mem::replace(&mut begun, true) {
                self.place.set_waker(context.waker());
            }
            let signals = self.look();
            match future.as_mut().poll(context) {
                Poll::Ready(done) => Poll::Ready(Ok(done)),
                Poll::Pending if signals.contains(ending) => Poll::Ready(Err(Cut::by(signals))),
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
        let now = self.place.hub().passed(crate::reactor::now());
        if self.passed.is_some() {
            return now < self.armed;
        }
        self.armed = Milliseconds::MAX;
        match self.pace.deadline(&self.service.deadlines()) {
            Some((at, deadline)) if at <= now => {
                self.passed = Some(deadline);
                self.counters().deadline(deadline);
                self.activity.expire(deadline);
                self.armed = now + milliseconds(GRACE);
                self.place.wake_at(self.armed);
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
                self.service.log_end(who, &Reason::Closed);
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
        self.counters().ended(self.how);
        self.counters().phase(Some(self.phase), None);
        self.service.leave(&self.peer, self.seat);
    }
}

//! The leader of a run: sets it off, ends it, and shows how far it is.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use lariat_net::{ConnectOptions, Reactor};

use crate::bench::outcome::Outcome;
use crate::bench::plan::{Amount, Manner, Plan};
use crate::bench::platform::most_connections;
use crate::bench::progress::{Pace, Progress};
use crate::bench::report::grouped;
use crate::bench::run::{Event, Run};
use crate::failure::{Failure, INTERRUPTED};
use crate::signals;

/// How often it is shown how far a run is.
const TICK: Duration = Duration::from_millis(200);

/// How long the connections have to say goodbye in the end.
const GOODBYE: Duration = Duration::from_secs(1);

/// How much longer than its last answer may take a run is waited for.
const GRACE: Duration = Duration::from_secs(1);

/// A run that can be led through.
pub struct Bench {
    reactor: Reactor,
    run: Arc<Run>,
    events: Receiver<Event>,
    progress: Progress,
}

/// How a stretch of a run came to its end.
enum Ended {
    /// What it waited for has happened; when, if that was told.
    Done(Option<u64>),
    Interrupted,
}

impl Bench {
    /// Prepares a run. From here on a signal ends it in order.
    ///
    /// # Errors
    ///
    /// When the system does not give what it takes, or the endpoint's files cannot be read.
    pub fn prepare(plan: Plan) -> Result<Self, Failure> {
        let most = most_connections();
        if plan.connections as u64 > most {
            return Err(Failure::new(format!(
                "this process may have {most} connections and not {}; `ulimit -Hn` is the \
                 system's limit of descriptors",
                plan.connections
            )));
        }
        let mut options = ConnectOptions {
            timeout: plan.timeout,
            ..ConnectOptions::default()
        };
        if plan.endpoint.is_tls() {
            let tls = lariat_net::client_tls(&plan.endpoint);
            let tls = tls.map_err(|error| Failure::new(format!("{}: {error}", plan.endpoint)))?;
            // Each connection stands for another client.
            options.tls = Some(tls.without_resumption());
        }
        let builder = Reactor::builder().threads(plan.threads);
        let reactor = builder.drain_time(GOODBYE).build()?;
        let (run, events) = Run::new(plan, reactor.handle(), options);
        let interrupted = Arc::clone(&run);
        signals::watch(move |_| interrupted.interrupt())?;
        Ok(Bench {
            reactor,
            run,
            events,
            progress: Progress::new(),
        })
    }

    /// Does what the plan says.
    ///
    /// # Errors
    ///
    /// When nobody is there, and at a signal before anything was measured.
    pub fn conduct(&self) -> Result<Outcome, Failure> {
        let outcome = self.lead();
        self.progress.clear();
        outcome
    }

    /// Lets the connections say goodbye.
    pub fn close(self) {
        self.reactor.handle().stop();
        self.reactor.run();
    }

    fn lead(&self) -> Result<Outcome, Failure> {
        self.run.start();
        let early = || Err(Failure::quiet(INTERRUPTED));
        if matches!(self.connect()?, Ended::Interrupted) {
            return early();
        }
        self.run.go();
        if !self.run.plan.warmup.is_zero() && matches!(self.warm_up()?, Ended::Interrupted) {
            return early();
        }
        let (at, interrupted) = match self.measure()? {
            Ended::Done(at) => (at, false),
            Ended::Interrupted => (None, true),
        };
        let until = at.unwrap_or_else(|| self.run.now());
        Ok(Outcome::gather(&self.run, until, interrupted))
    }

    /// Waits until every connection was tried.
    fn connect(&self) -> Result<Ended, Failure> {
        let all = self.run.plan.connections;
        self.wait(None, || {
            let settled = self.run.settled();
            let words = format!("{} of {}", grouped(settled as u64), grouped(all as u64));
            let part = settled as f64 / all as f64;
            self.progress.show("connecting", part, words);
        })
    }

    fn warm_up(&self) -> Result<Ended, Failure> {
        let from = self.run.measured_from();
        let all = self.run.plan.warmup.as_nanos() as f64;
        self.wait(Some(from), || {
            let left = from.saturating_sub(self.run.now()) as f64;
            self.progress
                .show("warming up", 1.0 - left / all, String::new());
        })
    }

    /// Waits until it is enough, and then for the answers that are on their way.
    fn measure(&self) -> Result<Ended, Failure> {
        let plan = &self.run.plan;
        let from = self.run.measured_from();
        let mut pace = Pace::default();
        let mut show = || {
            let at = Duration::from_nanos(self.run.now().saturating_sub(from));
            let (mut answered, mut faults) = (0, 0);
            self.run.each_tally(|tally| {
                answered += tally.answered;
                faults += tally.faults();
            });
            let part = match (plan.amount, self.run.left()) {
                (Amount::Requests(all), Some(left)) => 1.0 - left as f64 / all as f64,
                (Amount::Time(all), _) => at.as_secs_f64() / all.as_secs_f64(),
                _ => 0.0,
            };
            let words = match plan.manner {
                Manner::Idle => format!("{} connections", grouped(self.run.working() as u64)),
                _ => pace.words(answered, faults, at),
            };
            self.progress.show("measuring", part, words);
        };
        let Amount::Time(time) = plan.amount else {
            return self.wait(None, show);
        };
        let end = from + time.as_nanos() as u64;
        let ended = self.wait(Some(end), &mut show)?;
        if plan.manner == Manner::Idle || !matches!(ended, Ended::Done(None)) {
            return Ok(ended);
        }
        self.run.stop_sending();
        let patience = plan.timeout + GRACE;
        self.wait(Some(end + patience.as_nanos() as u64), show)
    }

    /// Waits for the next thing to be told, or for a moment on the run's clock.
    fn wait(&self, until: Option<u64>, mut show: impl FnMut()) -> Result<Ended, Failure> {
        loop {
            show();
            let left =
                until.map(|until| Duration::from_nanos(until.saturating_sub(self.run.now())));
            if left.is_some_and(|left| left.is_zero()) {
                return Ok(Ended::Done(None));
            }
            match self
                .events
                .recv_timeout(left.map_or(TICK, |left| left.min(TICK)))
            {
                Ok(Event::Settled) => return Ok(Ended::Done(None)),
                Ok(Event::Finished(at)) => return Ok(Ended::Done(Some(at))),
                Ok(Event::Unreachable(failure)) => return Err(failure),
                Ok(Event::Interrupted) => return Ok(Ended::Interrupted),
                Err(RecvTimeoutError::Timeout) => {}
                // The run holds the other end.
                Err(RecvTimeoutError::Disconnected) => return Ok(Ended::Done(None)),
            }
        }
    }
}

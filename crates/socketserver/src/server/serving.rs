//! The loop: waits for requests, takes them, and gives them to the strategy.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use crate::handler::RequestHandler;
use crate::hooks::Refusal;
use crate::job::{self, Job, Request};
use crate::platform::{AsFd, BorrowedFd, is_exhausted, is_passing, until_readable};
use crate::server::Server;
use crate::strategy::Strategy;
use crate::transport::{Accepted, Transport};

/// How long taking requests pauses when none can be taken, which may last: the system is out of
/// descriptors or memory, or the socket does not listen.
const PAUSE: Duration = Duration::from_millis(100);

/// How many requests are taken in a row, at the most, before it is looked whether the server is to
/// end.
const IN_A_ROW: usize = 16;

/// How often at least is looked at connections whose clients are to end.
const LOOK: Duration = Duration::from_millis(500);

/// What [`handle_request`](Server::handle_request) came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Handled {
    /// A request came, and was handled, or given to whoever handles it, or refused; or its client
    /// was gone again.
    Request,
    /// None came in the [time](crate::Options::timeout), and
    /// [`handle_timeout`](crate::Hooks::handle_timeout) was called.
    Timeout,
    /// The server was to [end](crate::ShutdownHandle). Only this call was ended.
    Shutdown,
}

/// What ended a wait.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Event {
    /// The server is to end.
    End,
    /// A request waits.
    Request,
    /// The time is over, or there may be room for a request, or anything else but one.
    Nothing,
}

/// What taking a request came to.
enum Taken {
    /// Somebody handles it, or it was refused.
    Request,
    /// None waited any more.
    Nothing,
    /// Until then the next cannot be taken either.
    Pause(Instant),
}

impl Taken {
    fn pause() -> Self {
        Taken::Pause(Instant::now() + PAUSE)
    }
}

impl<T: Transport, S: Strategy, H: RequestHandler<T::Request>> Server<T, S, H> {
    /// Serves until it is [shut down](Self::shutdown). At least once in a `poll_interval`, and
    /// after each request, [`Hooks::service_actions`](crate::Hooks::service_actions) is called; a
    /// shutdown does not wait for it.
    ///
    /// # Errors
    ///
    /// There is no socket yet, the strategy cannot be had here, it is served already, or waiting
    /// itself fails. No request can end it, and neither can an accept that fails: after one that
    /// may fail again at once, taking requests pauses for 100 ms.
    pub fn serve_forever(&self, poll_interval: Duration) -> io::Result<()> {
        let transport = self.transport()?;
        let _looping = self.shutdown.begin()?;
        if let Some(signals) = &*self.signals.lock().unwrap_or_else(PoisonError::into_inner) {
            signals.begin();
        }
        self.strategy.start()?;
        let mut paused: Option<Instant> = None;
        let mut row = 1;
        loop {
            let pause = paused.map(|until| until.saturating_duration_since(Instant::now()));
            let time = pause.map_or(poll_interval, |pause| pause.min(poll_interval));
            let event = self.wait(transport, pause.is_none(), Some(time))?;
            // Whoever has ended makes room, in the counts too.
            self.strategy.service_actions();
            match event {
                Event::End => return Ok(()),
                Event::Request => paused = self.take_requests(transport, &mut row),
                Event::Nothing => paused = paused.filter(|until| Instant::now() < *until),
            }
            self.shared.hooks.service_actions();
        }
    }

    /// Handles one request, as soon as there is one, and room for it: the next, if
    /// [`timeout`](crate::Options::timeout) lets us wait so long. Else
    /// [`Hooks::handle_timeout`](crate::Hooks::handle_timeout) is called.
    ///
    /// ```
    /// use lariat_socketserver::{Handled, StreamRequest, TcpServer, handler};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let server = TcpServer::bind("localhost:0", handler(|_: &mut StreamRequest| Ok(())))?;
    /// # server.shutdown_handle().request();
    /// while server.handle_request()? != Handled::Shutdown {
    ///     // What is to be done between two requests.
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`serve_forever`](Self::serve_forever).
    pub fn handle_request(&self) -> io::Result<Handled> {
        let transport = self.transport()?;
        self.strategy.start()?;
        let timeout = self.shared.options.timeout;
        let until = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        loop {
            self.strategy.service_actions();
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            let handled = match self.wait(transport, true, left)? {
                Event::End => {
                    self.shutdown.wanted().silence();
                    return Ok(Handled::Shutdown);
                }
                Event::Request => {
                    self.strategy.service_actions();
                    if let Taken::Pause(until) = self.take_request(transport) {
                        let pause = until.saturating_duration_since(Instant::now());
                        self.shutdown.wanted().wait(Some(pause))?;
                    }
                    Handled::Request
                }
                Event::Nothing if left.is_some_and(|left| left.is_zero()) => {
                    self.shared.hooks.handle_timeout();
                    Handled::Timeout
                }
                Event::Nothing => continue,
            };
            self.strategy.service_actions();
            self.shared.hooks.service_actions();
            return Ok(handled);
        }
    }

    /// Waits for the end first of all, then for a request, or, while there are as many as there may
    /// be, for room. Meanwhile what clients still send whose requests are over is thrown away.
    fn wait(&self, transport: &T, open: bool, time: Option<Duration>) -> io::Result<Event> {
        let most = self.strategy.most();
        let room = self
            .live
            .room(|count| most.is_some_and(|most| count >= most));
        let ending = self.shared.lingering.wires();
        // Of several that wait for room, which a program's own threads may, the bell wakes one.
        let time = match ending.is_empty() && room.is_none() {
            true => time,
            false => Some(time.map_or(LOOK, |time| time.min(LOOK))),
        };
        let mut descriptors = vec![self.shutdown.wanted().as_fd()];
        let takes = open && room.is_none();
        if takes {
            descriptors.push(transport.as_fd());
        }
        descriptors.extend(room.map(AsFd::as_fd));
        descriptors.extend(ending.iter().filter_map(|wire| wire.descriptor()));
        let mut readable = Ok(Vec::new());
        if room.is_some() {
            self.strategy.lives(&mut |lives| {
                let all: Vec<BorrowedFd<'_>> = [&descriptors[..], lives].concat();
                readable = until_readable(&all, time);
            });
        } else {
            readable = until_readable(&descriptors, time);
        }
        let readable = readable?;
        if !ending.is_empty() {
            self.shared.lingering.discard();
        }
        Ok(match readable[..] {
            [true, ..] => Event::End,
            [_, true, ..] if takes => Event::Request,
            _ => Event::Nothing,
        })
    }

    /// Takes a request that waits, and those that wait behind it: while they keep coming, `row` grows,
    /// and it is not asked before each of them whether there is one. Returns until when to pause, if
    /// the next cannot be taken either.
    fn take_requests(&self, transport: &T, row: &mut usize) -> Option<Instant> {
        for further in (0..*row).rev() {
            match self.take_request(transport) {
                Taken::Request => {}
                Taken::Nothing => {
                    *row = 1;
                    return None;
                }
                Taken::Pause(until) => return Some(until),
            }
            if further > 0 {
                self.shared.hooks.service_actions();
                self.strategy.service_actions();
                if self.is_full() {
                    return None;
                }
            }
        }
        if self.strategy.hands_over() {
            *row = IN_A_ROW.min(*row * 2);
        }
        None
    }

    /// Whether there are as many requests as there may be.
    fn is_full(&self) -> bool {
        let most = self.strategy.most();
        most.is_some_and(|most| self.live.count() >= most)
    }

    /// Takes a request that waits, and has it handled.
    ///
    /// A hook that panics, or a handler that does when it is cloned, ends its request only; the
    /// panic hook has printed it.
    fn take_request(&self, transport: &T) -> Taken {
        catch_unwind(AssertUnwindSafe(|| self.take(transport))).unwrap_or(Taken::Request)
    }

    fn take(&self, transport: &T) -> Taken {
        let shared = &self.shared;
        let (socket, client) = match shared.hooks.get_request(transport, &shared.options) {
            Ok(taken) => taken,
            Err(error) if is_exhausted(&error) => {
                self.turn_away(transport);
                return Taken::pause();
            }
            Err(error) if is_passing(&error) => return Taken::Nothing,
            Err(_) => return Taken::pause(),
        };
        let accepted = Accepted::new(client, self.address.clone()).of(&shared.lingering);
        if !shared.hooks.verify_request(&socket, &accepted.client) {
            job::refuse(shared, socket, accepted, Refusal::NotVerified);
            return Taken::Request;
        }
        let cutter = T::cutter(&socket);
        let most = shared.options.max_per_address;
        let Some(permit) = self.live.admit(&accepted.client, most, cutter) else {
            job::refuse(shared, socket, accepted, Refusal::PerAddress);
            return Taken::Request;
        };
        let request = Request {
            socket,
            accepted,
            handler: self.handler(),
            shared: Arc::clone(shared),
            permit,
        };
        self.strategy.process_request(Job::new(request));
        Taken::Request
    }

    /// With the one descriptor that was kept back, those who wait are accepted and closed: nobody
    /// is left in silence.
    fn turn_away(&self, transport: &T) {
        let shared = &self.shared;
        shared.lingering.clear();
        self.spare.lend(|| {
            for _ in 0..shared.options.request_queue_size {
                if shared
                    .hooks
                    .get_request(transport, &shared.options)
                    .is_err()
                {
                    return;
                }
            }
        });
    }
}

//! The loop: waits for requests, takes them, and gives them to the strategy.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use crate::handler::RequestHandler;
use crate::hooks::Refusal;
use crate::job::{self, Job, Request};
use crate::platform::{AsFd, BorrowedFd, Woken, is_exhausted, wait};
use crate::server::Server;
use crate::strategy::Strategy;
use crate::transport::{Accepted, Transport};

/// How long taking requests pauses when the system is out of descriptors or memory.
const PAUSE: Duration = Duration::from_millis(100);

impl<T: Transport, S: Strategy, H: RequestHandler<T::Request>> Server<T, S, H> {
    /// Serves until it is [shut down](Self::shutdown). At least once in a `poll_interval`, and
    /// after each request, [`Hooks::service_actions`](crate::Hooks::service_actions) is called; a
    /// shutdown does not wait for it.
    ///
    /// # Errors
    ///
    /// There is no socket yet, the strategy cannot be had here, or waiting itself fails. No
    /// request can end it, and neither can an accept that fails.
    pub fn serve_forever(&self, poll_interval: Duration) -> io::Result<()> {
        let _looping = self.shutdown.begin();
        let transport = self.transport()?;
        self.strategy.start()?;
        let mut pause = None;
        loop {
            match self.wait(transport, pause.is_none(), pause.unwrap_or(poll_interval))? {
                Woken::First => return Ok(()),
                Woken::Other if pause.is_none() => pause = self.take_request(transport),
                _ => pause = None,
            }
            self.service_actions();
        }
    }

    /// Handles one request, as soon as there is one: the next, if
    /// [`timeout`](crate::Options::timeout) lets us wait so long. Else
    /// [`Hooks::handle_timeout`](crate::Hooks::handle_timeout) is called.
    ///
    /// # Errors
    ///
    /// As for [`serve_forever`](Self::serve_forever).
    pub fn handle_request(&self) -> io::Result<()> {
        let transport = self.transport()?;
        self.strategy.start()?;
        let options = &self.shared.options;
        let descriptors = [self.shutdown.wanted().as_fd(), transport.as_fd()];
        let woken = wait(&descriptors, options.timeout)?;
        if woken == Woken::Other
            && let Some(pause) = self.take_request(transport)
        {
            self.shutdown.wanted().wait(Some(pause))?;
        }
        if woken == Woken::Time {
            self.shared.hooks.handle_timeout();
        }
        if woken != Woken::First {
            self.service_actions();
        }
        Ok(())
    }

    /// Waits for the end first of all, then for a request, or, while there are as many as there may
    /// be, for room.
    fn wait(&self, transport: &T, open: bool, time: Duration) -> io::Result<Woken> {
        let end = self.shutdown.wanted().as_fd();
        let most = self.strategy.most();
        let room = self
            .live
            .room(|count| most.is_some_and(|most| count >= most));
        let Some(room) = room else {
            return match open {
                true => wait(&[end, transport.as_fd()], Some(time)),
                false => wait(&[end], Some(time)),
            };
        };
        let mut woken = Ok(Woken::Time);
        self.strategy.lives(&mut |lives| {
            let mut descriptors: Vec<BorrowedFd<'_>> = vec![end, room.as_fd()];
            descriptors.extend(lives);
            woken = wait(&descriptors, Some(time));
        });
        // There is room, which is no request yet.
        woken.map(|woken| match woken {
            Woken::Other => Woken::Time,
            woken => woken,
        })
    }

    /// Takes a request that waits, and has it handled. Returns how long to pause, if there is
    /// nothing left to take one with.
    ///
    /// A hook that panics, or a handler that does when it is cloned, ends its request only; the
    /// panic hook has printed it.
    fn take_request(&self, transport: &T) -> Option<Duration> {
        catch_unwind(AssertUnwindSafe(|| self.take(transport))).unwrap_or(None)
    }

    fn take(&self, transport: &T) -> Option<Duration> {
        let shared = &self.shared;
        let (socket, client) = match shared.hooks.get_request(transport, &shared.options) {
            Ok(taken) => taken,
            Err(error) if is_exhausted(&error) => {
                self.turn_away(transport);
                return Some(PAUSE);
            }
            // Whoever came is gone again; the next wait tells of anything that lasts.
            Err(_) => return None,
        };
        if !shared.hooks.verify_request(&socket, &client) {
            job::refuse(shared, &socket, &client, Refusal::NotVerified);
            return None;
        }
        let cutter = T::cutter(&socket);
        let most = shared.options.max_per_address;
        let Some(permit) = self.live.admit(&client, most, cutter) else {
            job::refuse(shared, &socket, &client, Refusal::PerAddress);
            return None;
        };
        let request = Request {
            socket,
            accepted: Accepted {
                client,
                server: self.address.clone(),
                at: Instant::now(),
            },
            handler: self.handler(),
            shared: std::sync::Arc::clone(shared),
            permit,
        };
        self.strategy.process_request(Job::new(request));
        None
    }

    /// With the one descriptor that was kept back, those who wait are accepted and closed: nobody
    /// is left in silence.
    fn turn_away(&self, transport: &T) {
        let shared = &self.shared;
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

    fn service_actions(&self) {
        self.strategy.service_actions();
        self.shared.hooks.service_actions();
    }
}

//! One request on its way to where it is handled.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use crate::address::Address;
use crate::handler::{HandlerResult, RequestHandler};
use crate::hooks::{Failure, Hooks, Refusal};
use crate::live::Permit;
use crate::options::Options;
use crate::request::Lingering;
use crate::transport::{Accepted, Transport};

/// A request that was taken, with all that handling it needs: what a
/// [`Strategy`](crate::Strategy) runs wherever it likes.
pub struct Job(Box<dyn Run>);

impl Job {
    pub(crate) fn new<T: Transport, H: RequestHandler<T::Request>>(job: Request<T, H>) -> Self {
        Job(Box::new(job))
    }

    /// Handles the request, here and now. Nothing that goes wrong comes out: it was told to
    /// [`Hooks::handle_error`]. Returns whether all went well.
    pub fn run(self) -> bool {
        self.0.run()
    }

    /// Where the client is.
    pub fn client(&self) -> &Address {
        &self.0.accepted().client
    }

    /// Lets go of the request without touching its connection, which another process has too.
    /// It counts as live until the permit is dropped.
    pub fn release(self) -> Permit {
        self.0.release()
    }

    /// Refuses the request: [`Hooks::refuse_request`] has its words, and then it is shut down.
    pub fn refuse(self, why: Refusal) {
        self.0.refuse(why);
    }

    /// In a process of its own: what the server keeps of other requests is not this one's.
    pub(crate) fn leave_others(&self) {
        self.0.leave_others();
    }

    /// There is no thread or process for the request, which [`Hooks::handle_error`] is told; then
    /// it is shut down.
    pub fn fail(self, error: std::io::Error) {
        self.0.fail(error);
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Job").field(self.0.accepted()).finish()
    }
}

/// What jobs of one server share.
pub(crate) struct Shared<T: Transport> {
    pub(crate) options: Options,
    pub(crate) hooks: Box<dyn Hooks<T>>,
    /// The connections that are over but for their clients' ends.
    pub(crate) lingering: Arc<Lingering>,
}

/// A request whose transport and handler are known.
pub(crate) struct Request<T: Transport, H> {
    pub(crate) socket: T::Socket,
    pub(crate) accepted: Accepted,
    pub(crate) handler: H,
    pub(crate) shared: Arc<Shared<T>>,
    pub(crate) permit: Permit,
}

trait Run: Send {
    fn run(self: Box<Self>) -> bool;
    fn release(self: Box<Self>) -> Permit;
    fn refuse(self: Box<Self>, why: Refusal);
    fn leave_others(&self);
    fn fail(self: Box<Self>, error: std::io::Error);
    fn accepted(&self) -> &Accepted;
}

impl<T: Transport, H: RequestHandler<T::Request>> Run for Request<T, H> {
    fn run(self: Box<Self>) -> bool {
        let Request {
            socket,
            mut accepted,
            handler,
            shared,
            permit,
        } = *self;
        accepted.at = Instant::now();
        let worked = caught(|| handle(socket, &accepted, handler, &shared));
        if let Err(failure) = &worked {
            // Whoever panics in telling of it ends no thread of the server's; the panic hook has
            // printed that.
            let told = || shared.hooks.handle_error(&accepted.client, failure);
            let _ = catch_unwind(AssertUnwindSafe(told));
        }
        // Only now is it over for who waits for that.
        drop(permit);
        worked.is_ok()
    }

    fn release(self: Box<Self>) -> Permit {
        self.permit.let_go();
        self.permit
    }

    fn refuse(self: Box<Self>, why: Refusal) {
        refuse(&*self.shared, self.socket, self.accepted, why);
    }

    fn leave_others(&self) {
        self.shared.lingering.clear();
    }

    fn fail(self: Box<Self>, error: std::io::Error) {
        let failure = Failure::Start(error);
        self.shared
            .hooks
            .handle_error(&self.accepted.client, &failure);
        turn_down(&*self.shared, self.socket, self.accepted);
    }

    fn accepted(&self) -> &Accepted {
        &self.accepted
    }
}

/// Tells a client that it is refused, and shuts its request down.
pub(crate) fn refuse<T: Transport>(
    shared: &Shared<T>,
    socket: T::Socket,
    accepted: Accepted,
    why: Refusal,
) {
    if let Some(words) = shared.hooks.refuse_request(&accepted.client, why) {
        T::refuse(&socket, &words);
    }
    turn_down(shared, socket, accepted);
}

/// Shuts down a request that is not handled.
fn turn_down<T: Transport>(shared: &Shared<T>, socket: T::Socket, accepted: Accepted) {
    // Whoever cannot be told any more that it is over is gone, and that was to be told.
    if let Ok(mut request) = T::open(socket, &accepted.refused(), &shared.options) {
        let _ = shared.hooks.shutdown_request(&mut request);
        shared.hooks.close_request(request);
    }
}

fn handle<T: Transport, H: RequestHandler<T::Request>>(
    socket: T::Socket,
    accepted: &Accepted,
    mut handler: H,
    shared: &Shared<T>,
) -> Result<(), Failure> {
    let opened = caught(|| T::open(socket, accepted, &shared.options).map_err(Failure::Open));
    let mut request = opened?;
    let handled = caught(|| {
        let mut all = |request: &mut T::Request| steps(&mut handler, request);
        let finished = shared.hooks.finish_request(&mut request, &mut all);
        finished.map_err(Failure::Handler)
    });
    let ended = caught(|| {
        let ended = shared.hooks.shutdown_request(&mut request);
        ended.map_err(Failure::Shutdown)
    });
    let closed = caught(|| {
        shared.hooks.close_request(request);
        Ok(())
    });
    // A client that is gone is the reason for all of them.
    handled.and(ended).and(closed)
}

/// `setup`, `handle`, and `finish` whatever becomes of `handle`.
pub(crate) fn steps<R, H: RequestHandler<R>>(handler: &mut H, request: &mut R) -> HandlerResult {
    handler.setup(request)?;
    let handled = catch_unwind(AssertUnwindSafe(|| handler.handle(request)));
    let finished = handler.finish(request);
    match handled {
        Ok(handled) => handled.and(finished),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// A panic as a failure: it ends one request, and no thread of the server's.
fn caught<R>(work: impl FnOnce() -> Result<R, Failure>) -> Result<R, Failure> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(panicked(&*panic)))
}

/// What a panic said.
fn panicked(panic: &(dyn Any + Send)) -> Failure {
    let words = panic.downcast_ref::<&str>().copied();
    let words = words.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Failure::Panic(words.unwrap_or("something that is no text").to_string())
}

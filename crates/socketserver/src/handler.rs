//! What a person writes: the handler of one request.

use std::error::Error;

/// Why a request failed. Whatever is an error can be returned with `?`.
pub type HandlerError = Box<dyn Error + Send + Sync>;

/// What each step of a handler comes to.
pub type HandlerResult = Result<(), HandlerError>;

/// Handles one request: a connection for the stream servers, a datagram for the others.
///
/// Each request has a handler of its own, a clone of the one that the server was given, so its
/// fields are the request's; what requests share is behind an [`Arc`](std::sync::Arc) or another
/// reference. [`finish`](Self::finish) always runs once [`setup`](Self::setup) has succeeded,
/// also after a panic of [`handle`](Self::handle).
///
/// ```
/// use std::io::Write;
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicUsize, Ordering};
///
/// use lariat_socketserver::{HandlerResult, RequestHandler, StreamRequest};
///
/// #[derive(Clone, Default)]
/// struct Numbered {
///     /// Every request's.
///     requests: Arc<AtomicUsize>,
///     /// This one's.
///     number: usize,
/// }
///
/// impl RequestHandler<StreamRequest> for Numbered {
///     fn setup(&mut self, _: &mut StreamRequest) -> HandlerResult {
///         self.number = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
///         Ok(())
///     }
///
///     fn handle(&mut self, request: &mut StreamRequest) -> HandlerResult {
///         writeln!(request.wfile, "you are number {}", self.number)?;
///         Ok(())
///     }
/// }
/// ```
///
/// A function or closure that can be cloned is one too; see [`handler`].
pub trait RequestHandler<R>: Clone + Send + 'static {
    /// Before the request is handled.
    ///
    /// # Errors
    ///
    /// Whatever went wrong; the request is not handled then.
    fn setup(&mut self, request: &mut R) -> HandlerResult {
        let _ = request;
        Ok(())
    }

    /// Handles the request.
    ///
    /// # Errors
    ///
    /// Whatever went wrong: it ends this request and is told to
    /// [`Hooks::handle_error`](crate::Hooks::handle_error).
    fn handle(&mut self, request: &mut R) -> HandlerResult;

    /// After the request was handled, however that went.
    ///
    /// # Errors
    ///
    /// Whatever went wrong.
    fn finish(&mut self, request: &mut R) -> HandlerResult {
        let _ = request;
        Ok(())
    }
}

impl<R, F> RequestHandler<R> for F
where
    F: FnMut(&mut R) -> HandlerResult + Clone + Send + 'static,
{
    fn handle(&mut self, request: &mut R) -> HandlerResult {
        self(request)
    }
}

/// A closure as a handler, which so need not name what it returns.
///
/// ```
/// use std::io::Write;
///
/// use lariat_socketserver::{StreamRequest, ThreadingTcpServer, handler};
///
/// # fn main() -> std::io::Result<()> {
/// let server = ThreadingTcpServer::bind(
///     "localhost:0",
///     handler(|request: &mut StreamRequest| {
///         request.wfile.write_all(b"hi\r\n")?;
///         Ok(())
///     }),
/// )?;
/// # Ok(()) }
/// ```
pub fn handler<R, F>(handler: F) -> F
where
    F: FnMut(&mut R) -> HandlerResult + Clone + Send + 'static,
{
    handler
}

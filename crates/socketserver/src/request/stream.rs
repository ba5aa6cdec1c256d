//! One connection, as its handler sees it.

use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use crate::address::Address;
use crate::handler::{HandlerResult, RequestHandler};
use crate::job::steps;
use crate::options::{Deadlines, Options};
use crate::request::{Bytes, Reader, Wire, Writer};
use crate::transport::Accepted;

/// One connection: `rfile` to read from, `wfile` to write to, and who is at its ends.
///
/// A program tests its handler without a socket by [`StreamRequest::over`]:
///
/// ```
/// use std::io::Write;
///
/// use lariat_socketserver::{HandlerResult, RequestHandler, StreamRequest};
///
/// fn greet(request: &mut StreamRequest) -> HandlerResult {
///     while let Some(name) = request.rfile.read_line(80)? {
///         request.wfile.write_all(b"hello, ")?;
///         request.wfile.write_all(name)?;
///     }
///     Ok(())
/// }
/// # use std::io::{self, Read};
/// # struct Pipe(&'static [u8], std::sync::Arc<std::sync::Mutex<Vec<u8>>>);
/// # impl Read for Pipe { fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> { self.0.read(buffer) } }
/// # impl Write for Pipe {
/// #     fn write(&mut self, data: &[u8]) -> io::Result<usize> { self.1.lock().unwrap().write(data) }
/// #     fn flush(&mut self) -> io::Result<()> { Ok(()) }
/// # }
/// # let written = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
/// # let stream = Pipe(b"Ada\n", written.clone());
///
/// StreamRequest::over(stream).handle_with(greet).unwrap();
/// # assert_eq!(*written.lock().unwrap(), b"hello, Ada\n");
/// ```
#[derive(Debug)]
pub struct StreamRequest {
    /// What the client sends.
    pub rfile: Reader,
    /// What goes to the client.
    pub wfile: Writer,
    /// Where the client is.
    pub client_address: Address,
    /// Where the server is.
    pub server_address: Address,
    wire: Ended,
}

impl StreamRequest {
    /// A request over any stream, without deadlines of its own: for tests, and for whoever gets
    /// their connections elsewhere.
    pub fn over(stream: impl Read + Write + Send + 'static) -> Self {
        let nobody = Accepted {
            client: Address::Unix(None),
            server: Address::Unix(None),
            at: Instant::now(),
        };
        let options = Options {
            deadlines: Deadlines::NONE,
            ..Options::default()
        };
        let wire = Arc::new(Bytes(Mutex::new(stream)));
        StreamRequest::new(wire, &nobody, &options)
    }

    /// Has it handled, step by step, and sends what was gathered.
    ///
    /// # Errors
    ///
    /// The handler's, or those of sending.
    pub fn handle_with(mut self, mut handler: impl RequestHandler<StreamRequest>) -> HandlerResult {
        let handled = steps(&mut handler, &mut self);
        let ended = self.end();
        handled.and(ended.map_err(Into::into))
    }

    /// The same with other ends, for whoever knows them.
    #[must_use]
    pub fn between(mut self, client: Address, server: Address) -> Self {
        (self.client_address, self.server_address) = (client, server);
        self
    }

    pub(crate) fn new(wire: Arc<dyn Wire>, accepted: &Accepted, options: &Options) -> Self {
        StreamRequest {
            rfile: Reader::new(
                Arc::clone(&wire),
                options.rbufsize,
                options.deadlines,
                accepted.at,
            ),
            wfile: Writer::new(Arc::clone(&wire), options.wbufsize),
            client_address: accepted.client.clone(),
            server_address: accepted.server.clone(),
            wire: Ended(wire),
        }
    }

    /// Says that nothing more will be written, once what was gathered has left.
    pub(crate) fn end(&mut self) -> io::Result<()> {
        self.wfile.flush()?;
        self.wire.0.end()
    }
}

struct Ended(Arc<dyn Wire>);

impl std::fmt::Debug for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a wire")
    }
}

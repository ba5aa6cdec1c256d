//! One connection, as its handler sees it.

use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lariat_tls::Session;

use crate::address::Address;
use crate::handler::{HandlerResult, RequestHandler};
use crate::job::steps;
use crate::options::{Deadlines, Options};
use crate::request::{Bytes, Ending, Reader, Wire, Writer};
use crate::signals;
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
    /// Where the client's end is waited for when the request is over.
    accepted: Accepted,
}

impl StreamRequest {
    /// A request over any stream, without deadlines of its own: for tests, and for whoever gets
    /// their connections elsewhere.
    pub fn over(stream: impl Read + Write + Send + 'static) -> Self {
        let nobody = Accepted::new(Address::Unix(None), Address::Unix(None));
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

    /// A request over a wire, with the deadlines and buffers that the options say: what the
    /// [`open`](crate::Transport::open) of a stream's transport hands over.
    pub fn new(wire: Arc<dyn Wire>, accepted: &Accepted, options: &Options) -> Self {
        // Nothing is waited for that a deadline could bound.
        let deadlines = match accepted.is_refused() {
            true => Deadlines::NONE,
            false => options.deadlines,
        };
        let (reads, writes) = (Arc::clone(&wire), Arc::clone(&wire));
        StreamRequest {
            rfile: Reader::new(reads, options.rbufsize, deadlines, accepted.at),
            wfile: Writer::new(writes, options.wbufsize, deadlines, accepted.at),
            client_address: accepted.client.clone(),
            server_address: accepted.server.clone(),
            wire: Ended(wire),
            accepted: accepted.clone(),
        }
    }

    /// The same, whose socket's reads wait so long at the most already.
    pub(crate) fn armed(mut self, within: Option<Duration>) -> Self {
        self.rfile.is_armed(within);
        self
    }

    /// What a TLS client and the server have agreed on: the name that it asked for, its
    /// certificates. None where there is no TLS, or where it is none of this crate's, as under the
    /// reactor.
    pub fn session(&self) -> Option<Session> {
        self.wire.0.session()
    }

    /// Ends the connection in order: what
    /// [`shutdown_request`](crate::Transport::shutdown_request) of a stream's transport does. What
    /// was gathered leaves, the client is told that nothing more will be written, and what it still
    /// sends is thrown away until it ends too, for 2 seconds and 64 KiB at the most; to close at
    /// once would cut off what has not arrived. A server waits for that where it waits for
    /// requests, and keeps 64 connections so at a time.
    ///
    /// # Errors
    ///
    /// Those of sending.
    pub fn end(&mut self) -> io::Result<()> {
        self.wfile.flush()?;
        if self.rfile.has_ended() {
            return match Arc::strong_count(&self.wire.0) <= OWNERS {
                true => self.wire.0.end_last(),
                false => self.wire.0.end(),
            };
        }
        self.wire.0.end()?;
        let ending = Ending::new(Arc::clone(&self.wire.0));
        match self.accepted.lingering() {
            // What a process leaves to its server would end with the process.
            None => ending.wait_whole(),
            Some(_) if signals::is_child() => ending.wait_whole(),
            Some(lingering) if self.accepted.is_refused() => lingering.add(ending),
            Some(lingering) => {
                if let Some(ending) = ending.wait_at_first() {
                    lingering.add(ending);
                }
            }
        }
        Ok(())
    }
}

/// How many have the wire of a request: it for reading, for writing and for its end, and its server to cut it off. Where
/// nobody else has, it is closed with the request.
const OWNERS: usize = 4;

struct Ended(Arc<dyn Wire>);

impl std::fmt::Debug for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a wire")
    }
}

//! One datagram, as its handler sees it.

use std::fmt;
use std::io::{self, Cursor};

use crate::address::Address;
use crate::handler::{HandlerResult, RequestHandler};
use crate::job::steps;
use crate::transport::Accepted;

/// One datagram: its bytes in `rfile`, and in `wfile` those of the one reply, which is sent when
/// the handler has finished. A handler that writes nothing sends no reply.
///
/// ```
/// use std::io::Write;
///
/// use lariat_socketserver::{DatagramRequest, HandlerResult};
///
/// fn shout(request: &mut DatagramRequest) -> HandlerResult {
///     let reply = request.packet().to_ascii_uppercase();
///     request.wfile.write_all(&reply)?;
///     Ok(())
/// }
/// ```
pub struct DatagramRequest {
    /// What the client sent.
    pub rfile: Cursor<Vec<u8>>,
    /// The reply, as far as it is written.
    pub wfile: Vec<u8>,
    /// Who sent it, and is replied to.
    pub client_address: Address,
    /// Where the server is.
    pub server_address: Address,
    send: Box<dyn FnMut(&[u8]) -> io::Result<()> + Send>,
}

impl DatagramRequest {
    /// A datagram that has come, and what sends the reply to whoever sent it: for a
    /// [`Transport`](crate::Transport) of one's own, and for tests without a socket.
    ///
    /// ```
    /// use lariat_socketserver::{Accepted, Address, DatagramRequest, handler};
    ///
    /// let nobody = Accepted::new(Address::Unix(None), Address::Unix(None));
    /// let (sender, sent) = std::sync::mpsc::channel();
    /// let reply = move |words: &[u8]| sender.send(words.to_vec()).map_err(std::io::Error::other);
    /// let request = DatagramRequest::new(b"hi".to_vec(), &nobody, reply);
    /// request.handle_with(handler(|request: &mut DatagramRequest| {
    ///     request.wfile = request.packet().to_ascii_uppercase();
    ///     Ok(())
    /// }))?;
    /// assert_eq!(sent.recv()?, b"HI");
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    pub fn new(
        packet: Vec<u8>,
        accepted: &Accepted,
        send: impl FnMut(&[u8]) -> io::Result<()> + Send + 'static,
    ) -> Self {
        DatagramRequest {
            rfile: Cursor::new(packet),
            wfile: Vec::new(),
            client_address: accepted.client.clone(),
            server_address: accepted.server.clone(),
            send: Box::new(send),
        }
    }

    /// Has it handled, step by step, and sends the reply.
    ///
    /// # Errors
    ///
    /// The handler's, or those of sending.
    pub fn handle_with(
        mut self,
        mut handler: impl RequestHandler<DatagramRequest>,
    ) -> HandlerResult {
        let handled = steps(&mut handler, &mut self);
        let replied = self.reply();
        handled.and(replied.map_err(Into::into))
    }

    /// The whole datagram, however much of `rfile` was read.
    pub fn packet(&self) -> &[u8] {
        self.rfile.get_ref()
    }

    /// Sends the reply, if there is one: what
    /// [`shutdown_request`](crate::Transport::shutdown_request) does.
    ///
    /// # Errors
    ///
    /// Those of sending.
    pub fn reply(&mut self) -> io::Result<()> {
        if self.wfile.is_empty() {
            return Ok(());
        }
        (self.send)(&self.wfile)
    }
}

impl fmt::Debug for DatagramRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatagramRequest")
            .field("client", &self.client_address)
            .field("length", &self.packet().len())
            .finish_non_exhaustive()
    }
}

//! The server's side: one line, and the end.

use crate::contract::{Protocol, Transport};
use crate::timestamp::{Ctime, is_ctime};

/// Says the time and closes.
///
/// ```
/// use lariat_protocol::daytime::DaytimeServer;
/// use lariat_protocol::{Protocol, Transport};
///
/// let mut transport = Transport::unconnected();
/// let mut server = DaytimeServer::new(|| *b"Sat Jun 17 17:27:21 2006");
/// server.connection_made(&mut transport);
/// assert_eq!(transport.take_written(), b"Sat Jun 17 17:27:21 2006\r\n");
/// assert!(transport.is_closing());
/// ```
#[derive(Clone, Debug)]
pub struct DaytimeServer<C>(C);

impl<C: FnMut() -> Ctime + Send + 'static> DaytimeServer<C> {
    /// A server for one connection, or one datagram, that reads the time from `clock`.
    pub fn new(clock: C) -> Self {
        DaytimeServer(clock)
    }
}

impl<C: FnMut() -> Ctime + Send + 'static> Protocol for DaytimeServer<C> {
    fn connection_made(&mut self, transport: &mut Transport) {
        transport.write_parts(&[&(self.0)(), b"\r\n"]);
        // To connect is to ask, and that has been answered.
        transport.message_done();
        transport.lose_connection();
    }

    fn data_received(&mut self, _: &mut Transport, _: &[u8]) {}
}

/// Whether a datagram is what a server like this one answers, and so is not to be answered: two
/// servers that a forged source points at each other would answer for ever.
///
/// ```
/// use lariat_protocol::daytime::is_answer;
///
/// assert!(is_answer(b"Sat Jun 17 17:27:21 2006\r\n"));
/// assert!(!is_answer(b"what time is it?"));
/// ```
pub fn is_answer(datagram: &[u8]) -> bool {
    let (time, behind) = match datagram.split_first_chunk() {
        Some(parts) => parts,
        None => return false,
    };
    is_ctime(time) && matches!(behind, b"" | b"\n" | b"\r\n")
}

//! The server's side: one quote, and the end.

use std::sync::Arc;

use crate::contract::{Protocol, Transport};
use crate::qotd::Quotes;

/// Says a quote and closes.
///
/// ```
/// use lariat_protocol::qotd::{QotdServer, Quotes};
/// use lariat_protocol::{Protocol, Transport};
/// use std::sync::Arc;
///
/// let quotes = Arc::new(Quotes::parse(b"one\n\ntwo").expect("good ones"));
/// let mut transport = Transport::unconnected();
/// QotdServer::new(quotes, 5).connection_made(&mut transport);
/// assert_eq!(transport.take_written(), b"two\r\n");
/// assert!(transport.is_closing());
/// ```
#[derive(Clone, Debug)]
pub struct QotdServer {
    quotes: Arc<Quotes>,
    random: u64,
}

impl QotdServer {
    /// A server for one connection, or one datagram, whose quote a random number chooses.
    pub fn new(quotes: Arc<Quotes>, random: u64) -> Self {
        QotdServer { quotes, random }
    }
}

impl Protocol for QotdServer {
    fn connection_made(&mut self, transport: &mut Transport) {
        transport.write(self.quotes.choose(self.random));
        // To connect is to ask, and that has been answered.
        transport.message_done();
        transport.lose_connection();
    }

    fn data_received(&mut self, _: &mut Transport, _: &[u8]) {}
}

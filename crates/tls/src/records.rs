//! The TLS library as a machine: records in, data out, records out.
//!
//! It touches no stream and keeps no buffer. The library decrypts where the records lie, so
//! what it has not used up must be shown to it again, as it left it, with what came behind.

use rustls::client::{ClientConnectionData, UnbufferedClientConnection};
use rustls::server::{ServerConnectionData, UnbufferedServerConnection};
use rustls::unbuffered::{
    ConnectionState, EncodeError, EncryptError, UnbufferedConnectionCommon, UnbufferedStatus,
    WriteTraffic,
};
use rustls::{CommonState, Error as RustlsError};

use crate::scratch::{Outgoing, Refused};

/// One side of a connection.
pub(crate) enum Connection {
    Server(Box<UnbufferedServerConnection>),
    Client(Box<UnbufferedClientConnection>),
}

/// What is to be sent once everything that came has been understood.
#[derive(Clone, Copy)]
pub(crate) enum Say<'a> {
    /// Only what the library has to say by itself.
    Nothing,
    /// Some data.
    Data(&'a [u8]),
    /// That nothing more will come: `close_notify`.
    End,
}

/// What became of some records.
pub(crate) struct Taken {
    /// So many bytes of them are done with.
    pub(crate) used: usize,
    /// The peer has said that nothing more will come.
    pub(crate) ended: bool,
    /// Whether what was to be sent is among what goes out.
    pub(crate) sent: bool,
    /// What ends the connection; the alert for it is among what goes out.
    pub(crate) failure: Option<RustlsError>,
}

impl Connection {
    /// What was agreed on so far.
    pub(crate) fn state(&self) -> &CommonState {
        match self {
            Connection::Server(server) => server,
            Connection::Client(client) => client,
        }
    }

    /// Takes all whole records in, hands their data to `data`, and writes what is to be sent
    /// behind what is in `outgoing` already.
    pub(crate) fn advance(
        &mut self,
        records: &mut [u8],
        say: Say<'_>,
        outgoing: &mut Outgoing,
        data: &mut dyn FnMut(&[u8]),
    ) -> Taken {
        match self {
            Connection::Server(server) => advance(&mut **server, records, say, outgoing, data),
            Connection::Client(client) => advance(&mut **client, records, say, outgoing, data),
        }
    }
}

/// What the library offers on both sides, but not by one name.
trait Process<Data> {
    fn process<'c, 'i>(&'c mut self, records: &'i mut [u8]) -> UnbufferedStatus<'c, 'i, Data>;
}

impl Process<ServerConnectionData> for UnbufferedConnectionCommon<ServerConnectionData> {
    fn process<'c, 'i>(
        &'c mut self,
        records: &'i mut [u8],
    ) -> UnbufferedStatus<'c, 'i, ServerConnectionData> {
        self.process_tls_records(records)
    }
}

impl Process<ClientConnectionData> for UnbufferedConnectionCommon<ClientConnectionData> {
    fn process<'c, 'i>(
        &'c mut self,
        records: &'i mut [u8],
    ) -> UnbufferedStatus<'c, 'i, ClientConnectionData> {
        self.process_tls_records(records)
    }
}

fn advance<Data>(
    library: &mut UnbufferedConnectionCommon<Data>,
    records: &mut [u8],
    say: Say<'_>,
    outgoing: &mut Outgoing,
    data: &mut dyn FnMut(&[u8]),
) -> Taken
where
    UnbufferedConnectionCommon<Data>: Process<Data>,
{
    let mut taken = Taken {
        used: 0,
        ended: false,
        sent: false,
        failure: None,
    };
    loop {
        let UnbufferedStatus { discard, state, .. } = library.process(&mut records[taken.used..]);
        taken.used += discard;
        match state {
            Ok(ConnectionState::ReadTraffic(mut traffic)) => {
                while let Some(Ok(record)) = traffic.next_record() {
                    data(record.payload);
                    taken.used += record.discard;
                }
            }
            Ok(ConnectionState::EncodeTlsData(mut message)) => {
                let encoded = outgoing.append(|room| message.encode(room).map_err(Refused::from));
                debug_assert!(encoded, "each message is encoded once");
            }
            // It is the caller who transmits; the library need not wait for that.
            Ok(ConnectionState::TransmitTlsData(transmit)) => transmit.done(),
            Ok(ConnectionState::PeerClosed) => taken.ended = true,
            Ok(ConnectionState::WriteTraffic(traffic)) => {
                taken.sent = encode(traffic, say, outgoing);
                if !taken.sent {
                    taken.failure = Some(RustlsError::EncryptError);
                    last_words(library, outgoing);
                }
                return taken;
            }
            Ok(_) => return taken,
            Err(error) => {
                taken.failure = Some(error);
                last_words(library, outgoing);
                return taken;
            }
        }
    }
}

/// False if the keys have encrypted as much as they may and there are no others.
fn encode<Data>(
    mut traffic: WriteTraffic<'_, Data>,
    say: Say<'_>,
    outgoing: &mut Outgoing,
) -> bool {
    match say {
        Say::Nothing => true,
        Say::Data(data) => outgoing.append(|room| Ok(traffic.encrypt(data, room)?)),
        Say::End => outgoing.append(|room| Ok(traffic.queue_close_notify(room)?)),
    }
}

/// The alert that an error has left behind. The library gives what it has to send before it
/// looks at records, so none need to be shown to it, and none must be any more.
fn last_words<Data>(library: &mut UnbufferedConnectionCommon<Data>, outgoing: &mut Outgoing)
where
    UnbufferedConnectionCommon<Data>: Process<Data>,
{
    while library.wants_write() {
        let Ok(ConnectionState::EncodeTlsData(mut message)) = library.process(&mut []).state else {
            return;
        };
        outgoing.append(|room| message.encode(room).map_err(Refused::from));
    }
}

impl From<EncodeError> for Refused {
    fn from(error: EncodeError) -> Self {
        match error {
            EncodeError::InsufficientSize(size) => Refused::Room(size.required_size),
            EncodeError::AlreadyEncoded => Refused::Always,
        }
    }
}

impl From<EncryptError> for Refused {
    fn from(error: EncryptError) -> Self {
        match error {
            EncryptError::InsufficientSize(size) => Refused::Room(size.required_size),
            EncryptError::EncryptExhausted => Refused::Always,
        }
    }
}

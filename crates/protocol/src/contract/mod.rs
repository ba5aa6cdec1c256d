//! What a protocol is given and what is asked of it.
//!
//! The driver (in `lariat-net`, or a test) owns the bytes' way in and out; the protocol
//! owns their meaning. One concrete [`Transport`] is lent to each callback and the driver
//! acts when the callback has returned, so nothing ever re-enters a protocol.

mod address;
mod datagram;
mod deadline;
mod error;
mod message;
mod outgoing;
mod pace;
mod protocol;
mod refusal;
mod timers;
mod transport;

pub use address::{Address, ConnectionInfo, TlsInfo};
pub use datagram::{DatagramProtocol, DatagramTransport, OutgoingDatagram};
pub use deadline::{Deadline, Deadlines};
pub use error::{Error, Reason};
pub use message::{ConnectionId, Handle, Mailbox, Message, SendError};
pub use outgoing::Outgoing;
pub use pace::{Milliseconds, Moved, Pace, Stage, milliseconds};
pub use protocol::{Factory, Protocol};
pub use refusal::Refusal;
pub use timers::TimerId;
pub use transport::{DriverSide, Transport, WaterMarks};

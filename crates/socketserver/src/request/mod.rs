//! What a handler is lent: one connection, or one datagram.

mod datagram;
mod linger;
mod pace;
mod reader;
mod stream;
mod tls;
mod wire;
mod writer;

pub use datagram::DatagramRequest;
pub(crate) use linger::Lingering;
pub use reader::Reader;
pub use stream::StreamRequest;
pub use wire::{Cut, Wire};
pub use writer::Writer;

use linger::Ending;
pub(crate) use tls::Tls as TlsWire;
use wire::Bytes;

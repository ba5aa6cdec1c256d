//! What a handler is lent: one connection, or one datagram.

mod datagram;
mod pace;
mod reader;
mod stream;
mod wire;
mod writer;

pub use datagram::DatagramRequest;
pub use reader::Reader;
pub use stream::StreamRequest;
pub use writer::Writer;

pub(crate) use datagram::Replies;
pub use wire::Cut;
pub(crate) use wire::{Bytes, Tls as TlsWire, Wire};

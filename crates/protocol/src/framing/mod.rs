//! From a stream of bytes to frames: lines, netstrings, length prefixes, and any codec.
//!
//! A [`FrameProtocol`] is told of whole frames; [`Framed`] makes a
//! [`Protocol`](crate::Protocol) of it by any [`Framing`]. Framing decides nothing else: it
//! knows where a frame ends, not what one means.
//!
//! ```
//! use lariat_protocol::framing::{FrameProtocol, FrameTransport, Framed, Line, Lines};
//! use lariat_protocol::{Protocol, Transport};
//!
//! /// Answers each line with its length.
//! struct Length;
//!
//! impl FrameProtocol<Lines> for Length {
//!     fn frame_received(&mut self, transport: &mut FrameTransport<'_, Lines>, line: Line<'_>) {
//!         transport.write_line(line.content().len().to_string().as_bytes());
//!     }
//! }
//!
//! let mut protocol = Framed::new(Lines::new(1024), Length);
//! let mut transport = Transport::unconnected();
//! protocol.data_received(&mut transport, b"one\r\nthr");
//! protocol.data_received(&mut transport, b"ee\nrest");
//! assert_eq!(transport.take_written(), b"3\r\n5\r\n");
//! ```

#[doc(hidden)]
pub mod check;
mod codec;
mod framed;
mod lines;
mod netstring;
mod prefix;

pub use codec::Codec;
pub use framed::{FrameProtocol, FrameTransport, Framed};
pub use lines::{Line, LineEnd, Lines};
pub use netstring::Netstring;
pub use prefix::{LengthPrefix, Width};

use crate::contract::{Error, Transport};

/// How a stream of bytes is cut into frames.
pub trait Framing: Send + 'static {
    /// A whole frame: a slice of the input, or what a codec makes of it.
    type Frame<'a>;

    /// Looks for the first frame at the start of `input`, and says how many bytes it used
    /// up. `(None, 0)` means that more bytes are needed.
    ///
    /// When more came, it is called again with what it did not use up and the new bytes
    /// behind, so it may remember how far it has looked.
    fn decode<'a>(&mut self, input: &'a [u8]) -> Result<(Option<Self::Frame<'a>>, usize), Error>;

    /// Makes a frame of what is left when nothing more will come: at the end of a message,
    /// or of the stream. An error by default, if anything is left.
    fn decode_end<'a>(
        &mut self,
        input: &'a [u8],
        end: End,
    ) -> Result<Option<Self::Frame<'a>>, Error> {
        if input.is_empty() {
            return Ok(None);
        }
        Err(Error::unexpected(match end {
            End::Message => "the message ended in the middle of a frame",
            End::Stream => "the connection ended in the middle of a frame",
        }))
    }

    /// Forgets how far it has looked: the bytes there were not a frame after all.
    fn reset(&mut self) {}
}

/// What ended behind the last bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// A message, on a carrier that keeps message boundaries.
    Message,
    /// The stream: the peer sends nothing more.
    Stream,
}

/// A framing whose frames are bytes in both directions.
pub trait WriteFrame: Framing {
    /// Writes one frame; an error of [`Error::Misuse`] if it cannot be expressed.
    fn encode(&self, transport: &mut Transport, frame: &[u8]) -> Result<(), Error>;
}

#[cfg(test)]
mod tests;

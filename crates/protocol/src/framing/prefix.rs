//! Frames behind their length in 8, 16 or 32 bits, in network byte order.

use crate::contract::{Error, Transport};
use crate::framing::{Framing, WriteFrame};

/// How many bits the length has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// One byte: frames of up to 255 bytes.
    Bits8,
    /// Two bytes: up to 65,535.
    Bits16,
    /// Four bytes: up to 4,294,967,295, if the maximum allows it.
    Bits32,
}

impl Width {
    fn bytes(self) -> usize {
        match self {
            Width::Bits8 => 1,
            Width::Bits16 => 2,
            Width::Bits32 => 4,
        }
    }

    fn largest(self) -> usize {
        match self {
            Width::Bits8 => usize::from(u8::MAX),
            Width::Bits16 => usize::from(u16::MAX),
            Width::Bits32 => u32::MAX as usize,
        }
    }
}

/// Cuts a stream into frames behind their length.
///
/// Memory grows with what arrives, never with what a length announces; a length over the
/// maximum is refused before any of its bytes is kept.
#[derive(Clone, Debug)]
pub struct LengthPrefix {
    width: Width,
    maximum: usize,
}

impl LengthPrefix {
    /// Frames of at most `maximum` bytes behind a length of this width.
    pub fn new(width: Width, maximum: usize) -> Self {
        LengthPrefix {
            width,
            maximum: maximum.min(width.largest()),
        }
    }
}

impl Framing for LengthPrefix {
    type Frame<'a> = &'a [u8];

    fn decode<'a>(&mut self, input: &'a [u8]) -> Result<(Option<&'a [u8]>, usize), Error> {
        let start = self.width.bytes();
        let Some(head) = input.get(..start) else {
            return Ok((None, 0));
        };
        let length = head
            .iter()
            .fold(0_usize, |length, byte| (length << 8) | usize::from(*byte));
        if length > self.maximum {
            let maximum = self.maximum;
            return Err(Error::limit(format!(
                "a frame of {length} bytes is longer than {maximum}"
            )));
        }
        let end = start + length;
        match input.get(start..end) {
            Some(frame) => Ok((Some(frame), end)),
            None => Ok((None, 0)),
        }
    }
}

impl WriteFrame for LengthPrefix {
    fn encode(&self, transport: &mut Transport, frame: &[u8]) -> Result<(), Error> {
        let length = u32::try_from(frame.len())
            .ok()
            .filter(|_| frame.len() <= self.maximum)
            .ok_or_else(|| Error::misuse("a frame to be written is too long"))?;
        let head = length.to_be_bytes();
        transport.write_parts(&[&head[4 - self.width.bytes()..], frame]);
        Ok(())
    }
}

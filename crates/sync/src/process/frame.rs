//! Frames between the program and its workers: four bytes of length, most significant first,
//! then so many bytes.

use std::io::{self, ErrorKind, Read, Write};

use postcard::ser_flavors::Flavor;
use serde::Serialize;

/// How long an argument or a result may be where nothing else is said: more than that is
/// better put into a file.
pub const DEFAULT_FRAME: usize = 64 << 20;

/// How long they may be at the most, with [`TOLD`] in the four bytes of their length.
pub const LONGEST: usize = u32::MAX as usize - TOLD;

/// What is read at once into a frame whose length is only claimed.
const PORTION: usize = 64 << 10;

/// The length that stands before a frame.
pub const HEAD: usize = 4;

/// Room for an error in words behind results that have filled an answer.
pub const TOLD: usize = 256;

/// Begins a frame in an empty buffer; [`finish`] fills in its length.
pub fn begin(buffer: &mut Vec<u8>) {
    buffer.clear();
    buffer.extend([0; HEAD]);
}

/// Writes the length of the frame that a buffer holds. `Err` says why it may not be sent.
pub fn finish(buffer: &mut [u8], limit: usize) -> Result<(), String> {
    let length = buffer.len().saturating_sub(HEAD);
    match (u32::try_from(length), buffer.first_chunk_mut::<HEAD>()) {
        (Ok(short), Some(head)) if length <= limit => {
            *head = short.to_be_bytes();
            Ok(())
        }
        _ => Err(too_long(length, limit)),
    }
}

/// Why something of this length is not sent.
pub fn too_long(length: usize, limit: usize) -> String {
    format!("it has {length} bytes, and {limit} are allowed")
}

/// Writes a value behind what a buffer holds. An error leaves the buffer as it was.
pub fn put<T: Serialize + ?Sized>(buffer: &mut Vec<u8>, value: &T) -> postcard::Result<()> {
    let before = buffer.len();
    let written = postcard::serialize_with_flavor(value, Behind(buffer));
    if written.is_err() {
        buffer.truncate(before);
    }
    written
}

/// Where postcard writes to. Its own ways to append to a `Vec` copy everything once more, or go
/// byte by byte.
struct Behind<'a>(&'a mut Vec<u8>);

impl Flavor for Behind<'_> {
    type Output = ();

    fn try_extend(&mut self, data: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(data);
        Ok(())
    }

    fn try_push(&mut self, data: u8) -> postcard::Result<()> {
        self.0.push(data);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

/// Writes a frame that is [finished](finish).
pub fn write(stream: &mut impl Write, frame: &[u8]) -> io::Result<()> {
    stream.write_all(frame)?;
    stream.flush()
}

/// Frames that were read, one after the other, in memory that is kept for the next.
#[derive(Default)]
pub struct Frames {
    /// As long as the longest so far: what was written to once need not be cleared again.
    buffer: Vec<u8>,
    length: usize,
}

impl Frames {
    /// The frame that was read last.
    pub fn last(&self) -> &[u8] {
        &self.buffer[..self.length]
    }

    /// Reads the next. False at the end of the stream.
    pub fn read(&mut self, stream: &mut impl Read, limit: usize) -> io::Result<bool> {
        self.length = 0;
        let mut head = [0; HEAD];
        if fill(stream, &mut head)? < HEAD {
            return Ok(false);
        }
        let length = usize::try_from(u32::from_be_bytes(head)).unwrap_or(usize::MAX);
        if length > limit {
            let message = format!("a frame of {length} bytes, and {limit} are allowed");
            return Err(io::Error::new(ErrorKind::InvalidData, message));
        }
        let mut have = 0;
        while have < length {
            if self.buffer.len() == have {
                // Twice what has come, whatever was claimed.
                self.buffer.resize(length.min(2 * have + PORTION), 0);
            }
            let end = length.min(self.buffer.len());
            let part = &mut self.buffer[have..end];
            if fill(stream, part)? < part.len() {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            have = end;
        }
        self.length = length;
        Ok(true)
    }
}

/// Reads until a buffer is full or, if nothing has come yet, the stream is at its end. Returns how
/// much came, which is all or nothing.
fn fill(stream: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut have = 0;
    while have < buffer.len() {
        match stream.read(&mut buffer[have..]) {
            Ok(0) if have == 0 => return Ok(0),
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(more) => have += more,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(have)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn frame(content: &[u8]) -> Vec<u8> {
        let mut frame = Vec::new();
        begin(&mut frame);
        frame.extend(content);
        finish(&mut frame, 100).unwrap();
        frame
    }

    #[test]
    fn a_frame_is_read_as_it_was_written_and_then_the_end() {
        let bytes = [frame(b"one"), frame(b""), frame(&[7; 100]), frame(b"4")].concat();
        let mut stream = &bytes[..];
        let mut frames = Frames::default();
        for content in [&b"one"[..], b"", &[7; 100], b"4"] {
            assert!(frames.read(&mut stream, 100).unwrap());
            assert_eq!(frames.last(), content);
        }
        assert!(!frames.read(&mut stream, 100).unwrap());
        assert_eq!(frames.last(), b"");
    }

    #[test]
    fn a_frame_that_is_cut_anywhere_is_an_error() {
        let whole = frame(b"three");
        for end in 1..whole.len() {
            let error = Frames::default().read(&mut &whole[..end], 100).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UnexpectedEof, "{end}");
        }
    }

    #[test]
    fn nothing_is_allocated_from_a_length_that_is_only_claimed() {
        let mut frames = Frames::default();
        let error = frames.read(&mut &[0, 0, 0, 101, 1][..], 100).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a frame of 101 bytes, and 100 are allowed"
        );
        assert_eq!(frames.buffer.capacity(), 0);
        let claimed = [&[0x7f, 0xff, 0xff, 0xff][..], &[1; PORTION + 1]].concat();
        assert!(frames.read(&mut &claimed[..], usize::MAX).is_err());
        let capacity = frames.buffer.capacity();
        assert!(capacity <= 4 * PORTION, "{capacity}");
        // A frame that is longer than a portion comes whole.
        let mut long = [&[0; HEAD][..], &[5; 5 * PORTION]].concat();
        finish(&mut long, usize::MAX).unwrap();
        assert!(frames.read(&mut &long[..], usize::MAX).unwrap());
        assert_eq!(frames.last(), &[5; 5 * PORTION]);
    }

    #[test]
    fn a_value_that_cannot_be_written_leaves_nothing_behind() {
        /// Writes a little before it fails.
        struct Failing;

        impl Serialize for Failing {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::{Error, SerializeTuple};
                let mut tuple = serializer.serialize_tuple(2)?;
                tuple.serialize_element("a little")?;
                Err(S::Error::custom("and no more"))
            }
        }

        let mut buffer = b"before".to_vec();
        put(&mut buffer, &Failing).unwrap_err();
        assert_eq!(buffer, b"before");
        put(&mut buffer, "x").unwrap();
        assert_eq!(buffer, b"before\x01x");
    }

    #[test]
    fn what_is_too_long_is_not_sent() {
        let mut long = frame(&[0; 100]);
        long.push(0);
        let why = finish(&mut long, 100).unwrap_err();
        assert_eq!(why, "it has 101 bytes, and 100 are allowed");
    }
}

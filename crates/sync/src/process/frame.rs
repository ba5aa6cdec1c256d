//! Frames between the program and its workers: four bytes of length, most significant first,
//! then so many bytes.

use std::io::{self, ErrorKind, Read, Write};

/// How long an argument or a result may be where nothing else is said: more than that is
/// better put into a file.
pub const DEFAULT_FRAME: usize = 64 << 20;

/// What is read at once into a frame whose length is only claimed.
const PORTION: usize = 64 << 10;

/// The length that stands before a frame.
pub const HEAD: usize = 4;

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
        _ => Err(format!("it has {length} bytes, and {limit} are allowed")),
    }
}

/// Writes a frame that is [finished](finish).
pub fn write(stream: &mut impl Write, frame: &[u8]) -> io::Result<()> {
    stream.write_all(frame)?;
    stream.flush()
}

/// Reads a frame into `buffer`. False at the end of the stream.
pub fn read(stream: &mut impl Read, buffer: &mut Vec<u8>, limit: usize) -> io::Result<bool> {
    buffer.clear();
    let mut head = [0; HEAD];
    let mut have = 0;
    while have < HEAD {
        match stream.read(&mut head[have..]) {
            Ok(0) if have == 0 => return Ok(false),
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(more) => have += more,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let length = usize::try_from(u32::from_be_bytes(head)).unwrap_or(usize::MAX);
    if length > limit {
        let message = format!("a frame of {length} bytes, and {limit} are allowed");
        return Err(io::Error::new(ErrorKind::InvalidData, message));
    }
    buffer.reserve(length.min(PORTION));
    let claimed = u64::try_from(length).unwrap_or(u64::MAX);
    let read = stream.take(claimed).read_to_end(buffer)?;
    if read < length {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    Ok(true)
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
        let bytes = [frame(b"one"), frame(b""), frame(&[7; 100])].concat();
        let mut stream = &bytes[..];
        let mut buffer = vec![9];
        for content in [&b"one"[..], b"", &[7; 100]] {
            assert!(read(&mut stream, &mut buffer, 100).unwrap());
            assert_eq!(buffer, content);
        }
        assert!(!read(&mut stream, &mut buffer, 100).unwrap());
    }

    #[test]
    fn a_frame_that_is_cut_anywhere_is_an_error() {
        let whole = frame(b"three");
        for end in 1..whole.len() {
            let error = read(&mut &whole[..end], &mut Vec::new(), 100).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UnexpectedEof, "{end}");
        }
    }

    #[test]
    fn nothing_is_allocated_from_a_length_that_is_only_claimed() {
        let mut buffer = Vec::new();
        let error = read(&mut &[0, 0, 0, 101, 1][..], &mut buffer, 100).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a frame of 101 bytes, and 100 are allowed"
        );
        assert_eq!(buffer.capacity(), 0);
        let claimed = [0x7f, 0xff, 0xff, 0xff, 1];
        assert!(read(&mut &claimed[..], &mut buffer, usize::MAX).is_err());
        assert!(buffer.capacity() <= 2 * PORTION, "{}", buffer.capacity());
    }

    #[test]
    fn what_is_too_long_is_not_sent() {
        let mut long = frame(&[0; 100]);
        long.push(0);
        let why = finish(&mut long, 100).unwrap_err();
        assert_eq!(why, "it has 101 bytes, and 100 are allowed");
    }
}

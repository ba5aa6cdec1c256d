//! Compression of a whole connection (`COMPRESS DEFLATE`, RFC 8054): raw DEFLATE, one stream a direction.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use crate::contract::Error;

/// How much room there is for what comes out of one step.
const PIECE: usize = 16 * 1024;

/// How much may come out before it is asked what it was made of.
const UNSUSPECTED: u64 = 64 * 1024 * 1024;

/// How many times as much may come out as went in. Lists and overviews become a tenth.
const MAXIMUM_RATIO: u64 = 100;

/// Compresses what this side sends.
pub struct Deflater {
    stream: Compress,
}

/// Brings back what the other side has sent.
///
/// It gives a piece at a time, so whoever reads can stop as soon as what has come out is too much: a thousand
/// times as much may come out as went in.
///
/// ```
/// use lariat_protocol::nntp::{Deflater, Inflater};
///
/// let sent = Deflater::default().compress(b"GROUP misc.test\r\n");
/// let mut inflater = Inflater::default();
/// inflater.receive(&sent);
/// let mut out = [0; 64];
/// let length = inflater.next_piece(&mut out)?;
/// assert_eq!(&out[..length], b"GROUP misc.test\r\n");
/// assert_eq!(inflater.next_piece(&mut out)?, 0);
/// # Ok::<(), lariat_protocol::Error>(())
/// ```
pub struct Inflater {
    stream: Decompress,
    /// What came and was not read.
    incoming: Vec<u8>,
    used: usize,
    is_over: bool,
}

impl Default for Deflater {
    fn default() -> Self {
        Deflater {
            stream: Compress::new(Compression::default(), false),
        }
    }
}

impl Deflater {
    /// What is to be sent for these bytes. The other side can read all of them when it has come.
    pub fn compress(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes.len() / 2 + 64);
        let mut used = 0;
        loop {
            let before = (self.stream.total_in(), self.stream.total_out());
            out.reserve(PIECE.min(bytes.len() + 64));
            // Of compressing nothing but a wrong use is an error, and then nothing moves.
            let _ = self
                .stream
                .compress_vec(&bytes[used..], &mut out, FlushCompress::Sync);
            let taken = self.stream.total_in() - before.0;
            used += usize::try_from(taken).unwrap_or(0);
            let moved = taken + self.stream.total_out() - before.1;
            // Room that is left says that everything has come out.
            if used == bytes.len() && out.len() < out.capacity() || moved == 0 {
                return out;
            }
        }
    }
}

impl Default for Inflater {
    fn default() -> Self {
        Inflater {
            stream: Decompress::new(false),
            incoming: Vec::new(),
            used: 0,
            is_over: false,
        }
    }
}

impl Inflater {
    /// Takes what came.
    pub fn receive(&mut self, bytes: &[u8]) {
        self.incoming.drain(..self.used);
        self.used = 0;
        self.incoming.extend_from_slice(bytes);
    }

    /// Puts what comes next into `out`, and says how much that is: nothing when more has to come first.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for what is no such stream, and for one that ends: the connection would have to end
    /// with it, and a connection ends without. [`Error::Limit`] for what becomes a hundred times as much, behind 64 MiB.
    pub fn next_piece(&mut self, out: &mut [u8]) -> Result<usize, Error> {
        loop {
            let before = (self.stream.total_in(), self.stream.total_out());
            let stepped = match self.is_over {
                true => Ok(Status::StreamEnd),
                false => {
                    self.stream
                        .decompress(&self.incoming[self.used..], out, FlushDecompress::None)
                }
            };
            let taken = usize::try_from(self.stream.total_in() - before.0).unwrap_or(0);
            let given = usize::try_from(self.stream.total_out() - before.1).unwrap_or(0);
            self.used += taken;
            let (came, became) = (self.stream.total_in(), self.stream.total_out());
            if became > UNSUSPECTED && became / MAXIMUM_RATIO > came {
                return Err(Error::limit(format!(
                    "what came is compressed to less than a {MAXIMUM_RATIO}th, as no news are"
                )));
            }
            match stepped {
                Err(_) => return Err(Error::invalid("what came is not compressed by DEFLATE")),
                Ok(Status::StreamEnd) if given == 0 => {
                    return Err(Error::invalid(
                        "the compressed stream ended before the connection",
                    ));
                }
                Ok(Status::StreamEnd) => {
                    self.is_over = true;
                    return Ok(given);
                }
                Ok(_) if given > 0 || taken == 0 => return Ok(given),
                Ok(_) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inflated(bytes: &[u8], length: usize) -> Result<Vec<u8>, Error> {
        let (mut inflater, mut all) = (Inflater::default(), Vec::new());
        for piece in bytes.chunks(length) {
            inflater.receive(piece);
            let mut out = [0; 100];
            loop {
                match inflater.next_piece(&mut out)? {
                    0 => break,
                    given => all.extend_from_slice(&out[..given]),
                }
            }
        }
        Ok(all)
    }

    #[test]
    fn what_was_sent_comes_back_however_it_is_cut() {
        let noise: Vec<u8> = (0..70_000_u32)
            .map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8)
            .collect();
        let mut deflater = Deflater::default();
        let parts = [
            &b"GROUP a\r\n"[..],
            b"",
            &noise,
            &[b'x'; 70_000],
            b"QUIT\r\n",
        ];
        let sent = parts.map(|part| deflater.compress(part)).concat();
        for length in [1, 7, 1000, usize::MAX] {
            assert!(
                inflated(&sent, length).expect("a stream") == parts.concat(),
                "{length}"
            );
        }
    }

    #[test]
    fn all_that_was_sent_can_be_read_at_once() {
        let mut deflater = Deflater::default();
        for length in [1, 100, 16_383, 16_384, 16_385, 40_000] {
            let text = vec![b'y'; length];
            let (mut inflater, sent) = (Inflater::default(), Deflater::default().compress(&text));
            inflater.receive(&sent);
            let (mut came, mut out) = (0, [0; 512]);
            loop {
                match inflater.next_piece(&mut out).expect("a stream") {
                    0 => break,
                    given => came += given,
                }
            }
            assert_eq!(came, length);
            assert!(!deflater.compress(&text).is_empty());
        }
    }

    #[test]
    fn what_becomes_far_more_than_came_is_refused() {
        let mebibyte = 1024 * 1024;
        // Ends with whole bytes and refers to nothing but zeros, so it can be sent again and again.
        let zeros = Deflater::default().compress(&vec![0; mebibyte]);
        let (mut inflater, mut out, mut became) = (Inflater::default(), vec![0; mebibyte], 0);
        let error = loop {
            assert!(became <= 65 * mebibyte);
            inflater.receive(&zeros);
            let given = loop {
                match inflater.next_piece(&mut out) {
                    Ok(0) => break Ok(()),
                    Ok(given) => became += given,
                    Err(error) => break Err(error),
                }
            };
            if let Err(error) = given {
                break error.to_string();
            }
        };
        assert!(error.contains("less than a 100th"), "{error}");
    }

    #[test]
    fn what_is_no_stream_or_ends_is_refused() {
        assert!(inflated(b"\xff\xff\xff\xff", 1).is_err());
        // The empty stream, with its end.
        let error = inflated(&[3, 0], 1).expect_err("an end").to_string();
        assert!(error.contains("ended before"), "{error}");
    }
}

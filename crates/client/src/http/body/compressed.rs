//! Bodies that come compressed, unpacked a piece at a time and no further than they are believed.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use async_compression::tokio::bufread::{
    BrotliDecoder, DeflateDecoder, GzipDecoder, ZlibDecoder, ZstdDecoder,
};
use async_compression::zstd::DParameter;
use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncBufRead, AsyncRead, ReadBuf};

use super::received::{Origin, Wire};
use crate::http::{Error, Limits};

/// How much is unpacked at once.
const PIECE: usize = 32 * 1024;

/// The window of `zstd`, which is memory that the sender asks for: 8 MiB, as RFC 9659 has it.
const ZSTD_WINDOW_LOG: u32 = 23;

/// What a client says that it can unpack.
pub(in crate::http) const ACCEPTED: &str = "gzip, deflate, br, zstd";

/// How a body was compressed (RFC 9110, section 8.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Encoding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

impl Encoding {
    /// By the value of `Content-Encoding`. Of several that were applied one upon another nothing is known here: nobody
    /// sends these, and each could be a bomb within the other.
    pub(in crate::http) fn named(value: &str) -> Option<Self> {
        match value.trim().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => Some(Encoding::Gzip),
            "deflate" => Some(Encoding::Deflate),
            "br" => Some(Encoding::Brotli),
            "zstd" => Some(Encoding::Zstd),
            _ => None,
        }
    }

    /// Its name in a header.
    pub(in crate::http) fn name(self) -> &'static str {
        match self {
            Encoding::Gzip => "gzip",
            Encoding::Deflate => "deflate",
            Encoding::Brotli => "br",
            Encoding::Zstd => "zstd",
        }
    }
}

/// A body that is being unpacked.
pub(super) struct Decoding {
    state: State,
    encoding: Encoding,
    /// Bytes that may come out whatever came in, and how many for each behind them.
    free: u64,
    ratio: u64,
    /// How many came out.
    unpacked: u64,
}

enum State {
    /// The first bytes say how `deflate` is meant, and whether there is anything at all.
    Begun(Option<Packed>),
    Unpacking(Box<dyn Decoder>),
    /// Nothing is to come out any more: the end of the message is read.
    Ending(Packed),
}

impl Decoding {
    pub(super) fn new(wire: Wire, encoding: Encoding, limits: &Limits) -> Self {
        Decoding {
            state: State::Begun(Some(Packed {
                wire,
                piece: Bytes::new(),
            })),
            encoding,
            free: limits.decoded_bytes,
            ratio: limits.decoded_ratio,
            unpacked: 0,
        }
    }

    pub(super) fn wire(&self) -> &Wire {
        match &self.state {
            State::Unpacking(decoder) => &decoder.packed().wire,
            State::Begun(Some(packed)) | State::Ending(packed) => &packed.wire,
            State::Begun(None) => unreachable!("it is taken out and replaced in one step"),
        }
    }

    pub(super) fn poll_data(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Error>>> {
        loop {
            match &mut self.state {
                State::Begun(packed) => {
                    let Some(begun) = packed else {
                        return Poll::Ready(None);
                    };
                    let first = match ready!(Pin::new(&mut *begun).poll_fill_buf(context)) {
                        Ok(first) => [first.first().copied(), first.get(1).copied()],
                        Err(error) => return Poll::Ready(Some(Err(self.explained(error)))),
                    };
                    let Some(packed) = packed.take() else {
                        return Poll::Ready(None);
                    };
                    self.state = match first[0] {
                        // Servers say so of an empty body as well.
                        None => State::Ending(packed),
                        Some(_) => State::Unpacking(decoder(self.encoding, packed, first)),
                    };
                }
                State::Unpacking(decoder) => {
                    let mut room = BytesMut::zeroed(PIECE);
                    let mut buffer = ReadBuf::new(&mut room);
                    let read = ready!(Pin::new(&mut **decoder).poll_read(context, &mut buffer));
                    let length = buffer.filled().len();
                    return match read {
                        Ok(()) if length > 0 => {
                            room.truncate(length);
                            Poll::Ready(Some(self.believed(room.freeze())))
                        }
                        Ok(()) => self.poll_end(context),
                        Err(error) => Poll::Ready(Some(Err(self.explained(error)))),
                    };
                }
                State::Ending(_) => return self.poll_end(context),
            }
        }
    }

    /// Behind the last byte: the message must end there too.
    fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        let packed = match &mut self.state {
            State::Unpacking(decoder) => decoder.packed_mut(),
            State::Ending(packed) => packed,
            State::Begun(_) => return Poll::Ready(None),
        };
        match ready!(Pin::new(packed).poll_fill_buf(context)) {
            Ok([]) => Poll::Ready(None),
            Ok(_) => {
                let error = io::Error::new(io::ErrorKind::InvalidData, "more comes behind its end");
                Poll::Ready(Some(Err(self.explained(error))))
            }
            Err(error) => Poll::Ready(Some(Err(self.explained(error)))),
        }
    }

    /// The piece, if so much may have come of what was received.
    fn believed(&mut self, piece: Bytes) -> Result<Bytes, Error> {
        self.unpacked += piece.len() as u64;
        let came = self.wire().came();
        let allowed = self.free.saturating_add(came.saturating_mul(self.ratio));
        match self.unpacked <= allowed {
            true => Ok(piece),
            false => Err(Error::Limit {
                server: self.origin().server.clone(),
                problem: format!(
                    "{came} bytes of {} become more than {allowed}: the {} that are allowed in any case, and {} \
                     for each behind them",
                    self.encoding.name(),
                    self.free,
                    self.ratio,
                ),
            }),
        }
    }

    /// What the connection said, or else what is wrong with the compression.
    fn explained(&self, error: io::Error) -> Error {
        Error::from_io(error).unwrap_or_else(|error| {
            let error = match error.kind() {
                io::ErrorKind::UnexpectedEof => {
                    io::Error::new(error.kind(), "it ends before its end")
                }
                _ => error,
            };
            Error::Decoding {
                server: self.origin().server.clone(),
                encoding: self.encoding.name(),
                error,
            }
        })
    }

    fn origin(&self) -> &Origin {
        self.wire().origin()
    }
}

/// The compressed bytes, as decoders read them.
struct Packed {
    wire: Wire,
    piece: Bytes,
}

impl AsyncBufRead for Packed {
    fn poll_fill_buf(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        while this.piece.is_empty() {
            match ready!(this.wire.poll_frame(context)) {
                None => break,
                Some(Err(error)) => return Poll::Ready(Err(error.into())),
                // What is no data is a trailer.
                Some(Ok(frame)) => this.piece = frame.into_data().unwrap_or_default(),
            }
        }
        Poll::Ready(Ok(&this.piece))
    }

    fn consume(self: Pin<&mut Self>, amount: usize) {
        self.get_mut().piece.advance(amount);
    }
}

impl AsyncRead for Packed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let piece = ready!(self.as_mut().poll_fill_buf(context))?;
        let length = piece.len().min(buffer.remaining());
        buffer.put_slice(&piece[..length]);
        self.consume(length);
        Poll::Ready(Ok(()))
    }
}

/// A decoder, and what it reads.
trait Decoder: AsyncRead + Send + Unpin {
    fn packed(&self) -> &Packed;
    fn packed_mut(&mut self) -> &mut Packed;
}

macro_rules! decoders {
    ($($name:ident),*) => {$(
        impl Decoder for $name<Packed> {
            fn packed(&self) -> &Packed {
                self.get_ref()
            }

            fn packed_mut(&mut self) -> &mut Packed {
                self.get_mut()
            }
        }
    )*};
}

decoders!(
    BrotliDecoder,
    DeflateDecoder,
    GzipDecoder,
    ZlibDecoder,
    ZstdDecoder
);

fn decoder(encoding: Encoding, packed: Packed, first: [Option<u8>; 2]) -> Box<dyn Decoder> {
    match encoding {
        Encoding::Gzip => {
            let mut decoder = GzipDecoder::new(packed);
            // A file of several, one behind another, is one (RFC 1952, section 2.2).
            decoder.multiple_members(true);
            Box::new(decoder)
        }
        Encoding::Brotli => Box::new(BrotliDecoder::new(packed)),
        Encoding::Zstd => {
            let window = DParameter::window_log_max(ZSTD_WINDOW_LOG);
            let mut decoder = ZstdDecoder::with_params(packed, &[window]);
            decoder.multiple_members(true);
            Box::new(decoder)
        }
        // It means the format of zlib, and some send what is within that alone.
        Encoding::Deflate => match first {
            [Some(first), Some(second)] if is_zlib(first, second) => {
                Box::new(ZlibDecoder::new(packed))
            }
            [Some(first), None] if first & 0x0f == 8 => Box::new(ZlibDecoder::new(packed)),
            _ => Box::new(DeflateDecoder::new(packed)),
        },
    }
}

/// Whether these two bytes are the head of zlib's format (RFC 1950, section 2.2).
fn is_zlib(first: u8, second: u8) -> bool {
    first & 0x0f == 8 && u16::from_be_bytes([first, second]).is_multiple_of(31)
}

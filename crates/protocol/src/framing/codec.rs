//! Any `tokio_util::codec` as a framing, so that the codecs of that world plug in.

use std::fmt::Display;

use bytes::BytesMut;
use tokio_util::codec::{Decoder, Encoder};

use crate::contract::Error;
use crate::framing::{End, FrameTransport, Framing};

/// Cuts a stream by a [`Decoder`]; writes by its [`Encoder`].
///
/// ```
/// use lariat_protocol::framing::{Codec, FrameProtocol, FrameTransport, Framed};
/// use lariat_protocol::{Protocol, Transport};
/// use tokio_util::codec::LinesCodec;
///
/// struct Shout;
///
/// impl FrameProtocol<Codec<LinesCodec>> for Shout {
///     fn frame_received(
///         &mut self,
///         transport: &mut FrameTransport<'_, Codec<LinesCodec>>,
///         line: String,
///     ) {
///         transport.write_item(line.to_uppercase()).expect("lines can be written");
///     }
/// }
///
/// let mut protocol = Framed::new(Codec::new(LinesCodec::new(), 1024), Shout);
/// let mut transport = Transport::unconnected();
/// protocol.data_received(&mut transport, b"hello\nwor");
/// protocol.data_received(&mut transport, b"ld\n");
/// assert_eq!(transport.take_written(), b"HELLO\nWORLD\n");
/// ```
#[derive(Debug)]
pub struct Codec<C> {
    codec: C,
    maximum: usize,
    /// What the decoder works on: always the front of the input that it has not used up.
    /// The copy is the price of a decoder that wants a buffer of its own.
    buffer: BytesMut,
    /// Where the decoder is. It has a state of its own, which nobody else can set back.
    place: Place,
}

/// Where a decoder is in the stream, as far as it can be told from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Behind an item.
    Between,
    /// It has looked at bytes in the buffer that are not an item yet.
    Within,
    /// Such bytes were taken away from it.
    Lost,
}

impl<C> Codec<C> {
    /// Cuts by `codec`, holding at most `maximum` bytes of one incomplete item.
    ///
    /// Half an item must not be taken away or counted past, since a decoder may remember
    /// how far it has looked: that is an [`Error::Misuse`] when more bytes come.
    pub fn new(codec: C, maximum: usize) -> Self {
        Codec {
            codec,
            maximum,
            buffer: BytesMut::new(),
            place: Place::Between,
        }
    }
}

impl<C> Codec<C>
where
    C: Decoder + Send + 'static,
    C::Error: Display,
{
    /// Runs one of the decoder's two methods over `input`; tells what it used up.
    fn run(
        &mut self,
        input: &[u8],
        decode: impl FnOnce(&mut C, &mut BytesMut) -> Result<Option<C::Item>, C::Error>,
    ) -> Result<(Option<C::Item>, usize), Error> {
        if self.place == Place::Lost {
            return Err(Error::misuse(
                "a codec was interrupted in the middle of an item and cannot go on",
            ));
        }
        let known = self.buffer.len().min(input.len());
        self.buffer.extend_from_slice(&input[known..]);
        let before = self.buffer.len();
        let item = decode(&mut self.codec, &mut self.buffer)
            .map_err(|error| Error::invalid(error.to_string()))?;
        let used = before - self.buffer.len();
        if item.is_none() && self.buffer.len() > self.maximum {
            let maximum = self.maximum;
            return Err(Error::limit(format!(
                "an item is longer than {maximum} bytes"
            )));
        }
        self.place = match item {
            None if !self.buffer.is_empty() => Place::Within,
            _ => Place::Between,
        };
        if self.buffer.is_empty() {
            // A parked connection owns no buffer.
            self.buffer = BytesMut::new();
        }
        Ok((item, used))
    }
}

impl<C> Framing for Codec<C>
where
    C: Decoder + Send + 'static,
    C::Error: Display,
{
    type Frame<'a> = C::Item;

    fn decode(&mut self, input: &[u8]) -> Result<(Option<C::Item>, usize), Error> {
        self.run(input, |codec, buffer| codec.decode(buffer))
    }

    fn decode_end(&mut self, input: &[u8], _: End) -> Result<Option<C::Item>, Error> {
        let (item, _) = self.run(input, |codec, buffer| codec.decode_eof(buffer))?;
        Ok(item)
    }

    fn reset(&mut self) {
        if self.place == Place::Within {
            self.place = Place::Lost;
        }
        self.buffer = BytesMut::new();
    }
}

impl<C> FrameTransport<'_, Codec<C>>
where
    C: Decoder + Send + 'static,
    <C as Decoder>::Error: Display,
{
    /// Encodes one item and writes it.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] with the encoder's words when it refuses the item.
    pub fn write_item<I>(&mut self, item: I) -> Result<(), Error>
    where
        C: Encoder<I>,
        <C as Encoder<I>>::Error: Display,
    {
        let mut encoded = BytesMut::new();
        self.framing()
            .codec
            .encode(item, &mut encoded)
            .map_err(|error| Error::misuse(error.to_string()))?;
        self.write_bytes(encoded.freeze());
        Ok(())
    }
}

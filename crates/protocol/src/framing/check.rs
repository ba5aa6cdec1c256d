//! However a stream is cut on its way, the frames are the same: that, as functions of bytes.
//!
//! The property test and the fuzz targets call them; nothing else has a use for them. They
//! know nothing of what a frame should be: they compare a framing with itself, and its
//! frames with the wire that they came from.
//!
//! In each the first byte chooses the framing's parameters, the second how many of the
//! bytes behind it say where to cut, and the rest is the wire.

use tokio_util::codec::{LengthDelimitedCodec, LinesCodec};

use crate::contract::{Error, Protocol, TimerId, Transport};
use crate::framing::{
    Codec, FrameProtocol, FrameTransport, Framed, Framing, LengthPrefix, Line, Lines, Netstring,
    Width, WriteFrame,
};

/// What a protocol was told, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Told {
    Frame(Vec<u8>),
    Bytes(Vec<u8>),
    /// What the protocol took of an incomplete frame.
    Taken(Vec<u8>),
    Error(String),
}

/// Writes down everything. A frame `*N` asks for N counted bytes, `P` pauses reading.
struct Diary {
    told: Vec<Told>,
    /// So much may be held of a frame that is not complete.
    longest_incomplete: usize,
}

/// A frame in bytes, whatever its type.
pub(super) trait InBytes {
    fn in_bytes(self) -> Vec<u8>;
}

impl InBytes for Line<'_> {
    fn in_bytes(self) -> Vec<u8> {
        self.whole().to_vec()
    }
}

impl InBytes for &[u8] {
    fn in_bytes(self) -> Vec<u8> {
        self.to_vec()
    }
}

impl InBytes for String {
    fn in_bytes(self) -> Vec<u8> {
        self.into_bytes()
    }
}

impl InBytes for bytes::BytesMut {
    fn in_bytes(self) -> Vec<u8> {
        self.to_vec()
    }
}

impl<F: Framing> FrameProtocol<F> for Diary
where
    for<'a> F::Frame<'a>: InBytes,
{
    fn frame_received(&mut self, transport: &mut FrameTransport<'_, F>, frame: F::Frame<'_>) {
        let frame = frame.in_bytes();
        let text = String::from_utf8_lossy(&frame).trim_end().to_string();
        if let Some(Ok(count)) = text.strip_prefix('*').map(str::parse) {
            transport.expect_bytes(count);
        }
        if text == "P" {
            transport.pause_reading();
        }
        self.told.push(Told::Frame(frame));
    }

    fn bytes_received(&mut self, _: &mut FrameTransport<'_, F>, data: &[u8]) {
        match self.told.last_mut() {
            Some(Told::Bytes(bytes)) => bytes.extend_from_slice(data),
            _ => self.told.push(Told::Bytes(data.to_vec())),
        }
    }

    fn frame_incomplete(&mut self, _: &mut FrameTransport<'_, F>, held: usize) {
        let longest = self.longest_incomplete;
        assert!(held <= longest, "{held} bytes are held, over {longest}");
    }

    fn frame_error(&mut self, transport: &mut FrameTransport<'_, F>, error: Error) {
        self.told.push(Told::Error(error.to_string()));
        transport.fail(error);
    }

    fn timer(&mut self, transport: &mut FrameTransport<'_, F>, _: TimerId) {
        let taken = transport.take_incomplete();
        if !taken.is_empty() {
            self.told.push(Told::Taken(taken));
        }
    }
}

/// A stream on its way: what is in it, and how it arrives.
pub(super) struct Arrival<'a> {
    pub(super) wire: &'a [u8],
    /// The lengths of the pieces, over and over; all at once if there are none.
    pub(super) pieces: &'a [usize],
    /// Whether the protocol takes what is incomplete after each piece.
    pub(super) interrupted: bool,
}

/// What a framing makes of a stream that arrives like this. Resumes whenever reading was
/// paused.
pub(super) fn told<F>(framing: F, longest_incomplete: usize, arrival: &Arrival<'_>) -> Vec<Told>
where
    F: Framing,
    for<'a> F::Frame<'a>: InBytes,
{
    let diary = Diary {
        told: Vec::new(),
        longest_incomplete,
    };
    let mut protocol = Framed::new(framing, diary);
    let mut transport = Transport::unconnected();
    let mut rest = arrival.wire;
    let mut pieces = arrival.pieces.iter().cycle();
    while !rest.is_empty() && !transport.is_closing() {
        let length = pieces
            .next()
            .map_or(rest.len(), |length| (*length).clamp(1, rest.len()));
        let (piece, behind) = rest.split_at(length);
        protocol.data_received(&mut transport, piece);
        rest = behind;
        if arrival.interrupted {
            protocol.timer(&mut transport, TimerId(0));
        }
        while transport.is_reading_paused() {
            transport.resume_reading();
            if transport.driver().take_held_input() {
                protocol.input_released(&mut transport);
            }
        }
    }
    if !transport.is_closing() {
        protocol.eof_received(&mut transport);
    }
    protocol.into_inner().told
}

/// Compares a stream that arrives whole with the same one byte by byte and in `pieces`.
///
/// # Panics
///
/// When they differ, or more than `longest_incomplete` bytes of a frame are held.
pub(super) fn agree<F>(
    framing: impl Fn() -> F,
    longest_incomplete: usize,
    wire: &[u8],
    pieces: &[usize],
) -> Vec<Told>
where
    F: Framing,
    for<'a> F::Frame<'a>: InBytes,
{
    let arriving = |pieces, interrupted| {
        let arrival = Arrival {
            wire,
            pieces,
            interrupted,
        };
        told(framing(), longest_incomplete, &arrival)
    };
    let whole = arriving(&[], false);
    assert_eq!(arriving(&[1], false), whole, "byte by byte");
    assert_eq!(arriving(pieces, false), whole, "in pieces of {pieces:?}");
    // Taking what is incomplete changes the frames, but must not break anything.
    arriving(pieces, true);
    whole
}

/// That what was told, written again, is the front of the wire, and all of it if there was
/// no error.
fn is_front_of(told: &[Told], wire: &[u8], write: impl Fn(&mut Transport, &[u8])) {
    let mut transport = Transport::unconnected();
    let mut again = Vec::new();
    let mut whole = true;
    for part in told {
        match part {
            Told::Frame(frame) => {
                write(&mut transport, frame);
                again.extend(transport.take_written());
            }
            Told::Bytes(bytes) | Told::Taken(bytes) => again.extend_from_slice(bytes),
            Told::Error(_) => whole = false,
        }
    }
    assert!(wire.starts_with(&again), "{told:?} is not in {wire:?}");
    assert!(
        !whole || again.len() == wire.len(),
        "{told:?} is not all of {wire:?}"
    );
}

fn write_frame<F: WriteFrame>(framing: &F) -> impl Fn(&mut Transport, &[u8]) {
    |transport, frame| {
        let written = framing.encode(transport, frame);
        assert!(
            written.is_ok(),
            "a frame that was read cannot be written: {written:?}"
        );
    }
}

/// The parameters' choice, the lengths of the pieces, and the wire.
fn take_apart(data: &[u8]) -> Option<(u8, Vec<usize>, &[u8])> {
    let [choice, count, rest @ ..] = data else {
        return None;
    };
    let (pieces, wire) = rest.split_at_checked(usize::from(count % 16))?;
    Some((
        *choice,
        pieces.iter().map(|n| usize::from(*n)).collect(),
        wire,
    ))
}

/// Checks [`Lines`] with a stream made of these bytes.
///
/// # Panics
///
/// When something is wrong, which is what fuzzing looks for; so do the others.
pub fn lines(data: &[u8]) {
    let Some((choice, pieces, wire)) = take_apart(data) else {
        return;
    };
    let maximum = usize::from(choice >> 1);
    let framing = || match choice & 1 {
        0 => Lines::new(maximum),
        _ => Lines::new(maximum).unterminated(),
    };
    // A CR may be half of the line end, which does not count.
    let whole = agree(framing, maximum + 1, wire, &pieces);
    is_front_of(&whole, wire, |transport, line| transport.write(line));
    let arrival = Arrival {
        wire,
        pieces: &pieces,
        interrupted: true,
    };
    let interrupted = told(framing(), maximum + 1, &arrival);
    is_front_of(&interrupted, wire, |transport, line| transport.write(line));
    for part in interrupted {
        if let Told::Taken(taken) = part {
            assert!(!taken.contains(&b'\n'), "{taken:?} holds a whole line");
        }
    }
}

/// Checks [`Netstring`].
pub fn netstring(data: &[u8]) {
    let Some((choice, pieces, wire)) = take_apart(data) else {
        return;
    };
    let maximum = usize::from(choice);
    // Three digits and a colon at most, and all but the comma.
    let whole = agree(|| Netstring::new(maximum), maximum + 4, wire, &pieces);
    is_front_of(&whole, wire, write_frame(&Netstring::new(maximum)));
}

/// Checks [`LengthPrefix`] in its three widths.
pub fn prefix(data: &[u8]) {
    let Some((choice, pieces, wire)) = take_apart(data) else {
        return;
    };
    let maximum = usize::from(choice) * 2;
    for width in [Width::Bits8, Width::Bits16, Width::Bits32] {
        let framing = LengthPrefix::new(width, maximum);
        let whole = agree(|| framing.clone(), maximum + 4, wire, &pieces);
        is_front_of(&whole, wire, write_frame(&framing));
    }
}

/// Checks [`Codec`] with two codecs of `tokio_util`.
pub fn codec(data: &[u8]) {
    let Some((choice, pieces, wire)) = take_apart(data) else {
        return;
    };
    let maximum = usize::from(choice);
    let held = maximum + 8;
    let lines = || Codec::new(LinesCodec::new_with_max_length(maximum), held);
    agree(lines, held, wire, &pieces);
    let lengths = || {
        let codec = LengthDelimitedCodec::builder()
            .max_frame_length(maximum)
            .new_codec();
        Codec::new(codec, held)
    };
    agree(lengths, held, wire, &pieces);
}

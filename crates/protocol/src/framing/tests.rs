//! However the input is cut on its way, the frames are the same.

use proptest::prelude::*;
use tokio_util::codec::{LengthDelimitedCodec, LinesCodec};

use super::check::{Arrival, InBytes, Told, agree};
use super::*;
use crate::contract::{Protocol, TimerId};

/// What a framing makes of a stream that arrives in these pieces.
fn told<F>(framing: F, wire: &[u8], pieces: &[usize]) -> Vec<Told>
where
    F: Framing,
    for<'a> F::Frame<'a>: InBytes,
{
    let arrival = Arrival {
        wire,
        pieces,
        interrupted: false,
    };
    check::told(framing, usize::MAX, &arrival)
}

/// Bytes that make lines, counted bytes, pauses, netstrings and prefixes likely.
fn wire() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"\n".to_vec()),
        Just(b"\r\n".to_vec()),
        Just(b"\r".to_vec()),
        Just(b"P\n".to_vec()),
        Just(b"*5\r\n".to_vec()),
        Just(b"5:hello,".to_vec()),
        Just(b"0:,".to_vec()),
        Just(b"12:".to_vec()),
        Just(vec![0, 0, 0, 2, 7, 7]),
        Just(vec![1, b'P']),
        Just(vec![2, b'*', b'3']),
        proptest::collection::vec(any::<u8>(), 0..12),
        "[a-z]{0,20}".prop_map(String::into_bytes),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn every_way_of_cutting_gives_the_same_frames(
        input in wire(),
        pieces in proptest::collection::vec(1_usize..9, 1..20),
    ) {
        agree(|| Lines::new(24), 25, &input, &pieces);
        agree(|| Lines::new(24).unterminated(), 25, &input, &pieces);
        agree(|| Netstring::new(16), 19, &input, &pieces);
        agree(|| LengthPrefix::new(Width::Bits8, 200), 201, &input, &pieces);
        agree(|| LengthPrefix::new(Width::Bits16, 300), 302, &input, &pieces);
        agree(|| LengthPrefix::new(Width::Bits32, 300), 304, &input, &pieces);
        agree(|| Codec::new(LinesCodec::new_with_max_length(24), 64), 64, &input, &pieces);
        let lengths = || LengthDelimitedCodec::builder().max_frame_length(300).new_codec();
        agree(|| Codec::new(lengths(), 400), 400, &input, &pieces);
    }

    #[test]
    fn what_is_written_is_read_back(frames in proptest::collection::vec(
        proptest::collection::vec(any::<u8>(), 0..200), 0..12,
    )) {
        fn round_trip<F: WriteFrame + Clone>(framing: F, frames: &[Vec<u8>]) -> Vec<Told>
        where
            for<'a> F::Frame<'a>: InBytes,
        {
            let mut transport = Transport::unconnected();
            for frame in frames {
                framing.encode(&mut transport, frame).expect("short enough");
            }
            let wire = transport.take_written();
            told(framing, &wire, &[3])
        }
        // `*` and `P` would change the mode, which is not what is tested here.
        let frames: Vec<Vec<u8>> = frames
            .into_iter()
            .map(|frame| [b"f", &frame[..]].concat())
            .collect();
        let expected: Vec<Told> = frames.iter().cloned().map(Told::Frame).collect();
        prop_assert_eq!(&round_trip(Netstring::new(201), &frames), &expected);
        prop_assert_eq!(&round_trip(LengthPrefix::new(Width::Bits8, 255), &frames), &expected);
        prop_assert_eq!(&round_trip(LengthPrefix::new(Width::Bits16, 255), &frames), &expected);
        prop_assert_eq!(&round_trip(LengthPrefix::new(Width::Bits32, 255), &frames), &expected);
    }
}

fn frames(all: &[&[u8]]) -> Vec<Told> {
    all.iter()
        .map(|frame| Told::Frame(frame.to_vec()))
        .collect()
}

#[test]
fn lines_end_with_lf_or_crlf_and_keep_their_end() {
    let all = told(Lines::new(8), b"a\nb\r\n\n\r\nc\rd\n", &[]);
    assert_eq!(all, frames(&[b"a\n", b"b\r\n", b"\n", b"\r\n", b"c\rd\n"]));
}

#[test]
fn a_line_may_be_as_long_as_its_maximum_and_no_longer() {
    let all = told(Lines::new(3), b"abc\r\nabc\nabcd\nabc\n", &[]);
    assert_eq!(all.len(), 3);
    assert_eq!(
        all[2],
        Told::Error("over the limit: a line is longer than 3 bytes".into())
    );
    // Without a line end in sight, too.
    assert_eq!(told(Lines::new(3), b"abc\rd", &[]).len(), 1);
    assert!(matches!(
        told(Lines::new(3), b"abcd", &[1])[..],
        [Told::Error(_)]
    ));
}

#[test]
fn half_a_line_at_the_end_is_an_error_unless_it_is_allowed() {
    assert!(matches!(
        told(Lines::new(8), b"DELETE 1", &[])[..],
        [Told::Error(_)]
    ));
    assert_eq!(
        told(Lines::new(8).unterminated(), b"hi", &[]),
        frames(&[b"hi"])
    );
}

#[test]
fn counted_bytes_come_between_lines() {
    let all = told(Lines::new(8), b"*4\r\na\nb\nc\n*0\nd\n", &[1]);
    assert_eq!(
        all,
        [
            Told::Frame(b"*4\r\n".into()),
            Told::Bytes(b"a\nb\n".into()),
            Told::Frame(b"c\n".into()),
            Told::Frame(b"*0\n".into()),
            Told::Frame(b"d\n".into()),
        ]
    );
}

#[test]
fn wrong_netstrings_are_told_apart() {
    let message = |input: &[u8]| match &told(Netstring::new(9), input, &[])[..] {
        [Told::Error(message)] => message.clone(),
        other => panic!("{input:?} gave {other:?}"),
    };
    assert_eq!(
        message(b"10:"),
        "over the limit: a netstring is longer than 9 bytes"
    );
    assert_eq!(
        message(b"05:"),
        "invalid input: a netstring's length has a leading zero"
    );
    assert_eq!(
        message(b":,"),
        "invalid input: a netstring does not begin with its length and a colon"
    );
    assert_eq!(
        message(b"1:xy"),
        "invalid input: a netstring does not end with a comma"
    );
    assert_eq!(
        message(b"3:ab"),
        "unexpected: the connection ended in the middle of a frame"
    );
}

#[test]
fn plain_bytes_behind_start_tls_end_the_connection() {
    struct StartTls;
    impl FrameProtocol<Lines> for StartTls {
        fn frame_received(&mut self, transport: &mut FrameTransport<'_, Lines>, _: Line<'_>) {
            transport.write_line(b"220 go ahead");
            transport.start_tls();
        }
    }
    let mut protocol = Framed::new(Lines::new(80), StartTls);
    let mut transport = Transport::unconnected();
    protocol.data_received(&mut transport, b"STARTTLS\r\nMAIL FROM:<evil>\r\n");
    let error = transport.driver().take_error();
    assert!(matches!(error, Some(Error::Invalid(_))), "{error:?}");
}

#[test]
fn a_line_from_elsewhere_cannot_become_two() {
    struct Relay;
    impl FrameProtocol<Lines> for Relay {
        fn frame_received(&mut self, transport: &mut FrameTransport<'_, Lines>, _: Line<'_>) {
            transport.write_line(b"one\r\ntwo");
            assert!(transport.write_frame(b"one\ntwo").is_err());
        }
    }
    let mut transport = Transport::unconnected();
    Framed::new(Lines::new(80), Relay).data_received(&mut transport, b"go\n");
    assert_eq!(transport.take_written(), b"one  two\r\n");
}

/// Stops reading when what came is no frame, and ends the connection when a timer runs out.
#[derive(Default)]
struct Patient {
    lines: usize,
    errors: usize,
}

impl FrameProtocol<Lines> for Patient {
    fn frame_received(&mut self, _: &mut FrameTransport<'_, Lines>, _: Line<'_>) {
        self.lines += 1;
    }

    fn frame_error(&mut self, transport: &mut FrameTransport<'_, Lines>, _: Error) {
        self.errors += 1;
        transport.pause_reading();
    }

    fn timer(&mut self, transport: &mut FrameTransport<'_, Lines>, _: TimerId) {
        transport.write(b"bye");
        transport.lose_connection();
    }
}

#[test]
fn who_stops_reading_at_an_error_may_say_something_before_the_end() {
    let begun = || {
        let mut transport = Transport::unconnected();
        let mut framed = Framed::new(Lines::new(4), Patient::default());
        framed.data_received(&mut transport, b"one\ntoo long\ntwo\n");
        assert!(!transport.is_closing());
        let told = (framed.get_ref().lines, framed.get_ref().errors);
        assert_eq!(told, (1, 1));
        (transport, framed)
    };
    let (mut transport, mut framed) = begun();
    framed.timer(&mut transport, TimerId(1));
    assert_eq!(transport.take_written(), b"bye");
    assert!(transport.is_closing());
    // Who reads on hears nothing more, since where a frame begins is not known any more.
    let (mut transport, mut framed) = begun();
    transport.resume_reading();
    framed.data_received(&mut transport, b"two\n");
    assert!(transport.is_closing());
    assert_eq!(framed.get_ref().lines, 1);
}

/// Writes a byte more than the high-water mark at each line, and takes what is incomplete
/// when its timer runs out.
struct Loud(Vec<u8>);

impl FrameProtocol<Lines> for Loud {
    fn frame_received(&mut self, transport: &mut FrameTransport<'_, Lines>, line: Line<'_>) {
        self.0.extend_from_slice(line.whole());
        transport.write(&[0; 64 * 1024 + 1]);
    }

    fn timer(&mut self, transport: &mut FrameTransport<'_, Lines>, _: TimerId) {
        self.0.extend(b"taken:");
        self.0.extend(transport.take_incomplete());
        self.0.push(b';');
    }
}

#[test]
fn whole_frames_that_wait_are_not_taken_for_an_incomplete_one() {
    let mut protocol = Framed::new(Lines::new(8), Loud(Vec::new()));
    let mut transport = Transport::unconnected();
    protocol.data_received(&mut transport, b"a\nb\nc");
    assert!(transport.is_write_paused());
    protocol.timer(&mut transport, TimerId(1));
    // Twice released, since each line fills the buffer anew.
    for _ in 0..2 {
        transport.take_written();
        transport.driver().take_write_pause();
        assert!(transport.driver().take_write_resume());
        // The driver has not handed them on yet, so they are still waiting.
        protocol.timer(&mut transport, TimerId(1));
        assert!(transport.driver().take_held_input());
        protocol.input_released(&mut transport);
    }
    protocol.timer(&mut transport, TimerId(1));
    let told = protocol.into_inner().0;
    assert_eq!(
        String::from_utf8_lossy(&told),
        "a\ntaken:;taken:;b\ntaken:;taken:c;"
    );
}

#[test]
fn a_codec_that_loses_half_an_item_ends_the_connection() {
    struct Impatient;
    impl FrameProtocol<Codec<LinesCodec>> for Impatient {
        fn frame_received(&mut self, _: &mut FrameTransport<'_, Codec<LinesCodec>>, line: String) {
            panic!("{line:?} is no line");
        }

        fn frame_incomplete(
            &mut self,
            transport: &mut FrameTransport<'_, Codec<LinesCodec>>,
            held: usize,
        ) {
            assert_eq!(transport.take_incomplete().len(), held);
        }
    }
    let codec = Codec::new(LinesCodec::new(), 80);
    let mut protocol = Framed::new(codec, Impatient);
    let mut transport = Transport::unconnected();
    protocol.data_received(&mut transport, b"half");
    protocol.data_received(&mut transport, b"\n");
    let error = transport.driver().take_error();
    assert!(matches!(error, Some(Error::Misuse(_))), "{error:?}");
}

#[test]
fn plain_bytes_held_until_a_later_start_tls_end_the_connection() {
    /// Asks elsewhere whether TLS may start, and starts it when the answer comes.
    struct Later;
    impl FrameProtocol<Lines> for Later {
        fn frame_received(&mut self, transport: &mut FrameTransport<'_, Lines>, _: Line<'_>) {
            transport.pause_reading();
        }

        fn message_received(
            &mut self,
            transport: &mut FrameTransport<'_, Lines>,
            _: crate::contract::Message,
        ) {
            transport.start_tls();
            transport.resume_reading();
        }
    }
    for behind in [&b"MAIL FROM:<evil>\r\n"[..], b"half a li"] {
        let mut protocol = Framed::new(Lines::new(80), Later);
        let mut transport = Transport::unconnected();
        protocol.data_received(&mut transport, &[b"STARTTLS\r\n", behind].concat());
        protocol.message_received(&mut transport, crate::contract::Message::new(()));
        let error = transport.driver().take_error();
        assert!(matches!(error, Some(Error::Invalid(_))), "{error:?}");
    }
}

//! Protocols that are wrong in one way each.

use std::time::Duration;

use lariat_protocol::framing::{FrameProtocol, FrameTransport, Line, Lines};
use lariat_protocol::{Error, Protocol, Reason, TimerId, Transport};

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    None,
    SaysTwice,
    HangsUp,
    HangsUpLate,
    KeepsAwake,
    NeverReadsOn,
    KeepsMuch,
    PanicsWhenLost,
    IgnoresEnd,
    AbortsAtEnd,
    IgnoresDrain,
    LosesWork,
    LinesWithoutEnd,
    ClosesWithoutError,
    WritesOn,
    WritesMuch,
    PanicsAtHighBytes,
}

/// Says each line back, ended by LF, but for its fault.
pub struct Lined(pub Fault);

const TICK: TimerId = TimerId(1);

impl Lined {
    fn tick(&self, transport: &mut Transport) {
        let after = match self.0 {
            Fault::HangsUp => Duration::from_millis(500),
            Fault::HangsUpLate => Duration::from_secs(20),
            Fault::KeepsAwake | Fault::WritesOn => Duration::from_secs(5),
            _ => return,
        };
        transport.set_timer(TICK, after);
    }
}

impl FrameProtocol<Lines> for Lined {
    fn connection_made(&mut self, transport: &mut FrameTransport<'_, Lines>) {
        self.tick(transport);
        if self.0 == Fault::KeepsMuch {
            transport.keep_input(1000);
        }
    }

    fn frame_received(&mut self, transport: &mut FrameTransport<'_, Lines>, line: Line<'_>) {
        assert!(
            self.0 != Fault::PanicsAtHighBytes || line.content().is_ascii(),
            "high bytes"
        );
        if self.0 == Fault::LosesWork {
            transport.pause_reading();
            transport.set_timer(TICK, Duration::from_secs(1));
            return;
        }
        transport.write_parts(&[line.content(), b"\n"]);
        match self.0 {
            Fault::SaysTwice => transport.write_parts(&[line.content(), b"\n"]),
            Fault::NeverReadsOn => transport.pause_reading(),
            Fault::WritesMuch => transport.write(&vec![b'x'; 17 << 20]),
            _ => {}
        }
    }

    fn frame_error(&mut self, transport: &mut FrameTransport<'_, Lines>, error: Error) {
        match self.0 {
            Fault::ClosesWithoutError => transport.lose_connection(),
            _ => transport.fail(error),
        }
    }

    fn eof_received(&mut self, transport: &mut FrameTransport<'_, Lines>) {
        match self.0 {
            Fault::IgnoresEnd => {}
            Fault::AbortsAtEnd => transport.abort(),
            _ => transport.lose_connection(),
        }
    }

    fn timer(&mut self, transport: &mut FrameTransport<'_, Lines>, _: TimerId) {
        match self.0 {
            Fault::KeepsAwake => transport.message_done(),
            Fault::WritesOn => transport.write(&[b'x'; 100_000]),
            Fault::LosesWork => {
                transport.write(b"done\n");
                transport.resume_reading();
            }
            _ => transport.lose_connection(),
        }
        self.tick(transport);
    }

    fn drain(&mut self, transport: &mut FrameTransport<'_, Lines>) {
        match self.0 {
            Fault::IgnoresDrain => {}
            Fault::AbortsAtEnd => transport.abort(),
            _ => transport.lose_connection(),
        }
    }

    fn connection_lost(&mut self, _: &Reason) {
        assert!(self.0 != Fault::PanicsWhenLost, "lost");
    }
}

/// Takes each piece for some whole lines.
pub struct PieceIsLine;

impl Protocol for PieceIsLine {
    fn data_received(&mut self, transport: &mut Transport, data: &[u8]) {
        for line in data.split_inclusive(|byte| *byte == b'\n') {
            let line = line.trim_ascii_end();
            transport.write_parts(&[line, b"\n"]);
        }
    }
}

/// Waits for the line's end, keeps all of it, and tells nobody.
pub struct Gathers(pub Vec<u8>);

impl Protocol for Gathers {
    fn data_received(&mut self, transport: &mut Transport, data: &[u8]) {
        self.0.extend_from_slice(data);
        if self.0.ends_with(b"\n") {
            transport.write(&std::mem::take(&mut self.0));
        }
    }
}

/// Says of each piece that a message ended in it and another has begun.
pub struct MarksEachPiece;

impl Protocol for MarksEachPiece {
    fn data_received(&mut self, transport: &mut Transport, _: &[u8]) {
        transport.message_done();
        transport.message_begun();
    }
}

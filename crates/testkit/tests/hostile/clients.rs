//! Clients that the harness connects to the protocols.

use std::time::Duration;

use lariat_protocol::framing::{FrameProtocol, FrameTransport, Line, Lines};
use lariat_protocol::{Protocol, TimerId, Transport};

/// Sends three lines at once, and ends with the last answer.
pub struct Pipelining;

impl FrameProtocol<Lines> for Pipelining {
    fn connection_made(&mut self, transport: &mut FrameTransport<'_, Lines>) {
        transport.write(b"a first line\na second one\nthe last\n");
    }

    fn frame_received(&mut self, transport: &mut FrameTransport<'_, Lines>, line: Line<'_>) {
        if line.content() == b"the last" {
            transport.lose_connection();
        }
    }
}

/// Asks ten things one after the other, each until it is answered.
pub struct AskAgain(pub u8);

const AGAIN: TimerId = TimerId(1);

impl AskAgain {
    fn ask(&self, transport: &mut Transport) {
        transport.write(&[b'0' + self.0, b'\n']);
        transport.set_timer(AGAIN, Duration::from_millis(200));
    }
}

impl Protocol for AskAgain {
    fn connection_made(&mut self, transport: &mut Transport) {
        self.ask(transport);
    }

    fn data_received(&mut self, transport: &mut Transport, data: &[u8]) {
        if data.first() == Some(&(b'0' + self.0)) {
            self.0 += 1;
            match self.0 {
                10 => transport.lose_connection(),
                _ => self.ask(transport),
            }
        }
    }

    fn timer(&mut self, transport: &mut Transport, _: TimerId) {
        self.ask(transport);
    }
}

/// Asks one thing once, and waits.
pub struct AskOnce;

impl Protocol for AskOnce {
    fn connection_made(&mut self, transport: &mut Transport) {
        transport.write(b"once\n");
    }

    fn data_received(&mut self, transport: &mut Transport, _: &[u8]) {
        transport.lose_connection();
    }
}

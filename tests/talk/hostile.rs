//! Talk's machine under the hostile harness, on a simulated clock.

use lariat::framing::{FrameProtocol, FrameTransport, Framed, Line, LineEnd, Lines};
use lariat::talk::{Heard, MAXIMUM_LINE, Mode, Side, Talk};
use lariat::{Protocol, ProtocolError};
use lariat_testkit::{Hostile, Transcript};

/// A person who repeats what is said.
struct Parrot(Talk);

impl Parrot {
    fn listening() -> impl Protocol {
        let name = Some("parrot".parse().expect("a name"));
        let lines = Lines::new(MAXIMUM_LINE).ending_with(LineEnd::Lf);
        Framed::new(lines, Parrot(Talk::new(Mode::Half, Side::Called, name)))
    }
}

impl FrameProtocol<Lines> for Parrot {
    fn connection_made(&mut self, transport: &mut FrameTransport<'_, Lines>) {
        transport.write(format!("{}\n", self.0.hello()).as_bytes());
    }

    fn frame_received(&mut self, transport: &mut FrameTransport<'_, Lines>, line: Line<'_>) {
        let line = String::from_utf8_lossy(line.content());
        let said = match self.0.heard(&line) {
            Ok(Heard::Said(text)) => match self.0.say(&text) {
                Ok(line) => line,
                // It came with control characters in it, which cannot be said again.
                Err(error) => self.0.say(&error.to_string()).expect("the turn"),
            },
            Ok(Heard::OutOfTurn(told)) => told.to_owned(),
            Ok(_) => return,
            Err(error) => return transport.fail(ProtocolError::invalid(error.to_string())),
        };
        transport.write(format!("{said}\n").as_bytes());
    }

    fn frame_error(&mut self, transport: &mut FrameTransport<'_, Lines>, error: ProtocolError) {
        transport.fail(error);
    }

    fn eof_received(&mut self, transport: &mut FrameTransport<'_, Lines>) {
        transport.lose_connection();
    }
}

#[test]
fn a_talk_stands_whatever_the_partner_does() {
    let transcript = Transcript::parse(include_str!("transcripts/talk.txt"));
    Hostile::new(Parrot::listening, transcript.expect("a transcript"))
        .longest(MAXIMUM_LINE + 64 * 1024)
        .idle(1000)
        .run();
}

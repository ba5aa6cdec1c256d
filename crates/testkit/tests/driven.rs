//! The driver without sockets: deadlines, slow readers and draining, as the engine has them.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use lariat_protocol::contract::Stage;
use lariat_protocol::framing::{FrameProtocol, FrameTransport, Framed, Line, Lines};
use lariat_protocol::{
    Deadline, Deadlines, Error, Protocol, Reason, TimerId, Transport, WaterMarks,
};
use lariat_testkit::Driven;

const SECOND: Duration = Duration::from_secs(1);

/// Says each line back, and good-bye when it must.
#[derive(Default)]
struct Lined;

impl FrameProtocol<Lines> for Lined {
    fn frame_received(&mut self, transport: &mut FrameTransport<'_, Lines>, line: Line<'_>) {
        match line.content() {
            b"wait" => {
                transport.pause_reading();
                transport.set_timer(TimerId(1), SECOND);
            }
            _ => transport.write(line.whole()),
        }
    }

    fn timer(&mut self, transport: &mut FrameTransport<'_, Lines>, _: TimerId) {
        transport.write(b"waited\n");
        transport.resume_reading();
    }

    fn drain(&mut self, transport: &mut FrameTransport<'_, Lines>) {
        transport.write(b"going down\n");
        transport.lose_connection();
    }

    fn deadline_passed(&mut self, transport: &mut FrameTransport<'_, Lines>, which: Deadline) {
        transport.write(which.name().as_bytes());
    }
}

fn lined() -> Driven<Framed<Lines, Lined>> {
    let framed = Framed::new(Lines::new(1000), Lined);
    Driven::new(framed).deadlines(Deadlines::default())
}

/// Says every piece back.
struct Echo;

impl Protocol for Echo {
    fn data_received(&mut self, transport: &mut Transport, data: &[u8]) {
        transport.write(data);
    }
}

#[test]
fn each_stage_has_its_deadline_and_the_protocol_its_last_words() {
    for (sent, after, deadline) in [
        (&b""[..], 30, Deadline::FirstMessage),
        (b"half", 30, Deadline::Message),
        (b"whole\n", 300, Deadline::Idle),
        (b"whole\nhalf", 30, Deadline::Message),
    ] {
        let mut server = lined();
        server.receive(sent);
        server.take_written();
        let after = SECOND * after;
        assert_eq!(server.deadline(), Some((after, deadline)));
        server.advance(after - Duration::from_millis(1));
        assert!(server.ended().is_none(), "{deadline:?} came early");
        server.advance(Duration::from_millis(1));
        assert_eq!(server.take_written(), deadline.name().as_bytes());
        let error = server.error().map(Error::to_string).unwrap();
        assert_eq!(error, format!("over the limit: {deadline}"));
    }
}

#[test]
fn without_being_asked_there_are_no_deadlines() {
    let mut server = Driven::new(Echo);
    server.advance(SECOND * 86_400);
    assert!(server.ended().is_none());
    assert_eq!(server.deadline(), None);
}

#[test]
fn while_the_server_works_no_deadline_runs() {
    let mut server = lined();
    server.receive(b"wait\nnext\n");
    assert_eq!((server.stage(), server.deadline()), (Stage::Working, None));
    server.advance(SECOND);
    assert_eq!(server.take_written(), b"waited\nnext\n");
    assert_eq!(server.deadline(), Some((SECOND * 300, Deadline::Idle)));
}

#[test]
fn a_protocol_that_marks_nothing_has_a_message_with_each_piece() {
    let mut server = Driven::new(Echo).deadlines(Deadlines::default());
    server.receive(b"a");
    server.receive(b"b");
    assert_eq!((server.messages(), server.stage()), (2, Stage::Idle));
    let mut server = lined();
    server.receive(b"a");
    server.receive(b"b\nc");
    assert_eq!((server.messages(), server.is_in_message()), (1, true));
}

#[test]
fn a_peer_that_does_not_read_is_cut_off_by_the_write_deadline() {
    let mut server = lined();
    server.stop_reading();
    server.receive(b"one\n");
    assert_eq!((server.unsent(), server.held()), (4, 4));
    server.advance(SECOND * 59);
    server.read(3);
    assert_eq!(server.take_written(), b"one");
    // Three bytes have earned 6 ms.
    assert_eq!(
        server.deadline(),
        Some((Duration::from_millis(1006), Deadline::Write))
    );
    server.advance(SECOND * 2);
    assert_eq!(server.take_written(), b"", "there is nobody to be told");
    assert!(matches!(server.error(), Some(Error::Limit(_))));
}

#[test]
fn what_was_written_before_the_end_waits_for_the_peer_but_not_for_ever() {
    let mut late = Driven::new(Echo).deadlines(Deadlines {
        life: Some(SECOND),
        ..Deadlines::DEFAULT
    });
    late.stop_reading();
    late.receive(b"answer");
    let mut never = Driven::new(Echo).deadlines(Deadlines::DEFAULT);
    never.stop_reading();
    never.receive(b"answer");
    never.receive_end();

    late.advance(SECOND * 2);
    assert!(late.ended().is_none(), "the answer has not left");
    late.read_all();
    assert_eq!(late.take_written(), b"answer");
    assert!(matches!(late.error(), Some(Error::Limit(_))));

    never.advance(SECOND * 60);
    assert_eq!(never.take_written(), b"");
    assert!(matches!(
        never.ended(),
        Some(Reason::Failed(Error::Limit(_)))
    ));
}

#[test]
fn above_the_high_mark_input_waits_until_the_peer_reads() {
    let mut server = Driven::new(Echo);
    server.stop_reading();
    let block = vec![b'x'; WaterMarks::DEFAULT.high + 1];
    server.receive(&block);
    server.receive(b"behind");
    assert_eq!((server.messages(), server.unsent()), (1, block.len()));
    server.read(block.len());
    assert_eq!((server.messages(), server.unsent()), (2, 6));
    server.read(1);
    assert_eq!(server.take_written().len(), block.len() + 1);
}

#[test]
fn what_was_read_is_answered_before_the_goodbye() {
    let mut server = lined();
    server.receive(b"wait\none\ntwo\nhalf");
    server.drain();
    assert_eq!(server.take_written(), b"");
    server.advance(SECOND);
    assert_eq!(server.take_written(), b"waited\none\ntwo\ngoing down\n");
    assert!(matches!(server.ended(), Some(Reason::Closed)));
}

#[test]
fn timers_and_deadlines_come_in_the_order_of_time() {
    /// Sets a timer of 20 seconds, and one for the moment of the deadline.
    struct Timed;
    impl Protocol for Timed {
        fn connection_made(&mut self, transport: &mut Transport) {
            transport.set_timer(TimerId(30), SECOND * 30);
            transport.set_timer(TimerId(20), SECOND * 20);
            transport.set_timer(TimerId(31), SECOND * 31);
        }
        fn data_received(&mut self, _: &mut Transport, _: &[u8]) {}
        fn timer(&mut self, transport: &mut Transport, timer: TimerId) {
            transport.write(format!("{} ", timer.0).as_bytes());
        }
        fn deadline_passed(&mut self, transport: &mut Transport, deadline: Deadline) {
            transport.write(deadline.name().as_bytes());
        }
    }
    let mut server = Driven::new(Timed).deadlines(Deadlines::default());
    server.advance(SECOND * 60);
    assert_eq!(server.take_written(), b"20 30 first-message");
}

#[test]
fn a_broken_connection_says_nothing_more() {
    let mut server = lined();
    server.receive(b"wait\n");
    server.reset();
    server.receive(b"more\n");
    server.advance(SECOND * 600);
    assert_eq!(server.take_written(), b"");
    assert!(matches!(server.ended(), Some(Reason::Failed(Error::Io(_)))));
}

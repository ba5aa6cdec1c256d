//! Deadlines that change while connections are open.

use std::io::Write;
use std::time::Instant;

use lariat::observe::Phase;
use lariat_protocol::Deadlines;

use super::{PATIENT, SHORT};
use crate::common::{connect, reactor, wait_until};
use crate::host::{Host, greeting, only_one_in, rest, with_deadlines};

#[test]
fn they_count_for_what_is_under_way() {
    for (phase, says, hears) in [
        (Phase::First, "", "late first-message\n"),
        (Phase::Idle, "hi\n", "hi\nlate idle\n"),
        (Phase::Message, "hal", "late message\n"),
        (Phase::Writing, "big 12000000\n", ""),
        (Phase::Working, "pause\n", "late life\n"),
    ] {
        let reactor = reactor();
        let handle = reactor.handle();
        let options = with_deadlines(PATIENT);
        let listening = handle.listen_with("tcp://127.0.0.1:0", options, Host);
        let listening = listening.expect("listening");
        let begun = Instant::now();
        let mut stream = connect(&listening);
        greeting(&stream);
        stream.write_all(says.as_bytes()).expect("sent");
        only_one_in(&handle, phase);
        listening.set_deadlines(Deadlines {
            first_message: Some(SHORT),
            idle: Some(SHORT),
            message: Some(SHORT),
            write: Some(SHORT),
            life: (phase == Phase::Working).then_some(SHORT),
            ..PATIENT
        });
        wait_until("it is ended", || {
            handle.connections() == 0 || {
                phase != Phase::Writing && listening.stats().deadlines.iter().sum::<u64>() == 1
            }
        });
        assert!(begun.elapsed() >= SHORT);
        assert_eq!(rest(&mut stream).trim_matches('x'), hears);
        assert_eq!(listening.stats().deadlines.iter().sum::<u64>(), 1);
    }
}

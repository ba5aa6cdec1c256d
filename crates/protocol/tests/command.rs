//! The command server's words, held to a transcript, and how it takes its turns.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use lariat_protocol::command::{
    Answer, CommandServer, Commands, MAXIMUM_LINE, Request, Started, WAITING_REQUESTS,
};
use lariat_protocol::{Deadline, Deadlines, Handle, Message};
use lariat_testkit::{Driven, Transcript};

/// Answers at once, but what is to be worked on.
#[derive(Clone, Default)]
struct Plain {
    working: Arc<AtomicUsize>,
}

/// Counts what is worked on.
struct Working(Arc<AtomicUsize>);

impl Drop for Working {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Commands for Plain {
    type Work = Working;

    fn start(&mut self, request: &Request, _: Handle) -> Started<Working> {
        Started::Answered(match request.name() {
            "date" => Answer::ok("Sat Jun 17 17:27:21 2006\n"),
            "say" => Answer::ok(request.argument()),
            "break" => Answer::failed("it broke", request.argument()),
            "work" => {
                self.working.fetch_add(1, Ordering::Relaxed);
                return Started::Working(Working(Arc::clone(&self.working)));
            }
            name => Answer::error(format!("no command {name:?}")),
        })
    }
}

impl Plain {
    fn driven(&self) -> Driven<CommandServer<Plain>> {
        Driven::new(CommandServer::new(self.clone()))
    }

    fn working(&self) -> usize {
        self.working.load(Ordering::Relaxed)
    }
}

fn finish(server: &mut Driven<CommandServer<Plain>>, text: &str) {
    let answer = Message::new(Answer::ok(text));
    server.handle().send_result(answer).unwrap();
    server.deliver_messages();
}

#[test]
fn the_transcript_holds_however_it_is_cut() {
    let transcript = include_str!("transcripts/command.txt");
    let transcript = Transcript::parse(transcript).unwrap();
    transcript.replay(16, || CommandServer::new(Plain::default()));
}

#[test]
fn what_takes_time_is_answered_in_its_turn() {
    let plain = Plain::default();
    let mut server = plain.driven();
    server.receive(b"work\nsay b\nwork\n");
    assert_eq!(plain.working(), 1);
    assert!(server.take_written().is_empty());
    finish(&mut server, "a");
    assert_eq!(server.take_written(), b"ok\na\n.\nok\nb\n.\n");
    assert_eq!(plain.working(), 1);
    // The end of what is asked is no end of the answers.
    server.receive_end();
    assert!(server.ended().is_none());
    finish(&mut server, "c");
    assert_eq!(server.take_written(), b"ok\nc\n.\n");
    assert!(server.ended().unwrap().is_clean());
    assert_eq!(plain.working(), 0);
}

#[test]
fn a_connection_that_breaks_ends_what_is_worked_on() {
    let plain = Plain::default();
    let mut server = plain.driven();
    server.receive(b"work\nwork\n");
    assert!(server.is_open_to_input(), "it is heard when it breaks");
    server.reset();
    assert_eq!(plain.working(), 0);
}

#[test]
fn so_many_requests_wait_and_no_more() {
    let plain = Plain::default();
    let mut server = plain.driven();
    server.receive(b"work\n");
    for _ in 0..WAITING_REQUESTS {
        assert!(server.is_open_to_input());
        server.receive(b"say a\n");
    }
    assert!(!server.is_open_to_input());
    finish(&mut server, "");
    let said = server.take_written();
    assert_eq!(said.len(), 5 + 7 * WAITING_REQUESTS);
    assert!(server.is_open_to_input());
}

#[test]
fn whoever_does_not_read_is_not_answered_more() {
    let plain = Plain::default();
    let mut server = plain.driven();
    server.stop_reading();
    let line = [b"say ", &vec![b'x'; 1000][..], b"\n"].concat();
    for _ in 0..1000 {
        server.receive(&line);
    }
    assert!(server.unsent() < 80 * 1024, "{}", server.unsent());
    server.read_all();
    let said = server.take_written();
    assert_eq!(said.len(), 1000 * (1001 + 5));
}

#[test]
fn a_long_line_is_refused_and_one_of_the_longest_length_taken() {
    let mut server = Plain::default().driven();
    let line = |length: usize| [b"say ", &vec![b'x'; length - 4][..], b"\r\n"].concat();
    server.receive(&line(MAXIMUM_LINE));
    assert!(server.take_written().starts_with(b"ok\nxxx"));
    server.receive(&line(MAXIMUM_LINE + 1));
    let said = server.take_written();
    let words = b"closing over the limit: a line is longer than 1024 bytes\n";
    assert_eq!(said, words);
    assert!(server.ended().is_some());
}

#[test]
fn a_server_that_goes_down_says_so_and_ends_what_is_worked_on() {
    let plain = Plain::default();
    let mut server = plain.driven();
    server.receive(b"work\nsay a\n");
    server.drain();
    assert_eq!(server.take_written(), b"closing the server goes down\n");
    assert_eq!(plain.working(), 0);
    assert!(server.ended().is_some());
}

#[test]
fn who_waits_for_an_answer_is_not_idle_and_who_asks_nothing_is() {
    let mut server = Plain::default().driven().deadlines(Deadlines::DEFAULT);
    server.receive(b"work\n");
    server.advance(Duration::from_secs(3600));
    assert!(server.ended().is_none());
    finish(&mut server, "late");
    assert_eq!(server.take_written(), b"ok\nlate\n.\n");
    assert!(matches!(server.deadline(), Some((_, Deadline::Idle))));
    server.advance(Duration::from_secs(301));
    let said = String::from_utf8(server.take_written()).unwrap();
    assert!(
        said.starts_with("closing ") && said.ends_with('\n'),
        "{said}"
    );
    assert!(server.ended().is_some());
}

#[test]
fn half_a_line_at_the_end_is_no_command() {
    let mut server = Plain::default().driven();
    server.receive(b"say a");
    server.receive_end();
    let said = String::from_utf8(server.take_written()).unwrap();
    let words = "closing unexpected: the connection ended in the middle of a line\n";
    assert_eq!(said, words);
}

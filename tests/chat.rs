//! The chat, the whole way: on a simulated connection, and over the carriers that it is for.

mod conversation;
mod hostile;
mod sockets;

use lariat::service::chat::{Chat, Limits};
use lariat::{ConnectionInfo, Factory, Protocol, Transport};
use lariat_testkit::Driven;

/// When everything happens.
fn clock() -> i64 {
    1_150_565_241
}

fn chat() -> Chat {
    Chat::with_clock(Limits::DEFAULT, clock)
}

/// The protocol of one connection.
fn speaker(chat: &Chat) -> Box<dyn Protocol> {
    let info: ConnectionInfo = Transport::unconnected().info().clone();
    chat.build(&info).expect("everybody is taken")
}

/// Somebody at the other end of a simulated connection.
struct Person(Driven<Box<dyn Protocol>>);

impl Person {
    /// Connects, and has not said a name.
    fn stranger(chat: &Chat) -> Self {
        let mut person = Person(Driven::new(speaker(chat)));
        assert!(person.hears().ends_with("? What is your name?\n"));
        person
    }

    /// Comes in by this line, and has read what it is shown.
    fn named(chat: &Chat, line: &str) -> Self {
        let mut person = Person::stranger(chat);
        let heard = person.says(line);
        assert!(heard.starts_with("= you are "), "{heard}");
        person
    }

    /// Says a line, and returns what was answered.
    fn says(&mut self, line: &str) -> String {
        self.0.receive(format!("{line}\n").as_bytes());
        self.hears()
    }

    /// What was said since it was last asked.
    fn hears(&mut self) -> String {
        self.0.deliver_messages();
        let written = String::from_utf8(self.0.take_written()).expect("text");
        assert!(
            written.is_empty() || written.ends_with("\r\n"),
            "{written:?}"
        );
        written.replace("\r\n", "\n")
    }
}

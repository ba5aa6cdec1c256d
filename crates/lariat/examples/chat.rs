//! A chat: what one connection says, `message_received` brings to all others.
//!
//! `cargo run -p lariat --example chat` listens on port 7000; another endpoint may be given.
//! Join it several times with `lariat connect localhost:7000`.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use lariat::framing::{FrameProtocol, FrameTransport, Framed, Line, Lines};
use lariat::{ConnectionHandle, ConnectionInfo, Factory, Message, Protocol, Reactor, SendError};

/// Everybody who is there. Connections live on several threads; this is what they share.
#[derive(Clone, Default)]
struct Room(Arc<Mutex<Vec<ConnectionHandle>>>);

impl Room {
    fn members(&self) -> std::sync::MutexGuard<'_, Vec<ConnectionHandle>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Brings a line to everybody but who said it. It is kept once, however many hear it.
    fn say(&self, from: Option<&ConnectionHandle>, line: String) {
        let line = Arc::new(line);
        self.members().retain(|member| {
            if Some(member) == from {
                return true;
            }
            let sent = member.send(Message::shared(Arc::clone(&line)));
            // Who does not keep up misses a line; who is gone is forgotten.
            !matches!(sent, Err(SendError::Gone(_)))
        });
    }
}

impl Factory for Room {
    fn build(&self, connection: &ConnectionInfo) -> Option<Box<dyn Protocol>> {
        let member = Member {
            name: connection.peer.to_string(),
            room: self.clone(),
        };
        Some(Box::new(Framed::new(Lines::new(1024), member)))
    }
}

/// One connection's side of the room.
struct Member {
    name: String,
    room: Room,
}

impl FrameProtocol<Lines> for Member {
    fn connection_made(&mut self, transport: &mut FrameTransport<'_, Lines>) {
        self.room.say(None, format!("{} came", self.name));
        self.room.members().push(transport.handle());
        transport.write_line(b"welcome");
    }

    fn frame_received(&mut self, transport: &mut FrameTransport<'_, Lines>, line: Line<'_>) {
        let text = String::from_utf8_lossy(line.content());
        let said = format!("{}: {text}", self.name);
        self.room.say(Some(&transport.handle()), said);
    }

    fn message_received(&mut self, transport: &mut FrameTransport<'_, Lines>, message: Message) {
        if let Some(line) = message.get::<String>() {
            transport.write_line(line.as_bytes());
        }
    }

    fn connection_lost(&mut self, _: &lariat::Reason) {
        self.room.say(None, format!("{} left", self.name));
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let endpoint = std::env::args().nth(1);
    let endpoint = endpoint.unwrap_or_else(|| "tcp://localhost:7000".into());
    let reactor = Reactor::builder().build()?;
    let listening = reactor.listen(endpoint, Room::default())?;
    for endpoint in listening.endpoints() {
        println!("listening on {endpoint}");
    }
    reactor.run();
    Ok(())
}

//! The chat's client: commands out, events in, at any time.

use lariat_net::{ConnectOptions, Connection};
use lariat_protocol::chat::{Command, Event, LONGEST_ANSWER, Name};
use lariat_protocol::{Address, Endpoint};

use crate::line_stream::LineStream;

pub use crate::asking::Error;

/// A conversation with a chat server.
///
/// ```no_run
/// use lariat_client::chat::Client;
/// use lariat_protocol::chat::{Command, Event};
///
/// # async fn f() -> Result<(), lariat_client::chat::Error> {
/// let endpoint = "tcp://localhost:21578".parse().expect("a URL");
/// let mut client = Client::connect(&endpoint, Default::default()).await?;
/// client.say_name(&"echo".parse().expect("a name"), &[]);
/// while let Some(event) = client.next_event().await? {
///     if let Event::Said { room, text, at: None, .. } = event {
///         client.send(&Command::SayIn { room, text });
///     }
/// }
/// # Ok(()) }
/// ```
pub struct Client {
    lines: LineStream,
}

impl Client {
    /// Connects. The server then asks for a name.
    ///
    /// # Errors
    ///
    /// As [`lariat_net::connect`].
    pub async fn connect(endpoint: &Endpoint, options: ConnectOptions) -> Result<Self, Error> {
        Ok(Client::over(
            lariat_net::connect_with(endpoint, options).await?,
        ))
    }

    /// A conversation over a connection that is there already.
    pub fn over(connection: Connection) -> Self {
        Client {
            lines: LineStream::new(connection, LONGEST_ANSWER),
        }
    }

    /// The server.
    pub fn peer(&self) -> &Address {
        self.lines.peer()
    }

    /// Answers [`Event::Asked`]: who comes, and into which rooms; into the server's own choice, if
    /// none is named. Sent by [`next_event`](Self::next_event), as everything is.
    pub fn say_name(&mut self, name: &Name, rooms: &[Name]) {
        let rooms = rooms.iter().map(|room| format!(" {room}"));
        self.lines
            .send(&format!("{name}{}", rooms.collect::<String>()));
    }

    /// Puts a command among those to be sent. What it did comes as an event, if anything does.
    pub fn send(&mut self, command: &Command) {
        self.lines.send(&command.to_string());
    }

    /// Whether so little waits to be sent that more may be said: the server takes some lines a second,
    /// and the rest waits here.
    pub fn has_room(&self) -> bool {
        self.lines.has_room()
    }

    /// The next event, however long it takes; nothing when the server has closed. Meanwhile sends
    /// what waits. May be dropped and called again without losing anything.
    ///
    /// # Errors
    ///
    /// When the connection breaks, or a line comes that is none of a chat's.
    pub async fn next_event(&mut self) -> Result<Option<Event>, Error> {
        let line = self.lines.next().await?;
        Ok(line.map(|line| Event::read(&line)))
    }

    /// Sends what waits, and ends the conversation in order.
    ///
    /// # Errors
    ///
    /// When the connection breaks before.
    pub async fn close(mut self) -> Result<(), Error> {
        self.lines.end().await
    }
}

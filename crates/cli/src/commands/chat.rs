//! `lariat chat`: the chat's client; what is typed goes to everybody in the room.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lariat_client::chat::Client;
use lariat_protocol::Endpoint;
use lariat_protocol::chat::{Command, DEFAULT_PORT, Event, MAXIMUM_LINE, Moment, Name, NameError};
use serde_json::{Value, json};

use crate::client::{self, seconds};
use crate::failure::{Failure, INTERRUPTED};
use crate::line_editor::{Completion, LineEditor, Printer, Settings, Typed};
use crate::output::escape_json;
use crate::signals;

/// How long the server may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(5);

/// Chat with everybody who is in the same room
///
/// What is typed goes to the room that was joined last; a line that begins with / is a command, and
/// /help lists them. From a pipe, its lines are said, and at its end the chat is left.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The server: an endpoint, or a host alone
    #[arg(value_name = "ENDPOINT|HOST", default_value = "tcp://localhost")]
    server: String,
    /// The server's port, if it is not in the endpoint
    port: Option<u16>,
    /// Enter this room, and not the one that everybody enters; may be given several times
    #[arg(short, long = "room", value_name = "ROOM")]
    rooms: Vec<String>,
    /// Be called so [default: the name of the account]
    #[arg(short, long, value_name = "NAME")]
    nick: Option<Name>,
    /// Show what happens as JSON, an object a line
    #[arg(long)]
    json: bool,
    /// How long connecting may take
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "30")]
    timeout: Duration,
}

const EXAMPLES: &str = "\
The default port is 21578.

Examples:
  lariat chat
  lariat chat example.org --nick ann --room rust
  lariat chat 'tls://example.org:21578?ca=ca.pem'
  uptime | lariat chat --nick uptime
  tail -f /dev/null | lariat chat --nick ears --json | jq .text";

/// Runs the command.
pub fn run(args: Args) -> Result<(), Failure> {
    let endpoint = client::endpoint_at(&args.server, "tcp", args.port)?;
    let endpoint = endpoint.with_default_port(DEFAULT_PORT);
    let rooms = args.rooms.iter().map(|room| {
        let name: Result<Name, _> = room.strip_prefix('#').unwrap_or(room).parse();
        name.map_err(|error| Failure::usage(format!("--room {room}: {error}")))
    });
    let rooms = rooms.collect::<Result<Vec<_>, _>>()?;
    let account = || std::env::var("USER").ok()?.parse().ok();
    let guest = || format!("guest-{}", std::process::id()).parse().ok();
    let known = Arc::new(Mutex::new(Known {
        rooms,
        ..Known::default()
    }));
    let chat = Chat {
        endpoint,
        name: args.nick.clone().or_else(account).or_else(guest),
        known,
        json: args.json,
        timeout: args.timeout,
    };
    signals::interruptible(chat.run())
}

/// What is known of the chat, also to the editor's thread, which completes words.
#[derive(Default)]
struct Known {
    /// Where one is, in the order of joining; where to go, before one is there.
    rooms: Vec<Name>,
    /// Whom one has heard of.
    people: Vec<Name>,
    /// Where what is typed goes.
    current: Option<Name>,
}

/// The most names that are remembered for completion.
const MOST_NAMES: usize = 10_000;

impl Known {
    fn heard_of(&mut self, name: &Name) {
        if !self.people.contains(name) && self.people.len() < MOST_NAMES {
            self.people.push(name.clone());
        }
    }

    /// Takes note of an event. Returns whether the current room is another now.
    fn note(&mut self, event: &Event) -> bool {
        let before = self.current.clone();
        match event {
            Event::Entered { room, .. } => {
                if !self.rooms.contains(room) {
                    self.rooms.push(room.clone());
                }
                self.current = Some(room.clone());
            }
            Event::Exited { room } => {
                self.rooms.retain(|other| other != room);
                if self.current.as_ref() == Some(room) {
                    self.current = self.rooms.last().cloned();
                }
            }
            Event::Names { names, .. } => names.iter().for_each(|name| self.heard_of(name)),
            Event::Said { from, .. } | Event::Did { from, .. } | Event::Private { from, .. } => {
                self.heard_of(from);
            }
            Event::Joined { name, .. } => self.heard_of(name),
            Event::Left { name, .. } => self.people.retain(|other| other != name),
            Event::Renamed { from, to, .. } => {
                self.people.retain(|other| other != from);
                self.heard_of(to);
            }
            _ => {}
        }
        before != self.current
    }

    /// What the last word of a line could be.
    fn complete(&self, line: &str) -> Completion {
        let start = line.rfind(char::is_whitespace).map_or(0, |at| at + 1);
        let begun = line[start..].to_lowercase();
        let first = line[..start].split_whitespace().next();
        let texts = |names: &[Name]| names.iter().map(Name::to_string).collect();
        let words: Vec<String> = match (first, line[..start].split_whitespace().count()) {
            (None, _) if begun.starts_with('/') => {
                Command::words().map(|word| format!("/{word}")).collect()
            }
            (Some("/join" | "/leave" | "/who" | "/say"), 1) => texts(&self.rooms),
            _ => texts(&self.people),
        };
        let fits = |word: &String| word.to_lowercase().starts_with(&begun);
        Completion {
            start,
            words: words.into_iter().filter(fits).collect(),
        }
    }
}

/// How a connection came to its end.
enum Ending {
    /// As it was wanted.
    Done,
    /// By ^C.
    Interrupted,
    /// Otherwise, for this reason.
    Lost(String),
}

/// One run of the client.
struct Chat {
    endpoint: Endpoint,
    name: Option<Name>,
    known: Arc<Mutex<Known>>,
    json: bool,
    timeout: Duration,
}

impl Chat {
    async fn run(mut self) -> Result<(), Failure> {
        // Before the prompt: who types should know that somebody is there.
        let client = self.connect().await?;
        let known = Arc::clone(&self.known);
        let settings = Settings {
            maximum: MAXIMUM_LINE,
            complete: Box::new(move |line| lock(&known).complete(line)),
            ..Settings::default()
        };
        let mut editor = LineEditor::open(settings)?;
        let outcome = self.converse(client, &mut editor).await;
        let shown = editor.close().await;
        outcome.and(shown)
    }

    async fn connect(&self) -> Result<Client, Failure> {
        let options = client::options(Some(self.timeout));
        Ok(Client::connect(&self.endpoint, options).await?)
    }

    /// Converses, and connects again for as long as somebody wants to.
    async fn converse(&mut self, client: Client, editor: &mut LineEditor) -> Result<(), Failure> {
        let printer = editor.printer();
        let mut client = Some(client);
        loop {
            let ending = match client.take() {
                Some(client) => self.session(client, editor, &printer).await?,
                None => match self.connect().await {
                    Ok(again) => {
                        client = Some(again);
                        continue;
                    }
                    Err(failure) => Ending::Lost(failure.message().unwrap_or_default().to_owned()),
                },
            };
            let why = match ending {
                Ending::Done => return Ok(()),
                Ending::Interrupted => return Err(Failure::quiet(INTERRUPTED)),
                Ending::Lost(why) => why,
            };
            if !editor.is_interactive() {
                return Err(Failure::new(why));
            }
            printer
                .print(format!("{why}\nEnter connects again, ^D ends."))
                .await?;
            match editor.next().await? {
                Typed::Line(_) => {}
                Typed::Interrupted => return Err(Failure::quiet(INTERRUPTED)),
                Typed::End => return Err(Failure::quiet(1)),
            }
        }
    }

    /// One connection, from its beginning to its end.
    async fn session(
        &mut self,
        client: Client,
        editor: &mut LineEditor,
        printer: &Printer,
    ) -> Result<Ending, Failure> {
        let peer = client.peer().to_string();
        let mut session = Session {
            client,
            // Where one wants to be, or was before the connection was lost.
            rooms: lock(&self.known).rooms.clone(),
            name: self.name.clone(),
            state: State::Arriving,
            refused: None,
        };
        loop {
            let speaks = session.state != State::Arriving && session.client.has_room();
            tokio::select! {
                biased;
                typed = editor.next(), if speaks => {
                    match session.typed(typed?) {
                        Ok(()) => {}
                        Err(said) => printer.print(format!("! {said}")).await?,
                    }
                }
                event = session.client.next_event() => {
                    let Some(event) = event.unwrap_or_else(|error| {
                        Some(Event::Goodbye(error.to_string()))
                    }) else {
                        return Ok(session.ending(format!("{peer} closed the connection")));
                    };
                    self.show(&event, printer).await?;
                    if let Some(ending) = session.heard(&event, editor.is_interactive()) {
                        return Ok(ending);
                    }
                    if let Event::Named(name) = &event {
                        self.name = Some(name.clone());
                    }
                    self.note(&event, printer).await?;
                }
                () = tokio::time::sleep(GOODBYE), if session.state == State::Interrupted => {
                    return Ok(Ending::Interrupted);
                }
            }
        }
    }

    /// Takes note of an event, and shows in the prompt where one is.
    async fn note(&self, event: &Event, printer: &Printer) -> Result<(), Failure> {
        let current = {
            let mut known = lock(&self.known);
            known.note(event).then(|| known.current.clone())
        };
        let Some(current) = current else {
            return Ok(());
        };
        let current = current.map_or(String::new(), |room| room.to_string());
        printer.set_prompt(format!("{current}> ")).await
    }

    async fn show(&self, event: &Event, printer: &Printer) -> Result<(), Failure> {
        match self.json {
            true => {
                printer
                    .print(escape_json(&in_json(event).to_string()))
                    .await
            }
            false => printer.print(event.to_string()).await,
        }
    }
}

/// What one is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The server has not asked for a name, or has not answered to one.
    Arriving,
    /// The person is to type a name.
    ExpectName,
    Here,
    /// Goodbye is said.
    Leaving,
    /// The same, by ^C.
    Interrupted,
}

/// One connection to the server.
struct Session {
    client: Client,
    /// Where to go at first.
    rooms: Vec<Name>,
    /// What to be called, until that was tried.
    name: Option<Name>,
    state: State,
    /// What the server said last that it does not do.
    refused: Option<String>,
}

impl Session {
    /// Does what a person wants; an error is what is wrong with that.
    fn typed(&mut self, typed: Typed) -> Result<(), String> {
        let line = match typed {
            Typed::Line(line) => line,
            Typed::End => {
                self.client.send(&Command::Quit(None));
                self.state = State::Leaving;
                return Ok(());
            }
            Typed::Interrupted => {
                self.client.send(&Command::Quit(None));
                self.state = State::Interrupted;
                return Ok(());
            }
        };
        if self.state == State::ExpectName {
            let name = String::from_utf8_lossy(&line).trim().parse();
            let name: Name = name.map_err(|error: NameError| error.to_string())?;
            self.client.say_name(&name, &self.rooms);
            self.state = State::Arriving;
            return Ok(());
        }
        let command = Command::parse(&line).map_err(|error| error.to_string())?;
        if let Some(command) = command {
            self.client.send(&command);
            if matches!(command, Command::Quit(_)) {
                self.state = State::Leaving;
            }
        }
        Ok(())
    }

    /// Answers the server. Returns how the session ended, if it has.
    fn heard(&mut self, event: &Event, is_interactive: bool) -> Option<Ending> {
        match event {
            Event::Asked(_) => match self.name.take() {
                Some(name) => self.client.say_name(&name, &self.rooms),
                None if is_interactive => self.state = State::ExpectName,
                None => {
                    let why = self.refused.take();
                    let why = why.unwrap_or("--nick NAME says what you are called".into());
                    return Some(Ending::Lost(why));
                }
            },
            Event::Refused(why) => self.refused = Some(why.clone()),
            Event::Named(_) if self.state == State::Arriving => self.state = State::Here,
            Event::Goodbye(why) => return Some(self.ending(why.clone())),
            _ => {}
        }
        None
    }

    /// How it ended, for this reason if nobody here wanted it to.
    fn ending(&self, why: String) -> Ending {
        match self.state {
            State::Leaving => Ending::Done,
            State::Interrupted => Ending::Interrupted,
            _ => Ending::Lost(why),
        }
    }
}

fn lock(known: &Mutex<Known>) -> std::sync::MutexGuard<'_, Known> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An event as a program reads it: what it is, and its parts by name.
fn in_json(event: &Event) -> Value {
    match event {
        Event::Told(text) => json!({"event": "told", "text": text}),
        Event::Refused(text) => json!({"event": "refused", "text": text}),
        Event::Asked(text) => json!({"event": "asked", "text": text}),
        Event::Named(name) => json!({"event": "named", "name": name.as_str()}),
        Event::Goodbye(text) => json!({"event": "goodbye", "text": text}),
        Event::Room { room, people } => {
            json!({"event": "room", "room": room.as_str(), "people": people})
        }
        Event::Private { from, text } => {
            json!({"event": "private", "from": from.as_str(), "text": text})
        }
        Event::Entered { room, people } => {
            json!({"event": "entered", "room": room.as_str(), "people": people})
        }
        Event::Exited { room } => json!({"event": "exited", "room": room.as_str()}),
        Event::Names { room, names } => {
            let names: Vec<&str> = names.iter().map(Name::as_str).collect();
            json!({"event": "names", "room": room.as_str(), "names": names})
        }
        Event::Said {
            room,
            at,
            from,
            text,
        } => speech("said", room, *at, from, text),
        Event::Did {
            room,
            at,
            from,
            text,
        } => speech("did", room, *at, from, text),
        Event::Joined { room, name } => {
            json!({"event": "joined", "room": room.as_str(), "name": name.as_str()})
        }
        Event::Left { room, name, why } => {
            json!({"event": "left", "room": room.as_str(), "name": name.as_str(), "why": why})
        }
        Event::Renamed { room, from, to } => {
            json!({"event": "renamed", "room": room.as_str(), "from": from.as_str(), "to": to.as_str()})
        }
        other => json!({"event": "other", "text": other.to_string()}),
    }
}

fn speech(event: &str, room: &Name, at: Option<Moment>, from: &Name, text: &str) -> Value {
    let at = at.map(|at| at.to_string());
    json!({"event": event, "room": room.as_str(), "at": at, "from": from.as_str(), "text": text})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_completed_by_where_they_stand() {
        let mut known = Known::default();
        for line in [
            "[lobby] : ann Anton bob",
            "[lobby] = you joined; 3 are here",
            "[rust] = you joined; 1 are here",
            "[lobby] - bob left",
        ] {
            known.note(&Event::read(line));
        }
        let complete = |line: &str| {
            let completion = known.complete(line);
            (completion.start, completion.words)
        };
        let words = |words: &[&str]| {
            words
                .iter()
                .map(|word| word.to_string())
                .collect::<Vec<_>>()
        };
        assert_eq!(complete("/jo"), (0, words(&["/join"])));
        assert_eq!(complete("an"), (0, words(&["ann", "Anton"])));
        assert_eq!(complete("hello AN"), (6, words(&["ann", "Anton"])));
        assert_eq!(complete("b"), (0, words(&[])));
        assert_eq!(complete("/say r"), (5, words(&["rust"])));
        assert_eq!(complete("/say rust an"), (10, words(&["ann", "Anton"])));
        assert_eq!(complete("/msg an"), (5, words(&["ann", "Anton"])));
    }

    #[test]
    fn the_current_room_is_where_the_server_has_one() {
        let mut known = Known::default();
        let mut now = |line: &str| {
            known.note(&Event::read(line));
            known
                .current
                .as_ref()
                .map_or(String::new(), Name::to_string)
        };
        assert_eq!(now("[a] = you joined; 1 are here"), "a");
        assert_eq!(now("[b] = you joined; 1 are here"), "b");
        assert_eq!(now("[a] = you joined; 1 are here"), "a");
        assert_eq!(now("[a] = you left"), "b");
        assert_eq!(now("[b] = you left"), "");
    }
}

//! Plain lines as a front of the rooms: one connection, one person.

use lariat_protocol::chat::{Command, CommandError, Event, LONGEST_LINE, MAXIMUM_NAME, Name};
use lariat_protocol::framing::{FrameProtocol, FrameTransport, Line, Lines};
use lariat_protocol::{Deadline, Error, Message, Reason, TimerId};

use super::flood::{After, Flood};
use super::outbox::{News, Outbox};
use super::rooms::{Leaving, PersonId, Refused};
use super::{Chat, NAME_TIME};

type Transport<'a> = FrameTransport<'a, Lines>;

/// No name was said in time.
const NAMELESS: TimerId = TimerId(1);

/// The person may say one more line.
const REFILL: TimerId = TimerId(2);

/// How many names who enters a room is shown; in larger ones `/who` shows them all.
const SHOWN_ON_JOINING: usize = 50;

/// About how long a line of names is.
const NAMES_BYTES: usize = 400;

/// One connection's side of the chat.
pub(super) struct Speaker {
    chat: Chat,
    flood: Flood,
    state: State,
}

enum State {
    /// A name is awaited.
    ExpectName,
    Here(Here),
    Gone,
}

/// Somebody who is in the chat.
#[derive(Clone)]
struct Here {
    id: PersonId,
    outbox: Outbox,
    /// Where a line without a room is said.
    current: Option<Name>,
}

impl Speaker {
    pub(super) fn new(chat: Chat) -> Self {
        let flood = Flood::new(chat.lines_per_second);
        Speaker {
            chat,
            flood,
            state: State::ExpectName,
        }
    }

    /// Takes a line; an error is what the person is told.
    fn take(&mut self, transport: &mut Transport<'_>, line: &[u8]) -> Result<(), String> {
        let wrong = |error: CommandError| error.to_string();
        match &self.state {
            State::ExpectName => {
                let taken = self.arrive(transport, Command::parse(line));
                if matches!(self.state, State::ExpectName) && !transport.is_closing() {
                    taken.unwrap_or_else(|error| say(transport, Event::Refused(error)));
                    ask(transport);
                    return Ok(());
                }
                taken
            }
            State::Here(here) => {
                let here = here.clone();
                match Command::parse(line).map_err(wrong)? {
                    None => Ok(()),
                    Some(command) => self
                        .obey(transport, here, command)
                        .map_err(|refused| refused.to_string()),
                }
            }
            State::Gone => Ok(()),
        }
    }

    /// What somebody says who has no name yet: `NAME [ROOM…]`, or one of a few commands.
    fn arrive(
        &mut self,
        transport: &mut Transport<'_>,
        command: Result<Option<Command>, CommandError>,
    ) -> Result<(), String> {
        let words = match command.map_err(|error| error.to_string())? {
            None => return Ok(()),
            Some(Command::Say(words)) => words,
            Some(Command::Nick(name)) => name.to_string(),
            Some(Command::Help) => {
                help(transport);
                return Ok(());
            }
            Some(Command::Quit(_)) => {
                self.part(transport, Leaving::Plain, "Goodbye.");
                return Ok(());
            }
            Some(_) => return Err("first say your name, in a line of its own".into()),
        };
        let mut names = words.split_whitespace().map(|word| {
            let name: Result<Name, _> = word.strip_prefix('#').unwrap_or(word).parse();
            name.map_err(|error| error.to_string())
        });
        let name = names
            .next()
            .unwrap_or_else(|| Err("a name is missing".into()))?;
        let mut rooms = names.collect::<Result<Vec<Name>, _>>()?;
        if rooms.is_empty() {
            rooms.push(self.chat.entrance.clone());
        }
        self.come(transport, name, &rooms)
    }

    fn come(
        &mut self,
        transport: &mut Transport<'_>,
        name: Name,
        rooms: &[Name],
    ) -> Result<(), String> {
        let waiting = self.chat.rooms().limits().waiting_bytes;
        let outbox = Outbox::new(transport.handle(), waiting);
        let came = self.chat.rooms().come(name.clone(), outbox.clone());
        let id = came.map_err(|refused| refused.to_string())?;
        transport.cancel_timer(NAMELESS);
        say(transport, Event::Named(name));
        let mut here = Here {
            id,
            outbox,
            current: None,
        };
        self.state = State::Here(here.clone());
        for room in rooms {
            if let Err(refused) = self.join(transport, &mut here, room) {
                say(transport, Event::Refused(refused.to_string()));
            }
        }
        Ok(())
    }

    /// Does what somebody wants.
    fn obey(
        &mut self,
        transport: &mut Transport<'_>,
        mut here: Here,
        command: Command,
    ) -> Result<(), Refused> {
        let now = self.chat.now();
        let id = here.id;
        match command {
            Command::Say(text) => self.speak(transport, &here, text, false),
            Command::Act(text) => self.speak(transport, &here, text, true),
            Command::SayIn { room, text } => self.chat.rooms().say(id, &room, text, false, now),
            Command::Message { to, text } => self.chat.rooms().message(id, &to, text, now),
            Command::Nick(name) => {
                self.chat.rooms().rename(id, name.clone(), now)?;
                say(transport, Event::Named(name));
                Ok(())
            }
            Command::Join(room) => self.join(transport, &mut here, &room),
            Command::Leave(room) => self.leave(transport, here, room),
            Command::Rooms => {
                let rooms = self.chat.rooms();
                for (room, people) in rooms.rooms() {
                    say(
                        transport,
                        Event::Room {
                            room: room.clone(),
                            people,
                        },
                    );
                }
                Ok(())
            }
            Command::Who(room) => match room.or(here.current) {
                Some(room) => self.show_people(transport, &room),
                None => {
                    say(transport, Event::Refused(NOWHERE.into()));
                    Ok(())
                }
            },
            Command::Help => {
                help(transport);
                Ok(())
            }
            Command::Quit(why) => {
                let leaving = why.as_deref().map_or(Leaving::Plain, Leaving::Because);
                self.part(transport, leaving, "Goodbye.");
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Says something in the current room.
    fn speak(
        &self,
        transport: &mut Transport<'_>,
        here: &Here,
        text: String,
        is_deed: bool,
    ) -> Result<(), Refused> {
        match &here.current {
            Some(room) => self
                .chat
                .rooms()
                .say(here.id, room, text, is_deed, self.chat.now()),
            None => {
                say(transport, Event::Refused(NOWHERE.into()));
                Ok(())
            }
        }
    }

    fn join(
        &mut self,
        transport: &mut Transport<'_>,
        here: &mut Here,
        room: &Name,
    ) -> Result<(), Refused> {
        let entry = self.chat.rooms().join(here.id, room, self.chat.now())?;
        here.current = Some(entry.room.clone());
        self.state = State::Here(here.clone());
        say(
            transport,
            Event::Entered {
                room: entry.room.clone(),
                people: entry.people,
            },
        );
        if entry.people <= SHOWN_ON_JOINING {
            self.show_people(transport, &entry.room)?;
        }
        for told in entry.history {
            say(transport, told.event.clone().with_time(told.at));
        }
        Ok(())
    }

    fn leave(
        &mut self,
        transport: &mut Transport<'_>,
        mut here: Here,
        room: Option<Name>,
    ) -> Result<(), Refused> {
        let Some(room) = room.or_else(|| here.current.clone()) else {
            say(transport, Event::Refused(NOWHERE.into()));
            return Ok(());
        };
        let mut rooms = self.chat.rooms();
        let room = rooms.leave(here.id, &room, self.chat.now())?;
        if here.current.as_ref() == Some(&room) {
            here.current = rooms.rooms_of(here.id).last().cloned();
        }
        drop(rooms);
        say(transport, Event::Exited { room });
        if let Some(current) = &here.current {
            let text = format!("What you type goes to {current} now.");
            say(transport, Event::Told(text));
        }
        self.state = State::Here(here);
        Ok(())
    }

    /// Shows who is in a room, in as many lines as it takes.
    fn show_people(&self, transport: &mut Transport<'_>, room: &Name) -> Result<(), Refused> {
        let rooms = self.chat.rooms();
        let (room, people) = rooms.who(room)?;
        let (mut names, mut bytes) = (Vec::new(), 0);
        for name in people {
            bytes += name.as_str().len() + 1;
            names.push(name.clone());
            if bytes > NAMES_BYTES {
                let names = std::mem::take(&mut names);
                say(
                    transport,
                    Event::Names {
                        room: room.clone(),
                        names,
                    },
                );
                bytes = 0;
            }
        }
        if !names.is_empty() {
            say(
                transport,
                Event::Names {
                    room: room.clone(),
                    names,
                },
            );
        }
        Ok(())
    }

    /// Says what others said, as far as it is read.
    fn pass_on(&mut self, transport: &mut Transport<'_>) {
        let State::Here(here) = &self.state else {
            return;
        };
        if transport.is_write_paused() {
            // Nobody is told that there is more; but who is given up is not waited for.
            if here.outbox.is_behind() {
                self.give_up(transport);
            }
            return;
        }
        let keeps_up = here.outbox.take(|told| {
            transport.write(told.line());
            !transport.is_write_paused()
        });
        if !keeps_up {
            self.give_up(transport);
        }
    }

    /// Ends a connection whose person does not read. The rooms have forgotten it already.
    fn give_up(&mut self, transport: &mut Transport<'_>) {
        let peer = transport.peer();
        tracing::info!(%peer, "somebody who does not read what is said is out of the chat");
        self.state = State::Gone;
        transport.abort();
    }

    /// The person goes, and is told so.
    fn part(&mut self, transport: &mut Transport<'_>, leaving: Leaving<'_>, last: &str) {
        self.go(leaving);
        say(transport, Event::Goodbye(last.into()));
        transport.lose_connection();
    }

    fn go(&mut self, leaving: Leaving<'_>) {
        if let State::Here(here) = std::mem::replace(&mut self.state, State::Gone) {
            self.chat.rooms().go(here.id, leaving, self.chat.now());
        }
    }
}

/// What somebody is told who is in no room.
const NOWHERE: &str = "you are in no room; /join ROOM enters one";

fn say(transport: &mut Transport<'_>, event: Event) {
    transport.write(format!("{event}\r\n").as_bytes());
}

fn ask(transport: &mut Transport<'_>) {
    say(transport, Event::Asked("What is your name?".into()));
}

fn help(transport: &mut Transport<'_>) {
    let text =
        "What you type goes to everybody in your room. A line that begins with / is a command:";
    say(transport, Event::Told(text.into()));
    for line in Command::help() {
        say(transport, Event::Told(line));
    }
    let text = format!(
        "A name has at most {MAXIMUM_NAME} letters, digits, - _ and .; two / in front say a line with one."
    );
    say(transport, Event::Told(text));
}

impl FrameProtocol<Lines> for Speaker {
    fn connection_made(&mut self, transport: &mut Transport<'_>) {
        let text = "This is a chat of plain lines; /help tells the commands.";
        say(transport, Event::Told(text.into()));
        ask(transport);
        transport.set_timer(NAMELESS, NAME_TIME);
    }

    fn frame_received(&mut self, transport: &mut Transport<'_>, line: Line<'_>) {
        if let Err(refused) = self.take(transport, line.content()) {
            say(transport, Event::Refused(refused));
        }
        match self.flood.line() {
            After::Nothing => {}
            After::Timer(length) => transport.set_timer(REFILL, length),
            After::Pause => {
                transport.pause_reading();
                if !std::mem::replace(&mut self.flood.was_told, true) {
                    let rate = self.chat.lines_per_second;
                    let text = format!(
                        "That is fast: of your lines, {rate} a second are taken. None is lost."
                    );
                    say(transport, Event::Told(text));
                }
            }
        }
    }

    fn frame_error(&mut self, transport: &mut Transport<'_>, error: Error) {
        self.go(Leaving::Because("sent what is no line"));
        let text = format!("A line longer than {LONGEST_LINE} bytes cannot be read.");
        say(transport, Event::Goodbye(text));
        transport.fail(error);
    }

    fn message_received(&mut self, transport: &mut Transport<'_>, message: Message) {
        if message.get::<News>().is_some() {
            self.pass_on(transport);
        }
    }

    fn write_resumed(&mut self, transport: &mut Transport<'_>) {
        self.pass_on(transport);
    }

    fn timer(&mut self, transport: &mut Transport<'_>, timer: TimerId) {
        if timer == NAMELESS {
            let text = format!("No name came within {} s.", NAME_TIME.as_secs());
            say(transport, Event::Goodbye(text.clone()));
            transport.fail(Error::limit(text));
            return;
        }
        if let Some(length) = self.flood.refill() {
            transport.set_timer(REFILL, length);
        }
        transport.resume_reading();
    }

    fn eof_received(&mut self, transport: &mut Transport<'_>) {
        self.go(Leaving::Plain);
        transport.lose_connection();
    }

    fn drain(&mut self, transport: &mut Transport<'_>) {
        self.part(transport, Leaving::Unseen, "The server is going down.");
    }

    fn deadline_passed(&mut self, transport: &mut Transport<'_>, deadline: Deadline) {
        self.go(Leaving::Because("the connection took too long"));
        say(transport, Event::Goodbye(deadline.to_string()));
    }

    fn connection_lost(&mut self, _: &Reason) {
        self.go(Leaving::Because("the connection was lost"));
    }
}

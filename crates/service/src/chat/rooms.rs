//! Who is where and who hears what: the state of a chat, without connections, lines or a clock.
//!
//! Whatever people do comes in by a method, and goes out to the [`Listener`] of everybody who is
//! to hear of it. What they speak (plain lines, later IRC or a web page) is their listener's.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use lariat_protocol::chat::{Event, Moment, Name};

use super::limits::Limits;
use super::room::{Member, Room};
use super::told::Told;

/// Hears what one person is told.
pub trait Listener: Clone {
    /// Takes what is told, to be passed on soon; `false` when so much waits already that the
    /// person is taken to be gone.
    fn tell(&self, told: &Arc<Told>) -> bool;
}

/// A person in the chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PersonId(u64);

#[cfg(test)]
impl PersonId {
    /// Whom nobody is.
    pub(super) const NOBODY: PersonId = PersonId(u64::MAX);
}

/// Why something is not done, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// Somebody has the name, or one that looks like it.
    #[error("{}", taken(.name, .has))]
    NameTaken {
        /// What was asked for.
        name: Name,
        /// What is there.
        has: Name,
    },
    /// A room has a name that looks like it.
    #[error("{name} looks like {has}, which is a room already; choose another name, or join that")]
    RoomAlike {
        /// What was asked for.
        name: Name,
        /// What is there.
        has: Name,
    },
    /// Nobody has the name.
    #[error("nobody here is called {0}; /who tells who is")]
    Nobody(Name),
    /// There is no such room.
    #[error("there is no room {0}; /rooms tells which there are")]
    NoRoom(Name),
    /// The person is not in the room.
    #[error("you are not in {0}; /join {0} enters it")]
    NotIn(Name),
    /// There are as many people as there may be.
    #[error("there are {0} people here, as many as there may be; try again later")]
    People(usize),
    /// There are as many rooms as there may be.
    #[error("there are {0} rooms, as many as there may be; /rooms tells which")]
    Rooms(usize),
    /// The room is full.
    #[error("{room} is full: {people} people are in it")]
    RoomFull {
        /// Which.
        room: Name,
        /// How many are in it.
        people: usize,
    },
    /// The person is in as many rooms as one may be.
    #[error("you are in {0} rooms, as many as one may be; /leave one of them")]
    TooManyRooms(usize),
}

fn taken(name: &Name, has: &Name) -> String {
    match name == has {
        true => format!("{has} is here already; choose another name"),
        false => format!("{name} looks like {has}, who is here; choose another name"),
    }
}

/// What a person finds in a room.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What the room is called.
    pub room: Name,
    /// Whether the person was there before.
    pub was_there: bool,
    /// How many are there, with this person.
    pub people: usize,
    /// What was said last.
    pub history: Vec<Arc<Told>>,
}

/// What the others are told of somebody who does not read what is said.
const BEHIND: &str = "did not keep up with what was said";

/// How a room or a name looks, which no other may.
type Look = Arc<str>;

/// How somebody goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaving<'a> {
    /// By its own will.
    Plain,
    /// For a reason that the others are told.
    Because(&'a str),
    /// Without a word, since all the others go too: each of them being told of each would be work
    /// for nobody.
    Unseen,
}

struct Person<L> {
    name: Name,
    listener: L,
    /// Where it is, in the order of joining; a handful.
    rooms: Vec<Look>,
}

/// The people and the rooms.
pub struct Rooms<L> {
    limits: Limits,
    people: HashMap<PersonId, Person<L>>,
    looks: HashMap<String, PersonId>,
    rooms: BTreeMap<Look, Room<L>>,
    /// Who turned out not to keep up while something was told.
    behind: Vec<PersonId>,
    next: u64,
}

impl<L: Listener> Rooms<L> {
    /// Nobody, nowhere.
    pub fn new(limits: Limits) -> Self {
        Rooms {
            limits,
            people: HashMap::new(),
            looks: HashMap::new(),
            rooms: BTreeMap::new(),
            behind: Vec::new(),
            next: 0,
        }
    }

    /// How much there may be.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Changes how many lines are shown to who enters a room.
    pub fn set_history(&mut self, lines: usize) {
        self.limits.history_lines = lines;
    }

    /// Keeps a room when nobody is in it, and makes it if it is not there.
    ///
    /// # Errors
    ///
    /// [`Refused::RoomAlike`] and [`Refused::Rooms`].
    pub fn keep_room(&mut self, name: &Name) -> Result<(), Refused> {
        let look = self.make_room(name)?;
        if let Some(room) = self.rooms.get_mut(&look) {
            room.is_kept = true;
        }
        Ok(())
    }

    /// Somebody comes, and is nowhere yet.
    ///
    /// # Errors
    ///
    /// [`Refused::NameTaken`] and [`Refused::People`].
    pub fn come(&mut self, name: Name, listener: L) -> Result<PersonId, Refused> {
        if self.people.len() >= self.limits.people {
            return Err(Refused::People(self.people.len()));
        }
        let look = name.look();
        if let Some(has) = self.looks.get(&look).and_then(|id| self.people.get(id)) {
            return Err(Refused::NameTaken {
                name,
                has: has.name.clone(),
            });
        }
        let id = PersonId(self.next);
        self.next += 1;
        self.looks.insert(look, id);
        self.people.insert(
            id,
            Person {
                name,
                listener,
                rooms: Vec::new(),
            },
        );
        Ok(id)
    }

    /// Somebody goes: out of every room, which is told of it as it is said here.
    pub fn go(&mut self, id: PersonId, leaving: Leaving<'_>, at: Moment) {
        self.remove(id, leaving, at);
        self.remove_behind(at);
    }

    /// What somebody is called; nothing if it is not here any more.
    pub fn name(&self, id: PersonId) -> Option<&Name> {
        self.people.get(&id).map(|person| &person.name)
    }

    /// Somebody is called otherwise from now on. Each of its rooms is told.
    ///
    /// # Errors
    ///
    /// [`Refused::NameTaken`].
    pub fn rename(&mut self, id: PersonId, to: Name, at: Moment) -> Result<(), Refused> {
        let look = to.look();
        if let Some(other) = self.looks.get(&look).filter(|other| **other != id) {
            let has = self
                .people
                .get(other)
                .map_or(to.clone(), |other| other.name.clone());
            return Err(Refused::NameTaken { name: to, has });
        }
        let Some(person) = self.people.get_mut(&id) else {
            return Ok(());
        };
        let from = std::mem::replace(&mut person.name, to.clone());
        self.looks.remove(&from.look());
        self.looks.insert(look, id);
        for look in person.rooms.clone() {
            if let Some(room) = self.rooms.get(&look) {
                let (room, from, to) = (room.name.clone(), from.clone(), to.clone());
                let told = Told::new(Event::Renamed { room, from, to }, at);
                self.tell_room(&look, told, Some(id));
            }
        }
        self.remove_behind(at);
        Ok(())
    }

    /// Somebody enters a room, which is made if it is not there, and whose people are told.
    ///
    /// # Errors
    ///
    /// When there would be too much of something, or the room's name looks like another's.
    pub fn join(&mut self, id: PersonId, room: &Name, at: Moment) -> Result<Entry, Refused> {
        let Some(person) = self.people.get(&id) else {
            return Err(Refused::NotIn(room.clone()));
        };
        let look = Look::from(room.look());
        let (name, listener) = (person.name.clone(), person.listener.clone());
        let was_there = person.rooms.contains(&look);
        if !was_there {
            if person.rooms.len() >= self.limits.rooms_per_person {
                return Err(Refused::TooManyRooms(person.rooms.len()));
            }
            let full = self
                .rooms
                .get(&look)
                .filter(|room| room.members.len() >= self.limits.people_per_room);
            if let Some(full) = full {
                return Err(Refused::RoomFull {
                    room: full.name.clone(),
                    people: full.members.len(),
                });
            }
        }
        let look = self.make_room(room)?;
        if !was_there {
            if let Some(person) = self.people.get_mut(&id) {
                person.rooms.push(Arc::clone(&look));
            }
            let room = self
                .rooms
                .get(&look)
                .map_or(room, |room| &room.name)
                .clone();
            self.tell_room(&look, Told::new(Event::Joined { room, name }, at), None);
        }
        let Some(entered) = self.rooms.get_mut(&look) else {
            return Err(Refused::NoRoom(room.clone()));
        };
        let mut history = Vec::new();
        if !was_there {
            entered.members.push(Member { id, listener });
            history = entered.history().cloned().collect();
        }
        let entry = Entry {
            room: entered.name.clone(),
            was_there,
            people: entered.members.len(),
            history,
        };
        self.remove_behind(at);
        Ok(entry)
    }

    /// Somebody leaves a room, and its people are told. Returns what the room is called.
    ///
    /// # Errors
    ///
    /// [`Refused::NotIn`].
    pub fn leave(&mut self, id: PersonId, room: &Name, at: Moment) -> Result<Name, Refused> {
        let look = self.is_in(id, room)?;
        let name = self
            .rooms
            .get(&look)
            .map_or(room, |room| &room.name)
            .clone();
        if let Some(person) = self.people.get_mut(&id) {
            person.rooms.retain(|other| *other != look);
        }
        self.leave_room(id, &look, Leaving::Plain, at);
        self.remove_behind(at);
        Ok(name)
    }

    /// Somebody says something to a room, or does something there. All others hear it.
    ///
    /// # Errors
    ///
    /// [`Refused::NotIn`].
    pub fn say(
        &mut self,
        id: PersonId,
        room: &Name,
        text: String,
        is_deed: bool,
        at: Moment,
    ) -> Result<(), Refused> {
        let look = self.is_in(id, room)?;
        let (Some(person), Some(room)) = (self.people.get(&id), self.rooms.get_mut(&look)) else {
            return Err(Refused::NotIn(room.clone()));
        };
        let (from, name) = (person.name.clone(), room.name.clone());
        let event = match is_deed {
            false => Event::Said {
                room: name,
                at: None,
                from,
                text,
            },
            true => Event::Did {
                room: name,
                at: None,
                from,
                text,
            },
        };
        let told = Arc::new(Told::new(event, at));
        room.keep(&told, &self.limits);
        room.tell(&told, Some(id), &mut self.behind);
        self.remove_behind(at);
        Ok(())
    }

    /// Somebody says something to one person.
    ///
    /// # Errors
    ///
    /// [`Refused::Nobody`].
    pub fn message(
        &mut self,
        id: PersonId,
        to: &Name,
        text: String,
        at: Moment,
    ) -> Result<(), Refused> {
        // Nobody hears what was meant for somebody with a name that only looks like it.
        let receiver = self
            .looks
            .get(&to.look())
            .and_then(|id| Some((*id, self.people.get(id)?)));
        let receiver = receiver.filter(|(_, person)| person.name == *to);
        let (Some((receiver, person)), Some(sender)) = (receiver, self.people.get(&id)) else {
            return Err(Refused::Nobody(to.clone()));
        };
        let event = Event::Private {
            from: sender.name.clone(),
            text,
        };
        if !person.listener.tell(&Arc::new(Told::new(event, at))) {
            self.behind.push(receiver);
        }
        self.remove_behind(at);
        Ok(())
    }

    /// The rooms and how many are in each, in the order of their names.
    pub fn rooms(&self) -> Vec<(&Name, usize)> {
        let rooms = self.rooms.values();
        let mut rooms: Vec<_> = rooms.map(|room| (&room.name, room.members.len())).collect();
        rooms.sort_by_cached_key(|(name, _)| name.folded());
        rooms
    }

    /// The rooms that somebody is in, the one that it joined last at the end.
    pub fn rooms_of(&self, id: PersonId) -> impl Iterator<Item = &Name> {
        let looks = self
            .people
            .get(&id)
            .into_iter()
            .flat_map(|person| &person.rooms);
        looks.filter_map(|look| self.rooms.get(look).map(|room| &room.name))
    }

    /// What a room is called, and who is in it.
    ///
    /// # Errors
    ///
    /// [`Refused::NoRoom`].
    pub fn who(&self, room: &Name) -> Result<(&Name, impl Iterator<Item = &Name>), Refused> {
        let found = self
            .rooms
            .get(room.look().as_str())
            .filter(|found| found.name == *room);
        let found = found.ok_or_else(|| Refused::NoRoom(room.clone()))?;
        let names = found
            .members
            .iter()
            .filter_map(|member| self.name(member.id));
        Ok((&found.name, names))
    }

    /// How many people there are.
    pub fn people(&self) -> usize {
        self.people.len()
    }

    /// The room that somebody is in by this name.
    fn is_in(&self, id: PersonId, room: &Name) -> Result<Look, Refused> {
        let look = room.look();
        let person = self.people.get(&id);
        let within = person.and_then(|person| person.rooms.iter().find(|other| ***other == *look));
        let named = |within: &&Look| {
            self.rooms
                .get(*within)
                .is_some_and(|found| found.name == *room)
        };
        within
            .filter(named)
            .cloned()
            .ok_or_else(|| Refused::NotIn(room.clone()))
    }

    /// Makes a room if it is not there; returns how it looks.
    fn make_room(&mut self, name: &Name) -> Result<Look, Refused> {
        let look = Look::from(name.look());
        match self.rooms.get(&look) {
            Some(room) if room.name == *name => {}
            Some(room) => {
                return Err(Refused::RoomAlike {
                    name: name.clone(),
                    has: room.name.clone(),
                });
            }
            None if self.rooms.len() >= self.limits.rooms => {
                return Err(Refused::Rooms(self.rooms.len()));
            }
            None => {
                self.rooms
                    .insert(Arc::clone(&look), Room::new(name.clone()));
            }
        }
        Ok(look)
    }

    fn tell_room(&mut self, look: &str, told: Told, except: Option<PersonId>) {
        if let Some(room) = self.rooms.get(look) {
            room.tell(&Arc::new(told), except, &mut self.behind);
        }
    }

    /// Takes somebody out of the room's list, and tells those who stay.
    fn leave_room(&mut self, id: PersonId, look: &Look, leaving: Leaving<'_>, at: Moment) {
        let Some(room) = self.rooms.get_mut(look) else {
            return;
        };
        room.members.retain(|member| member.id != id);
        if room.members.is_empty() && !room.is_kept {
            self.rooms.remove(look);
            return;
        }
        let room = room.name.clone();
        let name = self.people.get(&id).map(|person| person.name.clone());
        let why = match leaving {
            Leaving::Plain => None,
            Leaving::Because(why) => Some(why.to_owned()),
            Leaving::Unseen => return,
        };
        if let Some(name) = name {
            self.tell_room(look, Told::new(Event::Left { room, name, why }, at), None);
        }
    }

    fn remove(&mut self, id: PersonId, leaving: Leaving<'_>, at: Moment) {
        let Some(person) = self.people.get_mut(&id) else {
            return;
        };
        for look in std::mem::take(&mut person.rooms) {
            self.leave_room(id, &look, leaving, at);
        }
        if let Some(person) = self.people.remove(&id) {
            self.looks.remove(&person.name.look());
        }
    }

    /// Whoever did not keep up is gone for all others, who are told; which may be too much for
    /// yet another one.
    fn remove_behind(&mut self, at: Moment) {
        while let Some(id) = self.behind.pop() {
            self.remove(id, Leaving::Because(BEHIND), at);
        }
    }
}

//! The rooms against a simple model of them, and each of their limits.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use lariat_protocol::chat::{Event, Moment, Name};
use proptest::prelude::*;

use super::*;

const NOW: Moment = Moment(1_150_565_241);

/// Hears everything, until it has heard as much as it can bear.
#[derive(Clone)]
struct Ear {
    heard: Arc<Mutex<Vec<String>>>,
    most: usize,
}

impl Ear {
    fn new(most: usize) -> Self {
        Ear {
            heard: Arc::default(),
            most,
        }
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.heard.lock().unwrap())
    }
}

impl Listener for Ear {
    fn tell(&self, told: &Arc<Told>) -> bool {
        let mut heard = self.heard.lock().unwrap();
        let takes = heard.len() < self.most;
        if takes {
            heard.push(told.event.to_string());
        }
        takes
    }
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn small() -> Limits {
    Limits {
        people: 4,
        rooms: 3,
        people_per_room: 3,
        rooms_per_person: 2,
        history_lines: 3,
        history_bytes: 100,
        ..Limits::DEFAULT
    }
}

struct Scene {
    rooms: Rooms<Ear>,
    people: BTreeMap<String, (PersonId, Ear)>,
}

impl Scene {
    fn new(limits: Limits) -> Self {
        Scene {
            rooms: Rooms::new(limits),
            people: BTreeMap::new(),
        }
    }

    fn come(&mut self, who: &str) -> Result<(), Refused> {
        self.come_with(who, usize::MAX)
    }

    fn come_with(&mut self, who: &str, most: usize) -> Result<(), Refused> {
        let ear = Ear::new(most);
        let id = self.rooms.come(name(who), ear.clone())?;
        self.people.insert(who.into(), (id, ear));
        Ok(())
    }

    fn id(&self, who: &str) -> PersonId {
        self.people[who].0
    }

    fn join(&mut self, who: &str, room: &str) -> Result<Entry, Refused> {
        self.rooms.join(self.id(who), &name(room), NOW)
    }

    fn say(&mut self, who: &str, room: &str, text: &str) -> Result<(), Refused> {
        self.rooms
            .say(self.id(who), &name(room), text.into(), false, NOW)
    }

    fn heard(&self, who: &str) -> Vec<String> {
        self.people[who].1.take()
    }
}

fn said(refused: Result<impl std::fmt::Debug, Refused>) -> String {
    refused.unwrap_err().to_string()
}

#[test]
fn each_limit_is_told() {
    let mut scene = Scene::new(small());
    for who in ["ann", "bob", "cid", "dee"] {
        scene.come(who).unwrap();
    }
    assert!(said(scene.come("eve")).contains("4 people here"));
    scene.join("ann", "one").unwrap();
    scene.join("ann", "two").unwrap();
    assert!(said(scene.join("ann", "three")).contains("you are in 2 rooms"));
    scene.join("bob", "three").unwrap();
    assert!(said(scene.join("bob", "four")).contains("there are 3 rooms"));
    scene.join("bob", "one").unwrap();
    scene.join("cid", "one").unwrap();
    assert!(said(scene.join("dee", "one")).contains("one is full: 3 people are in it"));
    // A room is gone with its last person, and makes room for another.
    scene
        .rooms
        .leave(scene.id("bob"), &name("three"), NOW)
        .unwrap();
    assert_eq!(scene.rooms.rooms().len(), 2);
    assert!(said(scene.join("bob", "tw0")).contains("tw0 looks like two, which is a room already"));
    scene.join("bob", "four").unwrap();
}

#[test]
fn nobody_passes_for_somebody_else() {
    let mut scene = Scene::new(Limits::DEFAULT);
    scene.come("lana").unwrap();
    scene.come("bob").unwrap();
    assert!(said(scene.come("LANA")).contains("lana is here already"));
    assert!(said(scene.come("Iana")).contains("Iana looks like lana, who is here"));
    let bob = scene.id("bob");
    assert!(said(scene.rooms.rename(bob, name("lаna"), NOW)).contains("looks like lana"));
    // One's own name may be written otherwise.
    scene.rooms.rename(bob, name("B0B"), NOW).unwrap();
    assert_eq!(scene.rooms.name(bob).unwrap().as_str(), "B0B");
    // What is for somebody goes to nobody who only looks like it.
    assert!(
        said(scene.rooms.message(bob, &name("Iana"), "psst".into(), NOW))
            .contains("nobody here is called Iana")
    );
    scene
        .rooms
        .message(bob, &name("Lana"), "psst".into(), NOW)
        .unwrap();
    assert_eq!(scene.heard("lana"), ["[to you] <B0B> psst"]);
    // The name is free when its owner is gone.
    scene.rooms.go(scene.id("lana"), Leaving::Plain, NOW);
    scene.come("Iana").unwrap();
}

#[test]
fn who_enters_sees_what_was_said_last_and_no_more() {
    let mut scene = Scene::new(small());
    scene.come("ann").unwrap();
    scene.join("ann", "one").unwrap();
    for text in ["1", "2", "3", "4"] {
        scene.say("ann", "one", text).unwrap();
    }
    scene.come("bob").unwrap();
    let lines = |entry: &Entry| {
        entry
            .history
            .iter()
            .map(|told| told.event.to_string())
            .collect::<Vec<_>>()
    };
    let entry = scene.join("bob", "ONE").unwrap();
    assert_eq!(
        lines(&entry),
        ["[one] <ann> 2", "[one] <ann> 3", "[one] <ann> 4"]
    );
    assert_eq!(
        (entry.room.as_str(), entry.people, entry.was_there),
        ("one", 2, false)
    );
    assert_eq!(scene.join("bob", "one").unwrap().history.len(), 0);
    // By bytes: `[one] <ann> x…` and a line end.
    scene.say("ann", "one", &"x".repeat(70)).unwrap();
    scene.say("ann", "one", &"y".repeat(20)).unwrap();
    scene.come("cid").unwrap();
    assert_eq!(
        lines(&scene.join("cid", "one").unwrap()),
        [format!("[one] <ann> {}", "y".repeat(20))]
    );
    scene.say("ann", "one", &"z".repeat(200)).unwrap();
    scene
        .rooms
        .leave(scene.id("cid"), &name("one"), NOW)
        .unwrap();
    assert!(scene.join("cid", "one").unwrap().history.is_empty());
}

#[test]
fn who_does_not_keep_up_is_out_and_the_others_are_told() {
    let mut scene = Scene::new(Limits::DEFAULT);
    scene.come("ann").unwrap();
    scene.come_with("slow", 2).unwrap();
    scene.come_with("slower", 2).unwrap();
    for who in ["ann", "slow", "slower"] {
        scene.join(who, "one").unwrap();
    }
    scene.heard("ann");
    scene.say("ann", "one", "hello").unwrap();
    // Each has one line left to bear; the second is the other's leaving.
    scene.say("ann", "one", "again").unwrap();
    let heard = scene.heard("ann");
    let out = |who: &str| format!("[one] - {who} left: did not keep up with what was said");
    assert_eq!(
        heard.iter().filter(|line| **line == out("slow")).count(),
        1,
        "{heard:?}"
    );
    assert_eq!(
        heard.iter().filter(|line| **line == out("slower")).count(),
        1,
        "{heard:?}"
    );
    assert_eq!((scene.rooms.people(), heard.len()), (1, 2));
    // Nothing that such a one still does has any effect.
    assert!(said(scene.say("slow", "one", "but")).contains("you are not in one"));
    assert!(scene.join("slow", "one").is_err());
    scene.rooms.go(scene.id("slow"), Leaving::Plain, NOW);
    scene.come("slow").unwrap();
}

#[test]
fn an_endpoint_says_how_the_chat_is_to_be() {
    let chat = Chat::default();
    let at = |options: &str| chat.at(&format!("tcp://localhost:1{options}").parse().unwrap());
    assert_eq!(at("").unwrap().entrance, name("lobby"));
    let other = at("?rooms=rust,Zig&lines_per_second=0&history=7").unwrap();
    assert_eq!(
        (other.entrance.as_str(), other.lines_per_second),
        ("rust", 0)
    );
    let rooms: Vec<String> = chat
        .rooms()
        .rooms()
        .iter()
        .map(|(room, _)| room.to_string())
        .collect();
    assert_eq!(rooms.len(), 3, "{rooms:?}");
    assert_eq!(chat.rooms().limits().history_lines, 7);
    for (wrong, words) in [
        ("?rooms=", "a name is missing"),
        ("?rooms=a,b%20c", "a space is not for names"),
        ("?rooms=L0bby", "looks like lobby"),
        ("?lines_per_second=-1", "a number of lines a second"),
        ("?history=1001", "from 0 to 1000"),
        ("?room=a", "room"),
    ] {
        let said = at(wrong).err().expect(wrong).to_string();
        assert!(said.contains(words), "{wrong}: {said}");
    }
    let udp = chat
        .at(&"udp://localhost:1".parse().unwrap())
        .err()
        .unwrap();
    assert!(udp.to_string().contains("not for udp"));
}

/// What somebody does, to rooms and people by number.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Come(usize),
    Go(usize),
    Join(usize, usize),
    Leave(usize, usize),
    Say(usize, usize),
    Rename(usize, usize),
    Message(usize, usize),
}

fn deed() -> impl Strategy<Value = Deed> {
    let (who, room) = (0..6_usize, 0..4_usize);
    prop_oneof![
        who.clone().prop_map(Deed::Come),
        who.clone().prop_map(Deed::Go),
        (who.clone(), room.clone()).prop_map(|(who, room)| Deed::Join(who, room)),
        (who.clone(), room.clone()).prop_map(|(who, room)| Deed::Leave(who, room)),
        (who.clone(), room).prop_map(|(who, room)| Deed::Say(who, room)),
        (who.clone(), 0..6_usize).prop_map(|(who, to)| Deed::Rename(who, to)),
        (who.clone(), 0..6_usize).prop_map(|(who, to)| Deed::Message(who, to)),
    ]
}

/// The rooms as sets of people, and what each person is to hear.
#[derive(Default)]
struct Model {
    names: BTreeMap<usize, usize>,
    rooms: BTreeMap<usize, BTreeSet<usize>>,
    heard: BTreeMap<usize, Vec<String>>,
}

impl Model {
    fn tell(&mut self, room: usize, except: usize, line: &str) {
        for who in self.rooms.get(&room).into_iter().flatten() {
            if *who != except {
                self.heard
                    .entry(*who)
                    .or_default()
                    .push(format!("[r{room}] {line}"));
            }
        }
    }

    fn within(&self, who: usize) -> Vec<usize> {
        let rooms = self
            .rooms
            .iter()
            .filter(|(_, people)| people.contains(&who));
        rooms.map(|(room, _)| *room).collect()
    }

    /// Does the same, and tells whether it can be done.
    // layers: long because each deed has its arm, and together they are the model.
    fn deed(&mut self, deed: Deed, limits: &Limits) -> bool {
        let here = |who: usize| self.names.contains_key(&who);
        match deed {
            Deed::Come(who) => {
                let can = self.names.len() < limits.people
                    && !self.names.values().any(|name| *name == who);
                if can && !here(who) {
                    self.names.insert(who, who);
                }
                can
            }
            Deed::Go(who) => {
                for room in self.within(who) {
                    self.rooms.entry(room).or_default().remove(&who);
                    self.tell(room, who, &format!("- p{} left", self.names[&who]));
                }
                self.names.remove(&who);
                self.heard.remove(&who);
                true
            }
            Deed::Join(who, room) => {
                let people = self.rooms.get(&room).map_or(0, BTreeSet::len);
                let is_new = people == 0;
                let rooms = self
                    .rooms
                    .values()
                    .filter(|people| !people.is_empty())
                    .count();
                let within = self.within(who);
                if within.contains(&room) {
                    return true;
                }
                let can = here(who)
                    && within.len() < limits.rooms_per_person
                    && people < limits.people_per_room
                    && !(is_new && rooms >= limits.rooms);
                if can {
                    self.tell(room, who, &format!("+ p{} joined", self.names[&who]));
                    self.rooms.entry(room).or_default().insert(who);
                }
                can
            }
            Deed::Leave(who, room) => {
                let can = self.within(who).contains(&room);
                if can {
                    self.rooms.entry(room).or_default().remove(&who);
                    self.tell(room, who, &format!("- p{} left", self.names[&who]));
                }
                can
            }
            Deed::Say(who, room) => {
                let can = self.within(who).contains(&room);
                if can {
                    self.tell(room, who, &format!("<p{}> hi", self.names[&who]));
                }
                can
            }
            Deed::Rename(who, to) => {
                let taken = self
                    .names
                    .iter()
                    .any(|(other, name)| *other != who && *name == to);
                if here(who) && !taken {
                    let from = self.names.insert(who, to);
                    for room in self.within(who) {
                        self.tell(room, who, &format!("= p{} is now p{to}", from.unwrap()));
                    }
                }
                !taken
            }
            Deed::Message(who, to) => {
                let receiver = self
                    .names
                    .iter()
                    .find(|(_, name)| **name == to)
                    .map(|(who, _)| *who);
                let receiver = receiver.filter(|_| here(who));
                if let Some(receiver) = receiver {
                    let line = format!("[to you] <p{}> psst", self.names[&who]);
                    self.heard.entry(receiver).or_default().push(line);
                }
                receiver.is_some()
            }
        }
    }
}

proptest! {
    #[test]
    fn whatever_people_do_they_hear_what_they_should(deeds in proptest::collection::vec(deed(), 1..60)) {
        let limits = Limits { history_lines: 2, ..small() };
        let mut rooms = Rooms::new(limits);
        let mut model = Model::default();
        let mut people: BTreeMap<usize, (PersonId, Ear)> = BTreeMap::new();
        for deed in deeds {
            let id = |who: usize| people.get(&who).map_or(PersonId::NOBODY, |(id, _)| *id);
            let (room_name, person_name) = (|at: usize| name(&format!("r{at}")), |at: usize| name(&format!("p{at}")));
            if let Deed::Come(who) = deed && people.contains_key(&who) {
                continue;
            }
            let can = model.deed(deed, &limits);
            let done = match deed {
                Deed::Come(who) => {
                    let ear = Ear::new(usize::MAX);
                    let came = rooms.come(person_name(who), ear.clone());
                    came.map(|id| drop(people.insert(who, (id, ear)))).is_ok()
                }
                Deed::Go(who) => {
                    rooms.go(id(who), Leaving::Plain, NOW);
                    people.remove(&who);
                    true
                }
                Deed::Join(who, room) => rooms.join(id(who), &room_name(room), NOW).is_ok(),
                Deed::Leave(who, room) => rooms.leave(id(who), &room_name(room), NOW).is_ok(),
                Deed::Say(who, room) => rooms.say(id(who), &room_name(room), "hi".into(), false, NOW).is_ok(),
                Deed::Rename(who, to) => rooms.rename(id(who), person_name(to), NOW).is_ok(),
                Deed::Message(who, to) => rooms.message(id(who), &person_name(to), "psst".into(), NOW).is_ok(),
            };
            prop_assert_eq!(done, can, "{:?}", deed);
            for (who, (_, ear)) in &people {
                let (mut heard, mut should) = (ear.take(), model.heard.remove(who).unwrap_or_default());
                // Who leaves several rooms leaves them in the order of joining.
                heard.sort();
                should.sort();
                prop_assert_eq!(heard, should, "p{} after {:?}", who, deed);
            }
            let there: Vec<(String, usize)> = rooms.rooms().iter().map(|(room, people)| (room.to_string(), *people)).collect();
            let should: Vec<(String, usize)> = model.rooms.iter().filter(|(_, people)| !people.is_empty())
                .map(|(room, people)| (format!("r{room}"), people.len())).collect();
            prop_assert_eq!(there, should);
            prop_assert_eq!(rooms.people(), people.len());
        }
    }
}

#[test]
fn what_happened_is_written_once() {
    let room = name("lobby");
    let told = Told::new(Event::Exited { room }, NOW);
    assert_eq!(&told.line()[..], b"[lobby] = you left\r\n");
    assert_eq!(told.line().as_ptr(), told.line().as_ptr());
}

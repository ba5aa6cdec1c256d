//! The directory beside a model of a few lines, under whatever is done to them, restarts included.

use std::collections::BTreeMap;
use std::time::Duration;

use lariat_protocol::names::{Claim, ErrorCode, Query, Request, Token};
use lariat_service::names::{Directory, Terms, Who};
use lariat_store::names::MemoryNames;
use lariat_testkit::Driven;
use proptest::prelude::*;

use crate::{Hand, registration, serve};

/// What somebody does, to one of a few names, places and tokens.
#[derive(Clone, Debug)]
enum Deed {
    Register(usize, usize, usize, u64),
    Renew(usize, usize),
    Remove(usize, usize),
    Pass(u64),
    Restart,
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        4 => (0..4usize, 0..3usize, 0..2usize, 5..20u64)
            .prop_map(|(name, place, token, ttl)| Deed::Register(name, place, token, ttl)),
        2 => (0..4usize, 0..2usize).prop_map(|(name, token)| Deed::Renew(name, token)),
        1 => (0..4usize, 0..2usize).prop_map(|(name, token)| Deed::Remove(name, token)),
        2 => prop_oneof![0..12u64, 500..700u64].prop_map(Deed::Pass),
        1 => Just(Deed::Restart),
    ]
}

/// A name: whose it is, its places with their times to live and ends, and until when it is kept.
#[derive(Default)]
struct Owned {
    token: usize,
    places: BTreeMap<usize, (u64, u64)>,
    kept: u64,
}

#[derive(Default)]
struct Model {
    now: u64,
    names: BTreeMap<usize, Owned>,
}

impl Model {
    /// Says what a deed is answered.
    fn does(&mut self, deed: &Deed) -> Option<ErrorCode> {
        let now = self.now;
        match *deed {
            Deed::Register(name, place, token, ttl) => {
                let owned = self.names.entry(name).or_insert(Owned {
                    token,
                    ..Owned::default()
                });
                if owned.token != token {
                    return Some(ErrorCode::Taken);
                }
                owned.places.insert(place, (ttl, now + ttl));
                None
            }
            Deed::Renew(name, token) => match self.names.get_mut(&name) {
                None => Some(ErrorCode::Unknown),
                Some(owned) if owned.token != token => Some(ErrorCode::Taken),
                Some(owned) if owned.places.is_empty() => Some(ErrorCode::Expired),
                Some(owned) => {
                    let places = owned.places.values_mut();
                    places.for_each(|(ttl, end)| *end = now + *ttl);
                    None
                }
            },
            Deed::Remove(name, token) => match self.names.get(&name) {
                None => Some(ErrorCode::Unknown),
                Some(owned) if owned.token != token => Some(ErrorCode::Taken),
                Some(_) => {
                    self.names.remove(&name);
                    None
                }
            },
            Deed::Pass(seconds) => {
                self.now += seconds;
                self.let_go();
                None
            }
            Deed::Restart => {
                for owned in self.names.values_mut() {
                    owned
                        .places
                        .values_mut()
                        .for_each(|(ttl, end)| *end = now + *ttl);
                    owned.kept = now + 600;
                }
                None
            }
        }
    }

    fn let_go(&mut self) {
        let now = self.now;
        self.names.retain(|_, owned| {
            let was_kept = owned.places.is_empty();
            owned.places.retain(|_, (_, end)| *end > now);
            match (was_kept, owned.places.is_empty()) {
                (false, true) => {
                    owned.kept = now + 600;
                    true
                }
                (true, _) => owned.kept > now,
                _ => true,
            }
        });
    }
}

const TOKENS: [&str; 2] = ["0123456789abcdef", "fedcba9876543210"];

fn token(which: usize) -> Token {
    TOKENS[which].parse().unwrap()
}

fn claim(name: usize, which: usize) -> Claim {
    Claim {
        name: format!("n{name}").parse().unwrap(),
        token: token(which),
        place: None,
    }
}

/// What a server answers to a request: nothing if it is taken.
fn answer(directory: &Directory, request: &Request) -> Option<ErrorCode> {
    let nobody = lariat_protocol::Transport::unconnected();
    let mut driven = Driven::new(serve(directory, nobody.info()));
    driven.receive(format!("{request}\n").as_bytes());
    driven.deliver_messages();
    let said = String::from_utf8(driven.take_written()).unwrap();
    match said.split(' ').collect::<Vec<_>>()[..] {
        ["error", code, ..] => Some(code.parse().unwrap()),
        _ => None,
    }
}

/// The places of a name, as both say.
fn places(directory: &Directory, name: usize) -> Vec<String> {
    let query = Query::name(format!("n{name}").parse().unwrap());
    let found = directory.find(&query, true, Who::Local).unwrap_or_default();
    let mut places: Vec<String> = found.iter().map(|entry| entry.place.to_string()).collect();
    places.sort();
    places
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_directory_does_what_its_model_does(deeds in prop::collection::vec(deed(), 1..60)) {
        let hand = Hand::default();
        let store = MemoryNames::default();
        let mut directory = hand.directory(store.clone());
        let mut model = Model::default();
        for deed in &deeds {
            let said = match deed {
                Deed::Register(name, place, which, ttl) => {
                    let line = format!(
                        "register n{name} h{place}:1 ttl={ttl} tags=t{name} token={}",
                        TOKENS[*which]
                    );
                    let registration = registration(&line);
                    let done = directory.register(registration, Who::Local, Terms::default());
                    done.err().map(|refused| refused.code)
                }
                Deed::Renew(name, token) => answer(&directory, &Request::Renew(claim(*name, *token))),
                Deed::Remove(name, token) => {
                    answer(&directory, &Request::Remove(claim(*name, *token)))
                }
                Deed::Pass(seconds) => {
                    hand.advance(Duration::from_secs(*seconds));
                    directory.tick();
                    None
                }
                Deed::Restart => {
                    directory = hand.directory(store.clone());
                    None
                }
            };
            prop_assert_eq!(said, model.does(deed), "{:?}", deed);
            for name in 0..4 {
                let expected = model.names.get(&name);
                let expected: Vec<String> = expected
                    .into_iter()
                    .flat_map(|owned| owned.places.keys())
                    .map(|place| format!("tcp://h{place}:1"))
                    .collect();
                prop_assert_eq!(places(&directory, name), expected, "{:?}", deed);
                let by_tag = Query { tag: Some(format!("t{name}").parse().unwrap()), ..Query::default() };
                let tagged = directory.find(&by_tag, true, Who::Local).unwrap_or_default();
                prop_assert_eq!(tagged.len(), places(&directory, name).len());
            }
        }
    }
}

//! Whether a change is right: the name is its own, there is room, and what is to be probed may be.

use std::sync::Arc;

use lariat_protocol::endpoint::Host;
use lariat_protocol::names::{
    Change, Claim, ErrorCode, LogKind, Name, Refused, Registration, Request, State, Token, Ttl, Way,
};
use lariat_store::names::{NameRow, PlaceRow, Row, Write};
use sha2::{Digest as _, Sha256};

use crate::names::directory::Shared;
use crate::names::health::Health;
use crate::names::keeping::{Done, Draft, Effect, Op, Step};
use crate::names::pattern::Pattern;
use crate::names::record::Record;
use crate::names::registry::{Digest, MAXIMUM_PLACES, Owned, Registry};
use crate::names::{Terms, Who};

impl Shared {
    /// Begins the times of a registration anew.
    pub(super) fn renew(&self, claim: &Claim) -> Result<Ttl, Refused> {
        let registry = self.registry();
        let owned = claimed(&registry, claim)?;
        let now = self.clock.now();
        let is_meant = |record: &&Arc<Record>| {
            let mut place = claim.place.iter();
            place.all(|place| *place == record.registration.place)
        };
        let meant = || owned.places.iter().filter(is_meant);
        let name = &claim.name;
        if claim.place.is_some() && !owned.places.is_empty() && meant().next().is_none() {
            return Err(not_there(name));
        }
        let alive = || meant().filter(|record| record.is_alive(now));
        alive().for_each(|record| record.renew(now));
        let ttl = alive().map(|record| record.registration.ttl).min();
        ttl.ok_or_else(|| {
            let sentence = format!("the registration of {name} has ended; register it again");
            Refused::new(ErrorCode::Expired, sentence)
        })
    }

    /// What a change comes to beside those of the draft, or why it is refused.
    pub(super) fn check(&self, op: &Op, draft: &Draft) -> Result<Step, Refused> {
        let registry = self.registry();
        match op {
            Op::Register {
                registration,
                who,
                terms,
            } => self.check_registration(&registry, draft, registration, *who, terms),
            Op::Remove { claim, who } => {
                let owned = claimed(&registry, claim)?;
                let is_meant = |record: &&Arc<Record>| {
                    let mut place = claim.place.iter();
                    place.all(|place| *place == record.registration.place)
                };
                let records: Vec<_> = owned.places.iter().filter(is_meant).cloned().collect();
                if records.is_empty() && claim.place.is_some() {
                    return Err(not_there(&claim.name));
                }
                let is_all = records.len() == owned.places.len();
                let mut step = self.taking(&records, Change::Removed, *who, is_all, &claim.name);
                if records.is_empty() {
                    step.effect = Effect::Release(claim.name.clone());
                }
                Ok(step)
            }
            Op::Gone { record, change } => {
                let is_there = registry.record(record.id).is_some();
                // It may have been renewed since.
                let is_over = *change != Change::Expired || !record.is_alive(self.clock.now());
                if !is_there || !is_over {
                    return Ok(Step::nothing());
                }
                let name = &record.registration.name;
                let is_last = registry
                    .owned(name)
                    .is_some_and(|owned| owned.places.len() == 1);
                let is_forgotten = is_last && *change == Change::Removed;
                let records = std::slice::from_ref(record);
                Ok(self.taking(records, *change, record.who, is_forgotten, name))
            }
            Op::Noted { record, change } => {
                if registry.record(record.id).is_none() {
                    return Ok(Step::nothing());
                }
                // The first answer of all is nothing that anybody must be told.
                let is_first = record.state() == State::Unprobed && *change == Change::Recovered;
                let row = self.row(*change, record.who, record);
                Ok(Step {
                    writes: (!is_first).then_some(row).into_iter().collect(),
                    effect: Effect::Note {
                        record: Arc::clone(record),
                        change: *change,
                    },
                    done: Done::default(),
                })
            }
            Op::Release(name) => {
                // It may have a place again since.
                let owned = registry.owned(name);
                if owned.is_none_or(|owned| !owned.places.is_empty()) {
                    return Ok(Step::nothing());
                }
                Ok(Step {
                    writes: vec![Write::Forget(name.to_string())],
                    effect: Effect::Release(name.clone()),
                    done: Done::default(),
                })
            }
        }
    }

    fn check_registration(
        &self,
        registry: &Registry,
        draft: &Draft,
        registration: &Registration,
        who: Who,
        terms: &Terms,
    ) -> Result<Step, Refused> {
        let owned = registry.owned(&registration.name);
        let token = self.token(owned, registration, who)?;
        let existing = owned.and_then(|owned| owned.place(&registration.place));
        let said = Registration {
            token: None,
            ..registration.clone()
        };
        let done = Done {
            token: Some(token.clone()),
            ttl: Some(said.ttl),
        };
        if let Some(existing) = existing
            && existing.registration == said
            && existing.who == who
        {
            return Ok(Step {
                writes: Vec::new(),
                effect: Effect::Renew(Arc::clone(existing)),
                done,
            });
        }
        if existing.is_none() {
            check_room(registry, draft, owned, who, terms)?;
        }
        self.check_probe(&said, who)?;
        let pattern = said.probe.as_ref().and_then(|probe| probe.expect.as_ref());
        let pattern = pattern.map(|text| Pattern::new(text)).transpose()?;
        let change = match existing {
            Some(_) => Change::Changed,
            None => Change::Registered,
        };
        let place = PlaceRow {
            name: said.name.to_string(),
            place: said.place.to_string(),
            said: Request::Register(Box::new(said.clone())).to_string(),
            registrant: who.to_string(),
        };
        let is_doubtful = owned.is_some_and(|owned| owned.dropped.contains(&said.place));
        let record = Record::new(self.next_id(), said, who, pattern);
        if is_doubtful {
            record.set_state(State::Failing);
            *record
                .health
                .lock()
                .unwrap_or_else(|error| error.into_inner()) = Health::doubtful();
        }
        let record = Arc::new(record);
        let digest = owned.map_or_else(|| digest(&token), |owned| owned.token);
        let registrant = owned.map_or(who, |owned| owned.registrant);
        let name = owned.is_none().then(|| {
            Write::Name(NameRow {
                name: place.name.clone(),
                token: digest.to_vec(),
                registrant: who.to_string(),
            })
        });
        let row = self.row(change, who, &record);
        Ok(Step {
            writes: name.into_iter().chain([Write::Place(place), row]).collect(),
            effect: Effect::Put {
                record,
                token: digest,
                registrant,
                change,
            },
            done,
        })
    }

    /// The token that a registration is made with.
    fn token(
        &self,
        owned: Option<&Owned>,
        registration: &Registration,
        who: Who,
    ) -> Result<Token, Refused> {
        let random = || {
            let mut bytes = [0; 16];
            getrandom::fill(&mut bytes).map_err(|error| {
                Refused::new(ErrorCode::Storage, format!("no token can be made: {error}"))
            })?;
            Ok(Token::from_random(u128::from_ne_bytes(bytes)))
        };
        match (owned, &registration.token) {
            (None, Some(token)) => Ok(token.clone()),
            (None, None) => random(),
            // What this process registers is its own, whatever its token was before.
            (Some(owned), _) if who == Who::Inside && owned.registrant == Who::Inside => random(),
            (Some(owned), Some(token)) if digest(token) == owned.token => Ok(token.clone()),
            _ => Err(taken(&registration.name)),
        }
    }

    fn check_probe(&self, registration: &Registration, who: Who) -> Result<(), Refused> {
        let asked = registration.probe.as_ref();
        if asked.is_none_or(|probe| probe.way == Way::None) {
            return Ok(());
        }
        let address = match registration.place.host() {
            Host::Name(_) => return Ok(()),
            Host::V4(address) => (*address).into(),
            Host::V6(address, _) => (*address).into(),
        };
        match self.probes().allow(who, address) {
            true => Ok(()),
            false => Err(Refused::new(
                ErrorCode::Denied,
                format!("{address} is not probed for {who}; register with probe=none"),
            )),
        }
    }

    fn taking(
        &self,
        records: &[Arc<Record>],
        change: Change,
        who: Who,
        is_forgotten: bool,
        name: &Name,
    ) -> Step {
        let removes = records.iter().map(|record| Write::Remove {
            name: name.to_string(),
            place: record.registration.place.to_string(),
        });
        let rows = records.iter().map(|record| self.row(change, who, record));
        let forget = is_forgotten.then(|| Write::Forget(name.to_string()));
        Step {
            writes: removes.chain(rows).chain(forget).collect(),
            effect: Effect::Take {
                records: records.to_vec(),
                change,
            },
            done: Done::default(),
        }
    }

    fn row(&self, change: Change, who: Who, record: &Record) -> Write {
        Write::Log(Row {
            time: self.clock.wall(),
            what: LogKind::Change(change).word().to_string(),
            who: who.to_string(),
            name: Some(record.registration.name.to_string()),
            about: record.registration.place.to_string(),
            count: 1,
        })
    }
}

/// The digest of a token. It is random or long, so nothing slower is needed against guessing.
pub(super) fn digest(token: &Token) -> Digest {
    Sha256::digest(token.as_str().as_bytes()).into()
}

fn check_room(
    registry: &Registry,
    draft: &Draft,
    owned: Option<&Owned>,
    who: Who,
    terms: &Terms,
) -> Result<(), Refused> {
    let full = |sentence: String| Err(Refused::new(ErrorCode::Limit, sentence));
    if owned.is_some_and(|owned| owned.places.len() >= MAXIMUM_PLACES) {
        return full(format!("a name has at most {MAXIMUM_PLACES} places"));
    }
    if registry.total() + draft.added >= terms.total {
        return full(format!(
            "there are {} registrations, which is all there may be",
            terms.total
        ));
    }
    let added = draft.counts.get(&who.counted()).copied().unwrap_or(0);
    if who != Who::Inside && registry.count(who) + added >= terms.per_address {
        let most = terms.per_address;
        return full(format!(
            "{who} has {most} registrations, which is all it may have"
        ));
    }
    Ok(())
}

/// The name that is claimed, if the token is its own.
fn claimed<'a>(registry: &'a Registry, claim: &Claim) -> Result<&'a Owned, Refused> {
    let owned = registry.owned(&claim.name).ok_or_else(|| {
        let sentence = format!("nobody has registered {}", claim.name);
        Refused::new(ErrorCode::Unknown, sentence)
    })?;
    match digest(&claim.token) == owned.token {
        true => Ok(owned),
        false => Err(taken(&claim.name)),
    }
}

fn taken(name: &Name) -> Refused {
    let sentence =
        format!("{name} belongs to another token; choose another name, or show its token");
    Refused::new(ErrorCode::Taken, sentence)
}

fn not_there(name: &Name) -> Refused {
    Refused::new(
        ErrorCode::Unknown,
        format!("{name} is not registered there"),
    )
}

//! Changes, checked against what there is, written to the store together, and then made.
//!
//! Only one thread is here at a time, so what was checked still holds when it is written. Nothing
//! is seen by look-ups or watchers, and nobody is answered, before it is on the disk. Watchers are told
//! before that is answered: who begins to watch behind an answer is not told of what it was about.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use lariat_protocol::names::{
    Change, Claim, ErrorCode, Name, Refused, Registration, State, Token, Ttl,
};
use lariat_store::names::Write;

use crate::names::directory::Shared;
use crate::names::record::Record;
use crate::names::registry::{Digest, Registry};
use crate::names::{Terms, Who};

/// What is to be changed.
pub(super) enum Op {
    /// Somebody registers a place.
    Register {
        registration: Box<Registration>,
        who: Who,
        terms: Arc<Terms>,
    },
    /// Somebody takes places away.
    Remove { claim: Claim, who: Who },
    /// A place has run out, does not answer, or goes with this process.
    Gone { record: Arc<Record>, change: Change },
    /// A place began to fail, or answers again.
    Noted { record: Arc<Record>, change: Change },
    /// A name is kept for its token no longer.
    Release(Name),
}

/// What a change came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// The name's token, if a place was registered.
    pub token: Option<Token>,
    /// When it is to be renewed, if a place was registered.
    pub ttl: Option<Ttl>,
}

/// Is told what a change came to, once it is on the disk.
pub(super) type Reply = Box<dyn FnOnce(Result<Done, Refused>) + Send>;

/// A change that waits.
pub(super) struct Pending {
    pub op: Op,
    pub reply: Reply,
}

/// What is done in memory when the store has it.
pub(super) enum Effect {
    Put {
        record: Arc<Record>,
        token: Digest,
        registrant: Who,
        change: Change,
    },
    Take {
        records: Vec<Arc<Record>>,
        change: Change,
    },
    Note {
        record: Arc<Record>,
        change: Change,
    },
    Renew(Arc<Record>),
    Release(Name),
    Nothing,
}

/// A change that was found right.
pub(super) struct Step {
    pub writes: Vec<Write>,
    pub effect: Effect,
    pub done: Done,
}

/// Changes that go into one transaction.
#[derive(Default)]
pub(super) struct Draft {
    names: HashSet<Name>,
    /// How many places are added, in all and by whom.
    pub added: usize,
    pub counts: HashMap<Who, usize>,
    writes: Vec<Write>,
    effects: Vec<Effect>,
    answers: Vec<(Reply, Done)>,
}

impl Op {
    fn name(&self) -> &Name {
        match self {
            Op::Register { registration, .. } => &registration.name,
            Op::Remove { claim, .. } => &claim.name,
            Op::Gone { record, .. } | Op::Noted { record, .. } => &record.registration.name,
            Op::Release(name) => name,
        }
    }
}

impl Shared {
    /// Makes changes, as many as can be in one transaction: two of one name are not, since the
    /// second is checked against what the first has made.
    pub(super) fn keep(&self, mut pending: VecDeque<Pending>) {
        let _alone = self.alone();
        let mut rows = self.take_asked();
        while !pending.is_empty() || !rows.is_empty() {
            let mut draft = Draft {
                writes: std::mem::take(&mut rows),
                ..Draft::default()
            };
            while let Some(Pending { op, reply }) = pending.pop_front() {
                if draft.names.contains(op.name()) {
                    pending.push_front(Pending { op, reply });
                    break;
                }
                match self.check(&op, &draft) {
                    Ok(step) => draft.add(op, step, reply),
                    Err(refused) => reply(Err(refused)),
                }
            }
            self.write(draft);
        }
    }

    fn write(&self, draft: Draft) {
        let written = match draft.writes.is_empty() {
            true => Ok(()),
            false => self.store.write(&draft.writes),
        };
        let refused = written.err().map(|error| {
            tracing::error!("names: {error}");
            Refused::new(ErrorCode::Storage, format!("it was not kept: {error}"))
        });
        let mut told = Vec::new();
        {
            let mut registry = self.registry_mut();
            for effect in draft.effects {
                // What is over is over, on a full disk too; it comes back with a restart, for one
                // time to live.
                let is_ours = matches!(
                    effect,
                    Effect::Put { .. }
                        | Effect::Take {
                            change: Change::Removed,
                            ..
                        }
                );
                if refused.is_none() || !is_ours {
                    self.make(&mut registry, effect, &mut told);
                }
            }
        }
        let now = self.clock.now();
        for (change, record) in told {
            self.watchers.tell(change, &record, now);
        }
        for (reply, done) in draft.answers {
            reply(refused.clone().map_or(Ok(done), Err));
        }
    }

    fn make(&self, registry: &mut Registry, effect: Effect, told: &mut Vec<(Change, Arc<Record>)>) {
        let now = self.clock.now();
        match effect {
            Effect::Put {
                record,
                token,
                registrant,
                change,
            } => {
                record.renew(now);
                let place = &record.registration.place;
                if let Some(old) = registry
                    .owned(&record.registration.name)
                    .and_then(|owned| owned.place(place))
                {
                    self.schedule().remove(old.id);
                }
                registry.insert(Arc::clone(&record), token, registrant);
                self.begin_probing(&record);
                told.push((change, record));
            }
            Effect::Take { records, change } => {
                // Whoever takes a name away gives it up; otherwise it is kept.
                let until = (change != Change::Removed).then_some(now + self.settings.keep_names);
                for record in records {
                    self.schedule().remove(record.id);
                    registry.remove(&record, until, change == Change::Dropped);
                    told.push((change, record));
                }
            }
            Effect::Note { record, change } => {
                record.set_state(match change {
                    Change::Failing => State::Failing,
                    _ => State::Up,
                });
                told.push((change, record));
            }
            Effect::Renew(record) => record.renew(now),
            Effect::Release(name) => registry.forget(&name),
            Effect::Nothing => {}
        }
    }
}

impl Step {
    /// A change that is none any more.
    pub fn nothing() -> Self {
        Step {
            writes: Vec::new(),
            effect: Effect::Nothing,
            done: Done::default(),
        }
    }
}

impl Draft {
    fn add(&mut self, op: Op, step: Step, reply: Reply) {
        self.names.insert(op.name().clone());
        if let Effect::Put { record, change, .. } = &step.effect
            && *change == Change::Registered
        {
            self.added += 1;
            *self.counts.entry(record.who.counted()).or_default() += 1;
        }
        self.writes.extend(step.writes);
        self.effects.push(step.effect);
        self.answers.push((reply, step.done));
    }
}

/// How often the keeper looks for what has run out when nothing else happens.
pub(super) const TICK: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::mpsc::channel;

    use lariat_protocol::names::Query;
    use lariat_store::names::MemoryNames;

    use super::*;
    use crate::names::watchers::Told;
    use crate::names::{Directory, Settings};

    fn registering(name: &str) -> Op {
        let place = "h:1".parse().unwrap();
        Op::Register {
            registration: Box::new(Registration::new(name.parse().unwrap(), place)),
            who: Who::Local,
            terms: Arc::default(),
        }
    }

    #[test]
    fn who_watches_behind_an_answer_is_not_told_of_what_was_answered() {
        let store = MemoryNames::default();
        let directory = Directory::without_threads(store, Settings::default()).unwrap();
        let (telling, told) = channel();
        let shared = Arc::clone(&directory.0);
        let watch = move |answer: Result<Done, Refused>| {
            assert!(answer.is_ok());
            let sink = move |told: &Arc<Told>| telling.send(told.line.clone()).is_ok();
            shared.watch(Query::default(), Box::new(sink)).unwrap();
        };
        directory.0.submit(registering("a"), Box::new(watch));
        directory.0.submit(registering("b"), Box::new(drop));
        let lines: Vec<String> = told.try_iter().collect();
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].starts_with("event registered b "), "{lines:?}");
    }
}

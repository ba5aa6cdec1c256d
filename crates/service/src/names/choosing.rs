//! Which of several places is tried first: chance by weight, those that answer before those that
//! do not.

use lariat_protocol::names::State;

use crate::names::record::Record;

/// Puts places into the order in which they are to be tried, by numbers of chance from 0 to 1.
///
/// The first of the order is each one with the probability of its weight among all, and so is the
/// next among the rest (Efraimidis and Spirakis, 2006): the lowest `-ln(chance) / weight` goes
/// first.
pub(super) fn order<R: AsRef<Record>>(places: &mut Vec<R>, mut chance: impl FnMut() -> f64) {
    let mut keyed: Vec<(Rank, R)> = places
        .drain(..)
        .map(|place| (rank(place.as_ref(), chance()), place))
        .collect();
    keyed.sort_by(|(one, _), (other, _)| {
        one.partial_cmp(other).unwrap_or(std::cmp::Ordering::Equal)
    });
    places.extend(keyed.into_iter().map(|(_, place)| place));
}

/// The place that [`order`] would put first.
pub(super) fn first<R: AsRef<Record>>(
    places: impl Iterator<Item = R>,
    mut chance: impl FnMut() -> f64,
) -> Option<R> {
    let mut places = places.peekable();
    let only = places.next()?;
    if places.peek().is_none() {
        return Some(only);
    }
    let mut best = (rank(only.as_ref(), chance()), only);
    for place in places {
        let rank = rank(place.as_ref(), chance());
        if rank < best.0 {
            best = (rank, place);
        }
    }
    Some(best.1)
}

/// Failing ones last, those without a weight before them, then by chance.
type Rank = (bool, bool, f64);

fn rank(record: &Record, chance: f64) -> Rank {
    let weight = record.registration.weight.get();
    // A chance of zero has no logarithm.
    let late = -chance.max(f64::MIN_POSITIVE).ln() / f64::from(weight.max(1));
    (record.state() == State::Failing, weight == 0, late)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use lariat_protocol::names::{Registration, Request};

    use super::*;
    use crate::names::Who;

    fn record(line: &str) -> Arc<Record> {
        let Ok(Request::Register(registration)) = line.parse::<Request>() else {
            panic!("{line}");
        };
        let registration: Registration = *registration;
        Arc::new(Record::new(0, registration, Who::Local, None))
    }

    #[test]
    fn chance_is_by_weight_and_those_that_fail_are_last() {
        let all = [
            record("register a one:1 weight=300"),
            record("register a two:1 weight=100"),
            record("register a none:1 weight=0"),
            record("register a fails:1 weight=1000"),
        ];
        all[3].set_state(State::Failing);
        let mut random = fastrand::Rng::with_seed(7);
        let mut counts = [0; 4];
        for _ in 0..10_000 {
            let mut order_ = all.to_vec();
            order(&mut order_, || random.f64());
            assert!(Arc::ptr_eq(&order_[2], &all[2]) && Arc::ptr_eq(&order_[3], &all[3]));
            let chosen = first(all.iter().cloned(), || random.f64()).expect("one");
            let at = all.iter().position(|one| Arc::ptr_eq(one, &chosen));
            counts[at.expect("one of them")] += 1;
        }
        assert!((7_300..7_700).contains(&counts[0]), "{counts:?}");
        assert_eq!(counts[0] + counts[1], 10_000);
        assert!(first(std::iter::empty::<Arc<Record>>(), || 0.0).is_none());
    }
}

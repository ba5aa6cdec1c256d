//! In which order the places of a service are tried: by chance, according to their weights.

use lariat_protocol::names::{Entry, State};

/// The entries in an order of chance in which each is first as often as its weight says among
/// those that are left, as the server orders them; those that fail come last, and before them
/// those of weight 0. `chance` gives numbers from 0 up to, and not, 1.
///
/// An answer that is kept would send everybody who asks to the same place without it.
pub fn spread(entries: &[Entry], mut chance: impl FnMut() -> f64) -> Vec<Entry> {
    let mut left: Vec<&Entry> = entries.iter().collect();
    let mut ordered = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let answers = left.iter().any(|entry| entry.state != State::Failing);
        let weight = |entry: &Entry| match entry.state == State::Failing && answers {
            true => 0,
            false => u64::from(entry.weight.get()),
        };
        let whole: u64 = left.iter().map(|entry| weight(entry)).sum();
        let mut drawn = (chance() * whole as f64) as u64;
        let index = left.iter().position(|entry| {
            let weight = weight(entry);
            let is_it = drawn < weight;
            drawn = drawn.saturating_sub(weight);
            is_it
        });
        let index = index.unwrap_or_else(|| {
            let first = left.iter().position(|entry| entry.state != State::Failing);
            first.unwrap_or(0)
        });
        ordered.push(left.remove(index).clone());
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(lines: &[&str]) -> Vec<Entry> {
        let lines = lines.iter().map(|line| line.parse().expect("an entry"));
        lines.collect()
    }

    fn order(entries: &[Entry]) -> String {
        let ports = entries.iter().map(|entry| entry.place.as_str());
        ports.filter_map(|place| place.chars().last()).collect()
    }

    #[test]
    fn each_is_first_as_often_as_its_weight_says() {
        let entries = entries(&[
            "a tcp://h:1 state=up weight=300",
            "a tcp://h:2 state=unprobed weight=100",
            "a tcp://h:3 state=failing weight=1000",
            "a tcp://h:4 state=up weight=0",
        ]);
        let mut random = fastrand::Rng::with_seed(7);
        let orders: Vec<String> = (0..4000)
            .map(|_| order(&spread(&entries, || random.f64())))
            .collect();
        let first = orders.iter().filter(|order| *order == "1243").count();
        assert!((2800..3200).contains(&first), "{first}");
        let second = orders.iter().filter(|order| *order == "2143").count();
        assert_eq!(first + second, 4000);
    }

    #[test]
    fn where_all_fail_their_weights_count() {
        let entries = entries(&[
            "a tcp://h:1 state=failing weight=0",
            "a tcp://h:2 state=failing weight=1",
        ]);
        assert_eq!(order(&spread(&entries, || 0.999)), "21");
        assert!(spread(&[], || 0.0).is_empty());
    }
}

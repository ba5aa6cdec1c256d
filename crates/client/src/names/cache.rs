//! Answers that are kept until their time to live has run out.

use std::collections::HashMap;
use std::time::Duration;

use lariat_protocol::names::{Entry, Query};
use tokio::time::Instant;

/// How many questions' answers are kept: more different ones than a program asks.
pub const MAXIMUM_CACHED: usize = 1000;

/// Answers by what was asked for.
///
/// The clock is monotonic, so setting the time makes no answer older or younger.
#[derive(Debug, Default)]
pub struct Cache(HashMap<Query, Kept>);

#[derive(Debug)]
struct Kept {
    entries: Vec<Entry>,
    until: Instant,
}

impl Cache {
    /// The answer that is kept, if it still holds now.
    pub fn get(&mut self, query: &Query, now: Instant) -> Option<&[Entry]> {
        if self.0.get(query).is_some_and(|kept| kept.until <= now) {
            self.0.remove(query);
        }
        Some(&self.0.get(query)?.entries)
    }

    /// Keeps an answer for as long as all of its entries hold. What is not there is not kept: it
    /// may be there at any moment.
    pub fn put(&mut self, query: Query, entries: Vec<Entry>, now: Instant) {
        let Some(seconds) = entries.iter().map(|entry| entry.ttl).min() else {
            return;
        };
        let until = now + Duration::from_secs(seconds.into());
        self.make_room(now);
        self.0.insert(query, Kept { entries, until });
    }

    /// Forgets the answer; whether there was one.
    pub fn forget(&mut self, query: &Query) -> bool {
        self.0.remove(query).is_some()
    }

    fn make_room(&mut self, now: Instant) {
        if self.0.len() < MAXIMUM_CACHED {
            return;
        }
        self.0.retain(|_, kept| kept.until > now);
        while self.0.len() >= MAXIMUM_CACHED {
            // The one that would be asked for again first anyway.
            let first = self.0.iter().min_by_key(|(_, kept)| kept.until);
            let Some(query) = first.map(|(query, _)| query.clone()) else {
                return;
            };
            self.0.remove(&query);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(name: &str) -> Query {
        Query::name(name.parse().expect("a name"))
    }

    fn entry(line: &str) -> Entry {
        line.parse().expect("an entry")
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_kept_until_the_first_of_it_runs_out() {
        let mut cache = Cache::default();
        let entries = vec![entry("a tcp://h:1 ttl=30"), entry("a tcp://h:2 ttl=20")];
        cache.put(query("a"), entries.clone(), Instant::now());
        tokio::time::advance(Duration::from_millis(19_999)).await;
        assert_eq!(cache.get(&query("a"), Instant::now()), Some(&entries[..]));
        assert_eq!(cache.get(&query("b"), Instant::now()), None);
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(cache.get(&query("a"), Instant::now()), None);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_no_answer_and_one_can_be_forgotten() {
        let mut cache = Cache::default();
        cache.put(query("a"), Vec::new(), Instant::now());
        assert_eq!(cache.get(&query("a"), Instant::now()), None);
        cache.put(query("a"), vec![entry("a tcp://h:1 ttl=9")], Instant::now());
        assert!(cache.forget(&query("a")) && !cache.forget(&query("a")));
        // What has run out when it comes is of no use.
        cache.put(query("a"), vec![entry("a tcp://h:1 ttl=0")], Instant::now());
        assert_eq!(cache.get(&query("a"), Instant::now()), None);
    }

    #[tokio::test(start_paused = true)]
    async fn it_does_not_grow_over_its_limit() {
        let mut cache = Cache::default();
        for number in 0..2 * MAXIMUM_CACHED {
            let line = format!("s{number} tcp://h:1 ttl={}", number + 1);
            cache.put(
                query(&format!("s{number}")),
                vec![entry(&line)],
                Instant::now(),
            );
            assert!(cache.0.len() <= MAXIMUM_CACHED);
        }
        // The longest are left.
        let last = query(&format!("s{}", 2 * MAXIMUM_CACHED - 1));
        assert!(cache.get(&last, Instant::now()).is_some());
        assert!(cache.get(&query("s0"), Instant::now()).is_none());
    }
}

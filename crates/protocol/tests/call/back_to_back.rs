//! Two sides that call each other over a link that delays and cuts, on a simulated clock.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use lariat_protocol::call::{Allowance, CallFailure, Caller, Context, Limits, Peer, Tasks, code};
use lariat_protocol::framing::{Framed, Lines};
use lariat_testkit::{Link, Pair};

use crate::stepped::Stepped;

const STEP: Duration = Duration::from_millis(1);

lariat_protocol::remote! {
    /// What both sides can do.
    trait Work, client WorkClient {
        /// Comes back with the number after so many milliseconds.
        async fn later(number: u64, milliseconds: u64) -> Result<u64, String>;
        /// Asks whoever called to double the number, and says it.
        async fn back(number: u64) -> Result<u64, String>;
        /// Twice the number.
        async fn double(number: u64) -> Result<u64, String>;
    }
}

struct Worker {
    tasks: Stepped,
    /// How many methods are under way.
    under_way: Arc<Mutex<usize>>,
}

/// Counts itself until it is dropped.
struct UnderWay(Arc<Mutex<usize>>);

impl UnderWay {
    fn new(count: &Arc<Mutex<usize>>) -> Self {
        *count.lock().expect("whole") += 1;
        UnderWay(Arc::clone(count))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        *self.0.lock().expect("whole") -= 1;
    }
}

impl Work for Worker {
    async fn later(&self, _: Context, number: u64, milliseconds: u64) -> Result<u64, String> {
        let _counted = UnderWay::new(&self.under_way);
        self.tasks.sleep(Duration::from_millis(milliseconds)).await;
        Ok(number)
    }

    async fn back(&self, context: Context, number: u64) -> Result<u64, String> {
        let caller = WorkClient::new(context.caller());
        let doubled = caller.double(number).await;
        doubled.map_err(|failure| failure.to_string())
    }

    async fn double(&self, _: Context, number: u64) -> Result<u64, String> {
        number.checked_mul(2).ok_or_else(|| "too large".into())
    }
}

type Side = Framed<Lines, Peer<Stepped>>;

/// Both sides, what runs their methods and callers, and what is under way.
struct Both {
    pair: Pair<Side, Side>,
    tasks: Stepped,
    under_way: Arc<Mutex<usize>>,
    callers: Vec<Caller>,
    allowance: Arc<Allowance>,
}

impl Both {
    fn new(link: Link, limits: Limits) -> Self {
        let tasks = Stepped::default();
        let under_way = Arc::default();
        let allowance = Arc::new(Allowance::new(limits));
        let side = || {
            let worker = Worker {
                tasks: tasks.clone(),
                under_way: Arc::clone(&under_way),
            };
            let methods = Arc::new(WorkClient::methods(worker));
            let peer = Peer::new(methods, tasks.clone(), Arc::clone(&allowance));
            let (peer, connected) = peer.calling();
            (peer.framed(), connected)
        };
        let ((one, first), (other, second)) = (side(), side());
        let pair = Pair::new(one, other, link);
        let callers = [first, second].map(|mut connected| {
            let caller = connected.try_recv().expect("not dropped");
            caller.expect("connected")
        });
        Both {
            pair,
            tasks,
            under_way,
            callers: callers.into(),
            allowance,
        }
    }

    fn run(&mut self, time: Duration) {
        for _ in 0..time.as_millis() {
            self.tasks.step();
            self.pair.one.deliver_messages();
            self.pair.other.deliver_messages();
            self.pair.run(STEP);
            self.tasks.advance(STEP);
        }
    }

    fn nothing_is_left(&self, seed: u64) {
        for side in [&self.pair.one, &self.pair.other] {
            let peer = side.protocol().get_ref();
            assert_eq!((peer.running(), peer.waiting()), (0, 0), "seed {seed}");
        }
        assert_eq!(*self.under_way.lock().expect("whole"), 0, "seed {seed}");
        assert_eq!(self.allowance.in_all(), 0, "seed {seed}");
        assert_eq!(self.tasks.left(), 0, "seed {seed}");
    }
}

/// What has become of calls, by their numbers.
type Ends = Arc<Mutex<Vec<(u64, Result<u64, CallFailure<String>>)>>>;

/// Makes a call on the side, whose end is noted.
fn call(both: &Both, side: usize, number: u64, how: u8, ends: &Ends) -> <Stepped as Tasks>::Task {
    let (client, ends) = (
        WorkClient::new(both.callers[side].clone()),
        Arc::clone(ends),
    );
    both.tasks.spawn(async move {
        let outcome = match how {
            0 => client.later(number, number % 50).await,
            1 => {
                client
                    .within(Duration::from_millis(200))
                    .later(number, 5000)
                    .await
            }
            2 => client.back(number).await.map(|doubled| doubled / 2),
            3 => client.double(u64::MAX - number).await,
            _ => client.later(number, 60_000).await,
        };
        ends.lock().expect("whole").push((number, outcome));
    })
}

#[test]
fn every_call_comes_to_its_end_once_over_a_bad_link() {
    for seed in 0..40 {
        let mut both = Both::new(Link::bad(seed), Limits::default());
        let ends = Ends::default();
        let mut random = seed;
        let mut kept = Vec::new();
        let mut given_up = Vec::new();
        for number in 0..60 {
            // A generator that is as good as this needs; the seed tells all.
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(number);
            let (side, how) = ((random >> 40) as usize % 2, (random >> 50) as u8 % 5);
            let task = call(&both, side, number, how, &ends);
            match how {
                4 => given_up.push(task),
                how => kept.push((number, how, task)),
            }
            both.run(Duration::from_millis(random >> 60));
        }
        both.run(Duration::from_millis(100));
        // Who has waited for long enough drops its future, which cancels the call.
        drop(given_up);
        both.run(Duration::from_secs(4));
        let mut ends = std::mem::take(&mut *ends.lock().expect("whole"));
        ends.sort_by_key(|(number, _)| *number);
        assert_eq!(ends.len(), kept.len(), "seed {seed}: {ends:?}");
        for ((number, how, _), (ended, outcome)) in kept.iter().zip(&ends) {
            assert_eq!(number, ended, "seed {seed}");
            let right = match (how, outcome) {
                (0 | 2, Ok(said)) => said == number,
                (1, Err(CallFailure::TimedOut(_))) => true,
                (3, Err(CallFailure::Method(said))) => said == "too large",
                _ => false,
            };
            assert!(right, "seed {seed}: {number} by {how} came to {outcome:?}");
        }
        both.nothing_is_left(seed);
        assert!(both.pair.one.ended().is_none() && both.pair.other.ended().is_none());
    }
}

#[test]
fn a_lost_connection_ends_all_calls_with_one_clear_error() {
    let mut both = Both::new(Link::PERFECT, Limits::default());
    let ends = Ends::default();
    let _calls: Vec<_> = (0..100)
        .map(|number| call(&both, 0, number, 4, &ends))
        .collect();
    both.run(Duration::from_millis(10));
    assert_eq!(*both.under_way.lock().expect("whole"), 100);
    both.pair.one.reset();
    both.pair.other.reset();
    both.run(Duration::from_millis(10));
    let ends = ends.lock().expect("whole");
    assert_eq!(ends.len(), 100);
    for (_, outcome) in &*ends {
        let said = outcome.as_ref().expect_err("lost").to_string();
        assert_eq!(
            said,
            "the connection was lost: the connection was reset by the peer"
        );
    }
    both.nothing_is_left(0);
}

#[test]
fn what_all_connections_have_going_on_is_bounded_and_given_back() {
    let limits = Limits {
        bytes: 8 * 1024,
        bytes_in_all: 10 * 1024,
        ..Limits::default()
    };
    let mut both = Both::new(Link::PERFECT, limits);
    let ends = Ends::default();
    let calls: Vec<_> = (0..20)
        .map(|number| call(&both, 0, number, 4, &ends))
        .collect();
    both.run(Duration::from_millis(10));
    let refused = |words: &str| {
        let ends = ends.lock().expect("whole");
        let said = ends.iter().filter(|(_, outcome)| match outcome {
            Err(CallFailure::Refused(error)) => {
                error.code == code::TOO_MANY && error.message.contains(words)
            }
            _ => false,
        });
        said.count()
    };
    // Each is a KiB and its hundred bytes.
    assert_eq!(refused("may be 8192 bytes in all"), 13);
    let others: Vec<_> = (0..5)
        .map(|number| call(&both, 1, number, 4, &ends))
        .collect();
    both.run(Duration::from_millis(10));
    assert_eq!(refused("too many calls by others"), 3);
    assert!(both.allowance.in_all() <= limits.bytes_in_all);
    drop((calls, others));
    both.run(Duration::from_millis(10));
    both.nothing_is_left(0);
}

#[test]
fn a_side_that_is_told_too_much_does_not_say_it() {
    let limits = Limits {
        calls: 3,
        message: 100,
        ..Limits::default()
    };
    let mut both = Both::new(Link::PERFECT, limits);
    let ends = Ends::default();
    let calls: Vec<_> = (0..4)
        .map(|number| call(&both, 0, number, 4, &ends))
        .collect();
    both.run(Duration::from_millis(2));
    let said = |at: usize| match &ends.lock().expect("whole")[at].1 {
        Err(CallFailure::NotSent(why)) => why.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        said(0),
        "3 calls of this connection are not answered yet; no more are made"
    );
    let brief = both.callers[0].within(Duration::MAX);
    let long = both.tasks.spawn({
        let ends = Arc::clone(&ends);
        async move {
            let outcome = WorkClient::new(brief).later(u64::MAX, u64::MAX).await;
            ends.lock().expect("whole").push((0, outcome));
        }
    });
    both.run(Duration::from_millis(2));
    assert!(
        said(1).ends_with("bytes long; 100 are allowed"),
        "{}",
        said(1)
    );
    drop((calls, long));
    both.run(Duration::from_millis(2));
    both.nothing_is_left(0);
}

#[test]
fn the_connection_closes_when_nobody_calls_any_more() {
    let mut both = Both::new(Link::PERFECT, Limits::default());
    let ends = Ends::default();
    let last = call(&both, 0, 1, 0, &ends);
    both.callers.remove(0);
    both.run(Duration::from_millis(20));
    // The call that is under way has a caller of its own.
    assert!(matches!(ends.lock().expect("whole")[..], [(1, Ok(1))]));
    assert!(both.pair.one.ended().is_some() && both.pair.other.ended().is_some());
    drop(last);
    both.nothing_is_left(0);
}

//! First in, first out, and nothing more.

use std::sync::Mutex;
use std::sync::mpsc;

use lariat::sync::SimpleQueue;

use super::{Contestant, Effort, Handover, LIMIT, compare, contestant};

/// A type for a queue with or without a limit.
macro_rules! queue {
    ($name:ident, $inside:ty, $make:expr, $put:expr, $get:expr) => {
        struct $name($inside);

        impl Default for $name {
            fn default() -> Self {
                $name($make)
            }
        }

        impl Handover for $name {
            fn put(&self, item: u64) {
                let put: fn(&$inside, u64) = $put;
                put(&self.0, item);
            }

            fn get(&self) -> u64 {
                let get: fn(&$inside) -> u64 = $get;
                get(&self.0)
            }
        }
    };
}

const OPEN: &str = "it is open";

type Pair<S, R> = (S, R);
type Crossbeam = Pair<crossbeam_channel::Sender<u64>, crossbeam_channel::Receiver<u64>>;
type Flume = Pair<flume::Sender<u64>, flume::Receiver<u64>>;
type Std = Pair<mpsc::Sender<u64>, Mutex<mpsc::Receiver<u64>>>;
type StdLimited = Pair<mpsc::SyncSender<u64>, Mutex<mpsc::Receiver<u64>>>;

queue!(
    LariatUnlimited,
    SimpleQueue<u64>,
    SimpleQueue::new(None),
    |queue, item| queue.put(item).expect(OPEN),
    |queue| queue.get().expect(OPEN)
);
queue!(
    LariatLimited,
    SimpleQueue<u64>,
    SimpleQueue::new(LIMIT),
    |queue, item| queue.put(item).expect(OPEN),
    |queue| queue.get().expect(OPEN)
);
queue!(
    CrossbeamUnlimited,
    Crossbeam,
    crossbeam_channel::unbounded(),
    |queue, item| queue.0.send(item).expect(OPEN),
    |queue| queue.1.recv().expect(OPEN)
);
queue!(
    CrossbeamLimited,
    Crossbeam,
    crossbeam_channel::bounded(LIMIT),
    |queue, item| queue.0.send(item).expect(OPEN),
    |queue| queue.1.recv().expect(OPEN)
);
queue!(
    FlumeUnlimited,
    Flume,
    flume::unbounded(),
    |queue, item| queue.0.send(item).expect(OPEN),
    |queue| queue.1.recv().expect(OPEN)
);
queue!(
    FlumeLimited,
    Flume,
    flume::bounded(LIMIT),
    |queue, item| queue.0.send(item).expect(OPEN),
    |queue| queue.1.recv().expect(OPEN)
);
queue!(
    StdUnlimited,
    Std,
    {
        let (sender, receiver) = mpsc::channel();
        (sender, Mutex::new(receiver))
    },
    |queue, item| queue.0.send(item).expect(OPEN),
    |queue| queue.1.lock().expect(OPEN).recv().expect(OPEN)
);
queue!(
    StdBounded,
    StdLimited,
    {
        let (sender, receiver) = mpsc::sync_channel(LIMIT);
        (sender, Mutex::new(receiver))
    },
    |queue, item| queue.0.send(item).expect(OPEN),
    |queue| queue.1.lock().expect(OPEN).recv().expect(OPEN)
);

/// std's channel has one receiver, which a lock that nobody else takes makes `Sync`.
fn single<Q: Handover + Default + 'static>(name: &'static str) -> Contestant {
    Contestant {
        getters: 1,
        ..contestant::<Q>(name)
    }
}

/// Without a limit.
pub fn unlimited(effort: Effort) {
    compare(&without_limit(), effort);
}

/// Those without a limit.
pub fn without_limit() -> [Contestant; 4] {
    [
        contestant::<LariatUnlimited>("lariat SimpleQueue"),
        contestant::<CrossbeamUnlimited>("crossbeam-channel"),
        contestant::<FlumeUnlimited>("flume"),
        single::<StdUnlimited>("std mpsc"),
    ]
}

/// With room for [`LIMIT`] items.
pub fn limited(effort: Effort) {
    let contestants = [
        contestant::<LariatLimited>("lariat SimpleQueue"),
        contestant::<CrossbeamLimited>("crossbeam-channel"),
        contestant::<FlumeLimited>("flume"),
        single::<StdBounded>("std mpsc"),
    ];
    compare(&contestants, effort);
}

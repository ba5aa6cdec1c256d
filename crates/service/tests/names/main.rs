//! The name server: its transcripts, a model, hostile peers, bad input, look-ups, and probes of real
//! sockets.
#![allow(clippy::unwrap_used)]

mod bad_input;
mod looking_up;
mod model;
mod page;
mod probing;
mod transcripts;
mod waiting;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use lariat_protocol::names::{Registration, Request};
use lariat_protocol::{ConnectionInfo, Factory, Protocol};
use lariat_service::names::{Clock, Directory, Names, Settings, Terms};
use lariat_store::names::Names as Store;

/// A clock that is set by hand.
#[derive(Clone, Default)]
struct Hand {
    passed: Arc<AtomicU64>,
    wall: Arc<AtomicU64>,
}

impl Hand {
    fn advance(&self, time: Duration) {
        let millis = u64::try_from(time.as_millis()).unwrap();
        self.passed.fetch_add(millis, Ordering::Relaxed);
    }

    fn settings(&self) -> Settings {
        let (passed, wall) = (Arc::clone(&self.passed), Arc::clone(&self.wall));
        let clock = Clock::new(
            move || Duration::from_millis(passed.load(Ordering::Relaxed)),
            move || wall.load(Ordering::Relaxed),
        );
        Settings {
            clock,
            probe_timeout: Duration::from_millis(300),
            ..Settings::default()
        }
    }

    fn directory(&self, store: impl Store) -> Directory {
        Directory::without_threads(store, self.settings()).unwrap()
    }
}

fn registration(line: &str) -> Registration {
    match line.parse() {
        Ok(Request::Register(registration)) => *registration,
        other => panic!("{line}: {other:?}"),
    }
}

/// A server of one connection to this directory.
fn serve(directory: &Directory, info: &ConnectionInfo) -> Box<dyn Protocol> {
    let names = Names::new(directory.clone(), Terms::default());
    names.build(info).unwrap()
}

//! Following what changes at a name server, also when the connection does not last.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use lariat_protocol::names::{Change, Entry, Event, Name, Query, Request};
use tokio::time::{sleep, timeout};

use crate::names::{Client, Error};

/// After so much silence it is asked whether the server is still there, which also keeps it from
/// taking the connection for one that nobody uses.
const PING: Duration = Duration::from_secs(30);

/// How long is waited before connecting again; each time twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// The longest such wait.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// What is heard by watching.
#[derive(Debug)]
#[non_exhaustive]
pub enum Watched {
    /// Something has changed. What changed while there was no connection is told by a change, too.
    Event(Box<Event>),
    /// The server is gone, which is told once; it is connected to again by going on.
    Lost(Error),
}

/// What is registered, followed as it changes.
///
/// ```no_run
/// use lariat_client::names::{Client, Watch, Watched, default_server};
/// use lariat_protocol::names::Query;
///
/// # async fn f() -> Result<(), lariat_client::names::Error> {
/// let client = Client::new(default_server(), Default::default());
/// let mut watch = Watch::begin(client, Query::default()).await?;
/// println!("{} are registered", watch.entries().count());
/// while let Watched::Event(event) = watch.next().await? {
///     println!("{} is {}", event.entry.name, event.change);
/// }
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Watch {
    client: Client,
    query: Query,
    /// What is there, as far as has been told.
    entries: BTreeMap<Key, Entry>,
    /// What was found out by comparing, and is to be told.
    found: VecDeque<Event>,
    /// How often connecting again has failed, while there is no connection.
    lost: Option<u32>,
}

/// What tells registrations apart.
type Key = (Name, String);

fn key(entry: &Entry) -> Key {
    (entry.name.clone(), entry.place.as_str().to_owned())
}

impl Watch {
    /// Begins to watch what the query holds for, by a client that is used for nothing else.
    ///
    /// # Errors
    ///
    /// As [`Client::ask`].
    pub async fn begin(client: Client, query: Query) -> Result<Self, Error> {
        let mut watch = Watch {
            client,
            query,
            entries: BTreeMap::new(),
            found: VecDeque::new(),
            lost: None,
        };
        watch.catch_up().await?;
        // Nothing has changed yet; this is what there is.
        watch.found.clear();
        Ok(watch)
    }

    /// What is registered, by name.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// The next change, however long it takes. May be dropped and called again.
    ///
    /// # Errors
    ///
    /// When the server refuses to be watched, which is the end.
    pub async fn next(&mut self) -> Result<Watched, Error> {
        loop {
            if let Some(event) = self.found.pop_front() {
                return Ok(Watched::Event(Box::new(event)));
            }
            if let Some(failures) = self.lost {
                sleep(wait(failures)).await;
                match self.catch_up().await {
                    Ok(()) => self.lost = None,
                    Err(error) if error.may_pass() => {
                        self.lost = Some(failures.saturating_add(1));
                    }
                    Err(error) => return Err(error),
                }
                continue;
            }
            let heard = match timeout(PING, self.client.event()).await {
                Ok(heard) => heard,
                Err(_) => match self.client.still_there(&Request::Ping).await {
                    Ok(()) => continue,
                    Err(error) => Err(error),
                },
            };
            match heard {
                Ok(event) => {
                    self.take(&event);
                    return Ok(Watched::Event(Box::new(event)));
                }
                Err(error) => {
                    self.lost = Some(0);
                    return Ok(Watched::Lost(error));
                }
            }
        }
    }

    fn take(&mut self, event: &Event) {
        match event.change.is_end() {
            true => self.entries.remove(&key(&event.entry)),
            false => self.entries.insert(key(&event.entry), event.entry.clone()),
        };
    }

    /// Watches over a new connection, and finds out what has changed since the last. What changes
    /// between the two requests is told as an event behind them.
    async fn catch_up(&mut self) -> Result<(), Error> {
        self.client.hang_up();
        let watch = Request::Watch(self.query.clone());
        self.client.ask(&watch).await?;
        let listed = self.client.list(self.query.clone()).await?;
        let now: BTreeMap<Key, Entry> = listed
            .into_iter()
            .map(|entry| (key(&entry), entry))
            .collect();
        for (key, entry) in &now {
            let change = match self.entries.get(key) {
                None => Change::Registered,
                Some(before) if says_the_same(before, entry) => continue,
                Some(_) => Change::Changed,
            };
            let entry = entry.clone();
            self.found.push_back(Event { change, entry });
        }
        for (key, entry) in &self.entries {
            if !now.contains_key(key) {
                let (change, entry) = (Change::Removed, entry.clone());
                self.found.push_back(Event { change, entry });
            }
        }
        self.entries = now;
        Ok(())
    }
}

/// Whether nothing but what is left of their time differs.
fn says_the_same(one: &Entry, other: &Entry) -> bool {
    let entry = Entry {
        ttl: other.ttl,
        ..one.clone()
    };
    entry == *other
}

fn wait(failures: u32) -> Duration {
    let wait = FIRST_WAIT.saturating_mul(1 << failures.min(16));
    // Not all who lost it come back at once.
    wait.min(LONGEST_WAIT).mul_f64(1.0 - fastrand::f64() / 2.0)
}

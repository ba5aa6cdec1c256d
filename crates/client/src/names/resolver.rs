//! The resolver of `name:SERVICE`: asks a name server, and keeps what it says for a while.

use std::sync::{Mutex, PoisonError};

use lariat_net::{Resolver, Resolving};
use lariat_protocol::Endpoint;
use lariat_protocol::names::{Entry, Query, Tag};
use tokio::time::Instant;

use crate::names::{Cache, Client, Error, spread};

/// Knows where services are by a name server.
///
/// What has the name and every tag that is asked for is tried by chance, according to the weights
/// (see [`spread`]); an answer is kept for its time to live, unless nobody whom it names answers.
///
/// ```no_run
/// use std::sync::Arc;
/// use lariat_client::names::{Client, Names, default_server};
/// use lariat_net::ConnectOptions;
///
/// # async fn f() -> Result<(), Box<dyn std::error::Error>> {
/// let names = Names::new(Client::new(default_server(), Default::default()));
/// let options = ConnectOptions {
///     resolver: Some(Arc::new(names)),
///     ..ConnectOptions::default()
/// };
/// let connection = lariat_net::connect_with(&"name:chat".parse()?, options).await?;
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Names {
    /// Held while it is asked: one look-up after the other goes over one connection.
    client: tokio::sync::Mutex<Client>,
    cache: Mutex<Cache>,
}

impl Names {
    /// Asks by this client.
    pub fn new(client: Client) -> Self {
        Names {
            client: tokio::sync::Mutex::new(client),
            cache: Mutex::default(),
        }
    }

    /// Where a service may be, in the order in which it is to be tried.
    ///
    /// # Errors
    ///
    /// When there is no name server, or nobody offers the service: [`Error::Unknown`] with what
    /// there is instead.
    pub async fn look_up(&self, service: &Endpoint) -> Result<Vec<Endpoint>, Error> {
        let (query, more_tags) = question(service)?;
        let kept = {
            let mut cache = self.cache();
            cache.get(&query, Instant::now()).map(<[Entry]>::to_vec)
        };
        let found = match kept {
            Some(kept) => kept,
            None => {
                let mut client = self.client.lock().await;
                let found = client.find_all(query.clone()).await?;
                self.cache().put(query, found.clone(), Instant::now());
                found
            }
        };
        let wanted: Vec<Entry> = found
            .into_iter()
            .filter(|entry| more_tags.iter().all(|tag| entry.tags.contains(tag)))
            .collect();
        if wanted.is_empty() {
            return Err(Error::Tags {
                service: service.to_string(),
            });
        }
        let ordered = spread(&wanted, fastrand::f64).into_iter();
        Ok(ordered
            .map(|entry| entry.place.endpoint().clone())
            .collect())
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Resolver for Names {
    fn resolve<'a>(&'a self, service: &'a Endpoint) -> Resolving<'a> {
        Box::pin(async move { Ok(self.look_up(service).await?) })
    }

    fn forget(&self, service: &Endpoint) -> bool {
        question(service).is_ok_and(|(query, _)| self.cache().forget(&query))
    }
}

/// What the server is asked, and the tags that are left to look for in its answer.
fn question(service: &Endpoint) -> Result<(Query, Vec<Tag>), Error> {
    let name = service.service().unwrap_or_default().parse()?;
    let tags = service.options().tag.iter().map(|tag| tag.parse());
    let mut tags: Vec<Tag> = tags.collect::<Result<_, _>>()?;
    let first = (!tags.is_empty()).then(|| tags.remove(0));
    let query = Query {
        tag: first,
        ..Query::name(name)
    };
    Ok((query, tags))
}

//! One name server, asked over one connection that is made when it is needed and again when it is
//! gone.

use std::collections::VecDeque;
use std::time::Duration;

use lariat_net::{ConnectOptions, Connection};
use lariat_protocol::Endpoint;
use lariat_protocol::names::{
    Claim, Entry, ErrorCode, Event, Incoming, LogRow, MAXIMUM_PAGE, Name, NamesClient, Query,
    Refused, Registration, Reply, Request, Token, Ttl,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::asking::{ANSWER_TIMEOUT, AskOptions};
use crate::names::{Error, new_token};

/// How many entries are taken of a server that is asked for all: more than one holds, and what a
/// client can keep.
pub const MAXIMUM_ENTRIES: usize = 100_000;

/// How many names are told of those that there are, when the one that was looked for is not.
pub const MAXIMUM_KNOWN: usize = 10;

/// How many bytes are read at once.
const BUFFER: usize = 16 * 1024;

/// How many events may wait while answers are looked for; a server sends no more before it is
/// read than its own limit, so one that does is none.
const MAXIMUM_EVENTS: usize = MAXIMUM_ENTRIES;

/// A name server, and the connection to it while there is one.
///
/// A connection that has gone since the last answer is made again, once, without a word: servers
/// restart, and end connections that were silent for long.
#[derive(Debug)]
pub struct Client {
    endpoint: Endpoint,
    options: AskOptions,
    open: Option<Open>,
    /// Events that came between answers.
    events: VecDeque<Event>,
}

/// A connection on which no answer is missing.
struct Open {
    connection: Connection,
    machine: NamesClient,
}

impl std::fmt::Debug for Open {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Open({})", self.connection.peer())
    }
}

impl Client {
    /// A client of this server; nothing is connected yet. An endpoint without a port is at
    /// [`PORT`](lariat_protocol::names::PORT).
    pub fn new(endpoint: Endpoint, options: AskOptions) -> Self {
        let endpoint = endpoint.with_default_port(lariat_protocol::names::PORT);
        let connect = ConnectOptions {
            // A name server cannot be looked up at itself.
            resolver: None,
            ..options.connect
        };
        Client {
            endpoint,
            options: AskOptions { connect, ..options },
            open: None,
            events: VecDeque::new(),
        }
    }

    /// One of the same server, with a connection of its own.
    #[must_use]
    pub fn another(&self) -> Self {
        Client::new(self.endpoint.clone(), self.options.clone())
    }

    /// The server.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Asks, and gives the answer.
    ///
    /// # Errors
    ///
    /// When nobody is there, or no answer comes, or a refusal.
    pub async fn ask(&mut self, request: &Request) -> Result<Reply, Error> {
        let was_open = self.open.is_some();
        match self.exchange(request).await {
            Err(Error::Lost { .. }) if was_open => self.exchange(request).await,
            answer => answer,
        }
    }

    async fn exchange(&mut self, request: &Request) -> Result<Reply, Error> {
        // It is put back when the answer is there: a future that is dropped before leaves no
        // connection of which the next answer is another's.
        let mut open = match self.open.take() {
            Some(open) => open,
            None => self.connect().await?,
        };
        let after = self.time();
        let events = &mut self.events;
        let exchanged = async {
            open.send(request).await?;
            loop {
                match open.next().await? {
                    Incoming::Answer(answer) => return Ok(answer),
                    Incoming::Event(event) if events.len() < MAXIMUM_EVENTS => {
                        events.push_back(event);
                    }
                    Incoming::Event(_) => return Err(too_many_events()),
                }
            }
        };
        match timeout(after, exchanged).await {
            Ok(Ok(Ok(reply))) => {
                self.open = Some(open);
                Ok(reply)
            }
            Ok(Ok(Err(refused))) if is_end(&refused) => Err(self.lost(ended(&refused))),
            Ok(Ok(Err(refused))) => {
                self.open = Some(open);
                Err(Error::Refused(refused))
            }
            Ok(Err(error)) => Err(self.lost(error)),
            Err(_) => Err(Error::TimedOut {
                endpoint: self.endpoint.to_string(),
                after,
            }),
        }
    }

    async fn connect(&mut self) -> Result<Open, Error> {
        // What the old connection was still to tell is about what it has told before.
        self.events.clear();
        let options = self.options.connect.clone();
        let connection = lariat_net::connect_with(&self.endpoint, options).await;
        let connection = connection.map_err(|error| Error::Unreachable {
            endpoint: self.endpoint.to_string(),
            error: Box::new(error),
        })?;
        Ok(Open {
            connection,
            machine: NamesClient::default(),
        })
    }

    fn time(&self) -> Duration {
        self.options.timeout.unwrap_or(ANSWER_TIMEOUT)
    }

    fn lost(&self, error: lariat_protocol::Error) -> Error {
        Error::Lost {
            endpoint: self.endpoint.to_string(),
            error,
        }
    }

    /// Asks over the connection that there is and no other.
    pub(crate) async fn still_there(&mut self, request: &Request) -> Result<(), Error> {
        if self.open.is_none() {
            return Err(self.not_connected());
        }
        self.exchange(request).await.map(drop)
    }

    /// Ends the connection, if there is one; the next request makes another.
    pub(crate) fn hang_up(&mut self) {
        self.open = None;
    }

    fn not_connected(&self) -> Error {
        self.lost(std::io::Error::from(std::io::ErrorKind::NotConnected).into())
    }

    /// The next event of a connection that watches, however long it takes. May be dropped and
    /// called again.
    pub(crate) async fn event(&mut self) -> Result<Event, Error> {
        if let Some(event) = self.events.pop_front() {
            return Ok(event);
        }
        let Some(open) = &mut self.open else {
            return Err(self.not_connected());
        };
        let error = match open.next().await {
            Ok(Incoming::Event(event)) => return Ok(event),
            Ok(Incoming::Answer(Err(refused))) => ended(&refused),
            Ok(Incoming::Answer(Ok(_))) => {
                lariat_protocol::Error::invalid("it answers what nobody asked")
            }
            Err(error) => error,
        };
        self.open = None;
        Err(self.lost(error))
    }

    /// One that is registered, chosen by the server.
    ///
    /// # Errors
    ///
    /// [`Error::Unknown`] with what there is instead, and as [`Client::ask`].
    pub async fn find(&mut self, query: Query) -> Result<Entry, Error> {
        let mut found = self.find_some(query, false).await?;
        Ok(found.swap_remove(0))
    }

    /// All that are registered, in the order in which they are to be tried.
    ///
    /// # Errors
    ///
    /// As [`Client::find`].
    pub async fn find_all(&mut self, query: Query) -> Result<Vec<Entry>, Error> {
        self.find_some(query, true).await
    }

    async fn find_some(&mut self, query: Query, all: bool) -> Result<Vec<Entry>, Error> {
        let found = match self.ask(&Request::Find { query, all }).await {
            Ok(reply) => self.entries(&reply)?,
            Err(Error::Refused(refused)) if refused.code == ErrorCode::Unknown => {
                return Err(self.unknown(refused).await);
            }
            Err(error) => return Err(error),
        };
        match found.is_empty() {
            true => Err(self.lost(lariat_protocol::Error::invalid(
                "it found something, and nothing came",
            ))),
            false => Ok(found),
        }
    }

    /// What is not there, and what is.
    async fn unknown(&mut self, refused: Refused) -> Error {
        let page = self.page(Query::default(), None, MAXIMUM_KNOWN).await;
        let Ok((entries, more)) = page else {
            return Error::Refused(refused);
        };
        let mut names: Vec<Name> = entries.into_iter().map(|entry| entry.name).collect();
        names.dedup();
        Error::Unknown {
            what: refused.sentence,
            more: more.is_some() || names.len() > MAXIMUM_KNOWN,
            names: names.into_iter().take(MAXIMUM_KNOWN).collect(),
        }
    }

    /// Everything that is registered and for which the query holds, by name; at most
    /// [`MAXIMUM_ENTRIES`].
    ///
    /// # Errors
    ///
    /// As [`Client::ask`].
    pub async fn list(&mut self, query: Query) -> Result<Vec<Entry>, Error> {
        let mut all = Vec::new();
        let mut after = None;
        loop {
            let (page, more) = self
                .page(query.clone(), after.clone(), MAXIMUM_PAGE)
                .await?;
            all.extend(page);
            match more {
                Some(name) if all.len() < MAXIMUM_ENTRIES && after.as_ref() < Some(&name) => {
                    after = Some(name);
                }
                _ => break,
            }
        }
        all.truncate(MAXIMUM_ENTRIES);
        Ok(all)
    }

    async fn page(
        &mut self,
        query: Query,
        after: Option<Name>,
        limit: usize,
    ) -> Result<(Vec<Entry>, Option<Name>), Error> {
        let request = Request::List {
            query,
            after,
            limit,
        };
        let reply = self.ask(&request).await?;
        let more = reply.head.more.as_deref().map(str::parse).transpose()?;
        Ok((self.entries(&reply)?, more))
    }

    fn entries(&self, reply: &Reply) -> Result<Vec<Entry>, Error> {
        let entries = reply.entries();
        entries.map_err(|error| self.lost(lariat_protocol::Error::invalid(error.to_string())))
    }

    /// The newest rows of the log, so many at most, the newest first; only those about a name, if
    /// one is given.
    ///
    /// # Errors
    ///
    /// As [`Client::ask`].
    pub async fn log(&mut self, name: Option<Name>, most: usize) -> Result<Vec<LogRow>, Error> {
        let mut rows: Vec<LogRow> = Vec::new();
        let mut before = None;
        while rows.len() < most {
            let request = Request::Log {
                name: name.clone(),
                before,
                limit: (most - rows.len()).min(MAXIMUM_PAGE),
            };
            let reply = self.ask(&request).await?;
            let page = reply.rows();
            rows.extend(
                page.map_err(|error| {
                    self.lost(lariat_protocol::Error::invalid(error.to_string()))
                })?,
            );
            let more: Option<u64> = reply.head.more.and_then(|more| more.parse().ok());
            match more {
                Some(row) if before.is_none_or(|before| row < before) => before = Some(row),
                _ => break,
            }
        }
        rows.truncate(most);
        Ok(rows)
    }

    /// Registers once: who wants it to stay renews it, which [`Registered`](super::Registered)
    /// does. A registration without a token gets a new one, which is returned.
    ///
    /// # Errors
    ///
    /// As [`Client::ask`]: [`ErrorCode::Taken`] when the name is another's.
    pub async fn register(&mut self, registration: &Registration) -> Result<(Token, Ttl), Error> {
        let mut registration = registration.clone();
        let token = match registration.token.take() {
            Some(token) => token,
            None => new_token().map_err(Error::Token)?,
        };
        registration.token = Some(token.clone());
        let asked = registration.ttl;
        let request = Request::Register(Box::new(registration));
        let head = self.ask(&request).await?.head;
        Ok((head.token.unwrap_or(token), head.ttl.unwrap_or(asked)))
    }

    /// Says that it is still there.
    ///
    /// # Errors
    ///
    /// As [`Client::ask`]: [`ErrorCode::Expired`] or [`ErrorCode::Unknown`] when it is to be
    /// registered again.
    pub async fn renew(&mut self, claim: &Claim) -> Result<Option<Ttl>, Error> {
        let reply = self.ask(&Request::Renew(claim.clone())).await?;
        Ok(reply.head.ttl)
    }

    /// Takes it away.
    ///
    /// # Errors
    ///
    /// As [`Client::ask`].
    pub async fn remove(&mut self, claim: &Claim) -> Result<(), Error> {
        let was_open = self.open.is_some();
        let request = Request::Remove(claim.clone());
        match self.exchange(&request).await {
            Ok(_) => Ok(()),
            // It may be that only the answer was lost.
            Err(Error::Lost { .. }) if was_open => match self.exchange(&request).await {
                Err(Error::Refused(refused)) if refused.code == ErrorCode::Unknown => Ok(()),
                answer => answer.map(drop),
            },
            Err(error) => Err(error),
        }
    }
}

impl Open {
    async fn send(&mut self, request: &Request) -> Result<(), lariat_protocol::Error> {
        let line = format!("{request}\n");
        self.connection.write_all(line.as_bytes()).await?;
        self.connection.flush().await?;
        Ok(())
    }

    /// The next answer or event. May be dropped and called again.
    async fn next(&mut self) -> Result<Incoming, lariat_protocol::Error> {
        loop {
            if let Some(incoming) = self.machine.next() {
                return Ok(incoming);
            }
            let mut buffer = [0; BUFFER];
            let length = self.connection.read(&mut buffer).await?;
            if length == 0 {
                return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
            }
            self.machine.data_received(&buffer[..length])?;
        }
    }
}

/// Whether the server ends the connection behind it, whatever was asked.
fn is_end(refused: &Refused) -> bool {
    matches!(
        refused.code,
        ErrorCode::Slow | ErrorCode::Late | ErrorCode::Stopping
    )
}

fn ended(refused: &Refused) -> lariat_protocol::Error {
    lariat_protocol::Error::invalid(format!("it says: {}", refused.sentence))
}

fn too_many_events() -> lariat_protocol::Error {
    lariat_protocol::Error::limit(format!(
        "more than {MAXIMUM_EVENTS} events came before an answer"
    ))
}

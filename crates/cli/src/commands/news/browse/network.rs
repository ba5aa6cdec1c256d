//! The reader's connection: it answers one wish after the other, and is made again when the server has given it up.

use std::collections::HashMap;
use std::mem;

use lariat_client::nntp::{ActiveGroup, Client, Error, Overview, Site};
use tokio::sync::mpsc;

use super::messages::{Answer, Group, Headers, Request};
use super::threads::Entry;
use super::{Answered, Asked};
use crate::commands::news::message::{Message, decoded, seconds};
use crate::failure::Failure;

/// How many articles of a group are asked for at once.
const STEP: u64 = 500;

/// More groups than any server has; what is beyond is not shown.
const MAXIMUM_GROUPS: usize = 500_000;

/// A connection to a server, and what is selected there.
pub struct Line {
    site: Site,
    client: Option<Client>,
    group: Option<String>,
}

/// Answers wishes until nobody has any more, and says goodbye.
pub async fn serve(
    mut line: Line,
    mut asked: mpsc::UnboundedReceiver<Asked>,
    answering: mpsc::UnboundedSender<Answered>,
) {
    while let Some(mut ask) = asked.recv().await {
        // Whoever has gone on wants the newest alone; but what is posted is posted.
        while !matches!(ask.1, Request::Post(_))
            && let Ok(newer) = asked.try_recv()
        {
            ask = newer;
        }
        let answer = line.answer(&ask.1).await;
        if answering.send((ask.0, answer)).is_err() {
            break;
        }
    }
    line.close().await;
}

impl Line {
    /// Connects and logs in.
    pub async fn open(site: Site) -> Result<Self, Failure> {
        let client = Some(site.connect().await?);
        Ok(Line {
            site,
            client,
            group: None,
        })
    }

    async fn answer(&mut self, request: &Request) -> Answer {
        if matches!(request, Request::Post(_)) {
            self.look_whether_it_is_there().await;
        }
        let was_there = self.client.is_some();
        let mut answered = self.attempt(request).await;
        if was_there && answered.as_ref().is_err_and(|error| error.is_fatal()) {
            // Servers give up connections on which somebody reads for a long time. What was posted may have been
            // taken, and is not posted twice.
            self.client = None;
            if !matches!(request, Request::Post(_)) {
                answered = self.attempt(request).await;
            }
        }
        match answered {
            Ok(answer) => answer,
            Err(error) => {
                if error.is_fatal() {
                    self.client = None;
                }
                let is_known = !matches!(error, Error::Unconfirmed(_));
                let failure = Failure::from(error);
                let why = failure.message().unwrap_or_default().to_owned();
                match is_known {
                    true => Answer::Failed(why),
                    false => Answer::Unconfirmed(why),
                }
            }
        }
    }

    /// Gives up a connection that the server has given up, before something is sent that must not be sent twice.
    async fn look_whether_it_is_there(&mut self) {
        if let Some(client) = &mut self.client
            && client.date().await.is_err_and(|error| error.is_fatal())
        {
            self.client = None;
        }
    }

    async fn attempt(&mut self, request: &Request) -> Result<Answer, Error> {
        if self.client.is_none() {
            self.group = None;
        }
        let client = match &mut self.client {
            Some(client) => client,
            None => self.client.insert(self.site.connect().await?),
        };
        match request {
            Request::Groups => groups(client).await.map(Answer::Groups),
            Request::Headers { group, before } => {
                self.group = None;
                let headers = headers(client, group, *before).await?;
                self.group = Some(group.clone());
                Ok(Answer::Headers(headers))
            }
            Request::Article { group, number } => {
                if self.group.as_ref() != Some(group) {
                    client.group(group).await?;
                    self.group = Some(group.clone());
                }
                let article = client.article(*number).await?;
                Ok(Answer::Article(Message::of(&article)))
            }
            Request::Post(article) => {
                client.post(article.as_slice()).await?;
                Ok(Answer::Posted)
            }
        }
    }

    async fn close(mut self) {
        if let Some(client) = mem::take(&mut self.client) {
            // Everything was answered; how the server takes it changes nothing.
            let _ = client.quit().await;
        }
    }
}

/// All groups, with what they are about as far as the server says it.
async fn groups(client: &mut Client) -> Result<Vec<Group>, Error> {
    let active = client.list(None).await?;
    let descriptions = match client.descriptions(None).await {
        Ok(descriptions) => descriptions,
        Err(error) if error.is_fatal() => return Err(error),
        Err(_) => Vec::new(),
    };
    let mut about: HashMap<String, String> = descriptions
        .into_iter()
        .map(|group| (group.name.to_string(), group.text))
        .collect();
    let group = |group: ActiveGroup| {
        let name = group.name.to_string();
        Group {
            description: about.remove(&name).unwrap_or_default(),
            first: group.first,
            last: group.last,
            name,
        }
    };
    Ok(active.into_iter().take(MAXIMUM_GROUPS).map(group).collect())
}

/// The newest articles of a group, or those before a number.
async fn headers(client: &mut Client, group: &str, before: Option<u64>) -> Result<Headers, Error> {
    let known = client.group(group).await?;
    let last = match before {
        Some(before) => before.saturating_sub(1).min(known.last),
        None => known.last,
    };
    if known.is_empty() || last < known.first {
        return Ok(Headers::default());
    }
    let first = last.saturating_sub(STEP - 1).max(known.first);
    let overviews = match client.over(first..=last).await {
        Ok(overviews) => overviews,
        // They were all taken away.
        Err(error) if error.is_unavailable() => Vec::new(),
        Err(error) => return Err(error),
    };
    Ok(Headers {
        entries: overviews.iter().map(entry).collect(),
        last,
        older_before: (first > known.first).then_some(first),
    })
}

fn entry(overview: &Overview) -> Entry {
    Entry {
        number: overview.number(),
        id: overview.message_id().to_owned(),
        subject: decoded(overview.subject()),
        from: decoded(overview.from()),
        date: seconds(overview.date()),
        references: overview.references().map(str::to_owned).collect(),
    }
}

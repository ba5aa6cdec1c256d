//! The reader's connection: it answers one wish after the other, and is made again when the server has given it up.

use std::collections::HashMap;
use std::mem;
use std::time::Duration;

use lariat_client::nntp::{ActiveGroup, Client, Error, Overview, Site};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::messages::{Answer, Group, Headers, Request};
use super::threads::Entry;
use super::{Answered, Asked};
use crate::commands::news::message::{Message, decoded, seconds};
use crate::failure::Failure;

/// How many articles of a group are asked for at once.
const STEP: usize = 500;

/// How long an answer that nobody waits for any more is waited for, before the connection that owes it is given up: a new one
/// takes longer than most answers.
const PATIENCE: Duration = Duration::from_secs(1);

/// More groups than any server has; what is beyond is not shown.
const MAXIMUM_GROUPS: usize = 500_000;

/// A connection to a server, and what is selected there.
pub struct Line {
    site: Site,
    client: Option<Client>,
    group: Option<String>,
}

/// Answers wishes until nobody has any more, and says goodbye. Whoever has gone on wants the newest alone; but what is posted
/// is posted.
pub async fn serve(
    mut line: Line,
    mut asked: mpsc::UnboundedReceiver<Asked>,
    answering: mpsc::UnboundedSender<Answered>,
) {
    let mut next = asked.recv().await;
    while let Some(mut ask) = next {
        while !is_post(&ask)
            && let Ok(newer) = asked.try_recv()
        {
            ask = newer;
        }
        let (answer, newer) = line.answer_unless(&ask, &mut asked).await;
        if let Some(answer) = answer
            && answering.send((ask.0, answer)).is_err()
        {
            break;
        }
        next = match newer {
            Some(newer) => newer,
            None => asked.recv().await,
        };
    }
    line.close().await;
}

fn is_post(ask: &Asked) -> bool {
    matches!(ask.1, Request::Post(_))
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

    /// The answer to a wish, unless somebody goes on before it has come; and the wish that came meanwhile, or that there is
    /// none any more.
    async fn answer_unless(
        &mut self,
        ask: &Asked,
        asked: &mut mpsc::UnboundedReceiver<Asked>,
    ) -> (Option<Answer>, Option<Option<Asked>>) {
        let newer;
        {
            let answering = self.answer(&ask.1);
            tokio::pin!(answering);
            newer = tokio::select! {
                biased;
                answer = &mut answering => return (Some(answer), None),
                newer = asked.recv(), if !is_post(ask) => newer,
            };
            if newer.is_some()
                && let Ok(answer) = timeout(PATIENCE, answering).await
            {
                return (Some(answer), Some(newer));
            }
        }
        // What it owes would be taken for the next answer.
        self.client = None;
        (None, Some(newer))
    }

    async fn answer(&mut self, request: &Request) -> Answer {
        if matches!(request, Request::Post(_)) {
            self.look_whether_it_is_there().await;
        }
        let was_there = self.client.is_some();
        let mut answered = self.attempt(request).await;
        if was_there && answered.as_ref().is_err_and(Error::is_fatal) {
            // Servers give up connections on which somebody reads for a long time. What was posted may have been
            // taken, and is not posted twice; and who was silent for so long is not waited for again.
            self.client = None;
            let is_silent = matches!(answered, Err(Error::TimedOut { .. }));
            if !is_silent && !matches!(request, Request::Post(_)) {
                answered = self.attempt(request).await;
            }
        }
        match answered {
            Ok(answer) => answer,
            Err(error) => {
                if error.is_fatal() {
                    self.client = None;
                }
                let told: fn(String) -> Answer = match &error {
                    Error::Unconfirmed(_) => Answer::Unconfirmed,
                    error if error.is_unavailable() => Answer::Missing,
                    _ => Answer::Failed,
                };
                let failure = Failure::from(error);
                told(failure.message().unwrap_or_default().to_owned())
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
    let newest = client.newest(known.first..=last, STEP).await?;
    Ok(Headers {
        entries: newest.overviews.iter().map(entry).collect(),
        last,
        older_before: newest.older_before,
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

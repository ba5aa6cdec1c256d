//! What each command asks the server, and shows.

use std::io::Read;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use lariat_client::nntp::{ActiveGroup, Client, Excerpt, Fetched, Group, Overview, Prompts};
use lariat_protocol::nntp::{Article, Articles, GroupName, MessageId, Moment, Range, Wildmat};
use serde_json::json;

use super::message::{Message, decoded};
use super::newsrc::{Mark, NewsrcFile};
use super::overviews::Table;
use super::shown::Shown;
use super::{draft, since};
use crate::failure::{Failure, in_words};

/// How many of the newest articles are shown where nobody says which.
const NEWEST: usize = 20;

/// Longer than any article that is posted.
const MAXIMUM_ARTICLE: u64 = 64 * 1024 * 1024;

/// A connection, and how its answers are shown.
pub struct Asking {
    pub client: Client,
    pub shown: Shown,
    /// Articles are shown as they came.
    pub is_raw: bool,
    /// How many lines of an article are its first.
    pub lines: usize,
    /// Prompts are told from what is quoted three times.
    pub tells_prompts: bool,
    /// Where what was read is remembered, if it is.
    pub newsrc: Option<NewsrcFile>,
    /// What is to be posted or offered, if anything is.
    pub article: Vec<u8>,
}

/// What a command is to send, which is looked at before anybody is asked anything.
///
/// # Errors
///
/// When it cannot be read, or is not what can be posted.
pub async fn to_send(command: &str, arguments: &[String]) -> Result<Vec<u8>, Failure> {
    match (command, arguments) {
        ("post", [file]) => {
            let draft = read(file).await?;
            let article = draft::article(&draft);
            article.map_err(|why| Failure::new(format!("{file}: {why}")))
        }
        ("ihave", [which, file]) => {
            id(which)?;
            let article = read(file).await?;
            let wrong = |why| Failure::new(format!("{file}: {why}"));
            draft::look_through(&article).map_err(wrong)?;
            Ok(article)
        }
        _ => Ok(Vec::new()),
    }
}

impl Asking {
    /// Carries out a command, which has as many arguments as it takes.
    ///
    /// # Errors
    ///
    /// Whatever it met.
    pub async fn carry_out(&mut self, command: &str, arguments: &[String]) -> Result<(), Failure> {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        match (command, arguments.as_slice()) {
            ("read", [group, number @ ..]) => self.read(group, number.first().copied()).await,
            ("group", [group]) => self.group(group).await,
            ("list", wildmat) => self.list(wildmat.first().copied()).await,
            ("describe", wildmat) => self.describe(wildmat.first().copied()).await,
            ("over", [group, range @ ..]) => self.over(group, range.first().copied()).await,
            ("headers", [field, rest @ ..]) => self.headers(field, rest).await,
            ("newgroups", [since]) => self.new_groups(since).await,
            ("newnews", [wildmat, since]) => self.new_articles(wildmat, since).await,
            ("date", _) => self.date().await,
            ("help", _) => self.help().await,
            ("capabilities", _) => self.capabilities().await,
            ("post", _) => self.post().await,
            ("ihave", [id, _]) => self.offer(id).await,
            (_, which) => self.article(command, which).await,
        }
    }

    /// Shows who wrote an article, about what and when, and its first meaningful lines.
    async fn read(&mut self, group: &str, number: Option<&str>) -> Result<(), Failure> {
        let known = self.client.group(&name(group)?).await?;
        let article = match number {
            Some(number) => self.client.article(article(number)?).await?,
            None => {
                let empty = || Failure::new(format!("{group} has no articles"));
                let newest = self.newest(&known, 1).await?;
                let newest = newest.last().ok_or_else(empty)?;
                self.client.article(newest.number()).await?
            }
        };
        let message = Message::of(&article);
        let excerpt = Excerpt {
            lines: self.lines,
            prompts: match self.tells_prompts {
                true => Prompts::Apart,
                false => Prompts::All,
            },
        };
        let lines = excerpt.of(&message.text);
        let field = |name| message.header(name).unwrap_or_default();
        let mut text = String::new();
        for name in ["From", "Subject", "Date"] {
            text.push_str(&format!("{name}: {}\n", field(name)));
        }
        for line in std::iter::once(&"").chain(&lines) {
            text.push_str(line);
            text.push('\n');
        }
        self.shown.answer(text.trim_end_matches('\n'), || {
            json!({
                "group": group,
                "number": article.number,
                "from": field("From"),
                "subject": field("Subject"),
                "date": field("Date"),
                "lines": lines,
            })
        })?;
        self.remember(group, article.number).await
    }

    /// Remembers that an article was read, unless it was asked for by its name, which has no number.
    async fn remember(&self, group: &str, number: u64) -> Result<(), Failure> {
        let Some(newsrc) = self.newsrc.clone().filter(|_| number > 0) else {
            return Ok(());
        };
        let mark = [Mark::of(group, number)];
        let remembering = tokio::task::spawn_blocking(move || newsrc.remember(&mark));
        let remembered = remembering.await;
        remembered.unwrap_or_else(|_| Err(Failure::new("what was read cannot be remembered")))
    }

    async fn group(&mut self, group: &str) -> Result<(), Failure> {
        let known = self.client.group(&name(group)?).await?;
        let text = match known.is_empty() {
            true => format!("{}: no articles", known.name),
            false => format!(
                "{}: {} articles, {} to {}",
                known.name, known.count, known.first, known.last
            ),
        };
        self.shown.answer(&text, || {
            json!({
                "group": known.name.to_string(),
                "count": known.count,
                "first": known.first,
                "last": known.last,
            })
        })
    }

    async fn list(&mut self, pattern: Option<&str>) -> Result<(), Failure> {
        let pattern = wildmat(pattern)?;
        let groups = self.client.list(pattern.as_deref()).await?;
        self.groups(&groups)
    }

    fn groups(&self, groups: &[ActiveGroup]) -> Result<(), Failure> {
        for group in groups {
            self.shown.answer(group.name.as_str(), || {
                json!({
                    "group": group.name.to_string(),
                    "first": group.first,
                    "last": group.last,
                    "posting": group.may_post(),
                    "status": group.status,
                })
            })?;
        }
        Ok(())
    }

    async fn describe(&mut self, pattern: Option<&str>) -> Result<(), Failure> {
        let pattern = wildmat(pattern)?;
        let known = self.client.descriptions(pattern.as_deref()).await?;
        let widths = known
            .iter()
            .map(|group| group.name.as_str().chars().count());
        let width = widths.max().unwrap_or_default();
        for group in known {
            let text = format!("{:width$}  {}", group.name.as_str(), group.text);
            self.shown.answer(
                text.trim_end(),
                || json!({"group": group.name.to_string(), "description": group.text}),
            )?;
        }
        Ok(())
    }

    async fn over(&mut self, group: &str, range: Option<&str>) -> Result<(), Failure> {
        let wanted = range.map(|range| usage(Range::parse(range))).transpose()?;
        let known = self.client.group(&name(group)?).await?;
        let mut table = Table::new(self.shown.clone(), known.last);
        let heard = match wanted {
            _ if known.is_empty() => return Ok(()),
            Some(wanted) => {
                let take = |overview| table.add(overview);
                self.client.over_each(wanted, take).await
            }
            None => {
                let newest = self.newest(&known, NEWEST).await?;
                // What cannot be shown is told at the end.
                let _ = newest.into_iter().try_for_each(|it| table.add(it));
                Ok(())
            }
        };
        table.finish(heard)
    }

    /// The newest articles of a group, whose highest numbers may have none.
    async fn newest(&mut self, known: &Group, wanted: usize) -> Result<Vec<Overview>, Failure> {
        if known.is_empty() {
            return Ok(Vec::new());
        }
        let numbers = known.first..=known.last;
        Ok(self.client.newest(numbers, wanted).await?.overviews)
    }

    async fn headers(&mut self, field: &str, rest: &[&str]) -> Result<(), Failure> {
        let field = usage(lariat_protocol::nntp::parse_header_name(field))?;
        let which = rest.last().copied().unwrap_or_default();
        let articles = match rest {
            [which] if which.starts_with('<') => Articles::Id(id(which)?),
            [group] => {
                let known = self.client.group(&name(group)?).await?;
                let newest = self.newest(&known, NEWEST).await?;
                let (Some(first), Some(last)) = (newest.first(), newest.last()) else {
                    return Ok(());
                };
                Articles::Numbers(Range::Between(first.number(), last.number()))
            }
            [_, which] if which.starts_with('<') => Articles::Id(id(which)?),
            [group, ..] => {
                let range = usage(Range::parse(which))?;
                self.client.group(&name(group)?).await?;
                Articles::Numbers(range)
            }
            [] => return Err(Failure::usage("name the group, or an article by its <ID>")),
        };
        for valued in self.client.xhdr(field.as_str(), articles).await? {
            let value = decoded(&valued.value);
            let text = match valued.number {
                0 => value.clone(),
                number => format!("{number}  {value}"),
            };
            self.shown
                .answer(&text, || json!({"number": valued.number, "value": value}))?;
        }
        Ok(())
    }

    /// An article, its head, its body, or whether it is there.
    async fn article(&mut self, command: &str, which: &[&str]) -> Result<(), Failure> {
        let wanted = article(which.last().copied().unwrap_or_default())?;
        match (which, &wanted) {
            (_, Article::Id(_)) => {}
            ([group, _], _) => drop(self.client.group(&name(group)?).await?),
            _ => {
                return Err(Failure::usage(
                    "a number is one in a group; name the group too, or give an <ID>",
                ));
            }
        }
        if command == "stat" {
            let found = self.client.stat(wanted).await?;
            return self.shown.answer(
                &format!("{} {}", found.number, found.id),
                || json!({"number": found.number, "id": found.id}),
            );
        }
        if self.is_raw {
            let fetched = match command {
                "head" => self.client.head(wanted).await?,
                "body" => self.client.body(wanted).await?,
                _ => self.client.article(wanted).await?,
            };
            return self.raw(&fetched);
        }
        // How a body is encoded stands in its header.
        let fetched = match command {
            "head" => self.client.head(wanted).await?,
            _ => self.client.article(wanted).await?,
        };
        let message = Message::of(&fetched);
        let head: String = message
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\n"))
            .collect();
        let text = match command {
            "head" => head,
            "body" => message.text.clone(),
            _ => format!("{head}\n{}", message.text),
        };
        match self.shown.as_json {
            false => self.shown.text(&text),
            true => self.shown.answer("", || {
                json!({
                    "number": fetched.number,
                    "id": fetched.id,
                    "headers": message.headers,
                    "text": message.text,
                })
            }),
        }
    }

    fn raw(&self, fetched: &Fetched) -> Result<(), Failure> {
        match self.shown.as_json {
            false => self.shown.bytes(&fetched.content),
            true => self.shown.answer("", || {
                let text = String::from_utf8_lossy(&fetched.content);
                json!({"number": fetched.number, "id": fetched.id, "text": text})
            }),
        }
    }

    async fn new_groups(&mut self, since: &str) -> Result<(), Failure> {
        let groups = self.client.newgroups(moment(since)?).await?;
        self.groups(&groups)
    }

    async fn new_articles(&mut self, pattern: &str, since: &str) -> Result<(), Failure> {
        let pattern = usage(Wildmat::new(pattern))?;
        for id in self
            .client
            .newnews(pattern.as_str(), moment(since)?)
            .await?
        {
            self.shown.answer(&id, || json!({"id": id}))?;
        }
        Ok(())
    }

    async fn date(&mut self) -> Result<(), Failure> {
        let moment = self.client.date().await?;
        let ((year, month, day), (hour, minute, second)) = (moment.date(), moment.time());
        let date = format!("{year:04}-{month:02}-{day:02}");
        let time = format!("{hour:02}:{minute:02}:{second:02}");
        self.shown.answer(
            &format!("{date} {time}"),
            || json!({"date": format!("{date}T{time}Z")}),
        )
    }

    async fn help(&mut self) -> Result<(), Failure> {
        let lines = self.client.help().await?;
        self.shown
            .answer(&lines.join("\n"), || json!({"lines": lines}))
    }

    async fn capabilities(&mut self) -> Result<(), Failure> {
        let lines: Vec<String> = self.client.capabilities().await?.lines().collect();
        self.shown
            .answer(&lines.join("\n"), || json!({"capabilities": lines}))
    }

    async fn post(&mut self) -> Result<(), Failure> {
        let reply = self.client.post(self.article.as_slice()).await?;
        self.done(json!({"done": "post", "code": reply.code(), "says": reply.text()}))
    }

    async fn offer(&mut self, which: &str) -> Result<(), Failure> {
        let which = id(which)?;
        let reply = self.client.ihave(which, self.article.as_slice()).await?;
        self.done(json!({"done": "ihave", "code": reply.code(), "says": reply.text()}))
    }

    /// Shows that something was done, to programs alone.
    fn done(&self, object: serde_json::Value) -> Result<(), Failure> {
        match self.shown.as_json {
            true => self.shown.answer("", || object),
            false => Ok(()),
        }
    }
}

/// What is on a command line is somebody's usage.
fn usage<T>(read: Result<T, lariat_protocol::Error>) -> Result<T, Failure> {
    read.map_err(|error| match error {
        lariat_protocol::Error::Misuse(words) => Failure::usage(words),
        error => Failure::usage(error.to_string()),
    })
}

fn name(group: &str) -> Result<String, Failure> {
    usage(GroupName::new(group)).map(|name| name.to_string())
}

fn id(text: &str) -> Result<MessageId, Failure> {
    usage(MessageId::new(text))
}

fn article(text: &str) -> Result<Article, Failure> {
    usage(Article::parse(text))
}

fn wildmat(pattern: Option<&str>) -> Result<Option<String>, Failure> {
    let pattern = pattern
        .map(|pattern| usage(Wildmat::new(pattern)))
        .transpose()?;
    Ok(pattern.map(|pattern| pattern.as_str().to_owned()))
}

fn moment(text: &str) -> Result<Moment, Failure> {
    let seconds = since::since(text, Timestamp::now(), &TimeZone::system());
    seconds.map(Moment::from_seconds).map_err(Failure::usage)
}

/// What is in a file, or comes from standard input; read elsewhere, so that a signal is heard meanwhile.
async fn read(file: &str) -> Result<Vec<u8>, Failure> {
    let name = file.to_owned();
    let reading = tokio::task::spawn_blocking(move || {
        let mut content = Vec::new();
        let length = match name.as_str() {
            "-" => std::io::stdin()
                .lock()
                .take(MAXIMUM_ARTICLE + 1)
                .read_to_end(&mut content),
            path => std::fs::File::open(path)
                .and_then(|file| file.take(MAXIMUM_ARTICLE + 1).read_to_end(&mut content)),
        };
        length.map(|_| content)
    });
    let wrong = |why: &str| Failure::new(format!("{file}: {why}"));
    let read = reading.await.map_err(|_| wrong("it cannot be read"))?;
    let content = read.map_err(|error| wrong(&in_words(&error)))?;
    match content.len() as u64 {
        0..=MAXIMUM_ARTICLE => Ok(content),
        _ => Err(wrong("it is longer than 64 MiB, as no article is")),
    }
}

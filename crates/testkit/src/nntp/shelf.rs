//! The groups of the small news server, and the articles in them.

use std::collections::BTreeMap;

use lariat_protocol::nntp::{Article, Articles, Headers, MessageId, split_article};

/// All groups, in the order of their names.
#[derive(Default)]
pub(super) struct Shelf {
    groups: BTreeMap<String, Group>,
    posted: Vec<String>,
}

#[derive(Default)]
pub(super) struct Group {
    pub(super) description: String,
    pub(super) articles: BTreeMap<u64, Stored>,
    last: u64,
}

/// An article.
#[derive(Clone)]
pub(super) struct Stored {
    pub(super) id: String,
    /// Lines with LF.
    pub(super) content: Vec<u8>,
}

impl Shelf {
    pub(super) fn add_group(&mut self, name: &str, description: &str) {
        self.groups.entry(name.to_owned()).or_default().description = description.to_owned();
    }

    pub(super) fn put(&mut self, name: &str, content: &[u8]) -> u64 {
        let group = self.groups.entry(name.to_owned()).or_default();
        group.last += 1;
        let number = group.last;
        let own = Headers::parse(content).get("Message-ID").map(str::to_owned);
        let made = format!("<{name}.{number}@test.example>");
        let content = match own {
            Some(_) => content.to_vec(),
            None => [format!("Message-ID: {made}\n").as_bytes(), content].concat(),
        };
        let id = own.unwrap_or(made);
        group.articles.insert(number, Stored { id, content });
        number
    }

    pub(super) fn skip_to(&mut self, name: &str, number: u64) {
        if let Some(group) = self.groups.get_mut(name) {
            group.last = group.last.max(number.saturating_sub(1));
        }
    }

    pub(super) fn cancel(&mut self, name: &str, number: u64) {
        if let Some(group) = self.groups.get_mut(name) {
            group.articles.remove(&number);
        }
    }

    /// Takes an article that was posted to the groups that it names, if there are these, or says why not.
    pub(super) fn post(&mut self, content: &[u8]) -> Result<(), String> {
        let headers = Headers::parse(content);
        for needed in ["From", "Subject", "Newsgroups"] {
            if headers.get(needed).is_none() {
                return Err(format!("441 No {needed}"));
            }
        }
        let is_known = |id: &str| {
            let id = MessageId::new(id);
            id.is_ok_and(|id| self.by_id(&id).is_some())
        };
        if headers.get("Message-ID").is_some_and(is_known) {
            return Err("441 I have it".into());
        }
        let names = headers
            .get("Newsgroups")
            .unwrap_or_default()
            .split(',')
            .map(str::trim);
        let names: Vec<&str> = names
            .filter(|name| self.groups.contains_key(*name))
            .collect();
        if names.is_empty() {
            return Err("441 No such group".into());
        }
        for name in names {
            self.put(name, content);
        }
        self.posted
            .push(String::from_utf8_lossy(content).into_owned());
        Ok(())
    }

    pub(super) fn posted(&self) -> Vec<String> {
        self.posted.clone()
    }

    pub(super) fn groups(&self) -> impl Iterator<Item = (&str, &Group)> {
        self.groups
            .iter()
            .map(|(name, group)| (name.as_str(), group))
    }

    pub(super) fn group(&self, name: &str) -> Option<&Group> {
        self.groups.get(name)
    }

    /// The article of this name.
    pub(super) fn by_id(&self, id: &MessageId) -> Option<&Stored> {
        let mut all = self
            .groups
            .values()
            .flat_map(|group| group.articles.values());
        all.find(|stored| stored.id == id.as_str())
    }

    /// An article and its number, or the code of why there is none.
    pub(super) fn find(
        &self,
        article: &Article,
        here: Option<&(String, u64)>,
    ) -> Result<(u64, &Stored), u16> {
        if let Article::Id(id) = article {
            return self.by_id(id).map(|stored| (0, stored)).ok_or(430);
        }
        let (name, current) = here.ok_or(412_u16)?;
        let group = self.group(name).ok_or(412_u16)?;
        let (number, missing) = match article {
            Article::Number(number) => (*number, 423_u16),
            _ => (*current, 420),
        };
        let stored = group.articles.get(&number).ok_or(missing)?;
        Ok((number, stored))
    }

    /// Articles and their numbers, or the code of why there are none.
    pub(super) fn find_all(
        &self,
        articles: &Articles,
        here: Option<&(String, u64)>,
    ) -> Result<Vec<(u64, &Stored)>, u16> {
        let range = match articles {
            Articles::Current => return Ok(vec![self.find(&Article::Current, here)?]),
            Articles::Id(id) => return Ok(vec![self.find(&Article::Id(id.clone()), here)?]),
            Articles::Numbers(range) => range,
        };
        let (name, _) = here.ok_or(412_u16)?;
        let group = self.group(name).ok_or(412_u16)?;
        let all = group
            .articles
            .iter()
            .filter(|(number, _)| range.contains(**number));
        let found: Vec<(u64, &Stored)> = all.map(|(number, stored)| (*number, stored)).collect();
        match found.is_empty() {
            true => Err(423),
            false => Ok(found),
        }
    }
}

impl Group {
    pub(super) fn first(&self) -> u64 {
        self.articles
            .keys()
            .next()
            .copied()
            .unwrap_or(self.last + 1)
    }

    pub(super) fn last(&self) -> u64 {
        self.last
    }
}

impl Stored {
    /// The value of a header field, or of `:bytes` and `:lines`.
    pub(super) fn field(&self, name: &str) -> String {
        let (_, body) = split_article(&self.content);
        let lines = body.iter().filter(|byte| **byte == b'\n').count();
        match name {
            ":bytes" => (self.content.len() + lines).to_string(),
            ":lines" => lines.to_string(),
            name => {
                let headers = Headers::parse(&self.content);
                headers.get(name).unwrap_or_default().replace('\t', " ")
            }
        }
    }
}

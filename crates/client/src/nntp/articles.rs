//! Groups and the articles in them: selected, and fetched whole or in half.

use std::io;

use lariat_protocol::nntp::{Article, Command, Group, GroupName, Located, Range, Reply};

use super::{Client, Error, Fetched};

impl Client {
    /// Selects a group, in which articles have numbers from then on. Its first article is the current one.
    ///
    /// # Errors
    ///
    /// When the server says no: it has no such group (411).
    pub async fn group(&mut self, name: &str) -> Result<Group, Error> {
        let command = Command::Group(self.group_name(name)?);
        let reply = self.wire.ask(&command).await?;
        Group::of(reply).map_err(|error| self.wire.broken(error))
    }

    /// Selects a group, or the one that is, and gives the numbers of its articles, or of those in a range. What the server
    /// says of the group, too, if it says so: before RFC 3977 the words behind the code were its own.
    ///
    /// # Errors
    ///
    /// As [`group`](Self::group); also where no group is selected (412).
    pub async fn listgroup(
        &mut self,
        name: Option<&str>,
        range: Option<Range>,
    ) -> Result<(Option<Group>, Vec<u64>), Error> {
        let name = name.map(|name| self.group_name(name)).transpose()?;
        if name.is_none() && range.is_some() {
            let words = "a range of LISTGROUP stands behind the name of the group";
            return Err(self.wire.broken(lariat_protocol::Error::misuse(words)));
        }
        let command = Command::Listgroup(name, range);
        let (reply, numbers) = self.collect(&command, number).await?;
        Ok((Group::of(reply).ok(), numbers))
    }

    /// Selects an article by its number, or asks whether there is one of this name.
    ///
    /// # Errors
    ///
    /// When there is none (423, 430), or no group is selected (412).
    pub async fn stat(&mut self, article: impl Into<Article>) -> Result<Located, Error> {
        self.locate(&Command::Stat(article.into())).await
    }

    /// Goes to the next article of the group.
    ///
    /// # Errors
    ///
    /// When there is none (421), or no group is selected (412).
    pub async fn next(&mut self) -> Result<Located, Error> {
        self.locate(&Command::Next).await
    }

    /// Goes to the article before, as the command calls it.
    ///
    /// # Errors
    ///
    /// When there is none (422), or no group is selected (412).
    pub async fn last(&mut self) -> Result<Located, Error> {
        self.locate(&Command::Last).await
    }

    /// Fetches an article.
    ///
    /// # Errors
    ///
    /// As [`stat`](Self::stat), and when it is longer than the [limit](super::Limits).
    pub async fn article(&mut self, article: impl Into<Article>) -> Result<Fetched, Error> {
        self.fetch(&Command::Article(article.into())).await
    }

    /// Fetches the header fields of an article.
    ///
    /// # Errors
    ///
    /// As [`article`](Self::article).
    pub async fn head(&mut self, article: impl Into<Article>) -> Result<Fetched, Error> {
        self.fetch(&Command::Head(article.into())).await
    }

    /// Fetches what stands behind the header fields of an article.
    ///
    /// # Errors
    ///
    /// As [`article`](Self::article).
    pub async fn body(&mut self, article: impl Into<Article>) -> Result<Fetched, Error> {
        self.fetch(&Command::Body(article.into())).await
    }

    /// Writes an article to a file, line by line as it comes, with a LF behind each.
    ///
    /// # Errors
    ///
    /// As [`article`](Self::article), and when the file cannot be written.
    pub async fn article_to(
        &mut self,
        article: impl Into<Article>,
        file: &mut impl io::Write,
    ) -> Result<Located, Error> {
        self.fetch_to(&Command::Article(article.into()), file).await
    }

    /// Writes the header fields of an article to a file, as [`article_to`](Self::article_to) does.
    ///
    /// # Errors
    ///
    /// As [`article_to`](Self::article_to).
    pub async fn head_to(
        &mut self,
        article: impl Into<Article>,
        file: &mut impl io::Write,
    ) -> Result<Located, Error> {
        self.fetch_to(&Command::Head(article.into()), file).await
    }

    /// Writes what stands behind the header fields of an article to a file, as [`article_to`](Self::article_to) does.
    ///
    /// # Errors
    ///
    /// As [`article_to`](Self::article_to).
    pub async fn body_to(
        &mut self,
        article: impl Into<Article>,
        file: &mut impl io::Write,
    ) -> Result<Located, Error> {
        self.fetch_to(&Command::Body(article.into()), file).await
    }

    /// Sends a command and writes the lines behind its answer to a file, with a LF behind each.
    pub(super) async fn lines_to(
        &mut self,
        command: &Command,
        file: &mut impl io::Write,
    ) -> Result<Reply, Error> {
        let take = |line: &[u8]| {
            file.write_all(line)?;
            file.write_all(b"\n")
        };
        let reply = self.lines(command, take).await?;
        file.flush().map_err(|error| Error::Local {
            what: "cannot keep what came",
            error,
        })?;
        Ok(reply)
    }

    async fn fetch(&mut self, command: &Command) -> Result<Fetched, Error> {
        let mut content = Vec::new();
        let Located { number, id } = self.fetch_to(command, &mut content).await?;
        let has_head = !matches!(command, Command::Body(_));
        Ok(Fetched {
            number,
            id,
            content,
            has_head,
        })
    }

    async fn fetch_to(
        &mut self,
        command: &Command,
        file: &mut impl io::Write,
    ) -> Result<Located, Error> {
        let reply = self.lines_to(command, file).await?;
        self.located(&reply)
    }

    async fn locate(&mut self, command: &Command) -> Result<Located, Error> {
        let reply = self.wire.ask(command).await?;
        self.located(&reply)
    }

    fn located(&self, reply: &Reply) -> Result<Located, Error> {
        Located::of(reply).map_err(|error| self.wire.broken(error))
    }

    pub(super) fn group_name(&self, name: &str) -> Result<GroupName, Error> {
        GroupName::new(name).map_err(|error| self.wire.broken(error))
    }
}

/// The number of an article on a line of its own.
fn number(line: &[u8]) -> Result<u64, lariat_protocol::Error> {
    let text = std::str::from_utf8(line).unwrap_or_default();
    let number = text.trim().parse();
    number.map_err(|_| lariat_protocol::Error::invalid("a line is no number of an article"))
}

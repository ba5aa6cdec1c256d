//! What a server has: groups, what they are about, what is new, and what time it is there.

use lariat_protocol::nntp::{ActiveGroup, Command, Description, List, Moment, Wildmat, decode};

use super::{Client, Error};

impl Client {
    /// All groups, or those that fit a pattern as `comp.*,!comp.os.*`.
    ///
    /// # Errors
    ///
    /// When the server says no, the pattern is none, or there is more than 128 MiB of them.
    pub async fn list(&mut self, pattern: Option<&str>) -> Result<Vec<ActiveGroup>, Error> {
        let pattern = self.pattern(pattern)?;
        self.groups(&Command::List(List::Active(pattern))).await
    }

    /// What groups are about: of all, or of those that fit a pattern.
    ///
    /// # Errors
    ///
    /// As [`list`](Self::list).
    pub async fn descriptions(&mut self, pattern: Option<&str>) -> Result<Vec<Description>, Error> {
        let command = Command::List(List::Newsgroups(self.pattern(pattern)?));
        let (_, descriptions) = self.collect(&command, Description::parse).await?;
        Ok(descriptions)
    }

    /// What a group is about, if the server says so.
    ///
    /// # Errors
    ///
    /// As [`list`](Self::list).
    pub async fn description(&mut self, group: &str) -> Result<Option<String>, Error> {
        let name = self.group_name(group)?;
        let all = self.descriptions(Some(name.as_str())).await?;
        Ok(all
            .into_iter()
            .find(|known| known.name == name)
            .map(|known| known.text))
    }

    /// Groups that were made after a time.
    ///
    /// # Errors
    ///
    /// When the server says no.
    pub async fn newgroups(&mut self, since: Moment) -> Result<Vec<ActiveGroup>, Error> {
        self.groups(&Command::Newgroups(since)).await
    }

    /// The names of articles that came after a time, to the groups that fit a pattern.
    ///
    /// # Errors
    ///
    /// When the server says no, which many do, since it has much to look through.
    pub async fn newnews(&mut self, pattern: &str, since: Moment) -> Result<Vec<String>, Error> {
        let pattern = Wildmat::new(pattern).map_err(|error| self.wire.broken(error))?;
        self.texts(&Command::Newnews(pattern, since)).await
    }

    /// Which header fields [`xhdr`](Self::xhdr) can be asked for; one that is a colon alone stands for all.
    ///
    /// # Errors
    ///
    /// When the server says no.
    pub async fn list_headers(&mut self) -> Result<Vec<String>, Error> {
        self.texts(&Command::List(List::Headers(None))).await
    }

    /// What time it is there, in UTC.
    ///
    /// # Errors
    ///
    /// When the server says no, or something that is no time.
    pub async fn date(&mut self) -> Result<Moment, Error> {
        let reply = self.wire.ask(&Command::Date).await?;
        let moment = reply.text().trim().parse();
        moment.map_err(|error| self.wire.broken(error))
    }

    /// What the server has to say about itself.
    ///
    /// # Errors
    ///
    /// When the server says no.
    pub async fn help(&mut self) -> Result<Vec<String>, Error> {
        self.texts(&Command::Help).await
    }

    async fn groups(&mut self, command: &Command) -> Result<Vec<ActiveGroup>, Error> {
        let (_, groups) = self.collect(command, ActiveGroup::parse).await?;
        Ok(groups)
    }

    async fn texts(&mut self, command: &Command) -> Result<Vec<String>, Error> {
        let (_, texts) = self.collect(command, |line| Ok(decode(line))).await?;
        Ok(texts)
    }

    fn pattern(&self, pattern: Option<&str>) -> Result<Option<Wildmat>, Error> {
        let pattern = pattern.map(Wildmat::new).transpose();
        pattern.map_err(|error| self.wire.broken(error))
    }
}

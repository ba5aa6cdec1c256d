//! What a list of articles shows: overviews, and single header fields.

use std::io;
use std::sync::Arc;

use lariat_protocol::nntp::{
    Articles, Command, List, Overview, OverviewFormat, Valued, parse_header_name,
};

use super::collected::LeftOut;
use super::{Client, Error};

impl Client {
    /// The overviews of articles, as `1..=9`, `1..`, a number or a message-id.
    ///
    /// All of them are kept; [`over_each`](Self::over_each) keeps none.
    ///
    /// # Errors
    ///
    /// When the server says no: there is none of these (420, 423, 430), or no group is selected (412); and when they take
    /// more than 128 MiB.
    pub async fn over(&mut self, articles: impl Into<Articles>) -> Result<Vec<Overview>, Error> {
        let format = self.overview_format().await?;
        let command = self.over_command(articles.into()).await?;
        let read = |line: &[u8]| Overview::parse(line, Arc::clone(&format));
        let (_, overviews) = self.collect(&command, read).await?;
        Ok(overviews)
    }

    /// Gives the overview of each article to `take`, as it comes.
    ///
    /// # Errors
    ///
    /// When the server says no, and when `take` fails.
    pub async fn over_each(
        &mut self,
        articles: impl Into<Articles>,
        mut take: impl FnMut(Overview) -> io::Result<()>,
    ) -> Result<(), Error> {
        let format = self.overview_format().await?;
        let command = self.over_command(articles.into()).await?;
        let mut left_out = LeftOut::default();
        let read = |line: &[u8]| match Overview::parse(line, Arc::clone(&format)) {
            Ok(overview) => take(overview),
            Err(error) => {
                left_out.add(error);
                Ok(())
            }
        };
        self.lines(&command, read).await?;
        left_out.tell(&command);
        Ok(())
    }

    /// Writes overviews to a file as they come, a line for each.
    ///
    /// # Errors
    ///
    /// As [`over`](Self::over), and when the file cannot be written.
    pub async fn over_to(
        &mut self,
        articles: impl Into<Articles>,
        file: &mut impl io::Write,
    ) -> Result<(), Error> {
        let command = self.over_command(articles.into()).await?;
        self.lines_to(&command, file).await.map(drop)
    }

    /// Which fields overviews have. Asked once; the usual ones where the server does not say.
    ///
    /// # Errors
    ///
    /// When the connection broke.
    pub async fn overview_format(&mut self) -> Result<Arc<OverviewFormat>, Error> {
        if let Some(known) = &self.overview_format {
            return Ok(Arc::clone(known));
        }
        let mut lines = Vec::new();
        let take = |line: &[u8]| {
            // As many as are read of them.
            if lines.len() < 200 {
                lines.push(line.to_vec());
            }
            Ok(())
        };
        let format = match self.lines(&Command::List(List::OverviewFmt), take).await {
            Ok(_) => OverviewFormat::of(lines.iter().map(Vec::as_slice)),
            Err(error) if error.is_fatal() => return Err(error),
            Err(_) => OverviewFormat::default(),
        };
        let format = Arc::new(format);
        self.overview_format = Some(Arc::clone(&format));
        Ok(format)
    }

    /// The value of one header field of articles, as `Subject`; of the server's data with a colon in front, as `:bytes`.
    ///
    /// # Errors
    ///
    /// As [`over`](Self::over); also where the server does not give this field (503).
    pub async fn xhdr(
        &mut self,
        field: &str,
        articles: impl Into<Articles>,
    ) -> Result<Vec<Valued>, Error> {
        let command = self.header_command(field, articles.into()).await?;
        let (_, values) = self.collect(&command, Valued::parse).await?;
        Ok(values)
    }

    /// Writes the values of one header field to a file as they come, each with its article's number in front.
    ///
    /// # Errors
    ///
    /// As [`xhdr`](Self::xhdr), and when the file cannot be written.
    pub async fn xhdr_to(
        &mut self,
        field: &str,
        articles: impl Into<Articles>,
        file: &mut impl io::Write,
    ) -> Result<(), Error> {
        let command = self.header_command(field, articles.into()).await?;
        self.lines_to(&command, file).await.map(drop)
    }

    /// `OVER`, or what servers had before it.
    async fn over_command(&mut self, articles: Articles) -> Result<Command, Error> {
        Ok(match self.capabilities().await?.has("OVER") {
            true => Command::Over(articles),
            false => Command::Xover(articles),
        })
    }

    /// `HDR`, or what servers had before it.
    async fn header_command(&mut self, field: &str, articles: Articles) -> Result<Command, Error> {
        let field = parse_header_name(field).map_err(|error| self.wire.broken(error))?;
        Ok(match self.capabilities().await?.has("HDR") {
            true => Command::Hdr(field, articles),
            false => Command::Xhdr(field, articles),
        })
    }
}

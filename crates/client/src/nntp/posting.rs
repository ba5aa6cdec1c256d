//! Articles sent to the server: written by somebody here, or handed on.

use std::io::{self, Read};

use lariat_protocol::nntp::{BlockWriter, Command, MessageId, Reply};

use super::{Client, Error};

/// How much of an article is read at once.
const PIECE: usize = 16 * 1024;

impl Client {
    /// Posts an article: header fields (`From`, `Newsgroups` and `Subject` at least), an empty line, and the text, with whatever
    /// ends of lines. Gives what the server says.
    ///
    /// # Errors
    ///
    /// When the server says no, to posting (440) or to the article (441), and when it cannot be read here; then nothing is
    /// posted. [`Error::Unconfirmed`] where that is not known; where this was dropped,
    /// [`is_unconfirmed`](Self::is_unconfirmed) tells.
    pub async fn post(&mut self, article: impl Read) -> Result<Reply, Error> {
        self.hand_over(&Command::Post, article).await
    }

    /// Offers an article that has been posted elsewhere, and sends it if the server wants it.
    ///
    /// # Errors
    ///
    /// When the server has it (435), wants it later (436) or not at all (437), and when it cannot be read here.
    pub async fn ihave(&mut self, id: MessageId, article: impl Read) -> Result<Reply, Error> {
        self.hand_over(&Command::Ihave(id), article).await
    }

    async fn hand_over(
        &mut self,
        command: &Command,
        mut article: impl Read,
    ) -> Result<Reply, Error> {
        self.wire.ask(command).await?;
        let (mut writer, mut out, mut piece) = (BlockWriter::default(), Vec::new(), vec![0; PIECE]);
        loop {
            let length = match article.read(&mut piece) {
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                // Without an end the server throws away what it has.
                Err(error) => return Err(self.unreadable(error).await),
            };
            out.clear();
            if length == 0 {
                break;
            }
            if let Err(error) = writer.write(&piece[..length], &mut out) {
                let words = match error {
                    lariat_protocol::Error::Misuse(words) => words.into_owned(),
                    error => error.to_string(),
                };
                let error = io::Error::new(io::ErrorKind::InvalidData, words);
                return Err(self.unreadable(error).await);
            }
            self.wire.send_bytes(&out).await?;
        }
        writer.finish(&mut out);
        // From here on the server may have all of it, whatever becomes of its answer.
        self.is_unconfirmed = true;
        let verdict = self.verdict(&out).await;
        // A farewell is an answer, if the last one: it is a no.
        self.is_unconfirmed = !matches!(verdict, Ok(_) | Err(Error::Closing(_)));
        let reply = verdict.map_err(|error| match self.is_unconfirmed {
            true => Error::Unconfirmed(Box::new(error)),
            false => error,
        })?;
        match reply.is_failure() {
            true => Err(self.wire.refused(reply)),
            false => Ok(reply),
        }
    }

    /// Sends the last of an article, and hears what becomes of it.
    async fn verdict(&mut self, last: &[u8]) -> Result<Reply, Error> {
        self.wire.send_bytes(last).await?;
        self.wire.article_sent()?;
        self.wire.reply().await
    }

    async fn unreadable(&mut self, error: io::Error) -> Error {
        self.wire.break_off().await;
        Error::Local {
            what: "cannot read what is to be sent",
            error,
        }
    }
}

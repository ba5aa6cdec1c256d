//! What is asked about files and folders without a transfer.

use lariat_protocol::ftp::{Command, DataType, Moment, Reply, parse_quoted};

use super::{Client, Error};

impl Client {
    /// The folder that paths without a slash in front are in.
    ///
    /// # Errors
    ///
    /// When the server says no, or names none.
    pub async fn pwd(&mut self) -> Result<String, Error> {
        let reply = self.control.expect_done(&Command::Pwd).await?;
        parse_quoted(&reply.text()).map_err(|error| self.control.broken(error))
    }

    /// Goes to another folder; `..` is the one above, for which there is a command of its own.
    ///
    /// # Errors
    ///
    /// When the server says no, most often because there is none.
    pub async fn cwd(&mut self, path: &str) -> Result<Reply, Error> {
        let command = match path {
            ".." => Command::Cdup,
            path => Command::Cwd(self.text(path)?),
        };
        self.control.expect_done(&command).await
    }

    /// Gives a file or a folder another name, also in another folder.
    ///
    /// # Errors
    ///
    /// When the server says no to either half.
    pub async fn rename(&mut self, from: &str, to: &str) -> Result<Reply, Error> {
        // Looked at first: half of a renaming is not to be sent.
        let (from, to) = (self.text(from)?, self.text(to)?);
        let reply = self.control.ask(&Command::Rnfr(from)).await?;
        if !reply.is_intermediate() {
            return Err(self.control.refused(reply));
        }
        self.control.expect_done(&Command::Rnto(to)).await
    }

    /// Removes a file.
    ///
    /// # Errors
    ///
    /// When the server says no.
    pub async fn delete(&mut self, path: &str) -> Result<Reply, Error> {
        let command = Command::Dele(self.text(path)?);
        self.control.expect_done(&command).await
    }

    /// Makes a folder, and gives its path in the server's words, if it has any.
    ///
    /// # Errors
    ///
    /// When the server says no.
    pub async fn mkd(&mut self, path: &str) -> Result<String, Error> {
        let command = Command::Mkd(self.text(path)?);
        let reply = self.control.expect_done(&command).await?;
        Ok(parse_quoted(&reply.text()).unwrap_or_else(|_| path.to_owned()))
    }

    /// Removes a folder, which is to be empty.
    ///
    /// # Errors
    ///
    /// When the server says no.
    pub async fn rmd(&mut self, path: &str) -> Result<Reply, Error> {
        let command = Command::Rmd(self.text(path)?);
        self.control.expect_done(&command).await
    }

    /// How many bytes a transfer of a file would have (RFC 3659, section 4), as bytes and not as text.
    ///
    /// # Errors
    ///
    /// When the server says no, or something that is no number.
    pub async fn size(&mut self, path: &str) -> Result<u64, Error> {
        let command = Command::Size(self.text(path)?);
        self.set_type(DataType::Image).await?;
        let reply = self.control.expect_done(&command).await?;
        let text = reply.text();
        text.trim().parse().map_err(|_| {
            let words = format!("{} is no size of a file", reply.shown());
            self.control.broken(lariat_protocol::Error::invalid(words))
        })
    }

    /// When a file was changed (RFC 3659, section 3).
    ///
    /// # Errors
    ///
    /// When the server says no, or something that is no time.
    pub async fn mdtm(&mut self, path: &str) -> Result<Moment, Error> {
        let command = Command::Mdtm(self.text(path)?);
        let reply = self.control.expect_done(&command).await?;
        let moment = reply.text().trim().parse();
        moment.map_err(|error| self.control.broken(error))
    }

    /// Says when a file is to have been changed, for servers that have `MFMT`.
    ///
    /// # Errors
    ///
    /// When the server says no.
    pub async fn mfmt(&mut self, path: &str, moment: Moment) -> Result<Reply, Error> {
        let command = Command::Mfmt(moment, self.text(path)?);
        self.control.expect_done(&command).await
    }

    /// Says when a file is to have been changed, in whichever way the server has: `MFMT`, or `MDTM` with the time before the
    /// name, which is older and what vsftpd takes. Gives whether it has.
    ///
    /// # Errors
    ///
    /// When the connection broke.
    pub async fn set_modified(&mut self, path: &str, moment: Moment) -> Result<bool, Error> {
        let set = if self.knows("MFMT") {
            self.mfmt(path, moment).await
        } else if self.knows("MDTM") {
            let moment = Moment::from_seconds(moment.seconds());
            let command = Command::Mdtm(self.text(&format!("{moment} {path}"))?);
            // Without this way it is the name of another file, and there is none.
            self.control.expect_done(&command).await
        } else {
            return Ok(false);
        };
        Ok(self.if_known(set)?.is_some())
    }

    /// Does nothing, and so tells whether the server is there.
    ///
    /// # Errors
    ///
    /// When it is not.
    pub async fn noop(&mut self) -> Result<Reply, Error> {
        self.control.expect_done(&Command::Noop).await
    }
}

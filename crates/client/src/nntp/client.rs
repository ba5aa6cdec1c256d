//! A connection to a news server: how it begins, and how it ends.

use std::io;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lariat_protocol::nntp::{Capabilities, Command, OverviewFormat, Reply, Security, Text, Word};
use lariat_protocol::{Address, Endpoint};

use super::wire::Wire;
use super::{Error, Login, Options};
use crate::argument::{about, quoted};

/// What begins by a command and goes on with an article, or with another kind of connection.
const OTHER_THAN_LINES: [&str; 4] = ["POST", "IHAVE", "STARTTLS", "COMPRESS"];

/// A conversation with a news server.
///
/// Each method is one step, and its future is to be awaited to its end: one that is dropped leaves an answer behind that
/// the next step would take for its own, so that is refused.
pub struct Client {
    pub(super) wire: Wire,
    welcome: Reply,
    may_post: bool,
    capabilities: Option<Capabilities>,
    /// What the server's overviews have, once it was asked.
    pub(super) overview_format: Option<Arc<OverviewFormat>>,
    /// The end of an article is being sent, or was, and what becomes of it was not heard.
    pub(super) is_unconfirmed: bool,
    wants_reader: bool,
}

impl Client {
    /// Connects, hears the welcome, begins TLS if that is wanted, and tells the server that somebody wants to read, if it
    /// has to be told. Nobody is logged in then.
    ///
    /// # Errors
    ///
    /// When there is no connection, what is there is no news server, it does not let anybody in, or has no TLS where that
    /// was wanted; also for an endpoint without TLS where it is to be [implicit](Security::Implicit).
    pub async fn connect(endpoint: &Endpoint, options: Options) -> Result<Self, Error> {
        if options.security == Security::Implicit && !endpoint.is_tls() {
            // The password would go over it in clear.
            return Err(Error::Connect(lariat_net::Error::Misuse {
                endpoint: endpoint.to_string(),
                problem: "implicit TLS begins with the connection; write tls:// for it".into(),
            }));
        }
        let mut connect = options.connect;
        let is_explicit = options.security == Security::Explicit && !endpoint.is_tls();
        if is_explicit && connect.tls.is_none() {
            let tls =
                lariat_net::client_tls(endpoint).map_err(|error| lariat_net::Error::Open {
                    endpoint: endpoint.to_string(),
                    error,
                })?;
            connect.tls = Some(tls);
        }
        let (found, connection) = lariat_net::find(endpoint, connect).await?;
        if found.is_message_oriented() {
            return Err(Error::Connect(lariat_net::Error::Misuse {
                endpoint: found.to_string(),
                problem: "NNTP needs a stream, such as tcp or tls".into(),
            }));
        }
        let mut wire = Wire::new(connection, options.limits, options.timeout);
        wire.watch = options.watch;
        let welcome = wire.reply().await?;
        if is_explicit {
            wire.ask(&Command::Starttls).await?;
            wire.start_tls().await?;
        }
        let mut client = Client {
            wire,
            may_post: welcome.code() == 200,
            welcome,
            capabilities: None,
            overview_format: None,
            is_unconfirmed: false,
            wants_reader: options.reader,
        };
        client.become_reader().await?;
        if is_explicit {
            // What was said before TLS began anybody may have said.
            client.learn_whether_to_post().await?;
        }
        Ok(client)
    }

    /// Logs in, by `AUTHINFO USER` and `PASS`, or by SASL's `PLAIN` where the server has nothing else.
    ///
    /// Both send the password as it is, so the connection should be TLS.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] for a wrong name or password, and what [`Error`] has besides.
    pub async fn login(&mut self, login: &Login) -> Result<Reply, Error> {
        let known = self.capabilities().await?;
        let has_plain = known.has_word("SASL", "PLAIN") && known.has_word("AUTHINFO", "SASL");
        let reply = match has_plain && !known.has_word("AUTHINFO", "USER") {
            true => self.log_in_by_sasl(login).await?,
            false => self.log_in_by_name(login).await?,
        };
        // Whoever is known may do more, and also read where nobody else does.
        self.forget();
        self.become_reader().await?;
        self.learn_whether_to_post().await?;
        Ok(reply)
    }

    async fn log_in_by_name(&mut self, login: &Login) -> Result<Reply, Error> {
        let user = Command::AuthinfoUser(self.text(&login.user)?);
        // Looked at first: half of a login is not to be sent.
        let password = Command::AuthinfoPass(self.secret("the password", &login.password)?);
        let reply = self.wire.ask(&user).await?;
        match reply.code() {
            381 => self.wire.ask(&password).await,
            _ => Ok(reply),
        }
    }

    async fn log_in_by_sasl(&mut self, login: &Login) -> Result<Reply, Error> {
        let user = self.text(&login.user)?;
        let password = self.secret("the password", &login.password)?;
        let plain = STANDARD.encode(format!("\0{user}\0{password}"));
        let plain = Word::new(plain).map_err(|error| {
            let what = "the name and the password together";
            self.wire.broken(about(what, error))
        })?;
        let command = Command::AuthinfoSasl(self.word("PLAIN")?, Some(plain));
        self.wire.ask(&command).await
    }

    /// Has all that follows compressed, both ways (`COMPRESS DEFLATE`). Not before a login: how long a compressed password
    /// is tells something of it.
    ///
    /// # Errors
    ///
    /// When the server says no.
    pub async fn compress(&mut self) -> Result<Reply, Error> {
        let command = Command::Compress(self.word("DEFLATE")?);
        let reply = self.wire.ask(&command).await?;
        self.wire.start_compression()?;
        self.forget();
        Ok(reply)
    }

    /// What the server can do. Asked once, and anew behind what changes it; nothing where the server is older than the
    /// question.
    ///
    /// # Errors
    ///
    /// When the connection broke.
    pub async fn capabilities(&mut self) -> Result<&Capabilities, Error> {
        if self.capabilities.is_none() {
            let mut known = Capabilities::default();
            let take = |line: &[u8]| {
                known.add(line);
                Ok(())
            };
            match self.lines(&Command::Capabilities(None), take).await {
                Ok(_) => {}
                Err(error) if error.is_fatal() => return Err(error),
                Err(_) => known = Capabilities::default(),
            }
            self.capabilities = Some(known);
        }
        Ok(self.capabilities.get_or_insert_default())
    }

    /// The server's first words.
    pub fn welcome(&self) -> &Reply {
        &self.welcome
    }

    /// Whether the server has said that one may post: by its welcome, and behind TLS and a login by its
    /// [capabilities](Self::capabilities).
    pub fn may_post(&self) -> bool {
        self.may_post
    }

    /// The server.
    pub fn peer(&self) -> &Address {
        self.wire.peer()
    }

    /// Whether the connection is TLS.
    pub fn is_secret(&self) -> bool {
        self.wire.is_secret()
    }

    /// Whether the connection is compressed.
    pub fn is_compressed(&self) -> bool {
        self.wire.is_compressed()
    }

    /// Whether an article was sent to its end on which the server's word has not come: so it is behind a
    /// [`post`](Self::post) that was dropped too late, and behind [`Error::Unconfirmed`].
    pub fn is_unconfirmed(&self) -> bool {
        self.is_unconfirmed
    }

    /// Sends a command of the caller's own, and gives the lines behind its answer to `take` if there are some.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] when the command would be two, or is one behind which something else than lines follows (`POST`, `IHAVE`,
    /// `STARTTLS`, `COMPRESS`) and for which there is a method; when the server says no, or the connection broke.
    pub async fn sendcmd(
        &mut self,
        line: &str,
        take: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<Reply, Error> {
        let command = Command::Other(self.secret("the command", line)?);
        let mut known = OTHER_THAN_LINES.into_iter();
        if let Some(verb) = known.find(|known| command.verb().eq_ignore_ascii_case(known)) {
            let words =
                format!("{verb} is more than a command and its answer; it has a method of its own");
            return Err(self.wire.broken(lariat_protocol::Error::misuse(words)));
        }
        // What it changes is not known.
        self.forget();
        self.lines(&command, take).await
    }

    /// Sends any command, and gives the lines behind its answer to `take`, without their ends. What the methods beside this
    /// are made of.
    ///
    /// # Errors
    ///
    /// When the server says no, sends too much or no more, or `take` fails.
    pub async fn lines(
        &mut self,
        command: &Command,
        take: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<Reply, Error> {
        let reply = self.wire.ask(command).await?;
        self.wire.block(take).await?;
        Ok(reply)
    }

    /// Says goodbye, and closes the connection.
    ///
    /// # Errors
    ///
    /// When the connection broke before the server had answered; it is closed in any case.
    pub async fn quit(mut self) -> Result<Reply, Error> {
        let reply = self.wire.ask(&Command::Quit).await;
        self.wire.close().await;
        reply
    }

    /// Closes the connection without a word.
    pub async fn close(self) {
        self.wire.close().await;
    }

    /// Tells the server that somebody wants to read, if it has to be told.
    async fn become_reader(&mut self) -> Result<(), Error> {
        if !self.wants_reader {
            return Ok(());
        }
        let known = self.capabilities().await?;
        if known.has("READER") || !(known.is_empty() || known.has("MODE-READER")) {
            return Ok(());
        }
        match self.wire.ask(&Command::ModeReader).await {
            Ok(reply) => {
                self.may_post = reply.code() == 200;
                self.wants_reader = false;
                self.forget();
                Ok(())
            }
            // It may be allowed behind a login; what is asked next is answered or not.
            Err(error) if !error.is_fatal() => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Takes the server's present word on posting, if it has one: that of its welcome may have been another's, or for
    /// those whom it did not know.
    async fn learn_whether_to_post(&mut self) -> Result<(), Error> {
        let known = self.capabilities().await?;
        if known.has("READER") {
            self.may_post = known.has("POST");
        }
        Ok(())
    }

    /// What was asked about the server may hold no more.
    fn forget(&mut self) {
        self.capabilities = None;
        self.overview_format = None;
    }

    /// An argument that ends a command.
    fn text(&self, text: &str) -> Result<Text, Error> {
        Text::new(text).map_err(|error| self.wire.broken(about(&quoted(text), error)))
    }

    /// An argument that is not shown, since a password may stand in it.
    fn secret(&self, what: &str, text: &str) -> Result<Text, Error> {
        Text::new(text).map_err(|error| self.wire.broken(about(what, error)))
    }

    /// An argument.
    pub(super) fn word(&self, word: &str) -> Result<Word, Error> {
        Word::new(word).map_err(|error| self.wire.broken(about(&quoted(word), error)))
    }
}

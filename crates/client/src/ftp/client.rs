//! A connection to an FTP server: how it begins, and how it ends.

use lariat_net::ConnectOptions;
use lariat_protocol::ftp::{
    Command, DataType, Encoding, Features, Protection, Reply, Security, Text,
};
use lariat_protocol::{Address, Endpoint};

use super::control::Control;
use super::{Error, Login, Options};
use crate::argument::about;

/// The name under which anybody may log in where that is allowed.
pub const ANONYMOUS: &str = "anonymous";

/// A conversation with an FTP server.
///
/// Each method is one step, and its future is to be awaited to its end: one that is dropped leaves an answer
/// behind that the next step would take for its own, so that is refused; but a transfer that was
/// dropped can be ended by [`abort`](Self::abort).
pub struct Client {
    pub(super) control: Control,
    /// How data connections are made, with the same TLS, whose sessions they resume.
    pub(super) connect: ConnectOptions,
    /// The name that the server must prove on each of them.
    pub(super) server_name: Option<String>,
    pub(super) options: Options,
    welcome: Reply,
    features: Option<Features>,
    /// What the server was told last; nothing yet.
    pub(super) data_type: Option<DataType>,
    /// Data connections are TLS.
    pub(super) is_private: bool,
    /// It has no `EPSV`, or its port cannot be reached.
    pub(super) needs_plain_passive: bool,
    /// The server may have been told where to begin, and not yet of what.
    pub(super) has_mark: bool,
}

impl Client {
    /// Connects, hears the welcome, and begins TLS if that is wanted. Nobody is logged in then.
    ///
    /// # Errors
    ///
    /// When there is no connection, what is there is no FTP server, it does not let anybody in now, or
    /// has no TLS where that was wanted; also for an endpoint without TLS where it is to be
    /// [implicit](Security::Implicit).
    pub async fn connect(endpoint: &Endpoint, options: Options) -> Result<Self, Error> {
        if options.security == Security::Implicit && !endpoint.is_tls() {
            // The password would go over it in clear.
            return Err(Error::Connect(lariat_net::Error::Misuse {
                endpoint: endpoint.to_string(),
                problem: "implicit TLS begins with the connection; write tls:// for it".into(),
            }));
        }
        let mut connect = options.connect.clone();
        let is_explicit = options.security == Security::Explicit && !endpoint.is_tls();
        let is_secret = options.security != Security::Plain || endpoint.is_tls();
        if is_secret && connect.tls.is_none() {
            let tls =
                lariat_net::client_tls(endpoint).map_err(|error| lariat_net::Error::Open {
                    endpoint: endpoint.to_string(),
                    error,
                })?;
            connect.tls = Some(tls);
        }
        let (found, connection) = lariat_net::find(endpoint, connect.clone()).await?;
        if found.is_message_oriented() {
            return Err(Error::Connect(lariat_net::Error::Misuse {
                endpoint: found.to_string(),
                problem: "FTP needs a stream, such as tcp or tls".into(),
            }));
        }
        let host = found.host().map(|host| match host.address() {
            Some(address) => address.to_string(),
            None => host.to_string(),
        });
        let mut control = Control::new(connection, options.encoding, options.timeout);
        let welcome = control.welcome().await?;
        if is_explicit {
            let tls = control.text("TLS")?;
            let agreed = control.ask(&Command::Auth(tls)).await?;
            if agreed.code() != 234 {
                return Err(control.refused(agreed));
            }
            control.start_tls().await?;
        }
        Ok(Client {
            control,
            connect,
            server_name: found.options().name.clone().or(host),
            options,
            welcome,
            features: None,
            data_type: None,
            is_private: false,
            needs_plain_passive: false,
            has_mark: false,
        })
    }

    /// Logs in as anybody.
    ///
    /// # Errors
    ///
    /// As [`login`](Self::login).
    pub async fn login_anonymously(&mut self) -> Result<Reply, Error> {
        self.login(&Login::default()).await
    }

    /// Logs in, and says that data connections are to be TLS if this one is. Gives the server's last words,
    /// which may be long.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] for a wrong name or password, and what [`Error`] has besides.
    pub async fn login(&mut self, login: &Login) -> Result<Reply, Error> {
        // Looked at first: half of a login is not to be sent.
        let user = self.text(&login.user)?;
        let password = Text::or_nothing(login.password.as_str());
        let password = password.map_err(|error| self.unsayable("the password", error))?;
        let account = login.account.as_ref().map(Text::new).transpose();
        let account = account.map_err(|error| self.unsayable("the account", error))?;
        let mut reply = self.control.ask(&Command::User(user)).await?;
        if reply.code() == 331 {
            reply = self.control.ask(&Command::Pass(password)).await?;
        }
        if reply.code() == 332 {
            let Some(account) = account else {
                return Err(self.control.refused(reply));
            };
            reply = self.control.ask(&Command::Acct(account)).await?;
        }
        if !reply.is_success() {
            return Err(self.control.refused(reply));
        }
        if self.control.is_secret() {
            self.protect().await?;
        }
        self.features().await?;
        Ok(reply)
    }

    /// Has data connections be TLS (RFC 4217): `PBSZ 0`, `PROT P`.
    async fn protect(&mut self) -> Result<(), Error> {
        self.control.expect_done(&Command::Pbsz(0)).await?;
        let private = Command::Prot(Protection::Private);
        self.control.expect_done(&private).await?;
        self.is_private = true;
        Ok(())
    }

    /// What the server knows beyond RFC 959. Asked once, and then remembered.
    ///
    /// # Errors
    ///
    /// When the connection broke; a server that knows no `FEAT` has none.
    pub async fn features(&mut self) -> Result<&Features, Error> {
        if self.features.is_none() {
            let reply = self.control.ask(&Command::Feat).await?;
            let features = Features::of(&reply);
            if features.has("UTF8") && self.options.encoding == Encoding::Utf8 {
                // A few servers want to be told; whoever does not know the command speaks it anyway.
                let told = self.text("UTF8 ON")?;
                self.control.ask(&Command::Opts(told)).await?;
            }
            self.features = Some(features);
        }
        Ok(self.features.get_or_insert_default())
    }

    /// Whether the server says that it knows this, as far as it was asked.
    pub(super) fn knows(&self, feature: &str) -> bool {
        self.features
            .as_ref()
            .is_some_and(|features| features.has(feature))
    }

    /// The server's first words.
    pub fn welcome(&self) -> &Reply {
        &self.welcome
    }

    /// The server.
    pub fn peer(&self) -> &Address {
        self.control.peer()
    }

    /// Whether another step can follow one that failed so: nothing is left to be heard, as it is where a server has
    /// not said that it has broken a transfer off.
    pub(super) fn can_go_on_behind(&self, error: &Error) -> bool {
        !error.is_fatal() && self.control.is_idle()
    }

    /// Whether the next step can be taken: nothing is left to be heard of one that was dropped, and the server has not
    /// gone.
    pub fn is_idle(&self) -> bool {
        self.control.is_idle()
    }

    /// What the server does not say is not known, and nor is what nobody understands; but it is an error if it says
    /// nothing any more.
    pub(super) fn if_known<T>(&self, answer: Result<T, Error>) -> Result<Option<T>, Error> {
        match answer {
            Ok(known) => Ok(Some(known)),
            Err(Error::Refused { .. }) => Ok(None),
            Err(Error::Connection {
                error: lariat_protocol::Error::Invalid(_),
                ..
            }) if self.is_idle() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether the control connection is TLS.
    pub fn is_secret(&self) -> bool {
        self.control.is_secret()
    }

    /// Whether the server connects to this machine from now on.
    pub fn set_active(&mut self, active: bool) {
        self.options.active = active;
    }

    /// Whether the server connects to this machine.
    pub fn is_active(&self) -> bool {
        self.options.active
    }

    /// Sends a command of the caller's own and gives the answer, whatever it says. One with a transfer
    /// cannot be sent so.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] when the command would be two, or when the connection broke.
    pub async fn sendcmd(&mut self, line: &str) -> Result<Reply, Error> {
        let line = Text::new(line).map_err(|error| self.unsayable("the command", error))?;
        let command = Command::Other(line);
        // What it changes is not known.
        self.data_type = None;
        self.control.ask(&command).await
    }

    /// Sends a command of the caller's own, which must be done (2xx).
    ///
    /// # Errors
    ///
    /// As [`sendcmd`](Self::sendcmd), and when the server says no.
    pub async fn voidcmd(&mut self, line: &str) -> Result<Reply, Error> {
        let reply = self.sendcmd(line).await?;
        match reply.is_success() {
            true => Ok(reply),
            false => Err(self.control.refused(reply)),
        }
    }

    /// Breaks off what is being transferred, and gives what the server says to that. Also behind a step that was
    /// dropped: its answer is waited for.
    ///
    /// # Errors
    ///
    /// When the connection broke.
    pub async fn abort(&mut self) -> Result<Reply, Error> {
        self.control.settle().await?;
        let was_in_transfer = self.control.is_in_transfer();
        self.control.send(&Command::Abor).await?;
        if was_in_transfer {
            self.control.answer().await?;
        }
        self.control.answer().await
    }

    /// Says goodbye, and closes the connection.
    ///
    /// # Errors
    ///
    /// When the connection broke before the server had answered; it is closed in any case.
    pub async fn quit(mut self) -> Result<Reply, Error> {
        let reply = self.control.ask(&Command::Quit).await;
        self.control.close().await;
        reply
    }

    /// Closes the connection without a word.
    pub async fn close(self) {
        self.control.close().await;
    }

    /// An argument of a command.
    pub(super) fn text(&self, text: &str) -> Result<Text, Error> {
        self.control.text(text)
    }

    /// The error of what is not shown, since a password may stand in it.
    fn unsayable(&self, what: &str, error: lariat_protocol::Error) -> Error {
        self.control.broken(about(what, error))
    }

    /// Tells the server how files are represented, unless it knows.
    pub(super) async fn set_type(&mut self, data_type: DataType) -> Result<(), Error> {
        if self.data_type != Some(data_type) {
            // Whoever drops this does not hear whether the server has taken it.
            self.data_type = None;
            self.control.expect_done(&Command::Type(data_type)).await?;
            self.data_type = Some(data_type);
        }
        Ok(())
    }
}

//! What a client may say next, by what was agreed to before.

use crate::contract::Error;
use crate::ftp::command_error::plain;
use crate::ftp::{Command, Reply};

/// How far somebody has come with saying who they are (RFC 959, 4.1.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Login {
    #[default]
    ExpectUser,
    ExpectPassword,
    ExpectAccount,
    Done,
}

/// What the reply to a command may move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// Nothing: it was refused.
    Nothing,
    User,
    Password,
    Account,
    /// TLS is to begin.
    Auth,
    BufferSize,
    /// No other command for data connections than `EPSV` is to be known.
    OnlyExtended,
    RenameFrom,
    Restart(u64),
    Transfer,
    Reinitialize,
    Quit,
    /// Nothing: it is done, or not.
    Anything,
}

/// What was agreed to so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sequence {
    login: Login,
    is_private: bool,
    has_buffer_size: bool,
    is_only_extended: bool,
    is_renaming: bool,
    restart: u64,
}

impl Sequence {
    pub(super) fn is_logged_in(&self) -> bool {
        self.login == Login::Done
    }

    pub(super) fn is_private(&self) -> bool {
        self.is_private
    }

    pub(super) fn restart(&self) -> u64 {
        self.restart
    }

    /// TLS has begun, and nothing that was agreed to before holds (RFC 2228, 3: the user has to be authorized again).
    pub(super) fn start_tls(&mut self) {
        *self = Sequence {
            is_private: true,
            ..Sequence::default()
        };
    }

    /// A transfer is over, and the next one begins at its file's beginning (RFC 3659, 5).
    pub(super) fn transfer_over(&mut self) {
        self.restart = 0;
    }

    /// A line came that is no command. `RNTO` follows `RNFR` at once or not at all (RFC 959, 4.1.3).
    pub(super) fn interrupt(&mut self) {
        self.is_renaming = false;
    }

    /// What a command is that may be carried out now, or else what is answered to it.
    pub(super) fn ask(&mut self, command: &Command) -> Result<Asked, Reply> {
        let is_renaming = std::mem::take(&mut self.is_renaming);
        let out_of_order = |text: &str| Err(plain(503, text));
        self.ask_for_privacy(command)?;
        if !self.is_logged_in() && needs_login(command) {
            return Err(plain(530, "Log in first."));
        }
        match command {
            Command::Pass(_) if self.login != Login::ExpectPassword => {
                out_of_order("A password stands behind USER.")
            }
            Command::Acct(_) if !matches!(self.login, Login::ExpectAccount | Login::Done) => {
                out_of_order("An account stands behind PASS.")
            }
            Command::Rnto(_) if !is_renaming => out_of_order("A new name stands behind RNFR."),
            Command::Eprt(_) | Command::Pasv | Command::Port(_) if self.is_only_extended => {
                out_of_order("It was to be EPSV from now on.")
            }
            allowed => Ok(Asked::of(allowed)),
        }
    }

    /// What is about TLS (RFC 2228, 3, and RFC 4217).
    fn ask_for_privacy(&self, command: &Command) -> Result<(), Reply> {
        let refused = match command {
            Command::Auth(_) if self.is_private => (503, "This is TLS already."),
            Command::Auth(name) if !is_tls(name.as_str()) => (504, "TLS is what there is."),
            Command::Pbsz(_) if !self.is_private => (503, "AUTH comes first."),
            Command::Prot(_) if !self.has_buffer_size => (503, "PBSZ comes first."),
            Command::Ccc => (534, "What has begun with TLS ends with it."),
            // It would take the TLS with it, or leave one to the next user that proves who the last one was.
            Command::Rein if self.is_private => (502, "A TLS connection has one user."),
            _ => return Ok(()),
        };
        Err(plain(refused.0, refused.1))
    }

    /// Moves on by a final reply.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] for one that cannot be one to that command; nothing has moved then.
    pub(super) fn answered(&mut self, asked: Asked, reply: &Reply) -> Result<(), Error> {
        let code = reply.code();
        let is_right = match (asked, code) {
            (_, 400..) => true,
            (Asked::Nothing | Asked::Transfer, _) => false,
            (Asked::User, 331 | 332) | (Asked::Password, 332) => true,
            (Asked::RenameFrom | Asked::Restart(_), _) => code == 350,
            (Asked::Auth, _) => code == 234,
            _ => (200..300).contains(&code),
        };
        if !is_right {
            return Err(Error::misuse(format!(
                "{code} says what cannot follow that command"
            )));
        }
        match (asked, code) {
            (Asked::User, 331) => self.login = Login::ExpectPassword,
            (Asked::User | Asked::Password, 332) => self.login = Login::ExpectAccount,
            (Asked::User | Asked::Password, 200..300) => self.login = Login::Done,
            // Whoever names another user has left the first one, whatever becomes of it (RFC 959, 4.1.1).
            (Asked::User | Asked::Password, _) => self.login = Login::ExpectUser,
            (Asked::Account, 200..300) => self.login = Login::Done,
            (Asked::Account, _) if self.login != Login::Done => self.login = Login::ExpectUser,
            (Asked::BufferSize, 200..300) => self.has_buffer_size = true,
            (Asked::OnlyExtended, 200..300) => self.is_only_extended = true,
            (Asked::RenameFrom, 350) => self.is_renaming = true,
            (Asked::Restart(offset), 350) => self.restart = offset,
            (Asked::Reinitialize, 200..300) => *self = Sequence::default(),
            _ => {}
        }
        Ok(())
    }
}

impl Asked {
    fn of(command: &Command) -> Self {
        match command {
            Command::User(_) => Asked::User,
            Command::Pass(_) => Asked::Password,
            Command::Acct(_) => Asked::Account,
            Command::Auth(_) => Asked::Auth,
            Command::Pbsz(_) => Asked::BufferSize,
            Command::Epsv(crate::ftp::Extended::All) => Asked::OnlyExtended,
            Command::Rnfr(_) => Asked::RenameFrom,
            Command::Rest(offset) => Asked::Restart(*offset),
            Command::Rein => Asked::Reinitialize,
            Command::Quit => Asked::Quit,
            transfer if transfer.is_transfer() => Asked::Transfer,
            _ => Asked::Anything,
        }
    }
}

/// The names of TLS that leave data connections plain until `PROT` (RFC 4217, 2 and 3), and what it was called before.
fn is_tls(mechanism: &str) -> bool {
    ["TLS", "TLS-C", "SSL"]
        .iter()
        .any(|known| mechanism.eq_ignore_ascii_case(known))
}

/// Whether nobody may ask for this who has not said who they are. The others are those that say it, that ask what the
/// server is, and that end.
fn needs_login(command: &Command) -> bool {
    !matches!(
        command,
        Command::Abor
            | Command::Acct(_)
            | Command::Auth(_)
            | Command::Ccc
            | Command::Clnt(_)
            | Command::Feat
            | Command::Help(_)
            | Command::Host(_)
            | Command::Lang(_)
            | Command::Noop
            | Command::Opts(_)
            | Command::Pass(_)
            | Command::Pbsz(_)
            | Command::Prot(_)
            | Command::Quit
            | Command::Rein
            | Command::Syst
            | Command::User(_)
    )
}

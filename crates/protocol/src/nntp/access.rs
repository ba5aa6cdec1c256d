//! What a client may say next about who it is, and about what is under the conversation.

use crate::nntp::command_error::plain;
use crate::nntp::{Command, Reply};

/// How far somebody has come with saying who they are (RFC 4643, 2.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Login {
    #[default]
    ExpectUser,
    ExpectPassword,
    Done,
}

/// What was agreed to so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Access {
    login: Login,
    is_private: bool,
    is_compressed: bool,
}

impl Access {
    pub(super) fn is_logged_in(&self) -> bool {
        self.login == Login::Done
    }

    pub(super) fn is_private(&self) -> bool {
        self.is_private
    }

    pub(super) fn is_compressed(&self) -> bool {
        self.is_compressed
    }

    /// TLS has begun, and nothing holds that the client said before (RFC 4642, 2.2.2).
    pub(super) fn start_tls(&mut self) {
        *self = Access {
            is_private: true,
            ..Access::default()
        };
    }

    pub(super) fn start_compression(&mut self) {
        self.is_compressed = true;
    }

    /// What is answered to a command that may not be said now.
    pub(super) fn refusal(&self, command: &Command) -> Option<Reply> {
        let is_in = self.is_logged_in();
        let (code, text) = match command {
            // What a password is compressed with would tell about it (RFC 8054, 2.2.2 and 6).
            Command::AuthinfoUser(_)
            | Command::AuthinfoPass(_)
            | Command::AuthinfoSasl(..)
            | Command::Starttls
            | Command::Compress(_)
            | Command::ModeReader
                if self.is_compressed =>
            {
                (502, "It comes before compression.")
            }
            Command::AuthinfoUser(_) | Command::AuthinfoPass(_) | Command::AuthinfoSasl(..)
                if is_in =>
            {
                (502, "You have said who you are.")
            }
            Command::AuthinfoPass(_) if self.login != Login::ExpectPassword => {
                (482, "A password stands behind a name.")
            }
            Command::Starttls if self.is_private => (502, "This is TLS already."),
            // It would take the login back (RFC 4642, 2.2.2).
            Command::Starttls if is_in => (502, "It comes before a name."),
            Command::Compress(name) if name.as_str() != "DEFLATE" => {
                (503, "DEFLATE is what there is.")
            }
            _ => return None,
        };
        Some(plain(code, text))
    }

    /// Moves on by the code of an answer.
    pub(super) fn answered(&mut self, command: &Command, code: u16) {
        self.login = match (command, code) {
            (Command::AuthinfoUser(_), 381) => Login::ExpectPassword,
            (
                Command::AuthinfoUser(_) | Command::AuthinfoPass(_) | Command::AuthinfoSasl(..),
                281 | 283,
            ) => Login::Done,
            (
                Command::AuthinfoUser(_) | Command::AuthinfoPass(_) | Command::AuthinfoSasl(..),
                _,
            ) => Login::ExpectUser,
            _ => return,
        };
    }
}

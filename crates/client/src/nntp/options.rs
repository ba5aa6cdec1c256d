//! How to connect to a news server, and who logs in.

use std::fmt;
use std::time::Duration;

use lariat_net::ConnectOptions;
use lariat_protocol::nntp::{Limits, Security};

/// How long a reply, and each piece of a block, may take.
pub const REPLY_TIMEOUT: Duration = Duration::from_secs(60);

/// How to connect.
#[derive(Clone, Debug)]
pub struct Options {
    /// How the connection is made.
    pub connect: ConnectOptions,
    /// Whether TLS is begun, and when. A `tls://` endpoint is [`Security::Implicit`] whatever stands here.
    pub security: Security,
    /// How long a reply, and each piece of a block, may take. A block as a whole must keep up 128 bytes a second behind
    /// that time. Default [`REPLY_TIMEOUT`].
    pub timeout: Duration,
    /// How much of an answer is taken.
    pub limits: Limits,
    /// Whether `MODE READER` is sent to servers that want to be told who reads and who feeds. Default yes.
    pub reader: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            connect: ConnectOptions::default(),
            security: Security::Plain,
            timeout: REPLY_TIMEOUT,
            limits: Limits::default(),
            reader: true,
        }
    }
}

/// Who logs in. `Debug` shows the name alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// The name.
    pub user: String,
    /// The password, which is sent if the server asks for it.
    pub password: String,
}

impl Login {
    /// Somebody with a password.
    pub fn new(user: impl Into<String>, password: impl Into<String>) -> Self {
        Login {
            user: user.into(),
            password: password.into(),
        }
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Login({:?})", self.user)
    }
}

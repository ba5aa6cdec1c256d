//! How to connect to a news server, and who logs in.

use std::fmt;
use std::sync::Arc;
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
    /// Who is told how much of a long answer has come. Default nobody.
    pub watch: Option<Watch>,
}

/// What is told how many bytes of the lines behind an answer have come so far over the connection, as they come.
#[derive(Clone)]
pub struct Watch(Arc<dyn Fn(u64) + Send + Sync>);

impl Watch {
    /// Tells this function.
    pub fn new(told: impl Fn(u64) + Send + Sync + 'static) -> Self {
        Watch(Arc::new(told))
    }

    pub(super) fn tell(&self, bytes: u64) {
        (self.0)(bytes);
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Watch")
    }
}

impl Default for Options {
    fn default() -> Self {
        Options {
            connect: ConnectOptions::default(),
            security: Security::Plain,
            timeout: REPLY_TIMEOUT,
            limits: Limits::default(),
            reader: true,
            watch: None,
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

//! How to connect to an FTP server, and how to transfer.

use std::fmt;
use std::time::Duration;

use lariat_net::ConnectOptions;
use lariat_protocol::ftp::{Encoding, Security};

/// How long a reply, and each piece of a transfer, may take.
pub const REPLY_TIMEOUT: Duration = Duration::from_secs(60);

/// After how long without a command a transfer sends one that does nothing: below the five minutes after
/// which routers forget silent connections.
const KEEP_ALIVE: Duration = Duration::from_secs(120);

/// How much of a file is moved at once.
const BLOCK_SIZE: usize = 64 * 1024;

/// How to connect.
#[derive(Clone, Debug)]
pub struct Options {
    /// How the control connection is made, and each data connection.
    pub connect: ConnectOptions,
    /// Whether TLS is begun, and when. A `tls://` endpoint is [`Security::Implicit`] whatever stands
    /// here.
    pub security: Security,
    /// Whether the server connects to this machine for each transfer, as it did in 1985. Default no: this
    /// machine connects, which routers let through.
    pub active: bool,
    /// How long a reply, and each piece of a transfer, may take. Default [`REPLY_TIMEOUT`].
    pub timeout: Duration,
    /// After how long a transfer sends `NOOP` on the control connection. Default 120 s; `None` for
    /// servers that answer it wrongly.
    pub keep_alive: Option<Duration>,
    /// What names are written in. Default UTF-8.
    pub encoding: Encoding,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            connect: ConnectOptions::default(),
            security: Security::Plain,
            active: false,
            timeout: REPLY_TIMEOUT,
            keep_alive: Some(KEEP_ALIVE),
            encoding: Encoding::Utf8,
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
    /// The account, which few servers ask for.
    pub account: Option<String>,
}

impl Login {
    /// Somebody with a password.
    pub fn new(user: impl Into<String>, password: impl Into<String>) -> Self {
        Login {
            user: user.into(),
            password: password.into(),
            account: None,
        }
    }
}

impl Default for Login {
    /// Anybody: `anonymous`, with the password that says no more.
    fn default() -> Self {
        Login::new(super::ANONYMOUS, "anonymous@")
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Login({:?})", self.user)
    }
}

/// How to receive a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retrieve {
    /// From which byte on (`REST`). Default 0.
    pub offset: u64,
    /// The most bytes that are given at once. Default 64 KiB.
    pub block_size: usize,
}

impl Default for Retrieve {
    fn default() -> Self {
        Retrieve {
            offset: 0,
            block_size: BLOCK_SIZE,
        }
    }
}

/// How to send a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Store {
    /// From which byte of the server's file on (`REST`). Default 0.
    pub offset: u64,
    /// The most bytes that are read at once. Default 64 KiB.
    pub block_size: usize,
}

impl Default for Store {
    fn default() -> Self {
        Store {
            offset: 0,
            block_size: BLOCK_SIZE,
        }
    }
}

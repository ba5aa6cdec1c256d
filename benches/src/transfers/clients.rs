//! The clients: what the tables call them, and where they are.

use std::io;

use crate::servers;

/// A program that moves files, or reads news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    Lariat,
    Curl,
    Wget,
    Lftp,
    /// `ftplib` or `urllib`, in the few lines that its users write.
    Python,
    /// `nntplib` in the same way, which Python has until 3.12.
    Nntplib,
}

impl Client {
    /// What the tables call it.
    pub fn name(self) -> &'static str {
        match self {
            Client::Lariat => "lariat",
            Client::Curl => "curl",
            Client::Wget => "wget",
            Client::Lftp => "lftp",
            Client::Python => "Python",
            Client::Nntplib => "Python nntplib",
        }
    }

    /// Where it is, or the package that would bring it.
    pub fn program(self) -> io::Result<String> {
        match self {
            Client::Lariat => servers::lariat::binary(),
            Client::Curl => servers::program("curl", "curl"),
            Client::Wget => servers::program("wget", "wget"),
            Client::Lftp => servers::program("lftp", "lftp"),
            Client::Python => servers::program("python3", "python3"),
            Client::Nntplib => servers::program("python3.11", "python3.11"),
        }
    }
}

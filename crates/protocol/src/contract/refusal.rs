//! Why a connection is not taken.

use std::fmt;

/// Why a connection is refused before its protocol is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// There are as many connections as there may be.
    Total,
    /// Its address has as many connections as one may have.
    Address,
    /// Its network has as many connections as one may have.
    Network,
    /// Its address connects too often.
    Rate,
    /// As many handshakes are under way as there may be.
    Handshakes,
    /// The buffers of all connections together hold as much as they may.
    Memory,
    /// The system has no descriptor left.
    Descriptors,
    /// Its address is on the list of those that are kept out, or not on that of those that
    /// are let in.
    Denied,
    /// It comes to a place for proxies and is none of those that are trusted.
    Proxy,
}

impl Refusal {
    /// All of them.
    pub const ALL: [Refusal; 9] = [
        Refusal::Total,
        Refusal::Address,
        Refusal::Network,
        Refusal::Rate,
        Refusal::Handshakes,
        Refusal::Memory,
        Refusal::Descriptors,
        Refusal::Denied,
        Refusal::Proxy,
    ];

    /// The word for it in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Refusal::Total => "total",
            Refusal::Address => "address",
            Refusal::Network => "network",
            Refusal::Rate => "rate",
            Refusal::Handshakes => "handshakes",
            Refusal::Memory => "memory",
            Refusal::Descriptors => "descriptors",
            Refusal::Denied => "denied",
            Refusal::Proxy => "proxy",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Refusal::Total => "too many connections",
            Refusal::Address => "too many connections from this address",
            Refusal::Network => "too many connections from this network",
            Refusal::Rate => "too many connections from this address at once",
            Refusal::Handshakes => "too many handshakes are under way",
            Refusal::Memory => "the server is out of memory for buffers",
            Refusal::Descriptors => "the server is out of descriptors",
            Refusal::Denied => "this address is not allowed",
            Refusal::Proxy => "this address is not a proxy that is trusted",
        })
    }
}

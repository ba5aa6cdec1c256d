//! Words on the wire that are one of a few: states, changes, and the codes of refusals.

use std::fmt;
use std::str::FromStr;

use crate::names::FieldError;

/// An enumeration with a word for each of its values, and what it is called where a word is none.
macro_rules! words {
    (
        $(#[$about:meta])*
        pub enum $type:ident: $field:literal {
            $($(#[$meaning:meta])* $value:ident = $word:literal,)+
        }
    ) => {
        $(#[$about])*
        pub enum $type {
            $($(#[$meaning])* $value,)+
        }

        impl $type {
            /// Its word on the wire.
            pub fn word(self) -> &'static str {
                match self {
                    $($type::$value => $word),+
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.pad(self.word())
            }
        }

        impl FromStr for $type {
            type Err = FieldError;

            fn from_str(text: &str) -> Result<Self, FieldError> {
                match text {
                    $($word => Ok($type::$value),)+
                    _ => Err(FieldError::new($field, concat!("it is no ", $field))),
                }
            }
        }
    };
}

words! {
    /// Whether a service answers, as far as the server knows.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
    pub enum State: "state" {
        /// It answered when it was probed last.
        Up = "up",
        /// It is not probed, or was not yet: its registrant's word is all there is.
        Unprobed = "unprobed",
        /// It did not answer lately; others are to be tried before it.
        Failing = "failing",
    }
}

words! {
    /// What happened to an entry.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum Change: "change" {
        /// It is new.
        Registered = "registered",
        /// It was registered again and says something else.
        Changed = "changed",
        /// It has begun not to answer.
        Failing = "failing",
        /// It answers again.
        Recovered = "recovered",
        /// Its registrant took it away.
        Removed = "removed",
        /// It was not renewed in time.
        Expired = "expired",
        /// It did not answer for too long.
        Dropped = "dropped",
    }
}

words! {
    /// Why a request was refused: a word for programs.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum ErrorCode: "code" {
        /// The request is not one.
        Invalid = "invalid",
        /// Nothing of that kind is registered.
        Unknown = "unknown",
        /// The name is another's: the token is missing or not its own.
        Taken = "taken",
        /// What is to be renewed or removed has run out; its name is still kept for its token.
        Expired = "expired",
        /// Not from where it was asked, or not about that address.
        Denied = "denied",
        /// There is no room for more of it.
        Limit = "limit",
        /// It could not be written to the disk.
        Storage = "storage",
        /// The connection did not read the changes that it watches, and ends.
        Slow = "slow",
        /// A deadline of the connection has passed, and it ends.
        Late = "late",
        /// The server is going down; the connection ends.
        Stopping = "stopping",
    }
}

/// What happened, by the log's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LogKind {
    /// As watchers are told.
    Change(Change),
    /// Somebody looked something up.
    Asked,
}

impl Change {
    /// Whether the entry is gone.
    pub fn is_end(self) -> bool {
        matches!(self, Change::Removed | Change::Expired | Change::Dropped)
    }
}

impl LogKind {
    /// Its word on the wire.
    pub fn word(self) -> &'static str {
        match self {
            LogKind::Change(change) => change.word(),
            LogKind::Asked => "asked",
        }
    }
}

impl FromStr for LogKind {
    type Err = FieldError;

    fn from_str(text: &str) -> Result<Self, FieldError> {
        match text {
            "asked" => Ok(LogKind::Asked),
            _ => text.parse().map(LogKind::Change),
        }
    }
}

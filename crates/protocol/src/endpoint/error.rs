//! What can be wrong with an endpoint: each error names the part and says what is allowed there.
//!
//! All of them are the writer's mistakes, so they are told apart by part, not by fault; whether a
//! host exists or a port is free is not known here.

use thiserror::Error;

use super::MAXIMUM_LENGTH;
use super::scheme::KNOWN_SCHEMES;

/// Why a text is not an endpoint. The message is one line that says what is right.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum EndpointError {
    /// There is no text.
    #[error("the endpoint is empty; write for example tcp://localhost:21567")]
    Empty,
    /// The text, or the endpoint as it is printed, has more than [`MAXIMUM_LENGTH`] bytes.
    #[error("the endpoint has {length} bytes; at most {MAXIMUM_LENGTH} are allowed")]
    TooLong {
        /// How many bytes there were.
        length: usize,
    },
    /// A space or control character stands in the text.
    #[error("{character} at byte {position} is not allowed in an endpoint; write it as {encoded}")]
    Character {
        /// The character in words or as an escape.
        character: String,
        /// Where it stands, counted in bytes from 0.
        position: usize,
        /// How to write it instead.
        encoded: String,
    },
    /// A `%` escape that is not one, or that does not stand for text.
    #[error("{reason}")]
    Escape {
        /// Which, and what is allowed.
        reason: String,
    },
    /// There is a `#` and what follows it.
    #[error("an endpoint has no fragment; write \"#\" as %23")]
    Fragment,
    /// There is no scheme, and none was assumed.
    #[error("no scheme in {}; write for example {}", quoted(.text), with_scheme(.text))]
    NoScheme {
        /// The text without a scheme.
        text: String,
    },
    /// A scheme, or one of the words joined by `+`, is not known.
    #[error(
        "unknown scheme {} ({}known: {})",
        quoted(.scheme),
        did_you_mean(*.nearest),
        KNOWN_SCHEMES.join(", ")
    )]
    UnknownScheme {
        /// The unknown word.
        scheme: String,
        /// What was probably meant.
        nearest: Option<&'static str>,
    },
    /// The words of a scheme are known, but do not go together.
    #[error(
        "scheme {} cannot be: {reason}; allowed: [proxy+][tls+][ws+](tcp|unix), \
         [tls+][ws+](fd|stdio|mem), udp, unixgram, name",
        quoted(.scheme)
    )]
    Layers {
        /// The whole scheme.
        scheme: String,
        /// What does not go together.
        reason: String,
    },
    /// There is a user name before the host.
    #[error("user info (what stands before \"@\") is not allowed; write the host alone")]
    UserInfo,
    /// The host is missing, or cannot be one.
    #[error("{reason}")]
    Host {
        /// What is wrong with it, and what is allowed.
        reason: String,
    },
    /// The port is not one.
    #[error("port {} is not a number from 0 to 65535", quoted(.port))]
    Port {
        /// The text in the place of the port.
        port: String,
    },
    /// The path of a socket or of a WebSocket is missing, not allowed, or cannot be one.
    #[error("{reason}")]
    Path {
        /// What is wrong with it, and what is allowed.
        reason: String,
    },
    /// A descriptor is not a number.
    #[error("descriptor {} is not a number from 0 to 2147483647", quoted(.descriptor))]
    Descriptor {
        /// The text in the place of the number.
        descriptor: String,
    },
    /// A `mem` endpoint has no name.
    #[error("no name after \"mem://\"; write for example mem://test")]
    MissingName,
    /// A `name` endpoint has no service, or none that there could be; or an endpoint is one that
    /// a service is not for.
    #[error("{reason}")]
    Service {
        /// What is wrong with it, and what is allowed.
        reason: String,
    },
    /// One of the engine's own options has a wrong value or a wrong place.
    #[error("option {}: {reason}", quoted(.key))]
    Option {
        /// The option.
        key: String,
        /// What is wrong with it, and what is allowed.
        reason: String,
    },
    /// An option that neither the engine nor the service knows.
    #[error(
        "unknown option {} ({}known here: {})",
        quoted(.key),
        did_you_mean(.nearest.as_deref()),
        .allowed.join(", ")
    )]
    UnknownOption {
        /// The unknown option.
        key: String,
        /// What was probably meant.
        nearest: Option<String>,
        /// What is known for this endpoint and service.
        allowed: Vec<String>,
    },
}

/// `text` in quotes, with what is invisible escaped, and cut where it would fill the screen.
pub(super) fn quoted(text: &str) -> String {
    const SHOWN: usize = 80;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{:?}...", &text[..end]),
        None => format!("{text:?}"),
    }
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |word| format!("did you mean {word:?}? "))
}

fn with_scheme(text: &str) -> String {
    let looks_like_path = text.starts_with(['/', '.', '@']);
    let scheme = if looks_like_path { "unix:" } else { "tcp://" };
    if text.chars().count() > 80 {
        format!("{scheme}...")
    } else {
        format!("{scheme}{text}")
    }
}

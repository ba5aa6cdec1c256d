//! What can be done about what failed, in the words of this command.

use lariat_client::nntp::Error;

use crate::failure::Failure;
use crate::url_words::in_urls;

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let advice = match &error {
            error if error.wants_login() => Some("log in with -u NAME"),
            error if error.wants_tls() => Some("use --starttls, or nntps://"),
            Error::Unconfirmed(_) => Some("look before you post it again"),
            _ => None,
        };
        let is_explicit = matches!(error, Error::Tls { .. });
        let failure = match error {
            Error::Connect(error) => error.into(),
            Error::Misuse(words) => Failure::usage(words),
            error => Failure::from_error(&error),
        };
        let failure = failure.in_other_words(|message| translated(message, is_explicit));
        match advice {
            Some(advice) => failure.with_advice(advice),
            None => failure,
        }
    }
}

/// Where other commands have endpoints and their options, this one has URLs and an option. TLS that begins on a connection
/// without it was asked for by another one, and not by the URL.
fn translated(message: &str, is_explicit: bool) -> String {
    let message = message.replace("(?ca=FILE)", "(--ca FILE)");
    let message = in_urls(&message, "nntp", "nntps");
    match is_explicit {
        true => message
            .replace("use nntp:// for this port", "leave out --starttls")
            .replace("try nntp://", "leave out --starttls"),
        false => message,
    }
}

#[cfg(test)]
mod tests {
    use lariat_tls::{PeerFault, Side};

    use super::*;

    #[test]
    fn advice_names_what_this_command_takes() {
        let side = Side::Client;
        for (fault, is_explicit, advice) in [
            (
                PeerFault::NotTls { side },
                false,
                "use nntp:// for this port, or nntps:// on",
            ),
            (
                PeerFault::NotTls { side },
                true,
                "leave out --starttls, or nntps:// on",
            ),
            (PeerFault::Echo, false, "or nntps:// on"),
            (
                PeerFault::UnknownAuthority { side },
                false,
                "give that authority's certificate (--ca FILE)",
            ),
            (
                PeerFault::NameMismatch {
                    wanted: "a".into(),
                    presented: vec!["b".into()],
                },
                false,
                "connect by one of these",
            ),
        ] {
            let said = translated(&fault.to_string(), is_explicit);
            assert!(said.contains(advice), "{said}");
            assert!(!said.contains("tcp://") && !said.contains('?'), "{said}");
            assert!(!said.contains("or tls://"), "{said}");
        }
    }
}

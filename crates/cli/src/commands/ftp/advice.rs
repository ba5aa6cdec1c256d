//! What can be done about what failed, in the words of this command.

use lariat_client::ftp::Error;

use crate::failure::Failure;
use crate::url_words::in_urls;

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let failure = match error {
            Error::Connect(error) => error.into(),
            Error::Misuse(words) => Failure::usage(words),
            error => Failure::from_error(&error),
        };
        match failure.message() {
            Some(message) => Failure::new(translated(message)).with_code(failure.code()),
            None => failure,
        }
    }
}

/// What there is to do where a server has taken a file and does not give it its name.
pub fn of_renaming(error: &Error, place: &str) -> Option<String> {
    let Error::Refused { command, .. } = error else {
        return None;
    };
    let is_renaming = command.starts_with("RNFR ") || command.starts_with("RNTO ");
    is_renaming.then(|| format!("it is there as {place}; --in-place sends it under its name"))
}

/// Where other commands have endpoints and their options, this one has URLs, of two schemes on a port without TLS at first, and
/// an option.
fn translated(message: &str) -> String {
    let message = message.replace("(?ca=FILE)", "(--ca FILE)");
    in_urls(&message, "ftpes:// or ftp", "ftps")
}

#[cfg(test)]
mod tests {
    use lariat_tls::{PeerFault, Side};

    use super::*;

    #[test]
    fn advice_names_what_this_command_takes() {
        let side = Side::Client;
        for (fault, advice) in [
            (PeerFault::NotTls { side }, "use ftpes:// or ftp:// for"),
            (PeerFault::Echo, "or ftps:// on"),
            (PeerFault::UnknownAuthority { side }, "(--ca FILE)"),
            (
                PeerFault::NameMismatch {
                    wanted: "a".into(),
                    presented: vec!["b".into()],
                },
                "connect by one of these",
            ),
        ] {
            let said = translated(&fault.to_string());
            assert!(said.contains(advice), "{said}");
            assert!(!said.contains("tcp://") && !said.contains('?'), "{said}");
        }
    }
}

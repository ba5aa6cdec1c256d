//! What can be done about what failed, in the words of this command.

use lariat_client::ftp::Error;

use crate::failure::Failure;

/// Where other commands have endpoints and their options, this one has schemes and options of its own.
const WORDS: [(&str, &str); 3] = [
    (
        "use tcp:// for this port, or tls:// on the server's TLS port",
        "use ftpes:// or ftp:// for this port, or ftps:// on the server's TLS port",
    ),
    ("(?ca=FILE)", "(--ca FILE)"),
    (", or name the one to expect (?name=NAME)", ""),
];

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

fn translated(message: &str) -> String {
    let words = |message: String, (theirs, ours): &(&str, &str)| message.replace(theirs, ours);
    WORDS.iter().fold(message.to_owned(), words)
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

//! What the layers below advise to whoever writes endpoints, in the words of commands that take URLs.

/// What is said of endpoints, and what stands for it where `{plain}` and `{secure}` are the schemes of a protocol.
const WORDS: [(&str, &str); 6] = [
    (
        "; it may not speak TLS on this port: try tcp://",
        "; it may not speak TLS on this port: try {plain}://",
    ),
    (
        "give one that it accepts (?cert=FILE&key=FILE)",
        "give one that it accepts",
    ),
    (
        "; to trust it, give that authority's certificate (?ca=FILE)",
        "",
    ),
    (", or name the one to expect (?name=NAME)", ""),
    (
        "use tcp:// for this port, or tls:// on the server's TLS port",
        "use {plain}:// for this port, or {secure}:// on the server's TLS port",
    ),
    (
        "give the server's authority (?ca=FILE)",
        "give the server's authority by --ca FILE",
    ),
];

/// A message in words that fit a URL of these schemes.
pub fn in_urls(message: &str, plain: &str, secure: &str) -> String {
    let words = WORDS
        .iter()
        .fold(message.to_owned(), |message, (said, meant)| {
            message.replace(said, meant)
        });
    words.replace("{plain}", plain).replace("{secure}", secure)
}

#[cfg(test)]
mod tests {
    use lariat_tls::{PeerFault, Problem, Side};

    use super::*;

    #[test]
    fn no_message_advises_what_a_url_has_not() {
        let side = Side::Client;
        let said = [
            PeerFault::UnknownAuthority { side }.to_string(),
            PeerFault::NotTls { side }.to_string(),
            PeerFault::Echo.to_string(),
            PeerFault::CertificateRequired { side }.to_string(),
            PeerFault::PlainText {
                side,
                opening: "220".into(),
            }
            .to_string(),
            PeerFault::NameMismatch {
                wanted: "a".into(),
                presented: vec!["b".into()],
            }
            .to_string(),
            Problem::NoSystemAuthorities.to_string(),
        ];
        for said in said {
            let told = in_urls(&said, "http", "https");
            assert!(said.contains("(?") || said.contains("use tcp://"), "{said}");
            assert!(!told.contains("(?") && !told.contains("tcp://"), "{told}");
        }
    }
}

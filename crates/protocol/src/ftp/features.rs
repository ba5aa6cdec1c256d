//! What a server says that it knows beyond RFC 959, by `FEAT` (RFC 2389).

use crate::contract::Error;
use crate::ftp::Reply;

/// The features of a server.
///
/// ```
/// use lariat_protocol::ftp::{Features, Reply};
///
/// let reply = Reply::new(211, ["Features:", " REST STREAM", " MLST type*;size*;", "End"])?;
/// let features = Features::of(&reply);
/// assert!(features.has("mlst") && !features.has("UTF8"));
/// assert_eq!(features.parameters("REST"), Some("STREAM"));
/// # Ok::<(), lariat_protocol::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Features {
    /// Names and what stands behind each.
    all: Vec<(String, String)>,
}

impl Features {
    /// Those of a reply to `FEAT`; none, if it says that there is no such command.
    pub fn of(reply: &Reply) -> Self {
        let lines = match reply.is_success() {
            true => reply.lines(),
            false => &[],
        };
        let inner = lines
            .get(1..lines.len().saturating_sub(1))
            .unwrap_or_default();
        let feature = |line: &String| {
            let line = line.trim();
            let (name, parameters) = line.split_once(' ').unwrap_or((line, ""));
            (name.to_owned(), parameters.trim().to_owned())
        };
        let all = inner.iter().map(feature);
        Features {
            all: all.filter(|(name, _)| !name.is_empty()).collect(),
        }
    }

    /// Whether it knows this, by its name in any case.
    pub fn has(&self, name: &str) -> bool {
        self.parameters(name).is_some()
    }

    /// What it says of one, which may be nothing.
    pub fn parameters(&self, name: &str) -> Option<&str> {
        let found = self
            .all
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, parameters)| parameters.as_str())
    }

    /// All of them, as name and parameters.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.all
            .iter()
            .map(|(name, parameters)| (name.as_str(), parameters.as_str()))
    }

    /// The reply of a server that has these.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] if one of them would be two lines.
    pub fn reply(features: &[&str]) -> Result<Reply, Error> {
        let inner = features.iter().map(|feature| format!(" {feature}"));
        let first = std::iter::once("Features:".to_owned());
        Reply::new(
            211,
            first.chain(inner).chain(std::iter::once("End".to_owned())),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_come_back() {
        let reply = Features::reply(&["MDTM", "REST STREAM", "UTF8"]).expect("a reply");
        let features = Features::of(&reply);
        let all: Vec<_> = features.iter().collect();
        assert_eq!(all, [("MDTM", ""), ("REST", "STREAM"), ("UTF8", "")]);
        assert!(features.has("utf8") && !features.has("Features:") && !features.has("End"));
    }

    #[test]
    fn a_server_without_any_has_none() {
        for (code, lines) in [
            (500, vec!["What?"]),
            (211, vec!["none"]),
            (211, vec!["a", "b"]),
        ] {
            let reply = Reply::new(code, lines).expect("a reply");
            assert_eq!(Features::of(&reply), Features::default());
        }
    }
}

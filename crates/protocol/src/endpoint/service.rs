//! `name:SERVICE`: an endpoint that a name server knows, and what of its answers is taken.
//!
//! Nobody is asked here; whoever does gives [`Endpoint::answered_by`] what came.

use super::error::{EndpointError, quoted};
use super::query::refuse;
use super::scheme::{Kind, Scheme};
use super::{Base, Endpoint, percent};

/// How many tags, or schemes, one endpoint may ask for: more than anybody gives a service.
const MOST: usize = 16;

impl Endpoint {
    /// The name of the service, if it is one that a name server is to be asked for.
    ///
    /// ```
    /// use lariat_protocol::Endpoint;
    ///
    /// let endpoint: Endpoint = "name:chat?tag=eu".parse()?;
    /// assert_eq!(endpoint.service(), Some("chat"));
    /// assert_eq!(endpoint.options().tag, ["eu"]);
    /// # Ok::<(), lariat_protocol::endpoint::EndpointError>(())
    /// ```
    pub fn service(&self) -> Option<&str> {
        match &self.base {
            Base::Service(name) => Some(name),
            _ => None,
        }
    }

    /// What is to be connected to where this, a service, is said to be at `found`: that with the
    /// files and names for TLS that this has. `None` if it is not to be had so:
    ///
    /// - It is over a scheme that is not among those of `over`.
    /// - This has options of TLS, so it is meant to be encrypted, and `found` is not.
    /// - `found` is no address: `fd`, `stdio` and `mem` are this process's own, and `name` would
    ///   go on for ever.
    ///
    /// Of the options of `found` the path is taken and no other: whom to trust, and which files to
    /// read for it, is not for a name server to say.
    ///
    /// ```
    /// use lariat_protocol::Endpoint;
    ///
    /// let service: Endpoint = "name:chat?ca=ca.pem".parse()?;
    /// let found = |text: &str| service.answered_by(&text.parse().expect("an endpoint"));
    /// assert_eq!(
    ///     found("tls://a.example:7000?verify=none").map(|found| found.to_string()),
    ///     Some("tls://a.example:7000?ca=ca.pem".to_owned())
    /// );
    /// assert_eq!(found("tcp://a.example:7001"), None);
    /// # Ok::<(), lariat_protocol::endpoint::EndpointError>(())
    /// ```
    #[must_use]
    pub fn answered_by(&self, found: &Endpoint) -> Option<Endpoint> {
        let kind = Kind::of(&found.base);
        if matches!(kind, Kind::Fd | Kind::Stdio | Kind::Memory | Kind::Service) {
            return None;
        }
        let wanted = &self.options;
        if !wanted.over.is_empty() && !wanted.over.contains(&found.scheme()) {
            return None;
        }
        let mut answer = Endpoint::over(found.layers.clone(), found.base.clone());
        answer.options.path.clone_from(&found.options.path);
        answer.options.ca.clone_from(&wanted.ca);
        answer.options.cert.clone_from(&wanted.cert);
        answer.options.key.clone_from(&wanted.key);
        answer.options.verify = wanted.verify;
        answer.options.name.clone_from(&wanted.name);
        answer.options.alpn.clone_from(&wanted.alpn);
        let mut plain = answer.options.clone();
        plain.path = None;
        let about_tls = plain != super::Options::default();
        (answer.is_tls() || !about_tls).then_some(answer)
    }
}

/// The name behind `name:`, decoded. What names there can be is for the name server to say.
pub(super) fn name(text: &str) -> Result<String, EndpointError> {
    let name = percent::decode_text(text)?;
    if name.is_empty() {
        return Err(EndpointError::Service {
            reason: "no service after \"name:\"; write for example name:chat".to_owned(),
        });
    }
    if name.contains(char::is_whitespace) || name.contains(char::is_control) {
        return Err(EndpointError::Service {
            reason: format!("{} is no service's name: it is one word", quoted(&name)),
        });
    }
    Ok(name)
}

/// What stands behind `name:` for a service, such that it is no port.
pub(super) fn print(name: &str) -> String {
    let encoded = percent::encode(name.as_bytes(), b"/?#");
    match is_port(&encoded) {
        true => format!("//{encoded}"),
        false => encoded,
    }
}

/// Whether what stands behind `name:` makes that a host.
pub(super) fn is_port(after: &str) -> bool {
    let end = after.find(['/', '?', '#']).unwrap_or(after.len());
    let port = &after[..end];
    !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())
}

pub(super) fn tags(value: &str) -> Result<Vec<String>, EndpointError> {
    let tags = list(value)?;
    let wrong = |tag: &String| tag.is_empty() || tag.contains(char::is_whitespace);
    if tags.iter().any(wrong) {
        return Err(refuse(
            "tag",
            format!(
                "{} is not a list of words; write for example tag=eu,backup",
                quoted(value)
            ),
        ));
    }
    within("tag", tags)
}

pub(super) fn schemes(value: &str) -> Result<Vec<String>, EndpointError> {
    let schemes = list(value)?.into_iter().map(|text| {
        let Scheme { layers, kind } = Scheme::parse(&text)?;
        Ok(Scheme::name(&layers, kind))
    });
    within("over", schemes.collect::<Result<_, EndpointError>>()?)
}

fn list(value: &str) -> Result<Vec<String>, EndpointError> {
    value.split(',').map(percent::decode_text).collect()
}

fn within(key: &str, list: Vec<String>) -> Result<Vec<String>, EndpointError> {
    match list.len() > MOST {
        true => Err(refuse(key, format!("at most {MOST} may be given"))),
        false => Ok(list),
    }
}

/// A list as it stands in a URL, if there is something in it.
pub(super) fn print_list(list: &[String]) -> Option<String> {
    let encoded = list
        .iter()
        .map(|word| percent::encode(word.as_bytes(), b"&#,"));
    let encoded: Vec<String> = encoded.collect();
    (!encoded.is_empty()).then(|| encoded.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, String> {
        let endpoint = text.parse::<Endpoint>();
        let endpoint = endpoint.map_err(|error| error.to_string())?;
        assert!(endpoint.service().is_some(), "{text}");
        Ok(endpoint.to_string())
    }

    #[test]
    fn a_service_and_what_is_wanted_of_it() {
        for (text, printed) in [
            ("name:chat", "name:chat"),
            ("NAME://chat", "name:chat"),
            ("name:3d", "name:3d"),
            ("name://80", "name://80"),
            ("name:a%2fb", "name:a%2Fb"),
            (
                "name:chat?over=tcp,tls+ws+tcp&tag=eu,a%2Cb",
                "name:chat?tag=eu,a%2Cb&over=tcp,wss",
            ),
            (
                "name:chat?ca=a.pem&verify=full",
                "name:chat?ca=a.pem&verify=full",
            ),
        ] {
            assert_eq!(read(text), Ok(printed.to_owned()), "{text}");
        }
        let host = Endpoint::parse_with_default("name:80", "tcp");
        assert_eq!(host, Ok(Endpoint::tcp("name", 80)));
        let service = Endpoint::parse_with_default("name:http", "tcp");
        assert_eq!(
            service.map(|name| name.to_string()),
            Ok("name:http".to_owned())
        );
    }

    #[test]
    fn what_no_service_can_be_is_told() {
        for (text, words) in [
            ("name:", "no service after \"name:\""),
            ("name:a%20b", "\"a b\" is no service's name"),
            (
                "tls+name:chat",
                "said where it is registered, so write name:SERVICE",
            ),
            ("name:chat?tag=", "write for example tag=eu,backup"),
            ("name:chat?over=tpc", "unknown scheme \"tpc\""),
            ("name:chat?client_ca=x", "a name is only connected to"),
            ("name:chat?backlog=1", "name has no queue of connections"),
            ("tcp://localhost?tag=eu", "it is for name"),
            (
                "name:chat?over=tcp,tcp,tcp,tcp,tcp,tcp,tcp,tcp,tcp,tcp,tcp,tcp,tcp,tcp,tcp,tcp,tcp",
                "at most 16 may be given",
            ),
        ] {
            let error = text.parse::<Endpoint>().expect_err(text).to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
    }

    #[test]
    fn an_answer_says_where_and_not_whom_to_trust() {
        let answer = |service: &str, found: &str| {
            let service: Endpoint = service.parse().expect("a service");
            let found = found.parse().expect("an endpoint");
            service.answered_by(&found).map(|answer| answer.to_string())
        };
        let taken = |text: &str| Some(text.to_owned());
        let harmful = "wss://h:1/p?verify=none&ca=/etc/x&cert=/etc/y&other=1";
        assert_eq!(answer("name:x", harmful), taken("wss://h:1/p"));
        assert_eq!(answer("name:x?over=tcp", harmful), None);
        assert_eq!(answer("name:x?over=wss", harmful), taken("wss://h:1/p"));
        assert_eq!(answer("name:x?name=n", "tcp://h:1"), None);
        assert_eq!(
            answer("name:x?name=n", "tls://h:1"),
            taken("tls://h:1?name=n")
        );
        assert_eq!(answer("name:x", "unix:/x?mode=600"), taken("unix:///x"));
        for own in ["fd://0", "stdio:", "mem://x", "name:x", "tls+fd://3"] {
            assert_eq!(answer("name:x", own), None, "{own}");
        }
    }
}

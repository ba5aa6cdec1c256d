//! The fields of a registration, each of a type that cannot be wrong.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

use crate::Endpoint;
use crate::endpoint::{Base, Host};

/// The longest name of a service, in bytes: that of a label of the domain name system.
pub const MAXIMUM_NAME: usize = 63;

/// The longest tag, in bytes.
pub const MAXIMUM_TAG: usize = 32;

/// The longest description, in bytes of UTF-8.
pub const MAXIMUM_DESCRIPTION: usize = 256;

/// The longest endpoint that can be registered, in bytes as it is printed.
pub const MAXIMUM_PLACE: usize = 512;

/// The greatest weight.
pub const MAXIMUM_WEIGHT: u16 = 1000;

/// The shortest and the longest time to live, in seconds: less would be renewed all the time, more
/// would keep what is gone for days.
pub const TTL_SECONDS: std::ops::RangeInclusive<u32> = 5..=86_400;

/// Why a field is refused. The message is one line that names the field and says what is right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct FieldError {
    /// Which one, by its word on the wire.
    pub field: String,
    /// What is wrong with it.
    pub reason: String,
}

impl FieldError {
    pub(super) fn new(field: impl Into<String>, reason: impl Into<String>) -> Self {
        FieldError {
            field: field.into(),
            reason: reason.into(),
        }
    }
}

/// What a service is called: 1 to 63 of the letters a to z, digits, `.`, `-` and `_`, with a
/// letter or digit at each end. Capital letters are read as small ones.
///
/// ```
/// use lariat_protocol::names::Name;
///
/// let name: Name = "Office.Print".parse()?;
/// assert_eq!(name.as_str(), "office.print");
/// assert!("-print".parse::<Name>().is_err());
/// # Ok::<(), lariat_protocol::names::FieldError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(Box<str>);

/// A word by which services are found together; as a [`Name`], of at most 32 bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag(Box<str>);

/// What names begin with: as a [`Name`], but it may end in any of its characters, and be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Prefix(Box<str>);

macro_rules! text_field {
    ($type:ident, $check:expr) => {
        impl $type {
            /// Its text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.pad(&self.0)
            }
        }

        impl Borrow<str> for $type {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $type {
            type Err = FieldError;

            fn from_str(text: &str) -> Result<Self, FieldError> {
                let text = text.to_ascii_lowercase();
                let check: fn(&str) -> Result<(), FieldError> = $check;
                check(&text)?;
                Ok($type(text.into()))
            }
        }
    };
}

text_field!(Name, |text| check_label("name", text, MAXIMUM_NAME));
text_field!(Tag, |text| check_label("tag", text, MAXIMUM_TAG));
text_field!(Prefix, |text| check_characters(
    "prefix",
    text,
    MAXIMUM_NAME
));

fn check_label(field: &str, text: &str, maximum: usize) -> Result<(), FieldError> {
    if text.is_empty() {
        return Err(FieldError::new(field, "it is empty"));
    }
    check_characters(field, text, maximum)?;
    let is_end = |end: Option<char>| end.is_some_and(|end| end.is_ascii_alphanumeric());
    match is_end(text.chars().next()) && is_end(text.chars().next_back()) {
        true => Ok(()),
        false => Err(FieldError::new(
            field,
            "it begins and ends with a letter or a digit",
        )),
    }
}

fn check_characters(field: &str, text: &str, maximum: usize) -> Result<(), FieldError> {
    if text.len() > maximum {
        let reason = format!("it has {} bytes; at most {maximum} are allowed", text.len());
        return Err(FieldError::new(field, reason));
    }
    let is_right = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    match text.bytes().all(is_right) {
        true => Ok(()),
        false => Err(FieldError::new(
            field,
            "letters a to z, digits, \".\", \"-\" and \"_\" are allowed",
        )),
    }
}

/// Where a service is: an endpoint that another machine can connect to as it stands, `tcp`, `tls`,
/// `udp`, `ws` or `wss` with a host and a port, and without options. `HOST:PORT` is one of `tcp`.
///
/// An option would be the registrant's word on what the client does (which authority it trusts,
/// which of its own files it shows), so none is taken.
///
/// ```
/// use lariat_protocol::names::Place;
///
/// assert_eq!("printer:9100".parse::<Place>()?.as_str(), "tcp://printer:9100");
/// assert!("tls://printer:9100?verify=none".parse::<Place>().is_err());
/// # Ok::<(), lariat_protocol::names::FieldError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Place {
    /// Apart, since it is large and seldom needed.
    endpoint: Box<Endpoint>,
    /// As it is printed, since that is done for every look-up.
    text: Box<str>,
}

impl Place {
    /// An endpoint as a place.
    ///
    /// # Errors
    ///
    /// When it is of another kind, has no port, or has options.
    pub fn new(endpoint: Endpoint) -> Result<Self, FieldError> {
        let wrong = |reason: &str| FieldError::new("endpoint", reason);
        let is_inet = matches!(endpoint.base(), Base::Tcp { .. } | Base::Udp { .. });
        if !is_inet || endpoint.is_proxied() {
            return Err(wrong(
                "it is one of tcp, tls, udp, ws and wss, since others are to reach it",
            ));
        }
        if endpoint.port().is_none_or(|port| port == 0) {
            return Err(wrong("the port is missing; write for example host:9100"));
        }
        let text = endpoint.to_string();
        if text.contains('?') {
            return Err(wrong(
                "it has options; what a client does is the client's to say",
            ));
        }
        if text.len() > MAXIMUM_PLACE {
            return Err(wrong(&format!(
                "it has {} bytes; at most {MAXIMUM_PLACE} are allowed",
                text.len()
            )));
        }
        Ok(Place {
            endpoint: Box::new(endpoint),
            text: text.into(),
        })
    }

    /// As it is printed.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The endpoint to connect to.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The host, which every place has.
    pub fn host(&self) -> &Host {
        let host = self.endpoint.host();
        host.expect("only endpoints with a host are places")
    }

    /// The scheme: `tcp`, `tls`, `udp`, `ws` or `wss`.
    pub fn scheme(&self) -> &str {
        self.text.split(':').next().unwrap_or_default()
    }
}

impl PartialEq for Place {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Place {}

impl std::hash::Hash for Place {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(&self.text)
    }
}

impl FromStr for Place {
    type Err = FieldError;

    fn from_str(text: &str) -> Result<Self, FieldError> {
        let endpoint = Endpoint::parse_with_default(text, "tcp")
            .map_err(|error| FieldError::new("endpoint", error.to_string()))?;
        Place::new(endpoint)
    }
}

/// What a service is, in words for people: at most 256 bytes without control characters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description(Box<str>);

impl Description {
    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Description {
    type Err = FieldError;

    fn from_str(text: &str) -> Result<Self, FieldError> {
        let wrong = |reason: String| Err(FieldError::new("description", reason));
        if text.len() > MAXIMUM_DESCRIPTION {
            let length = text.len();
            return wrong(format!(
                "it has {length} bytes; at most {MAXIMUM_DESCRIPTION} are allowed"
            ));
        }
        match text.chars().find(|one| one.is_control()) {
            Some(control) => wrong(format!(
                "the control character {} is in it",
                control.escape_default()
            )),
            None => Ok(Description(text.into())),
        }
    }
}

/// How much of what is asked for by name goes to one place among several, from 0 to 1000 beside
/// the weights of the others. One of 0 is chosen when no other is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Weight(u16);

impl Weight {
    /// The number.
    pub fn get(self) -> u16 {
        self.0
    }
}

impl Default for Weight {
    /// 100, so that others can have less.
    fn default() -> Self {
        Weight(100)
    }
}

impl FromStr for Weight {
    type Err = FieldError;

    fn from_str(text: &str) -> Result<Self, FieldError> {
        let weight = number(text).and_then(|weight| u16::try_from(weight).ok());
        match weight.filter(|weight| *weight <= MAXIMUM_WEIGHT) {
            Some(weight) => Ok(Weight(weight)),
            None => Err(FieldError::new(
                "weight",
                format!("it is a number from 0 to {MAXIMUM_WEIGHT}"),
            )),
        }
    }
}

/// How long a registration holds unless it is renewed, in seconds: 5 to 86,400.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ttl(u32);

impl Ttl {
    /// So many seconds.
    ///
    /// # Errors
    ///
    /// When that is out of [`TTL_SECONDS`].
    pub fn from_seconds(seconds: u32) -> Result<Self, FieldError> {
        match TTL_SECONDS.contains(&seconds) {
            true => Ok(Ttl(seconds)),
            false => Err(FieldError::new(
                "ttl",
                format!(
                    "it is a number of seconds from {} to {}",
                    TTL_SECONDS.start(),
                    TTL_SECONDS.end()
                ),
            )),
        }
    }

    /// The seconds.
    pub fn seconds(self) -> u32 {
        self.0
    }
}

impl Default for Ttl {
    /// A minute.
    fn default() -> Self {
        Ttl(60)
    }
}

impl FromStr for Ttl {
    type Err = FieldError;

    fn from_str(text: &str) -> Result<Self, FieldError> {
        let seconds = number(text).and_then(|seconds| u32::try_from(seconds).ok());
        // Whatever is no number at all is as wrong as a zero.
        Ttl::from_seconds(seconds.unwrap_or(0))
    }
}

/// What whoever registers a name shows to change it later: 16 to 64 letters, digits, `-` and `_`.
/// The server makes one unless it is given one. It is a secret, so `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(Box<str>);

impl Token {
    /// A token of 128 random bits, which must be hard to guess.
    pub fn from_random(random: u128) -> Self {
        Token(format!("{random:032x}").into())
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Token(…)")
    }
}

impl FromStr for Token {
    type Err = FieldError;

    fn from_str(text: &str) -> Result<Self, FieldError> {
        let is_right = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        match (16..=64).contains(&text.len()) && text.bytes().all(is_right) {
            true => Ok(Token(text.into())),
            false => Err(FieldError::new(
                "token",
                "it is 16 to 64 letters, digits, \"-\" and \"_\"",
            )),
        }
    }
}

/// A number of digits only: the standard library would take a `+` before it.
pub(super) fn number(text: &str) -> Option<u64> {
    let all_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    all_digits.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong<T: FromStr<Err = FieldError>>(text: &str) -> String {
        match text.parse::<T>() {
            Ok(_) => panic!("{text:?} is taken"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert_eq!(wrong::<Name>(""), "name: it is empty");
        for text in ["-a", "a.", "_", "a-"] {
            assert!(wrong::<Name>(text).contains("begins and ends"), "{text}");
        }
        for text in ["a b", "a\u{e4}", "a/b", "a\n"] {
            assert!(wrong::<Name>(text).contains("are allowed"), "{text}");
        }
        assert!(wrong::<Name>(&"x".repeat(64)).contains("64 bytes; at most 63"));
        assert!(wrong::<Tag>(&"x".repeat(33)).contains("at most 32"));
        assert!("office.".parse::<Prefix>().is_ok() && "".parse::<Prefix>().is_ok());
        for text in ["unix:/run/x", "stdio:", "mem://a", "proxy+tcp://a:1"] {
            assert!(wrong::<Place>(text).contains("one of tcp, tls"), "{text}");
        }
        for text in ["host", "tcp://host", "host:0"] {
            assert!(wrong::<Place>(text).contains("port"), "{text}");
        }
        assert!(wrong::<Place>("tls://a:1?verify=none").contains("options"));
        assert!(wrong::<Place>("ws://a:1/b?backlog=5").contains("options"));
        assert!(wrong::<Description>("a\u{1b}[2J").contains("\\u{1b}"));
        for text in ["1001", "-1", "+1", "x", "", "99999999999999999999"] {
            assert!(wrong::<Weight>(text).contains("0 to 1000"), "{text}");
        }
        for text in ["4", "86401", "NaN", "-5", "1e3", "99999999999999999999"] {
            assert!(wrong::<Ttl>(text).contains("5 to 86400"), "{text}");
        }
        assert!(wrong::<Token>("short").contains("16 to 64"));
        assert!(!format!("{:?}", Token::from_random(7)).contains('7'));
    }

    #[test]
    fn places_are_printed_the_shortest_way_and_compared_so() {
        let place = |text: &str| text.parse::<Place>().expect("a place");
        assert_eq!(place("tls+tcp://a:1"), place("tls://a:1"));
        assert_eq!(place("[::1]:80").as_str(), "tcp://[::1]:80");
        assert_eq!(place("wss://a:1/b").scheme(), "wss");
        assert_eq!(place("wss://a:1/b").host(), &Host::from("a"));
    }
}

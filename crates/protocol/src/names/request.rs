//! What a client asks for: one line each, read and written.

use std::str::FromStr;

use crate::names::registration::parse_tags;
use crate::names::words::{Word, split, write_pair};
use crate::names::{Claim, FieldError, MAXIMUM_LINE, Name, Probe, Query, Registration, number};

/// The most entries or rows that are asked for at once.
pub const MAXIMUM_PAGE: usize = 1000;

/// How many entries or rows come unless a number is asked for.
pub const DEFAULT_PAGE: usize = 100;

/// A request, as one line.
///
/// ```
/// use lariat_protocol::names::Request;
///
/// let line = "register print tcp://print:9100 ttl=60 description=\"second floor\"";
/// let request: Request = line.parse()?;
/// assert!(matches!(&request, Request::Register(one) if one.name.as_str() == "print"));
/// assert_eq!(request.to_string().parse::<Request>()?, request);
/// # Ok::<(), lariat_protocol::names::FieldError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// `register NAME ENDPOINT …`: a service is there; or it is as this says from now on.
    Register(Box<Registration>),
    /// `renew NAME token=T [endpoint=E]`: it is still there.
    Renew(Claim),
    /// `remove NAME token=T [endpoint=E]`: it is gone.
    Remove(Claim),
    /// `find NAME`, `find prefix=P`, `find tag=T`, with `all` for every answer.
    Find {
        /// What is looked for; never [everything](Query::is_everything).
        query: Query,
        /// All answers in the order in which they are to be tried, and not only the first.
        all: bool,
    },
    /// `list`: a page of everything, by name.
    List {
        /// What is looked for.
        query: Query,
        /// Only names behind this one.
        after: Option<Name>,
        /// At most so many entries, rounded up to whole names.
        limit: usize,
    },
    /// `watch …`: changes from now on.
    Watch(Query),
    /// `unwatch`: no changes any more.
    Unwatch,
    /// `log`: a page of the log, the newest row first.
    Log {
        /// Only rows about this name.
        name: Option<Name>,
        /// Only rows older than this one.
        before: Option<u64>,
        /// At most so many rows.
        limit: usize,
    },
    /// `ping`: nothing, so that a connection that only watches is not idle.
    Ping,
    /// `help`: the requests in words.
    Help,
    /// `quit`: the end.
    Quit,
}

/// The request that a word begins.
type Parse = fn(&[Word<'_>]) -> Result<Request, FieldError>;

/// Every request: its word, what it is like, and how it is read.
const REQUESTS: [(&str, &str, Parse); 11] = [
    (
        "register",
        "register NAME ENDPOINT [description=TEXT] [tags=A,B] [weight=N] [ttl=SECONDS] [token=T] \
         [probe=connect|tls|none] [send=BYTES] [expect=PATTERN] [interval=SECONDS]",
        register,
    ),
    ("renew", "renew NAME token=T [endpoint=E]", |words| {
        claim("renew", words).map(Request::Renew)
    }),
    ("remove", "remove NAME token=T [endpoint=E]", |words| {
        claim("remove", words).map(Request::Remove)
    }),
    (
        "find",
        "find [NAME] [prefix=P] [tag=T] [scheme=S] [all]",
        find,
    ),
    (
        "list",
        "list [NAME] [prefix=P] [tag=T] [scheme=S] [after=NAME] [limit=N]",
        list,
    ),
    (
        "watch",
        "watch [NAME] [prefix=P] [tag=T] [scheme=S]",
        |words| {
            let mut query = Query::default();
            each("watch", words, |word| query.take(word))?;
            Ok(Request::Watch(query))
        },
    ),
    ("unwatch", "unwatch", |words| {
        alone("unwatch", words, Request::Unwatch)
    }),
    ("log", "log [NAME] [before=ROW] [limit=N]", log),
    ("ping", "ping", |words| alone("ping", words, Request::Ping)),
    ("help", "help", |words| alone("help", words, Request::Help)),
    ("quit", "quit", |words| alone("quit", words, Request::Quit)),
];

impl Request {
    /// The requests in words, a line each, as `help` has them.
    pub fn help() -> impl ExactSizeIterator<Item = &'static str> {
        REQUESTS.iter().map(|(_, usage, _)| *usage)
    }

    fn write(&self, out: &mut String) {
        match self {
            Request::Register(registration) => registration.write(out),
            Request::Renew(claim) => claim.write("renew ", out),
            Request::Remove(claim) => claim.write("remove ", out),
            Request::Find { query, all } => {
                out.push_str("find");
                query.write(out);
                if *all {
                    out.push_str(" all");
                }
            }
            Request::List {
                query,
                after,
                limit,
            } => {
                out.push_str("list");
                query.write(out);
                if let Some(after) = after {
                    write_pair(out, "after", after.as_str().as_bytes());
                }
                write_pair(out, "limit", limit.to_string().as_bytes());
            }
            Request::Watch(query) => {
                out.push_str("watch");
                query.write(out);
            }
            Request::Log {
                name,
                before,
                limit,
            } => {
                out.push_str("log");
                if let Some(name) = name {
                    out.push(' ');
                    out.push_str(name.as_str());
                }
                if let Some(before) = before {
                    write_pair(out, "before", before.to_string().as_bytes());
                }
                write_pair(out, "limit", limit.to_string().as_bytes());
            }
            Request::Unwatch => out.push_str("unwatch"),
            Request::Ping => out.push_str("ping"),
            Request::Help => out.push_str("help"),
            Request::Quit => out.push_str("quit"),
        }
    }
}

impl std::fmt::Display for Request {
    /// The line without its end.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut line = String::new();
        self.write(&mut line);
        out.write_str(&line)
    }
}

impl FromStr for Request {
    type Err = FieldError;

    fn from_str(line: &str) -> Result<Self, FieldError> {
        if line.len() > MAXIMUM_LINE {
            let reason = format!("a request has at most {MAXIMUM_LINE} bytes");
            return Err(FieldError::new("line", reason));
        }
        let words = split(line)?;
        let Some((verb, words)) = words.split_first() else {
            return Err(FieldError::new("line", "it is empty; try help"));
        };
        let text = verb.text()?.to_ascii_lowercase();
        let known = REQUESTS
            .iter()
            .find(|(word, _, _)| verb.key.is_none() && *word == text);
        match known {
            Some((_, _, parse)) => parse(words),
            None => {
                let known: Vec<&str> = REQUESTS.iter().map(|(word, _, _)| *word).collect();
                let reason = format!("it is none of {}", known.join(", "));
                Err(FieldError::new("request", reason))
            }
        }
    }
}

fn register(words: &[Word<'_>]) -> Result<Request, FieldError> {
    let usage = "write for example register print tcp://print:9100";
    let [name, place, words @ ..] = words else {
        return Err(FieldError::new("register", usage));
    };
    if name.key.is_some() || place.key.is_some() {
        return Err(FieldError::new("register", usage));
    }
    let mut registration = Registration::new(name.text()?.parse()?, place.text()?.parse()?);
    let mut probe = Probe::default_of(&registration.place);
    let mut is_probe_said = false;
    each("register", words, |word| {
        if probe.take(word)? {
            is_probe_said = true;
            return Ok(true);
        }
        match word.key {
            Some("description") => registration.description = word.text()?.parse()?,
            Some("tags") => registration.tags = parse_tags(&word.text()?)?,
            Some("weight") => registration.weight = word.text()?.parse()?,
            Some("ttl") => registration.ttl = word.text()?.parse()?,
            Some("token") => registration.token = Some(word.text()?.parse()?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    probe.check(&registration.place)?;
    registration.probe = is_probe_said.then_some(probe);
    Ok(Request::Register(Box::new(registration)))
}

fn claim(verb: &str, words: &[Word<'_>]) -> Result<Claim, FieldError> {
    let (mut name, mut token, mut place) = (None, None, None);
    each(verb, words, |word| {
        match word.key {
            None if name.is_none() => name = Some(word.text()?.parse()?),
            Some("token") => token = Some(word.text()?.parse()?),
            Some("endpoint") => place = Some(word.text()?.parse()?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    let missing = |what: &str| FieldError::new(verb, format!("the {what} is missing"));
    Ok(Claim {
        name: name.ok_or_else(|| missing("name"))?,
        token: token.ok_or_else(|| missing("token"))?,
        place,
    })
}

fn find(words: &[Word<'_>]) -> Result<Request, FieldError> {
    let mut query = Query::default();
    let mut all = false;
    let is_all = |word: &Word<'_>| word.key.is_none() && *word.value == *b"all";
    // `find all` looks for a service of that name.
    let is_named = |query: &Query| *query != Query::default();
    each("find", words, |word| {
        if is_all(word) && is_named(&query) {
            all = true;
            return Ok(true);
        }
        query.take(word)
    })?;
    match query.is_everything() {
        true => Err(FieldError::new(
            "find",
            "say what: a name, prefix=P or tag=T; list has everything",
        )),
        false => Ok(Request::Find { query, all }),
    }
}

fn list(words: &[Word<'_>]) -> Result<Request, FieldError> {
    let mut query = Query::default();
    let mut after = None;
    let mut limit = DEFAULT_PAGE;
    each("list", words, |word| {
        match word.key {
            Some("after") => after = Some(word.text()?.parse()?),
            Some("limit") => limit = page(&word.text()?)?,
            _ => return query.take(word),
        }
        Ok(true)
    })?;
    Ok(Request::List {
        query,
        after,
        limit,
    })
}

fn log(words: &[Word<'_>]) -> Result<Request, FieldError> {
    let (mut name, mut before) = (None, None);
    let mut limit = DEFAULT_PAGE;
    each("log", words, |word| {
        match word.key {
            None if name.is_none() => name = Some(word.text()?.parse()?),
            Some("before") => {
                let row = number(&word.text()?);
                before =
                    Some(row.ok_or_else(|| FieldError::new("before", "it is a row's number"))?);
            }
            Some("limit") => limit = page(&word.text()?)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(Request::Log {
        name,
        before,
        limit,
    })
}

fn page(text: &str) -> Result<usize, FieldError> {
    let limit = number(text).and_then(|limit| usize::try_from(limit).ok());
    let limit = limit.filter(|limit| (1..=MAXIMUM_PAGE).contains(limit));
    limit
        .ok_or_else(|| FieldError::new("limit", format!("it is a number from 1 to {MAXIMUM_PAGE}")))
}

fn alone(verb: &str, words: &[Word<'_>], request: Request) -> Result<Request, FieldError> {
    each(verb, words, |_| Ok(false))?;
    Ok(request)
}

/// Gives each word to `take`, which says whether it knows it; no key may come twice.
fn each(
    verb: &str,
    words: &[Word<'_>],
    mut take: impl FnMut(&Word<'_>) -> Result<bool, FieldError>,
) -> Result<(), FieldError> {
    for (at, word) in words.iter().enumerate() {
        let is_second = |earlier: &Word<'_>| word.key.is_some() && earlier.key == word.key;
        if words[..at].iter().any(is_second) {
            return Err(FieldError::new(
                word.key.unwrap_or(verb),
                "it is said twice",
            ));
        }
        if !take(word)? {
            let shown: String = match word.key {
                Some(key) => format!("{key}="),
                None => word.text()?.chars().take(64).collect(),
            };
            return Err(FieldError::new(
                verb,
                format!("{shown:?} is not understood here; try help"),
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(line: &str) -> String {
        let request: Request = line
            .parse()
            .unwrap_or_else(|error| panic!("{line}: {error}"));
        request.to_string()
    }

    #[test]
    fn what_is_read_is_written_in_one_way() {
        for (line, same) in [
            (
                "REGISTER Print print:9100",
                "register print tcp://print:9100 weight=100 ttl=60",
            ),
            (
                "register a tls://h:1 tags=b,a,b ttl=5 weight=0 description=\"x \\\" y\" \
                 token=0123456789abcdef interval=9 send=\"PING\\r\\n\" expect=\"PO.G\"",
                "register a tls://h:1 weight=0 tags=a,b description=\"x \\\" y\" ttl=5 \
                 token=0123456789abcdef probe=tls send=\"PING\\r\\n\" expect=PO.G interval=9",
            ),
            (
                "renew a token=0123456789abcdef endpoint=h:1",
                "renew a token=0123456789abcdef endpoint=tcp://h:1",
            ),
            (
                "remove a token=0123456789abcdef",
                "remove a token=0123456789abcdef",
            ),
            ("find a all scheme=tcp", "find a scheme=tcp all"),
            ("find all", "find all"),
            ("find tag=t all", "find tag=t all"),
            ("find prefix=office.", "find prefix=office."),
            ("list", "list limit=100"),
            (
                "list tag=t after=b limit=1000",
                "list tag=t after=b limit=1000",
            ),
            ("watch", "watch"),
            ("watch a", "watch a"),
            ("log a before=7 limit=2", "log a before=7 limit=2"),
            (" quit ", "quit"),
        ] {
            assert_eq!(printed(line), same);
            assert_eq!(printed(same), same);
        }
        assert_eq!(Request::help().len(), REQUESTS.len());
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (line, words) in [
            ("", "line: it is empty"),
            ("serve a", "request: it is none of register, renew"),
            ("a=b", "request: it is none of"),
            ("register a", "register: write for example"),
            ("register a b:1 c", "register: \"c\" is not understood here"),
            ("register a b:1 colour=red", "register: \"colour=\" is not"),
            ("register a b:1 ttl=5 ttl=6", "ttl: it is said twice"),
            ("register a b:1 ttl=-1", "ttl: it is a number of seconds"),
            (
                "register a b:1 probe=ping",
                "probe: it is one of connect, tls",
            ),
            ("register a udp://b:1 probe=connect", "probe: over udp"),
            ("register a udp://b:1 send=x", "probe: send and expect need"),
            (
                "register a b:1 interval=1",
                "interval: it is a number of seconds from 5",
            ),
            ("register a b:1 expect=\"\\xff\"", "expect: it is no UTF-8"),
            (
                "register a b:1 description=\"\\xff\"",
                "description: it is no UTF-8",
            ),
            ("renew a", "renew: the token is missing"),
            (
                "remove token=0123456789abcdef",
                "remove: the name is missing",
            ),
            ("find", "find: say what"),
            ("find a b", "find: \"b\" is not understood"),
            ("list limit=1001", "limit: it is a number from 1 to 1000"),
            ("log before=x", "before: it is a row's number"),
            ("ping pong", "ping: \"pong\" is not understood"),
        ] {
            let error = line.parse::<Request>().expect_err(line).to_string();
            assert!(error.starts_with(words), "{line}: {error}");
        }
        let many: Vec<String> = (0..17).map(|tag| tag.to_string()).collect();
        let line = format!("register a b:1 tags={}", many.join(","));
        let error = line.parse::<Request>().expect_err("many").to_string();
        assert_eq!(error, "tags: there are 17; at most 16 are allowed");
    }
}

//! What a client says: a verb and maybe arguments, on one line.

use std::fmt;

use crate::contract::Error;
use crate::nntp::list::{List, list};
use crate::nntp::{
    Article, Articles, GroupName, MessageId, Moment, Range, Text, Wildmat, Word, parse_header_name,
    time,
};

/// The longest command, in bytes with its end (RFC 3977, 3.1).
pub const MAXIMUM_COMMAND: usize = 512;

/// A command, of RFC 3977 and those after it. `Debug` does not show a password; `Display` is the line as it is sent,
/// without its end.
///
/// ```
/// use lariat_protocol::nntp::{Command, GroupName};
///
/// let command = Command::Group(GroupName::new("misc.test")?);
/// assert_eq!(command.to_string(), "GROUP misc.test");
/// assert_eq!(Command::parse("group  misc.test")?, command);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
#[allow(
    missing_docs,
    reason = "the verbs are those of the RFCs that the folder names"
)]
pub enum Command {
    Article(Article),
    AuthinfoUser(Text),
    AuthinfoPass(Text),
    /// A mechanism, and the first that it says, in base64; `=` stands for nothing.
    AuthinfoSasl(Word, Option<Word>),
    Body(Article),
    Capabilities(Option<Word>),
    Compress(Word),
    Date,
    Group(GroupName),
    Hdr(Word, Articles),
    Head(Article),
    Help,
    Ihave(MessageId),
    Last,
    List(List),
    Listgroup(Option<GroupName>, Option<Range>),
    ModeReader,
    /// Groups that are newer than a time.
    Newgroups(Moment),
    /// Articles that came after a time, to groups that fit.
    Newnews(Wildmat, Moment),
    Next,
    Over(Articles),
    Post,
    Quit,
    Starttls,
    Stat(Article),
    /// `HDR` as it was called before (RFC 2980).
    Xhdr(Word, Articles),
    /// `OVER` as it was called before (RFC 2980).
    Xover(Articles),
    /// What a caller says beyond all of these: a whole line.
    Other(Text),
}

/// Why a line is no command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// No command has this name: a server answers 500.
    #[error("{0:?} is no command")]
    Unknown(String),
    /// What stands behind it cannot: a server answers 501.
    #[error("{verb}: {problem}")]
    Argument {
        /// The command's name.
        verb: &'static str,
        /// What is wrong, and what would be right.
        problem: String,
    },
}

impl Command {
    /// Reads a line without its end. Verbs and keywords may be in any case; spaces and tabs stand between arguments.
    ///
    /// # Errors
    ///
    /// See [`CommandError`].
    pub fn parse(line: &str) -> Result<Self, CommandError> {
        let words: Vec<&str> = line
            .split([' ', '\t'])
            .filter(|word| !word.is_empty())
            .collect();
        let Some((verb, rest)) = words.split_first() else {
            return Err(CommandError::Unknown(String::new()));
        };
        let upper = verb.to_ascii_uppercase();
        let read = plain(&upper, rest)
            .or_else(|| about_articles(&upper, rest))
            .or_else(|| about_groups(&upper, rest))
            .or_else(|| about_access(&upper, rest, line));
        read.unwrap_or_else(|| Err(CommandError::Unknown(verb.chars().take(20).collect())))
    }

    /// The command's name, as `GROUP`.
    pub fn verb(&self) -> &str {
        match self {
            Command::Other(line) => line.as_str().split_whitespace().next().unwrap_or_default(),
            known => known.known_verb(),
        }
    }

    /// The line as it may be shown and logged: without a password.
    pub fn shown(&self) -> String {
        match self {
            Command::AuthinfoPass(_) => "AUTHINFO PASS ****".into(),
            Command::AuthinfoSasl(mechanism, _) => format!("AUTHINFO SASL {mechanism} ****"),
            // A line of a caller's own may have one as well.
            Command::Other(_) if self.verb().eq_ignore_ascii_case("AUTHINFO") => {
                "AUTHINFO ****".into()
            }
            other => other.to_string(),
        }
    }

    /// The line's bytes with its end.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] if it is longer than [`MAXIMUM_COMMAND`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let bytes = format!("{self}\r\n").into_bytes();
        match bytes.len() <= MAXIMUM_COMMAND {
            true => Ok(bytes),
            false => Err(Error::misuse(format!(
                "a command has at most {MAXIMUM_COMMAND} bytes, and this one {}",
                bytes.len()
            ))),
        }
    }

    /// Which codes say that it was done, or that more is to be sent. None are known of a caller's own line.
    pub fn expected(&self) -> &'static [u16] {
        match self {
            Command::Article(_) => &[220],
            Command::AuthinfoUser(_) => &[281, 381],
            Command::AuthinfoPass(_) => &[281],
            Command::AuthinfoSasl(..) => &[281, 283, 383],
            Command::Body(_) => &[222],
            Command::Capabilities(_) => &[101],
            Command::Compress(_) => &[206],
            Command::Date => &[111],
            Command::Group(_) | Command::Listgroup(..) => &[211],
            // Some servers answer the new name by the old code.
            Command::Hdr(..) | Command::Xhdr(..) => &[225, 221],
            Command::Head(_) => &[221],
            Command::Help => &[100],
            Command::Ihave(_) => &[335],
            Command::Last | Command::Next | Command::Stat(_) => &[223],
            Command::List(_) => &[215],
            Command::ModeReader => &[200, 201],
            Command::Newgroups(_) => &[231],
            Command::Newnews(..) => &[230],
            Command::Over(_) | Command::Xover(_) => &[224],
            Command::Post => &[340],
            Command::Quit => &[205],
            Command::Starttls => &[382],
            Command::Other(_) => &[],
        }
    }

    /// Whether a block stands behind a reply of this code. That is a matter of the code (RFC 3977, 3.2), but for 211.
    pub fn has_block(&self, code: u16) -> bool {
        match code {
            211 => self.verb().eq_ignore_ascii_case("LISTGROUP"),
            // XGTITLE has 282 (RFC 2980).
            _ => matches!(
                code,
                100 | 101 | 215 | 220..=222 | 224 | 225 | 230 | 231 | 282
            ),
        }
    }

    /// Whether what stands behind the reply is an article, or half of one.
    pub fn is_about_article(&self) -> bool {
        matches!(
            self,
            Command::Article(_) | Command::Body(_) | Command::Head(_)
        )
    }

    fn known_verb(&self) -> &'static str {
        match self {
            Command::Article(_) => "ARTICLE",
            Command::AuthinfoUser(_) => "AUTHINFO USER",
            Command::AuthinfoPass(_) => "AUTHINFO PASS",
            Command::AuthinfoSasl(..) => "AUTHINFO SASL",
            Command::Body(_) => "BODY",
            Command::Capabilities(_) => "CAPABILITIES",
            Command::Compress(_) => "COMPRESS",
            Command::Date => "DATE",
            Command::Group(_) => "GROUP",
            Command::Hdr(..) => "HDR",
            Command::Head(_) => "HEAD",
            Command::Help => "HELP",
            Command::Ihave(_) => "IHAVE",
            Command::Last => "LAST",
            Command::List(_) => "LIST",
            Command::Listgroup(..) => "LISTGROUP",
            Command::ModeReader => "MODE READER",
            Command::Newgroups(_) => "NEWGROUPS",
            Command::Newnews(..) => "NEWNEWS",
            Command::Next => "NEXT",
            Command::Over(_) => "OVER",
            Command::Post => "POST",
            Command::Quit => "QUIT",
            Command::Starttls => "STARTTLS",
            Command::Stat(_) => "STAT",
            Command::Xhdr(..) => "XHDR",
            Command::Xover(_) => "XOVER",
            Command::Other(_) => "",
        }
    }

    fn argument(&self) -> String {
        match self {
            Command::Article(article)
            | Command::Body(article)
            | Command::Head(article)
            | Command::Stat(article) => article.to_string(),
            Command::AuthinfoUser(text) | Command::AuthinfoPass(text) => text.to_string(),
            Command::AuthinfoSasl(mechanism, Some(initial)) => format!("{mechanism} {initial}"),
            Command::AuthinfoSasl(word, None)
            | Command::Compress(word)
            | Command::Capabilities(Some(word)) => word.to_string(),
            Command::Group(name) => name.to_string(),
            Command::Hdr(field, articles) | Command::Xhdr(field, articles) => {
                format!("{field} {articles}").trim_end().to_owned()
            }
            Command::Ihave(id) => id.to_string(),
            Command::List(list) => list.to_string(),
            // A range alone would be taken for the name of a group.
            Command::Listgroup(Some(name), Some(range)) => format!("{name} {range}"),
            Command::Listgroup(Some(name), None) => name.to_string(),
            Command::Newgroups(since) => time::print(*since),
            Command::Newnews(wildmat, since) => format!("{wildmat} {}", time::print(*since)),
            Command::Over(articles) | Command::Xover(articles) => articles.to_string(),
            _ => String::new(),
        }
    }
}

impl fmt::Display for Command {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Command::Other(line) = self {
            return line.fmt(out);
        }
        out.write_str(self.known_verb())?;
        match self.argument().as_str() {
            "" => Ok(()),
            argument => write!(out, " {argument}"),
        }
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Command({})", self.shown())
    }
}

type Read = Option<Result<Command, CommandError>>;

/// Verbs that stand alone. What a client says behind one all the same is an error: it meant something by it.
fn plain(verb: &str, rest: &[&str]) -> Read {
    let (verb, command) = match verb {
        "DATE" => ("DATE", Command::Date),
        "HELP" => ("HELP", Command::Help),
        "LAST" => ("LAST", Command::Last),
        "NEXT" => ("NEXT", Command::Next),
        "POST" => ("POST", Command::Post),
        "QUIT" => ("QUIT", Command::Quit),
        "STARTTLS" => ("STARTTLS", Command::Starttls),
        _ => return None,
    };
    Some(match rest {
        [] => Ok(command),
        _ => Err(wrong(verb, "nothing stands behind it")),
    })
}

/// A verb, and the command of what stands behind it.
type Named<T> = (&'static str, fn(T) -> Command);

/// The verbs that are about one article.
const ABOUT_ONE: &[Named<Article>] = &[
    ("ARTICLE", Command::Article),
    ("BODY", Command::Body),
    ("HEAD", Command::Head),
    ("STAT", Command::Stat),
];

/// The verbs that are about articles in a row.
const ABOUT_MANY: &[Named<Articles>] = &[("OVER", Command::Over), ("XOVER", Command::Xover)];

fn about_articles(verb: &str, rest: &[&str]) -> Read {
    if let Some((verb, make)) = ABOUT_ONE.iter().find(|(known, _)| *known == verb) {
        return Some(at_most_one(verb, rest).and_then(|text| {
            let article = Article::parse(text.unwrap_or_default());
            article.map(make).map_err(|error| told(verb, &error))
        }));
    }
    if let Some((verb, make)) = ABOUT_MANY.iter().find(|(known, _)| *known == verb) {
        return Some(at_most_one(verb, rest).and_then(|text| {
            let articles = Articles::parse(text.unwrap_or_default());
            articles.map(make).map_err(|error| told(verb, &error))
        }));
    }
    Some(match verb {
        "HDR" => header("HDR", rest).map(|(field, articles)| Command::Hdr(field, articles)),
        "XHDR" => header("XHDR", rest).map(|(field, articles)| Command::Xhdr(field, articles)),
        "IHAVE" => match rest {
            [id] => MessageId::new(*id)
                .map(Command::Ihave)
                .map_err(|error| told("IHAVE", &error)),
            _ => Err(wrong("IHAVE", "behind it stands a message-id")),
        },
        _ => return None,
    })
}

fn header(verb: &'static str, rest: &[&str]) -> Result<(Word, Articles), CommandError> {
    let (name, articles) = match rest {
        [name] => (name, ""),
        [name, articles] => (name, *articles),
        _ => return Err(wrong(verb, "behind it stand a header field, and articles")),
    };
    let name = parse_header_name(name).map_err(|error| told(verb, &error))?;
    let articles = Articles::parse(articles).map_err(|error| told(verb, &error))?;
    Ok((name, articles))
}

fn about_groups(verb: &str, rest: &[&str]) -> Read {
    let since = |verb, words: &[&str]| {
        time::parse(words).ok_or_else(|| wrong(verb, "a time is written like 20060617 172721 GMT"))
    };
    Some(match (verb, rest) {
        ("GROUP", [name]) => group("GROUP", name).map(Command::Group),
        ("GROUP", _) => Err(wrong("GROUP", "behind it stands the name of a group")),
        ("LIST", rest) => list(rest).map(Command::List),
        ("LISTGROUP", []) => Ok(Command::Listgroup(None, None)),
        ("LISTGROUP", [name]) => {
            group("LISTGROUP", name).map(|name| Command::Listgroup(Some(name), None))
        }
        ("LISTGROUP", [name, range]) => group("LISTGROUP", name).and_then(|name| {
            let range = Range::parse(range).map_err(|error| told("LISTGROUP", &error))?;
            Ok(Command::Listgroup(Some(name), Some(range)))
        }),
        ("LISTGROUP", _) => Err(wrong("LISTGROUP", "behind it stand a group, and a range")),
        ("NEWGROUPS", words) => since("NEWGROUPS", words).map(Command::Newgroups),
        ("NEWNEWS", [pattern, words @ ..]) => wildmat("NEWNEWS", pattern)
            .and_then(|pattern| Ok(Command::Newnews(pattern, since("NEWNEWS", words)?))),
        ("NEWNEWS", []) => Err(wrong("NEWNEWS", "behind it stand a pattern and a time")),
        _ => return None,
    })
}

fn about_access(verb: &str, rest: &[&str], line: &str) -> Read {
    let word = |verb, word: &str| Word::new(word).map_err(|error| told(verb, &error));
    Some(match (verb, rest) {
        ("AUTHINFO", [kind, rest @ ..]) => authinfo(kind, rest, line),
        ("AUTHINFO", []) => Err(wrong("AUTHINFO", "behind it stands USER, PASS or SASL")),
        ("CAPABILITIES", []) => Ok(Command::Capabilities(None)),
        ("CAPABILITIES", [keyword, ..]) => {
            word("CAPABILITIES", keyword).map(|word| Command::Capabilities(Some(word)))
        }
        ("COMPRESS", [name]) => word("COMPRESS", &name.to_ascii_uppercase()).map(Command::Compress),
        ("COMPRESS", _) => Err(wrong("COMPRESS", "behind it stands DEFLATE")),
        ("MODE", [mode]) if mode.eq_ignore_ascii_case("READER") => Ok(Command::ModeReader),
        ("MODE", _) => Err(wrong("MODE", "behind it stands READER")),
        _ => return None,
    })
}

fn authinfo(kind: &str, rest: &[&str], line: &str) -> Result<Command, CommandError> {
    // A name and a password are what stands behind the first space, with all spaces that are in them.
    let behind = || {
        let text = line
            .trim_start_matches([' ', '\t'])
            .split_once([' ', '\t'])?
            .1;
        let (_, text) = text
            .trim_start_matches([' ', '\t'])
            .split_once([' ', '\t'])?;
        Text::new(text).ok()
    };
    let told = |problem| wrong("AUTHINFO", problem);
    match kind.to_ascii_uppercase().as_str() {
        "USER" => behind()
            .map(Command::AuthinfoUser)
            .ok_or_else(|| told("a name stands behind USER")),
        "PASS" => behind()
            .map(Command::AuthinfoPass)
            .ok_or_else(|| told("a password stands behind PASS")),
        "SASL" => {
            let word =
                |word: &&str| Word::new(*word).map_err(|_| told("it has a control character"));
            match rest {
                [mechanism] => Ok(Command::AuthinfoSasl(word(mechanism)?, None)),
                [mechanism, initial] => Ok(Command::AuthinfoSasl(
                    word(mechanism)?,
                    Some(word(initial)?),
                )),
                _ => Err(told(
                    "a mechanism stands behind SASL, and the first that it says",
                )),
            }
        }
        _ => Err(told("behind it stands USER, PASS or SASL")),
    }
}

fn group(verb: &'static str, name: &str) -> Result<GroupName, CommandError> {
    GroupName::new(name).map_err(|error| told(verb, &error))
}

pub(super) fn wildmat(verb: &'static str, pattern: &str) -> Result<Wildmat, CommandError> {
    Wildmat::new(pattern).map_err(|error| told(verb, &error))
}

pub(super) fn at_most_one<'a>(
    verb: &'static str,
    rest: &[&'a str],
) -> Result<Option<&'a str>, CommandError> {
    match rest {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        _ => Err(wrong(verb, "too much stands behind it")),
    }
}

pub(super) fn wrong(verb: &'static str, problem: &str) -> CommandError {
    CommandError::Argument {
        verb,
        problem: problem.into(),
    }
}

pub(super) fn told(verb: &'static str, error: &Error) -> CommandError {
    CommandError::Argument {
        verb,
        problem: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_and_written() {
        for line in [
            "ARTICLE",
            "ARTICLE 7",
            "BODY <a@b>",
            "HEAD 7",
            "STAT <a@b>",
            "AUTHINFO USER a b",
            "AUTHINFO PASS  x ",
            "AUTHINFO SASL PLAIN AGEAYg==",
            "AUTHINFO SASL EXTERNAL",
            "CAPABILITIES",
            "CAPABILITIES AUTOUPDATE",
            "COMPRESS DEFLATE",
            "DATE",
            "GROUP misc.test",
            "HDR Subject 7-9",
            "HDR :bytes",
            "XHDR Date <a@b>",
            "HELP",
            "IHAVE <a@b>",
            "LAST",
            "LIST ACTIVE",
            "LIST ACTIVE comp.*,!comp.os.*",
            "LIST ACTIVE.TIMES",
            "LIST DISTRIB.PATS",
            "LIST HEADERS MSGID",
            "LIST NEWSGROUPS misc.*",
            "LIST OVERVIEW.FMT",
            "LIST MOTD",
            "LIST COUNTS a.*",
            "LISTGROUP",
            "LISTGROUP misc.test",
            "LISTGROUP misc.test 7-",
            "MODE READER",
            "NEWGROUPS 20060617 172721 GMT",
            "NEWNEWS comp.* 20060617 172721 GMT",
            "NEXT",
            "OVER",
            "OVER 7-9",
            "OVER <a@b>",
            "XOVER 7-",
            "POST",
            "QUIT",
            "STARTTLS",
        ] {
            let command = Command::parse(line).expect(line);
            assert_eq!(command.to_string(), line);
            assert!(line.starts_with(command.verb()), "{line}");
        }
        for (line, plain) in [
            ("list", "LIST ACTIVE"),
            ("  group\t misc.test  ", "GROUP misc.test"),
            ("mode reader", "MODE READER"),
            ("newgroups 060617 172721", "NEWGROUPS 20060617 172721 GMT"),
            ("authinfo  user a b", "AUTHINFO USER a b"),
            ("compress deflate", "COMPRESS DEFLATE"),
        ] {
            assert_eq!(Command::parse(line).expect(line).to_string(), plain);
        }
    }

    #[test]
    fn what_is_no_command_says_why() {
        for (line, words) in [
            ("", "is no command"),
            ("RETR a", "\"RETR\" is no command"),
            ("GROUP", "the name of a group"),
            ("GROUP a b", "the name of a group"),
            ("GROUP a*", "stands in no name of a group"),
            ("ARTICLE a@b", "no article"),
            ("ARTICLE 1 2", "too much"),
            ("OVER x", "no range"),
            ("HDR", "a header field"),
            ("HDR Subject: 1-", "without a colon"),
            ("IHAVE x", "no message-id"),
            ("QUIT now", "nothing stands behind"),
            ("NEWGROUPS yesterday", "20060617 172721 GMT"),
            ("NEWNEWS", "a pattern and a time"),
            ("MODE STREAM", "READER"),
            ("AUTHINFO SIMPLE", "USER, PASS or SASL"),
            ("AUTHINFO PASS", "a password"),
            ("LIST ACTIVE [a]", "no meaning"),
        ] {
            let error = Command::parse(line).expect_err(line).to_string();
            assert!(error.contains(words), "{line}: {error}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        for line in ["AUTHINFO PASS swordfish", "AUTHINFO SASL PLAIN swordfish"] {
            let command = Command::parse(line).expect(line);
            assert!(
                !command.shown().contains("swordfish")
                    && !format!("{command:?}").contains("swordfish")
            );
        }
        let own = Command::Other(Text::new("authinfo generic swordfish").expect("a line"));
        assert_eq!(own.shown(), "AUTHINFO ****");
    }

    #[test]
    fn a_line_that_no_server_takes_is_not_sent() {
        let long = Text::new("x".repeat(496)).expect("an argument");
        assert!(Command::AuthinfoPass(long).to_bytes().is_ok());
        let name = GroupName::new("x".repeat(490)).expect("a name");
        let range = Range::Between(u64::MAX, u64::MAX);
        assert!(
            Command::Listgroup(Some(name), Some(range))
                .to_bytes()
                .is_err()
        );
    }
}

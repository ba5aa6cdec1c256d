//! What a client says: a verb and maybe arguments, on one line.

pub(super) mod reading;

use std::fmt;

use crate::contract::Error;
use crate::nntp::list::List;
use crate::nntp::{
    Article, Articles, CommandError, GroupName, MessageId, Moment, Range, Text, Wildmat, Word, time,
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
        let read = reading::read(&upper, rest, line);
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
        let verb = self.verb();
        let mut whole_or_half = ["ARTICLE", "BODY", "HEAD"].into_iter();
        whole_or_half.any(|known| verb.eq_ignore_ascii_case(known))
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

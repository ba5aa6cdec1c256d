//! From a verb and what stands behind it to a command.

use crate::contract::Error;
use crate::nntp::list::list;
use crate::nntp::{
    Article, Articles, Command, CommandError, GroupName, MessageId, Range, Text, Wildmat, Word,
    parse_header_name, time,
};

/// What a verb stands for; nothing where it is no verb of the kind.
type Read = Option<Result<Command, CommandError>>;

/// The command of a verb in capitals and of what stands behind it, on this line.
pub(super) fn read(verb: &str, rest: &[&str], line: &str) -> Read {
    plain(verb, rest)
        .or_else(|| about_articles(verb, rest))
        .or_else(|| about_groups(verb, rest))
        .or_else(|| about_access(verb, rest, line))
}

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

pub(in crate::nntp) fn wildmat(verb: &'static str, pattern: &str) -> Result<Wildmat, CommandError> {
    Wildmat::new(pattern).map_err(|error| told(verb, &error))
}

pub(in crate::nntp) fn at_most_one<'a>(
    verb: &'static str,
    rest: &[&'a str],
) -> Result<Option<&'a str>, CommandError> {
    match rest {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        _ => Err(wrong(verb, "too much stands behind it")),
    }
}

pub(in crate::nntp) fn wrong(verb: &'static str, problem: &str) -> CommandError {
    CommandError::Argument {
        verb,
        problem: problem.into(),
    }
}

pub(in crate::nntp) fn told(verb: &'static str, error: &Error) -> CommandError {
    CommandError::Argument {
        verb,
        problem: error.to_string(),
    }
}

//! Where, and what: the words of the command line as a server's URL and a command with all of its arguments.

use lariat_protocol::nntp::{NewsUrl, Range, Target};

use crate::failure::Failure;

/// The environment's variable with the server that a person uses, as other readers have it.
pub const SERVER: &str = "NNTPSERVER";

/// A command: what may stand behind it, and what it is for.
pub struct Description {
    pub name: &'static str,
    pub arguments: &'static str,
    pub about: &'static str,
    /// At which place the group stands that a URL may name.
    group_at: Option<usize>,
    /// How many words may stand behind it.
    count: std::ops::RangeInclusive<usize>,
}

const fn describe(
    name: &'static str,
    arguments: &'static str,
    group_at: Option<usize>,
    count: std::ops::RangeInclusive<usize>,
    about: &'static str,
) -> Description {
    Description {
        name,
        arguments,
        about,
        group_at,
        count,
    }
}

/// All commands, as `help` shows them.
pub const COMMANDS: &[Description] = &[
    describe(
        "read",
        "GROUP [NUMBER]",
        Some(0),
        1..=2,
        "the newest article's first meaningful lines",
    ),
    describe("browse", "[GROUP]", Some(0), 0..=1, "read at the terminal"),
    describe(
        "group",
        "GROUP",
        Some(0),
        1..=1,
        "how many articles there are, and their numbers",
    ),
    describe(
        "list",
        "[WILDMAT]",
        None,
        0..=1,
        "the groups, such as 'comp.*,!comp.sys.*'",
    ),
    describe(
        "describe",
        "[WILDMAT]",
        None,
        0..=1,
        "what the groups are about",
    ),
    describe(
        "over",
        "GROUP [RANGE]",
        Some(0),
        1..=2,
        "a line for each article; the newest 20 without a range",
    ),
    describe(
        "headers",
        "FIELD GROUP [RANGE]",
        Some(1),
        2..=3,
        "one header field of each article, or of one <ID>",
    ),
    describe(
        "article",
        "GROUP NUMBER | <ID>",
        Some(0),
        1..=2,
        "an article",
    ),
    describe("head", "GROUP NUMBER | <ID>", Some(0), 1..=2, "its header"),
    describe("body", "GROUP NUMBER | <ID>", Some(0), 1..=2, "its body"),
    describe(
        "stat",
        "GROUP NUMBER | <ID>",
        Some(0),
        1..=2,
        "whether it is there: its number and its id",
    ),
    describe(
        "newgroups",
        "SINCE",
        None,
        1..=1,
        "new groups since 2026-11-20, or 3d",
    ),
    describe(
        "newnews",
        "WILDMAT SINCE",
        None,
        2..=2,
        "ids of new articles",
    ),
    describe("date", "", None, 0..=0, "the server's time, in UTC"),
    describe("help", "", None, 0..=0, "what the server says about itself"),
    describe("capabilities", "", None, 0..=0, "what the server can do"),
    describe(
        "post",
        "FILE",
        None,
        1..=1,
        "post the article of a file; - is standard input",
    ),
    describe(
        "ihave",
        "<ID> FILE",
        None,
        2..=2,
        "offer an article to another server",
    ),
];

/// What to do on a server.
#[derive(Debug, PartialEq, Eq)]
pub struct Order {
    pub url: NewsUrl,
    pub command: &'static str,
    pub arguments: Vec<String>,
}

/// Reads the words of the command line: a URL with a command behind it or without one, or a command alone, whose
/// server is the usual one. A person sits at a terminal or does not.
///
/// # Errors
///
/// Wrong usage.
pub fn order(words: &[String], usual: Option<&str>, is_person: bool) -> Result<Order, Failure> {
    let (url, rest) = match words {
        [] => ("news:", words),
        [name, url, ..] if is_command(name) && has_scheme(url) => {
            let url = place(url, usual)?;
            let command = [&words[..1], &words[2..]].concat();
            return complete(url, &command, is_person);
        }
        [name, ..] if is_command(name) => ("news:", words),
        [url, rest @ ..] => (url.as_str(), rest),
    };
    complete(place(url, usual)?, rest, is_person)
}

fn is_command(word: &str) -> bool {
    COMMANDS.iter().any(|command| command.name == word)
}

fn has_scheme(word: &str) -> bool {
    word.contains("://") || word.starts_with("news:")
}

/// A URL with its server, which is the usual one if it names none.
fn place(text: &str, usual: Option<&str>) -> Result<NewsUrl, Failure> {
    let url: Option<NewsUrl> = match text {
        "news:" => None,
        text => Some(text.parse()?),
    };
    match (url, usual) {
        (Some(url), _) if url.host().is_some() => Ok(url),
        (_, None) => Err(Failure::usage(format!(
            "no server is named; write nntp://HOST/GROUP, or put the one that you use into {SERVER}"
        ))),
        (url, Some(usual)) => {
            let server: NewsUrl = usual
                .parse()
                .map_err(|error| Failure::usage(format!("{SERVER}: {error}")))?;
            if server.host().is_none() {
                return Err(Failure::usage(format!("{SERVER}: {usual} names no server")));
            }
            Ok(match url {
                Some(url) => url.at(&server),
                None => server,
            })
        }
    }
}

/// The command with what the URL says.
fn complete(url: NewsUrl, words: &[String], is_person: bool) -> Result<Order, Failure> {
    let Some((name, arguments)) = words.split_first() else {
        let (command, arguments) = by_target(&url, is_person)?;
        return Ok(Order {
            url,
            command,
            arguments,
        });
    };
    let Some(command) = COMMANDS.iter().find(|command| command.name == *name) else {
        let names: Vec<&str> = COMMANDS.iter().map(|command| command.name).collect();
        let advice = match lariat_protocol::endpoint::nearest(name, &names) {
            Some(nearest) => format!("did you mean {nearest}?"),
            None => format!("known are {}", names.join(", ")),
        };
        return Err(Failure::usage(format!("{name} is no command; {advice}")));
    };
    let mut arguments = arguments.to_vec();
    let named = target_words(url.target());
    match (command.group_at, named.is_empty()) {
        (Some(at), false) => {
            let at = at.min(arguments.len());
            arguments.splice(at..at, named);
        }
        (None, false) if matches!(command.name, "list" | "describe") && arguments.is_empty() => {
            arguments.extend(named.into_iter().next());
        }
        // Where it is posted stands in the article; a time is the whole server's.
        _ => {}
    }
    match command.count.contains(&arguments.len()) {
        true => Ok(Order {
            url,
            command: command.name,
            arguments,
        }),
        false => {
            let usage = format!("usage: {name} {}", command.arguments);
            Err(Failure::usage(usage.trim_end().to_owned()))
        }
    }
}

/// What to do where no command says it.
fn by_target(url: &NewsUrl, is_person: bool) -> Result<(&'static str, Vec<String>), Failure> {
    let command = match url.target() {
        Target::Server | Target::Group(_) if is_person => "browse",
        Target::Server => {
            return Err(Failure::usage(
                "without a command news are read at a terminal; elsewhere say what is wanted, such as list",
            ));
        }
        Target::Group(_) => "read",
        Target::Groups(_) => "list",
        Target::Numbers(_, Range::One(_)) | Target::Id(_) => "article",
        Target::Numbers(..) => "over",
    };
    Ok((command, target_words(url.target())))
}

/// What a URL names, in words of a command.
fn target_words(target: &Target) -> Vec<String> {
    match target {
        Target::Server => Vec::new(),
        Target::Groups(wildmat) => vec![wildmat.to_string()],
        Target::Group(group) => vec![group.to_string()],
        Target::Numbers(group, range) => vec![group.to_string(), range.to_string()],
        Target::Id(id) => vec![id.to_string()],
    }
}

/// What the help shows of the commands.
pub fn help() -> String {
    let mut text = String::new();
    for command in COMMANDS {
        let usage = format!("{} {}", command.name, command.arguments);
        text.push_str(&format!("  {usage:<29} {}\n", command.about));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str, usual: Option<&str>, is_person: bool) -> Result<(String, String), String> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let order = order(&words, usual, is_person);
        let order = order.map_err(|failure| failure.message().unwrap_or_default().to_owned())?;
        let endpoint = order.url.endpoint().expect("a server").to_string();
        Ok((
            endpoint,
            format!("{} {}", order.command, order.arguments.join(" ")),
        ))
    }

    #[test]
    fn a_url_and_a_command_are_put_together() {
        for (line, command) in [
            ("nntp://a/misc.test read", "read misc.test"),
            ("nntp://a read misc.test", "read misc.test"),
            ("a read misc.test 7", "read misc.test 7"),
            ("read nntp://a/misc.test", "read misc.test"),
            ("read nntp://a/misc.test 7", "read misc.test 7"),
            ("nntp://a/misc.test over 5-", "over misc.test 5-"),
            (
                "nntp://a/misc.test headers Subject 5-",
                "headers Subject misc.test 5-",
            ),
            ("nntp://a headers Subject <1@b>", "headers Subject <1@b>"),
            ("nntp://a/misc.test/7 head", "head misc.test 7"),
            ("nntp://a article <1@b>", "article <1@b>"),
            ("nntp://a list comp.*", "list comp.*"),
            ("nntp://a date", "date "),
            ("nntp://a/misc.test post x", "post x"),
            ("nntp://a/misc.test describe", "describe misc.test"),
            // What is wanted is said by the URL alone.
            ("nntp://a/misc.test/7", "article misc.test 7"),
            ("nntp://a/misc.test/7-9", "over misc.test 7-9"),
            ("nntp://a/misc.test", "read misc.test"),
            ("news://a/1@b.example", "article <1@b.example>"),
            ("news://a/comp.*", "list comp.*"),
        ] {
            let expected = Ok(("tcp://a:119".to_owned(), command.to_owned()));
            assert_eq!(read(line, None, false), expected, "{line}");
        }
    }

    #[test]
    fn the_usual_server_is_taken_where_none_is_named() {
        let usual = Some("nntps://u:1563");
        for (line, command) in [
            ("read misc.test", "read misc.test"),
            ("news:misc.test", "browse misc.test"),
            ("news:1@b.example", "article <1@b.example>"),
            ("list", "list "),
            ("", "browse "),
        ] {
            let expected = Ok(("tls://u:1563".to_owned(), command.to_owned()));
            assert_eq!(read(line, usual, true), expected, "{line}");
        }
        assert_eq!(
            read("nntp://a date", usual, true).expect("an order").0,
            "tcp://a:119"
        );
    }

    #[test]
    fn wrong_words_are_told() {
        for (line, usual, words) in [
            (
                "read misc.test",
                None,
                "put the one that you use into NNTPSERVER",
            ),
            ("news:misc.test", None, "NNTPSERVER"),
            ("list", Some("http://x"), "NNTPSERVER: "),
            ("nntp://a raed x", None, "did you mean read?"),
            ("nntp://a group", None, "usage: group GROUP"),
            ("nntp://a/misc.test group x", None, "usage: group GROUP"),
            ("nntp://a", None, "say what is wanted"),
            ("nntp://a:x/ list", None, "port"),
            ("http://a list", None, "no scheme of news"),
        ] {
            let why = read(line, usual, false).expect_err(line);
            assert!(why.contains(words), "{line}: {why}");
        }
    }

    #[test]
    fn every_command_is_in_the_help() {
        assert!(
            COMMANDS
                .iter()
                .all(|command| help().contains(command.about))
        );
    }
}

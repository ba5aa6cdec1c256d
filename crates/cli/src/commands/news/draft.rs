//! Articles that are to be posted: a draft for an editor, and what becomes of it on the way to the server.
//!
//! A draft is a text in UTF-8: header lines, an empty line, the body. Nothing here asks or sends.

mod fields;

use std::hash::{BuildHasher, Hasher, RandomState};

use lariat_client::nntp::MessageId;
use lariat_protocol::nntp::decode;

use self::fields::{fields, folded};
use super::encoded::{encoded, encoded_people};
use super::message::Message;

/// What stands in front of somebody else's words.
const QUOTE: &str = "> ";

/// More references than any reader needs; the first and the last ones count (RFC 5537, 3.4.4).
const MAXIMUM_REFERENCES: usize = 20;

/// The header fields that name people (RFC 5536, 3.1 and 3.2; RFC 5322, 3.6.3).
const OF_PEOPLE: [&str; 7] = [
    "From",
    "Reply-To",
    "Sender",
    "To",
    "Cc",
    "Approved",
    "Mail-Copies-To",
];

/// What some editors write in front of a text in UTF-8.
const MARK: &str = "\u{feff}";

/// A draft for an article of one's own.
pub fn new(from: &str, group: &str) -> String {
    format!("From: {from}\nNewsgroups: {group}\nSubject: \n\n")
}

/// A draft that answers an article of a group, which it quotes.
///
/// # Errors
///
/// The author wants no answers in a group, but mail.
pub fn answer(from: &str, group: &str, to: &Message) -> Result<String, String> {
    let header = |name| to.header(name).unwrap_or_default();
    let groups = match header("Followup-To") {
        "poster" => {
            return Err(format!(
                "{} wants answers by mail, and not in the group",
                header("From")
            ));
        }
        "" => header("Newsgroups"),
        elsewhere => elsewhere,
    };
    let groups = match groups {
        "" => group,
        groups => groups,
    };
    let subject = super::browse::base(header("Subject")).0;
    let mut draft = format!("From: {from}\nNewsgroups: {groups}\nSubject: Re: {subject}\n");
    let references = references(header("References"), header("Message-ID"));
    if !references.is_empty() {
        draft.push_str(&format!("References: {references}\n"));
    }
    let author = name(header("From"));
    draft.push_str(&format!("\n{author} wrote:\n"));
    draft.push_str(&quoted(&to.text));
    Ok(draft)
}

/// The bytes that are posted: lines with CRLF, header lines that are not ASCII encoded, and a type for a body that
/// is not ASCII. A file that is not UTF-8 goes as it is.
///
/// # Errors
///
/// What is missing, or cannot be sent, in a line.
pub fn article(draft: &[u8]) -> Result<Vec<u8>, String> {
    let draft = draft.strip_prefix(MARK.as_bytes()).unwrap_or(draft);
    look_through(draft)?;
    let text = decode(draft).replace("\r\n", "\n");
    let Some((head, body)) = text.split_once("\n\n") else {
        return Err(
            "an article has header lines, an empty line and then what is said; there is no empty line".into(),
        );
    };
    let fields = fields(head)?;
    check(&fields, body)?;
    if std::str::from_utf8(draft).is_err() {
        return Ok(with_line_ends(draft));
    }
    let mut out = String::with_capacity(text.len() + 200);
    for (name, value) in &fields {
        let is_of_people = OF_PEOPLE
            .iter()
            .any(|known| known.eq_ignore_ascii_case(name));
        let value = match is_of_people {
            true => encoded_people(value),
            false => encoded(value),
        };
        out.push_str(&folded(name, &value));
    }
    let has = |wanted: &str| {
        let mut names = fields.iter().map(|(name, _)| name);
        names.any(|name| name.eq_ignore_ascii_case(wanted))
    };
    if !has("Content-Type") && !body.is_ascii() {
        if !has("MIME-Version") {
            out.push_str("MIME-Version: 1.0\n");
        }
        out.push_str("Content-Type: text/plain; charset=utf-8\n");
        if !has("Content-Transfer-Encoding") {
            out.push_str("Content-Transfer-Encoding: 8bit\n");
        }
    }
    out.push('\n');
    out.push_str(body);
    Ok(with_line_ends(out.as_bytes()))
}

/// Looks at what is to be sent before anybody is asked for anything.
///
/// # Errors
///
/// What cannot be sent, in a line.
pub fn look_through(article: &[u8]) -> Result<(), String> {
    match memchr::memchr(0, article) {
        Some(_) => Err(
            "a NUL stands in it, and cannot be sent; encode what is no text, for example by base64"
                .into(),
        ),
        None => Ok(()),
    }
}

/// A name for an article, which nobody else gives: of the domain that its author writes from, if that is one.
pub fn message_id(draft: &str) -> String {
    let random = || RandomState::new().build_hasher().finish();
    let (one, two) = (random(), random());
    let draft = draft.strip_prefix(MARK).unwrap_or(draft);
    let head = draft.lines().take_while(|line| !line.is_empty());
    let from = head
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("From"));
    let domain = from
        .and_then(|(_, from)| from.rsplit_once('@'))
        .map(|(_, behind)| {
            let is_of_domain =
                |letter: char| letter.is_ascii_alphanumeric() || ".-".contains(letter);
            let end = behind.find(|letter| !is_of_domain(letter));
            behind
                .get(..end.unwrap_or(behind.len()))
                .unwrap_or_default()
        });
    let named = |domain: &str| format!("<{one:016x}{two:016x}@{domain}>");
    let is_domain = |domain: &&str| domain.contains('.') && !domain.split('.').any(str::is_empty);
    let own = domain.filter(is_domain).map(named);
    own.filter(|id| MessageId::new(id.as_str()).is_ok())
        .unwrap_or_else(|| named("lariat.invalid"))
}

/// The draft, by this name if it has none: a server takes an article of one name once.
pub fn with_id(draft: &str, id: &str) -> String {
    let head = draft.split_inclusive('\n');
    let head = head.take_while(|line| !line.trim_end_matches(['\r', '\n']).is_empty());
    let mut end = 0;
    for line in head {
        let name = line.split_once(':').map(|(name, _)| name);
        if name.is_some_and(|name| name.eq_ignore_ascii_case("Message-ID")) {
            return draft.to_owned();
        }
        end += line.len();
    }
    let (head, rest) = draft.split_at(end);
    format!("{head}Message-ID: {id}\n{rest}")
}

/// Whether the header fields that every article has are there, and something is said.
fn check(fields: &[(String, String)], body: &str) -> Result<(), String> {
    for name in ["From", "Newsgroups", "Subject"] {
        let mut known = fields.iter();
        match known.find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some((_, value)) if !value.trim().is_empty() => {}
            Some(_) => return Err(format!("nothing stands behind {name}:")),
            None => return Err(format!("there is no line {name}: above the empty line")),
        }
    }
    match body.trim().is_empty() {
        true => Err("nothing stands below the empty line".into()),
        false => Ok(()),
    }
}

/// The ids that an answer refers to: those of the article, and the article.
fn references(known: &str, id: &str) -> String {
    let mut ids: Vec<&str> = known.split_ascii_whitespace().collect();
    if !id.is_empty() {
        ids.push(id);
    }
    if ids.len() > MAXIMUM_REFERENCES {
        // The beginning of the thread stays.
        ids.drain(1..=ids.len() - MAXIMUM_REFERENCES);
    }
    ids.join(" ")
}

/// What somebody is called: the name without the address, if there is one.
pub fn name(from: &str) -> &str {
    let name = match from.split_once('<') {
        Some((name, _)) => name.trim().trim_matches('"'),
        None => match from.split_once('(') {
            Some((_, name)) => name.trim_end().trim_end_matches(')'),
            None => from,
        },
    };
    match name.trim() {
        "" => from.trim(),
        name => name,
    }
}

/// Text as it is quoted: without the signature, which begins with `-- `.
fn quoted(text: &str) -> String {
    let lines = text.lines().take_while(|line| *line != "-- ");
    let mut quoted: Vec<String> = lines
        .map(|line| match line.trim_end() {
            "" => ">".to_owned(),
            line if line.starts_with('>') => format!(">{line}"),
            line => format!("{QUOTE}{line}"),
        })
        .collect();
    while quoted.pop_if(|line| line == ">").is_some() {}
    quoted.push(String::new());
    quoted.join("\n")
}

/// Bytes with CRLF behind each line, the last one too.
fn with_line_ends(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + text.len() / 32);
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        out.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
        out.extend_from_slice(b"\r\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use lariat_client::nntp::{Headers, decode_header};
    use proptest::prelude::*;

    use super::*;
    use crate::commands::news::encoded;

    const QUESTION: &str = "From: \"Ann A.\" <ann@example.org>\nNewsgroups: misc.test\nSubject: Lunch?\n\
        Message-ID: <2@a>\nReferences: <1@a>\n\nToday?\n\n> Yesterday.\nYes\n\n-- \nAnn\n";

    #[test]
    fn an_answer_quotes_and_refers() {
        let to = Message::plain(QUESTION);
        let draft = answer("Otto <otto@example.org>", "misc.test", &to).expect("a draft");
        assert_eq!(
            draft,
            "From: Otto <otto@example.org>\nNewsgroups: misc.test\nSubject: Re: Lunch?\nReferences: <1@a> <2@a>\n\n\
             Ann A. wrote:\n> Today?\n>\n>> Yesterday.\n> Yes\n"
        );
    }

    #[test]
    fn an_answer_goes_where_its_author_wants_it() {
        let elsewhere = QUESTION.replace("Subject:", "Followup-To: misc.other\nSubject: Re:");
        let to = Message::plain(&elsewhere);
        let draft = answer("a@b", "misc.test", &to).expect("a draft");
        assert!(
            draft.contains("\nNewsgroups: misc.other\nSubject: Re: Lunch?\n"),
            "{draft}"
        );
        let by_mail = QUESTION.replace("Subject:", "Followup-To: poster\nSubject:");
        let refused = answer("a@b", "misc.test", &Message::plain(&by_mail));
        assert!(
            refused
                .expect_err("by mail")
                .ends_with("by mail, and not in the group")
        );
        let bare = answer("a@b", "misc.test", &Message::default()).expect("a draft");
        assert!(
            bare.contains("Newsgroups: misc.test\nSubject: Re: \n\n"),
            "{bare}"
        );
    }

    #[test]
    fn references_are_few_and_keep_the_first() {
        let known: Vec<String> = (0..30).map(|number| format!("<{number}@a>")).collect();
        let ids = references(&known.join(" "), "<30@a>");
        let ids: Vec<&str> = ids.split(' ').collect();
        assert_eq!(
            (ids.len(), ids[0], ids[1], ids[19]),
            (20, "<0@a>", "<12@a>", "<30@a>")
        );
        assert_eq!(references("", ""), "");
    }

    #[test]
    fn what_is_posted_has_its_headers_and_line_ends() {
        let sent = article(b"From: a@b\nNewsgroups: misc.test\nSubject: Hi\n\n.hello\nyou")
            .expect("an article");
        assert_eq!(
            sent,
            b"From: a@b\r\nNewsgroups: misc.test\r\nSubject: Hi\r\n\r\n.hello\r\nyou\r\n"
        );
    }

    #[test]
    fn what_is_not_ascii_is_encoded_and_comes_back() {
        let draft = "From: \"Jürgen Müller\" <j@b>\nNewsgroups: misc.test\nSubject: Re: Grüße, süße größere Öfen, überall und auch für jedermann zu hören\n\nÜ\n";
        let sent = article(draft.as_bytes()).expect("an article");
        let text = String::from_utf8(sent).expect("UTF-8");
        let (head, body) = text.split_once("\r\n\r\n").expect("two parts");
        assert!(head.is_ascii() && body == "Ü\r\n", "{text}");
        assert!(
            head.contains("From: =?utf-8?Q?J=C3=BCrgen_M=C3=BCller?= <j@b>\r\n"),
            "{head}"
        );
        assert!(
            head.contains("charset=utf-8\r\nContent-Transfer-Encoding: 8bit"),
            "{head}"
        );
        let words = head
            .split_ascii_whitespace()
            .filter(|word| word.starts_with("=?"));
        assert!(
            words.clone().count() > 2
                && words
                    .clone()
                    .all(|word| word.len() <= encoded::MAXIMUM_WORD)
        );
        assert!(head.lines().all(|line| line.len() <= encoded::MAXIMUM_LINE));
        let headers = Headers::parse(head.as_bytes());
        assert_eq!(
            decode_header(headers.get("Subject").expect("one")),
            "Re: Grüße, süße größere Öfen, überall und auch für jedermann zu hören"
        );
    }

    proptest! {
        #[test]
        fn a_subject_comes_back_from_lines_that_are_short(
            subject in r#"[a-cÖ][a-cäöß€😀_,.()<>" \t]{0,300}[a-cÖ]"#,
        ) {
            let draft = format!("From: a\nNewsgroups: c\nSubject: {subject}\n\nx\n");
            let sent = article(draft.as_bytes()).expect("an article");
            let headers = Headers::parse(&sent);
            let read = headers.get("Subject").map(decode_header);
            prop_assert_eq!(read.as_deref(), Some(subject.as_str()));
            let text = String::from_utf8(sent).expect("text");
            for line in text.lines().take_while(|line| !line.is_empty()) {
                prop_assert!(!line.trim().is_empty());
                let is_short = line.len() <= encoded::MAXIMUM_LINE;
                prop_assert!(is_short || !line.contains("=?"), "{}", line);
            }
        }
    }

    #[test]
    fn whoever_writes_is_named_whole() {
        for name in [
            "From",
            "reply-to",
            "Sender",
            "To",
            "CC",
            "Approved",
            "Mail-Copies-To",
        ] {
            let draft =
                format!("{name}: \"Otto Müller\" <o@b>\nFrom: a\nNewsgroups: c\nSubject: d\n\nx\n");
            let sent = article(draft.as_bytes()).expect("an article");
            let sent = String::from_utf8(sent).expect("text");
            let line = sent.lines().next().expect("a line");
            assert_eq!(line, format!("{name}: =?utf-8?Q?Otto_M=C3=BCller?= <o@b>"));
        }
    }

    #[test]
    fn a_type_that_is_there_is_not_said_again() {
        let draft = "From: a@b\nNewsgroups: c\nSubject: d\nMime-Version: 1.0\n\nÜ\n";
        let sent = article(draft.as_bytes()).expect("an article");
        let sent = String::from_utf8(sent).expect("text").to_lowercase();
        assert_eq!(sent.matches("mime-version:").count(), 1, "{sent}");
        assert!(sent.contains("charset=utf-8"), "{sent}");
    }

    #[test]
    fn an_article_gets_one_name() {
        let draft = "From: Ann <ann@news.example.org>\nSubject: x\n\ny\n";
        let (one, two) = (message_id(draft), message_id(draft));
        assert!(one != two && one.ends_with("@news.example.org>"), "{one}");
        for from in [
            "",
            "a@b",
            "From: x@..\n",
            "From: x@ü.example\n",
            "\nFrom: a@b.example\n",
        ] {
            let id = message_id(from);
            assert!(MessageId::new(id.as_str()).is_ok(), "{id}");
        }
        let marked = format!("{MARK}From: a@news.example.org\n");
        assert!(message_id(&marked).ends_with("@news.example.org>"));
        let named = with_id("From: a\n b\n\nx: y\n\n", "<1@a>");
        assert_eq!(named, "From: a\n b\nMessage-ID: <1@a>\n\nx: y\n\n");
        let returned = with_id("From: a\r\n\r\nx", "<1@a>");
        assert_eq!(returned, "From: a\r\nMessage-ID: <1@a>\n\r\nx");
        let own = "message-id: <2@a>\n\nx\n";
        assert_eq!(with_id(own, "<1@a>"), own);
        let in_body = "From: a\n\nMessage-ID: <2@a>\n";
        assert!(with_id(in_body, "<1@a>").starts_with("From: a\nMessage-ID: <1@a>\n\n"));
    }

    #[test]
    fn long_header_lines_are_folded_between_words() {
        let ids: Vec<String> = (0..20)
            .map(|number| format!("<{}-{number}@a>", "x".repeat(100)))
            .collect();
        let draft = format!(
            "From: a@b\nNewsgroups: c\nSubject: d\nReferences: {}\n\nx\n",
            ids.join(" ")
        );
        let sent = String::from_utf8(article(draft.as_bytes()).expect("an article")).expect("text");
        assert!(sent.lines().all(|line| line.len() < 500), "{sent}");
        assert_eq!(sent.replace("\r\n <", " <").replace("\r\n", "\n"), draft);
    }

    #[test]
    fn what_cannot_be_posted_says_why() {
        for (draft, words) in [
            ("hello", "there is no empty line"),
            ("From: a\nNewsgroups: b\n\nx", "no line Subject:"),
            ("From: \nNewsgroups: b\nSubject: c\n\nx", "behind From:"),
            (
                "From: a\nNewsgroups: b\nSubject: c\n\n \n",
                "below the empty line",
            ),
            ("hello you\nFrom: a\n\nx", "\"hello you\" is no header line"),
            (" a\n\nx", "begins with a space"),
        ] {
            let why = article(draft.as_bytes()).expect_err(draft);
            assert!(why.contains(words), "{draft:?}: {why}");
        }
        // What is in other characters lacks the same, and goes as it is otherwise.
        let why = article(b"Newsgroups: b\nSubject: \xfc\n\nx").expect_err("no From");
        assert!(why.contains("no line From:"), "{why}");
        let latin = b"From: a\nNewsgroups: b\nSubject: \xfc\n\n\xe4\n";
        let sent = article(latin).expect("as it is");
        assert_eq!(
            sent,
            b"From: a\r\nNewsgroups: b\r\nSubject: \xfc\r\n\r\n\xe4\r\n"
        );
        let why = article(b"From: a\nNewsgroups: b\nSubject: c\n\n\0").expect_err("a NUL");
        assert!(why.contains("a NUL stands in it"), "{why}");
    }

    #[test]
    fn what_editors_write_in_front_is_not_sent() {
        let draft = format!("{MARK}From: a\nNewsgroups: b\nSubject: c\n\nx\n");
        let sent = article(draft.as_bytes()).expect("an article");
        assert!(sent.starts_with(b"From: a\r\n"), "{sent:?}");
    }

    #[test]
    fn somebody_is_called_by_name() {
        for (from, called) in [
            ("Ann <a@b>", "Ann"),
            ("\"Ann A.\" <a@b>", "Ann A."),
            ("a@b (Ann)", "Ann"),
            ("<a@b>", "<a@b>"),
            ("a@b", "a@b"),
            ("", ""),
        ] {
            assert_eq!(name(from), called);
        }
    }
}

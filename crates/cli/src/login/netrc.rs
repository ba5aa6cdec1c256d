//! `~/.netrc`: who logs in on which host, and by which password, as ftp and curl read it.

use std::path::PathBuf;

use crate::failure::{Failure, in_words};

/// More than any file of logins has.
const MAXIMUM_FILE: u64 = 1024 * 1024;

/// What is known of a host.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// Who logs in there, if it says so.
    pub user: Option<String>,
    /// By which password.
    pub password: String,
    /// The account, for servers that ask for one.
    pub account: Option<String>,
    /// It stands for every host that has none of its own.
    pub is_default: bool,
}

/// The entry of a host, and of a user if one was named; that of `default` where there is no other.
///
/// # Errors
///
/// When the file is there and cannot be read.
pub fn entry(host: &str, user: Option<&str>) -> Result<Option<Entry>, Failure> {
    Ok(text()?.and_then(|text| find(&text, host, user)))
}

/// The text of `~/.netrc`, or of the file that `NETRC` names.
fn text() -> Result<Option<String>, Failure> {
    let named = std::env::var_os("NETRC").map(PathBuf::from);
    let home = std::env::home_dir().map(|home| home.join(".netrc"));
    let Some(path) = named.or(home) else {
        return Ok(None);
    };
    let wrong = |why: String| Failure::new(format!("{}: {why}", path.display()));
    match std::fs::metadata(&path) {
        Err(_) => return Ok(None),
        Ok(known) if known.len() > MAXIMUM_FILE => {
            return Err(wrong(
                "it is larger than 1 MiB, as no file of logins is".into(),
            ));
        }
        Ok(_) => {}
    }
    let text = std::fs::read(&path).map_err(|error| wrong(in_words(&error)))?;
    // In comments there may be anything.
    Ok(Some(String::from_utf8_lossy(&text).into_owned()))
}

fn find(text: &str, host: &str, user: Option<&str>) -> Option<Entry> {
    let mut words = words(text).into_iter();
    let mut entries: Vec<(bool, Entry)> = Vec::new();
    while let Some(word) = words.next() {
        match word.as_str() {
            "machine" => {
                let is_this = words
                    .next()
                    .is_some_and(|name| name.eq_ignore_ascii_case(host));
                entries.push((is_this, Entry::default()));
            }
            "default" => {
                let entry = Entry {
                    is_default: true,
                    ..Entry::default()
                };
                entries.push((true, entry));
            }
            "login" | "password" | "account" => {
                let (value, last) = (words.next()?, entries.last_mut());
                match (word.as_str(), last) {
                    ("login", Some((_, entry))) => entry.user = Some(value),
                    ("password", Some((_, entry))) => entry.password = value,
                    (_, Some((_, entry))) => entry.account = Some(value),
                    _ => {}
                }
            }
            _ => {}
        }
    }
    let fits = |entry: &Entry| {
        let own = entry.user.as_deref();
        user.is_none_or(|user| own.is_none_or(|own| own == user))
    };
    entries.retain(|(is_this, entry)| *is_this && fits(entry));
    // The one of every host is for those that have none of their own, wherever it stands.
    let place = entries.iter().position(|(_, entry)| !entry.is_default);
    entries
        .into_iter()
        .nth(place.unwrap_or(0))
        .map(|(_, entry)| entry)
}

/// The words of the file, without comments and macros, which end with an empty line.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut in_macro = false;
    for line in text.lines() {
        if line.trim().is_empty() {
            in_macro = false;
        }
        if in_macro || line.trim_start().starts_with('#') {
            continue;
        }
        let mut rest = line;
        while let Some((word, behind)) = word(rest) {
            if word == "macdef" {
                in_macro = true;
                break;
            }
            words.push(word);
            rest = behind;
        }
    }
    words
}

/// The first word, and what stands behind it. Between quotes there may be blanks in it, and a backslash takes the
/// next character there for what it is.
fn word(line: &str) -> Option<(String, &str)> {
    let line = line.trim_start();
    let Some(quoted) = line.strip_prefix('"') else {
        let end = line.find(char::is_whitespace).unwrap_or(line.len());
        return (end > 0).then(|| (line[..end].to_owned(), &line[end..]));
    };
    let mut word = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((word, &quoted[at + 1..])),
            '\\' => word.extend(characters.next().map(|(_, next)| next)),
            character => word.push(character),
        }
    }
    Some((word, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# logins\nmachine a.example login anna password sword#fish\n\
        machine a.example\n  login otto\n  password \"x\" account books\n\
        macdef init\nmachine evil login x\n\nmachine b.example password y\ndefault login guest password z\n";

    fn found(host: &str, user: Option<&str>) -> Option<(Option<String>, String)> {
        find(TEXT, host, user).map(|entry| (entry.user, entry.password))
    }

    #[test]
    fn an_entry_is_found_by_host_and_name() {
        let pair = |user: Option<&str>, password: &str| {
            Some((user.map(str::to_owned), password.to_owned()))
        };
        assert_eq!(found("A.example", None), pair(Some("anna"), "sword#fish"));
        assert_eq!(found("a.example", Some("otto")), pair(Some("otto"), "x"));
        assert_eq!(found("b.example", Some("eva")), pair(None, "y"));
        assert_eq!(found("b.example", None), pair(None, "y"));
        assert_eq!(found("c.example", None), pair(Some("guest"), "z"));
        assert_eq!(found("evil", Some("x")), None);
        let books = find(TEXT, "a.example", Some("otto")).and_then(|entry| entry.account);
        assert_eq!(books.as_deref(), Some("books"));
        let is_default = |host| find(TEXT, host, None).map(|entry| entry.is_default);
        assert_eq!(
            (is_default("a.example"), is_default("c.example")),
            (Some(false), Some(true))
        );
    }

    #[test]
    fn a_word_between_quotes_may_have_anything_in_it() {
        let text = r#"machine a.example login "anna b" password "two \"words\" \\" account x"#;
        let entry = find(text, "a.example", None).expect("an entry");
        assert_eq!(entry.user.as_deref(), Some("anna b"));
        assert_eq!(entry.password, r#"two "words" \"#);
        assert_eq!(entry.account.as_deref(), Some("x"));
    }
}

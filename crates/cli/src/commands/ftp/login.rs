//! Who logs in, and by which password: from the environment, `~/.netrc`, or asked for. None of them is ever
//! shown.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::PathBuf;

use lariat_client::ftp::{ANONYMOUS, Login};

use crate::failure::Failure;
use crate::output::one_line;
use crate::platform::Unseen;

/// The environment's variable with the password.
const VARIABLE: &str = "LARIAT_FTP_PASSWORD";

/// More than any file of logins has.
const MAXIMUM_FILE: u64 = 1024 * 1024;

/// Who is to log in on a host.
///
/// # Errors
///
/// When a password is needed and there is nobody to ask.
pub async fn login(
    host: &str,
    user: Option<&str>,
    account: Option<String>,
) -> Result<Login, Failure> {
    let known = netrc()?.and_then(|text| find(&text, host, user));
    let mut login = match (user, known) {
        (None, None) => return Ok(Login::default()),
        (Some(ANONYMOUS), None) => Login::default(),
        (Some(user), None) => Login::new(user, password(user, host).await?),
        (_, Some(known)) => known,
    };
    if let Some(password) = variable().filter(|_| login.user != ANONYMOUS) {
        login.password = password;
    }
    login.account = account.or(login.account);
    Ok(login)
}

fn variable() -> Option<String> {
    std::env::var(VARIABLE)
        .ok()
        .filter(|value| !value.is_empty())
}

/// The password of the environment, else one that a person types without its being seen.
async fn password(user: &str, host: &str) -> Result<String, Failure> {
    if let Some(password) = variable() {
        return Ok(password);
    }
    if !io::stdin().is_terminal() {
        return Err(Failure::usage(format!(
            "there is nobody to ask for the password of {user}; give it by {VARIABLE} or ~/.netrc"
        )));
    }
    // The name may come from a URL, which others have written.
    let prompt = one_line(&format!("Password of {user} on {host}: "));
    let unseen = Unseen::begin();
    io::stderr().lock().write_all(prompt.as_bytes())?;
    // Whoever breaks this off gets the terminal back as it was; the thread ends with the process.
    let reading = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line).map(|_| line)
    });
    let line = reading.await;
    drop(unseen);
    io::stderr().lock().write_all(b"\n")?;
    let line = line.map_err(|_| Failure::new("the password cannot be read"))??;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// The text of `~/.netrc`, or of the file that `NETRC` names.
fn netrc() -> Result<Option<String>, Failure> {
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
    let text = std::fs::read_to_string(&path);
    text.map(Some).map_err(|error| wrong(error.to_string()))
}

/// The entry of a host, and of a user if one was named; `default` stands for every host.
fn find(text: &str, host: &str, user: Option<&str>) -> Option<Login> {
    let mut words = words(text).into_iter();
    let mut entries: Vec<(bool, Login)> = Vec::new();
    while let Some(word) = words.next() {
        match word.as_str() {
            "machine" => {
                let is_this = words
                    .next()
                    .is_some_and(|name| name.eq_ignore_ascii_case(host));
                entries.push((is_this, Login::new("", "")));
            }
            "default" => entries.push((true, Login::new("", ""))),
            "login" | "password" | "account" => {
                let (value, last) = (words.next()?, entries.last_mut());
                match (word.as_str(), last) {
                    ("login", Some((_, login))) => login.user = value,
                    ("password", Some((_, login))) => login.password = value,
                    (_, Some((_, login))) => login.account = Some(value),
                    _ => {}
                }
            }
            _ => {}
        }
    }
    let fits = |login: &Login| user.is_none_or(|user| login.user == user || login.user.is_empty());
    let found = entries
        .into_iter()
        .find(|(is_this, login)| *is_this && fits(login));
    let (_, mut login) = found?;
    if login.user.is_empty() {
        login.user = user.unwrap_or(ANONYMOUS).to_owned();
    }
    Some(login)
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
        let mut of_line = line.split_whitespace();
        for word in of_line.by_ref() {
            if word == "macdef" {
                in_macro = true;
                break;
            }
            words.push(word.trim_matches('"').to_owned());
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# logins\nmachine a.example login anna password sword#fish\n\
        machine a.example\n  login otto\n  password \"x\" account books\n\
        macdef init\nmachine evil login x\n\nmachine b.example password y\ndefault login guest password z\n";

    fn found(host: &str, user: Option<&str>) -> Option<(String, String)> {
        find(TEXT, host, user).map(|login| (login.user, login.password))
    }

    #[test]
    fn an_entry_is_found_by_host_and_name() {
        let pair = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
        assert_eq!(found("A.example", None), pair("anna", "sword#fish"));
        assert_eq!(found("a.example", Some("otto")), pair("otto", "x"));
        assert_eq!(found("b.example", Some("eva")), pair("eva", "y"));
        assert_eq!(found("b.example", None), pair("anonymous", "y"));
        assert_eq!(found("c.example", None), pair("guest", "z"));
        assert_eq!(found("evil", Some("x")), None);
        let books = find(TEXT, "a.example", Some("otto")).and_then(|login| login.account);
        assert_eq!(books.as_deref(), Some("books"));
    }
}

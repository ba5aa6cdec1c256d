//! The header of each request: what is said on the command line, and what is said where nothing is.

use std::fs;

use http::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST, RANGE, REFERER,
    TRANSFER_ENCODING, USER_AGENT,
};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::args::Args;
use super::content::Content;
use crate::failure::{Failure, in_words};

/// Who asks, where nothing else is said.
const AGENT: &str = concat!("lariat/", env!("CARGO_PKG_VERSION"));

/// The header of all requests.
///
/// # Errors
///
/// Wrong usage: a line that is none, or a file that cannot be read.
pub fn headers(args: &Args, content: &Content, cookies: &[String]) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::from_iter([
        (USER_AGENT, HeaderValue::from_static(AGENT)),
        (ACCEPT, HeaderValue::from_static("*/*")),
    ]);
    if let Some(content_type) = content.content_type().filter(|_| !args.get) {
        headers.insert(
            CONTENT_TYPE,
            value("the type of the content", &content_type)?,
        );
    }
    if content.is_json() {
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    }
    let range = args.range.as_ref().map(|range| format!("bytes={range}"));
    for (name, option, said) in [
        (USER_AGENT, "-A", args.user_agent.as_ref()),
        (REFERER, "-e", args.referer.as_ref()),
        (RANGE, "-r", range.as_ref()),
    ] {
        if let Some(said) = said {
            headers.insert(name, value(option, said)?);
        }
    }
    if !cookies.is_empty() {
        let mut cookies = value("-b", &cookies.join("; "))?;
        cookies.set_sensitive(true);
        headers.insert(COOKIE, cookies);
    }
    // What is said takes the place of what would be; said twice, it is there twice.
    let mut said = HeaderMap::new();
    for line in lines(args)? {
        let (name, value) = read(&line)?;
        check(&name, value.is_some())?;
        match value {
            // What is asked for there is unpacked here, as `--compressed` says, and no other than can be.
            Some(_) if name == ACCEPT_ENCODING && args.compressed => {}
            Some(value) => {
                said.append(name, value);
            }
            None => {
                headers.remove(name);
            }
        }
    }
    for name in said.keys() {
        headers.remove(name);
    }
    headers.extend(said);
    Ok(headers)
}

/// Refuses what a request says by itself, or cannot leave out.
fn check(name: &HeaderName, is_said: bool) -> Result<(), Failure> {
    if *name == HOST && !is_said {
        return Err(Failure::usage(
            "-H Host: a request without a host is none; write 'Host: NAME' for another one",
        ));
    }
    if [CONTENT_LENGTH, TRANSFER_ENCODING].contains(name) && is_said {
        return Err(Failure::usage(format!(
            "-H {name}: how long a body is, and how it is sent, is said by what is sent; leave the line out"
        )));
    }
    Ok(())
}

/// Whether nothing is to be said of compression, so that none is asked for.
///
/// # Errors
///
/// As [`headers`].
pub fn leaves_encoding_out(args: &Args) -> Result<bool, Failure> {
    let lines = lines(args)?.into_iter();
    let mut read = lines.map(|line| read(&line));
    read.try_fold(false, |is_left_out, said| {
        let (name, value) = said?;
        Ok(is_left_out || name == ACCEPT_ENCODING && value.is_none())
    })
}

/// The lines of `-H`, and those of the files that it names.
fn lines(args: &Args) -> Result<Vec<String>, Failure> {
    let mut lines = Vec::new();
    for said in &args.headers {
        let Some(path) = said.strip_prefix('@') else {
            lines.push(said.clone());
            continue;
        };
        let text = fs::read_to_string(path);
        let text = text.map_err(|error| {
            super::exit::unreadable(format!("cannot read {path}: {}", in_words(&error)))
        })?;
        let of_file = text.lines().filter(|line| !line.trim().is_empty());
        lines.extend(of_file.map(str::to_owned));
    }
    Ok(lines)
}

/// `Name: value`; `Name;` has an empty value, and `Name:` is not to be there.
fn read(line: &str) -> Result<(HeaderName, Option<HeaderValue>), Failure> {
    // The value may be a secret, and is not repeated.
    let wrong = |what: &str| Failure::usage(format!("-H {what}; write 'Name: value'"));
    let (name, said) = match (line.split_once(':'), line.trim_end().strip_suffix(';')) {
        (Some((name, value)), _) => (name, Some(value.trim()).filter(|value| !value.is_empty())),
        (None, Some(name)) => (name, Some("")),
        (None, None) => return Err(wrong("has a line without a colon")),
    };
    let name: HeaderName = name
        .trim()
        .parse()
        .map_err(|_| wrong(&format!("{:?} is no name of a header", name.trim())))?;
    match said {
        Some(said) => {
            let mut value = value(&format!("-H {name}"), said)?;
            value.set_sensitive(super::secrets::is_secret(name.as_str().as_bytes()));
            Ok((name, Some(value)))
        }
        None => Ok((name, None)),
    }
}

fn value(of: &str, text: &str) -> Result<HeaderValue, Failure> {
    HeaderValue::from_bytes(text.as_bytes()).map_err(|_| {
        Failure::usage(format!(
            "{of} has a line's end or another control character in it, which would be another header"
        ))
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn shown(words: &[&str]) -> Result<String, String> {
        let line = Line::try_parse_from([&["fetch", "a.example"], words].concat());
        let args = line.map_err(|error| error.to_string())?.args;
        let told = |failure: Failure| failure.message().unwrap_or_default().to_owned();
        let content = Content::of(&args).map_err(told)?;
        let headers = headers(&args, &content, &args.cookie).map_err(told)?;
        let lines = headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())));
        Ok(lines.collect::<Vec<_>>().join("\n"))
    }

    #[test]
    fn what_is_said_takes_the_place_of_what_would_be() {
        let usual = concat!(
            "user-agent: lariat/",
            env!("CARGO_PKG_VERSION"),
            "\naccept: */*"
        );
        assert_eq!(shown(&[]).as_deref(), Ok(usual));
        let changed = shown(&[
            "-H",
            "Accept:",
            "-H",
            "user-agent: x",
            "-H",
            "X-A;",
            "-H",
            "b: 1",
            "-H",
            "B: 2",
        ]);
        assert_eq!(changed.as_deref(), Ok("user-agent: x\nx-a: \nb: 1\nb: 2"));
        let json = shown(&["--data-json", "{}", "-A", "y"]);
        let words = "user-agent: y\naccept: application/json\ncontent-type: application/json";
        assert_eq!(json.as_deref(), Ok(words));
        let of_data = shown(&[
            "-d",
            "a",
            "-H",
            "Content-Type: text/plain",
            "-b",
            "a=b",
            "-b",
            "c=d",
        ]);
        assert!(
            of_data
                .clone()
                .is_ok_and(|lines| lines.contains("cookie: a=b; c=d")
                    && lines.ends_with("content-type: text/plain")),
            "{of_data:?}"
        );
    }

    #[test]
    fn what_a_browser_says_of_compression_gives_way_to_what_can_be_unpacked() {
        let line = ["-H", "Accept-Encoding: gzip, x"];
        assert!(shown(&line).is_ok_and(|lines| lines.ends_with("accept-encoding: gzip, x")));
        let with = shown(&[&line[..], &["--compressed"]].concat());
        assert!(with.is_ok_and(|lines| !lines.contains("encoding")));
    }

    #[test]
    fn what_a_request_says_itself_is_refused() {
        for line in ["Host:", "Content-Length: 9", "transfer-encoding: chunked"] {
            let told = shown(&["-H", line]).expect_err(line);
            assert!(told.starts_with("-H "), "{told}");
        }
        assert!(shown(&["-H", "Host: a", "-H", "Content-Length:"]).is_ok());
    }

    #[test]
    fn a_line_that_is_none_is_told_without_its_value() {
        for wrong in ["secret", "a b: secret", "a: secret\r\nb: c", ": secret"] {
            let told = shown(&["-H", wrong]).expect_err(wrong);
            assert!(told.contains("-H") && !told.contains("secret"), "{told}");
        }
    }
}

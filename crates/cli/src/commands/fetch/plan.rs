//! What is fetched, and where each of it goes.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use http::Uri;
use lariat_client::http::{Authentication, address, name_in_path};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::args::Args;
use super::content::Content;
use crate::failure::Failure;

/// What is encoded in a name, beside what is no ASCII: all but what RFC 3986 never reserves.
const IN_A_NAME: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A URL, and what becomes of its answer.
#[derive(Clone, Debug)]
pub struct Job {
    /// Which of the URLs it is, from 1 on.
    pub number: usize,
    /// Without a name and a password.
    pub uri: Uri,
    /// Who is named in it.
    pub user: Option<String>,
    /// Who says that they ask; nobody at first.
    pub asking: Option<Authentication>,
    /// Where the answer goes.
    pub place: Place,
}

/// Where an answer goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// To standard output, with the risk of a terminal if that was said.
    Output { even_binary: bool },
    /// Into something that is there and no file, such as `/dev/null`, as it comes.
    Device(PathBuf),
    /// Into a file, when it is whole.
    File(PathBuf),
    /// Into a file the heads alone, when all of them have come.
    Heads(PathBuf),
    /// Into this folder, under the name that the server gives.
    Named(PathBuf),
}

impl Place {
    /// Whether it will be a file when it is whole.
    pub fn is_file(&self) -> bool {
        matches!(self, Place::File(_) | Place::Named(_))
    }
}

/// All that is to be fetched.
///
/// # Errors
///
/// Wrong usage: what is no URL, has a password in it, or has no place.
pub fn jobs(args: &Args, content: &Content) -> Result<Vec<Job>, Failure> {
    let urls: Vec<&String> = args
        .urls
        .iter()
        .filter(|url| !is_offset(args, url))
        .collect();
    if !args.output.is_empty() && args.output.len() != urls.len() {
        return Err(Failure::usage(format!(
            "there are {} URLs, and {} times -o; write one for each, or -O for the names of the URLs",
            urls.len(),
            args.output.len()
        )));
    }
    if args.resume && args.output.is_empty() && !args.remote_name {
        return Err(Failure::usage(
            "what goes to standard output cannot be gone on with; write -o FILE or -O",
        ));
    }
    let job = |(at, url): (usize, &&String)| {
        let (uri, user) = read(url, args)?;
        let uri = with_data(&with_name(&uri, content)?, args, content)?;
        let place = place(args, at, &uri)?;
        Ok(Job {
            number: at + 1,
            uri,
            user,
            asking: None,
            place,
        })
    };
    if args.head && !args.get && !matches!(content, Content::None) {
        return Err(Failure::usage(
            "-I asks for a head and sends nothing; -G puts the data behind the ? of the URL",
        ));
    }
    let jobs: Result<Vec<Job>, Failure> = urls.iter().enumerate().map(job).collect();
    let jobs = jobs?;
    let mut places = HashSet::new();
    for job in &jobs {
        if let Place::File(path) | Place::Heads(path) = &job.place
            && !places.insert(path)
        {
            return Err(Failure::usage(format!(
                "two URLs would be saved in {}; write -o FILE for each",
                path.display()
            )));
        }
    }
    Ok(jobs)
}

/// What curl wants behind its `-C`, and means by it what `-C` alone does here.
fn is_offset(args: &Args, url: &str) -> bool {
    args.resume && url == "-"
}

/// The address that a person has written, and the name in it.
fn read(url: &str, args: &Args) -> Result<(Uri, Option<String>), Failure> {
    if args.json && url.starts_with(['{', '[', '"', '@']) {
        return Err(Failure::usage(
            "--json shows what came as JSON; --data-json is what sends some",
        ));
    }
    let uri = address(url)?;
    let authority = uri.authority().map(ToString::to_string).unwrap_or_default();
    let Some((who, place)) = authority.rsplit_once('@') else {
        return Ok((uri, None));
    };
    if who.contains(':') {
        return Err(Failure::usage(
            "a password in a URL is seen in lists of processes and in histories; leave it out, and give it \
             when it is asked for, by ~/.netrc or in LARIAT_HTTP_PASSWORD",
        ));
    }
    let mut parts = uri.clone().into_parts();
    parts.authority = place.parse().ok();
    let user = percent_decode_str(who).decode_utf8_lossy();
    let without = Uri::from_parts(parts).map_err(|error| Failure::usage(error.to_string()))?;
    Ok((without, Some(user.into_owned())))
}

/// A file that is sent into a folder has its own name there.
fn with_name(uri: &Uri, content: &Content) -> Result<Uri, Failure> {
    let Content::File(file) = content else {
        return Ok(uri.clone());
    };
    if !uri.path().ends_with('/') {
        return Ok(uri.clone());
    }
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let encoded = utf8_percent_encode(&name, IN_A_NAME);
    changed(uri, &format!("{}{encoded}", uri.path()), uri.query())
}

/// With `-G` the data are asked by, and not sent.
fn with_data(uri: &Uri, args: &Args, content: &Content) -> Result<Uri, Failure> {
    let (true, Content::Data { bytes, .. }) = (args.get, content) else {
        return Ok(uri.clone());
    };
    let data = String::from_utf8_lossy(bytes);
    let query = match uri.query() {
        Some(query) => format!("{query}&{data}"),
        None => data.into_owned(),
    };
    changed(uri, uri.path(), Some(&query))
}

fn changed(uri: &Uri, path: &str, query: Option<&str>) -> Result<Uri, Failure> {
    let authority = uri.authority().map(ToString::to_string).unwrap_or_default();
    let scheme = uri.scheme_str().unwrap_or("http");
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    // What cannot stand in a request is encoded, as in an address that is typed.
    Ok(address(&format!("{scheme}://{authority}{path}{query}"))?)
}

fn place(args: &Args, at: usize, uri: &Uri) -> Result<Place, Failure> {
    let folder = args.output_dir.clone().unwrap_or_default();
    let by_url = || folder.join(name_in_path(uri.path()));
    let output = match args.output.get(at) {
        Some(output) if output == Path::new("-") => return Ok(Place::Output { even_binary: true }),
        Some(output) => folder.join(output),
        None if args.remote_header_name => return Ok(Place::Named(folder)),
        None if args.remote_name => return Ok(Place::File(by_url())),
        None if args.output_dir.is_some() => {
            return Err(Failure::usage(
                "--output-dir is for files; write -O or -J as well, or -o FILE",
            ));
        }
        None => return Ok(Place::Output { even_binary: false }),
    };
    let output = match std::fs::metadata(&output) {
        Ok(known) if known.is_dir() => output.join(name_in_path(uri.path())),
        Ok(known) if !known.is_file() => return Ok(Place::Device(output)),
        _ => output,
    };
    Ok(match args.head {
        true => Place::Heads(output),
        false => Place::File(output),
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

    fn plan(words: &[&str]) -> Result<Vec<(String, Place)>, String> {
        let line = Line::try_parse_from([&["fetch"], words].concat());
        let args = line.map_err(|error| error.to_string())?.args;
        let content = Content::of(&args).map_err(|failure| words_of(&failure))?;
        let jobs = jobs(&args, &content).map_err(|failure| words_of(&failure))?;
        let shown = jobs.into_iter().map(|job| (job.uri.to_string(), job.place));
        Ok(shown.collect())
    }

    fn words_of(failure: &Failure) -> String {
        failure.message().unwrap_or_default().to_owned()
    }

    fn one(words: &[&str]) -> (String, Place) {
        plan(words).expect("a plan").remove(0)
    }

    #[test]
    fn an_answer_goes_to_standard_output_or_into_a_file() {
        let output = |even_binary| Place::Output { even_binary };
        let file = |path: &str| Place::File(path.into());
        assert_eq!(
            one(&["a.example"]),
            ("http://a.example/".into(), output(false))
        );
        assert_eq!(one(&["-o", "-", "a.example"]).1, output(true));
        assert_eq!(one(&["-o", "x", "a.example/y"]).1, file("x"));
        assert_eq!(one(&["-O", "a.example/x%20y?z"]).1, file("x y"));
        assert_eq!(one(&["-O", "a.example/..%2f.ssh"]).1, file("ssh"));
        assert_eq!(
            one(&["-O", "--output-dir", "d", "a.example"]).1,
            file("d/index.html")
        );
        assert_eq!(
            one(&["-OJ", "--output-dir", "d", "a.example/x"]).1,
            Place::Named("d".into())
        );
        assert_eq!(one(&["-C", "-", "-O", "a.example/x"]).1, file("x"));
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().to_str().expect("a path");
        assert_eq!(
            one(&["-o", path, "a.example/x"]).1,
            Place::File(folder.path().join("x"))
        );
    }

    #[test]
    fn data_are_asked_by_where_that_is_said() {
        let (uri, _) = one(&["-G", "-d", "a=b c", "-d", "d", "a.example/?x"]);
        assert_eq!(uri, "http://a.example/?x&a=b%20c&d");
        let (uri, _) = one(&["-d", "a=b", "a.example/?x"]);
        assert_eq!(uri, "http://a.example/?x");
    }

    #[test]
    fn a_file_that_is_sent_into_a_folder_keeps_its_name() {
        let (uri, _) = one(&["-T", "dir/größe?.txt", "a.example/b/"]);
        assert_eq!(uri, "http://a.example/b/gr%C3%B6%C3%9Fe%3F.txt");
        let (uri, _) = one(&["-T", "c", "a.example/b"]);
        assert_eq!(uri, "http://a.example/b");
    }

    #[test]
    fn what_cannot_be_is_told_with_what_would_be_right() {
        for (words, said) in [
            (&["http://me:secret@a.example/"][..], "LARIAT_HTTP_PASSWORD"),
            (
                &["-o", "x", "a.example", "b.example"],
                "2 URLs, and 1 times -o",
            ),
            (&["-C", "a.example"], "write -o FILE or -O"),
            (&["--output-dir", "d", "a.example"], "write -O"),
            (&["--json", "{\"a\":1}", "a.example"], "--data-json"),
            (&["gopher://a.example"], "another protocol"),
            (
                &["-d", "a", "-F", "b=c", "a.example"],
                "cannot be used with",
            ),
            (&["-G", "-T", "a", "b.example"], "cannot be used with"),
            (&["-G", "-F", "a=b", "b.example"], "cannot be used with"),
            (&["-I", "-T", "a", "b.example"], "cannot be used with"),
            (&["-I", "-J", "b.example"], "cannot be used with"),
            (&["-I", "-d", "a", "b.example"], "sends nothing"),
            (&["-O", "a.example/x", "b.example/x"], "saved in x"),
        ] {
            let told = plan(words).expect_err(said);
            assert!(told.contains(said) && !told.contains("secret"), "{told}");
        }
    }
}

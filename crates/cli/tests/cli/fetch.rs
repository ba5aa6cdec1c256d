//! `lariat fetch` against a small server: what is asked and sent, what is shown, and how it ends.

mod faults;
mod files;
mod secure;
mod seen;
mod sent;
mod terminal;
mod who;

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

use lariat_testkit::WebServer;
use tempfile::TempDir;

use crate::process::{Outcome, Running, lariat};

/// A server with a few files, and a folder to fetch them into.
fn begin() -> (WebServer, TempDir) {
    let server = WebServer::start();
    server.put("/a.txt", b"hello\n");
    (server, tempfile::tempdir().unwrap())
}

/// The command, apart from what the caller's environment says.
fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = lariat(&["fetch"]);
    command.args(arguments).current_dir(folder);
    for name in [
        "LARIAT_HTTP_PASSWORD",
        "LARIAT_HTTP_TOKEN",
        "LARIAT_PROXY_PASSWORD",
    ] {
        command.env_remove(name);
    }
    command.env("NETRC", folder.join("netrc"));
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    command
}

fn fetch(folder: &TempDir, arguments: &[&str]) -> Outcome {
    Running::spawn(&mut command(folder.path(), arguments)).finish()
}

/// Reads the head of a request.
fn read_head(stream: &mut impl Read) -> String {
    let mut heard = Vec::new();
    while !heard.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        heard.push(byte[0]);
    }
    String::from_utf8(heard).unwrap()
}

/// Runs it and has it succeed without a word but its result.
fn shown(folder: &TempDir, arguments: &[&str]) -> String {
    let outcome = fetch(folder, arguments);
    assert_eq!(
        (outcome.code, outcome.errors.as_str()),
        (Some(0), ""),
        "{arguments:?}"
    );
    outcome.text()
}

#[test]
fn a_page_goes_to_standard_output_as_it_is() {
    let (server, folder) = begin();
    assert_eq!(shown(&folder, &[&server.url("/a.txt")]), "hello\n");
    let json = "{\"b\":1,  \"a\":2}";
    server.put("/json", json.as_bytes());
    server.set_header("/json", "Content-Type", "application/json");
    assert_eq!(shown(&folder, &[&server.url("/json")]), json);
    server.put("/bytes", b"\0\xff\x1b[2J");
    let outcome = fetch(&folder, &[&server.url("/bytes")]);
    assert_eq!(outcome.output, b"\0\xff\x1b[2J");
    let heard = &server.heard()[0];
    assert_eq!(
        heard.header("user-agent"),
        Some(concat!("lariat/", env!("CARGO_PKG_VERSION")))
    );
    assert!(heard.header("accept-encoding").unwrap().contains("gzip"));
}

#[test]
fn what_is_left_out_is_not_there() {
    let (server, folder) = begin();
    let names = ["User-Agent", "Accept", "Accept-Encoding"];
    let lines = names.map(|name| format!("{name}:"));
    let mut arguments: Vec<&str> = lines.iter().flat_map(|line| ["-H", line]).collect();
    let url = server.url("/a.txt");
    arguments.push(&url);
    shown(&folder, &arguments);
    let heard = &server.heard()[0];
    for name in names {
        assert_eq!(heard.header(name), None, "{:?}", heard.headers);
    }
}

#[test]
fn what_a_browser_copies_for_curl_is_taken() {
    let (server, folder) = begin();
    let url = server.url("/form");
    shown(
        &folder,
        &["--compressed", "-fsSn", "--data-raw", "@a&b=1", &url],
    );
    let heard = &server.heard()[0];
    assert_eq!(
        (heard.method.as_str(), &heard.body[..]),
        ("POST", &b"@a&b=1"[..])
    );
    // Aliases say some of it twice.
    shown(&folder, &["-sS", "-s", "-L", "-L", &server.url("/a.txt")]);
}

#[test]
fn redirections_are_followed_unless_they_are_not_to_be() {
    let (server, folder) = begin();
    server.redirect("/old", "/a.txt");
    server.redirect("/round", "/round");
    assert_eq!(shown(&folder, &["-L", &server.url("/old")]), "hello\n");
    let head = shown(&folder, &["-i", "--max-redirs", "0", &server.url("/old")]);
    assert!(
        head.contains("302 Found") && head.contains("Location: /a.txt"),
        "{head}"
    );
    let outcome = fetch(&folder, &[&server.url("/round")]);
    assert_eq!(outcome.code, Some(47), "{}", outcome.errors);
}

#[test]
fn an_answer_that_says_no_is_shown_and_is_an_error() {
    let (server, folder) = begin();
    let url = server.url("/nothing");
    let outcome = fetch(&folder, &[&url]);
    assert_eq!(
        (outcome.code, outcome.text().as_str()),
        (Some(22), "nothing here\n")
    );
    assert_eq!(
        outcome.errors,
        format!("lariat: {url}: the server says 404 Not Found\n")
    );
    assert_eq!(shown(&folder, &["--any-status", &url]), "nothing here\n");
    server.set_status("/private", "401 Unauthorized");
    let outcome = fetch(&folder, &[&server.url("/private")]);
    assert!(
        outcome.errors.contains("-u NAME logs in"),
        "{}",
        outcome.errors
    );
}

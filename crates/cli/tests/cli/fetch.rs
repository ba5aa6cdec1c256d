//! `lariat fetch` against a small server: what is asked and sent, what is shown, and how it ends.

mod files;
mod terminal;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use lariat_testkit::{WebFault, WebServer};
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
fn heads_are_shown_where_they_are_wanted() {
    let (server, folder) = begin();
    let url = server.url("/a.txt");
    let both = shown(&folder, &["-i", &url]);
    assert!(both.starts_with("HTTP/1.1 200 OK\nDate: "), "{both}");
    assert!(both.ends_with("\nContent-Length: 6\n\nhello\n"), "{both}");
    let head = shown(&folder, &["-I", &url]);
    assert!(head.ends_with("\nContent-Length: 6\n\n"), "{head}");
    assert_eq!(server.heard()[1].method, "HEAD");
    server.set_header("/a.txt", "Set-Cookie", "secret=1");
    let outcome = fetch(&folder, &["-v", "-H", "Authorization: secret", &url]);
    let errors = outcome.errors;
    assert!(errors.starts_with(&format!("> GET {url}\n")), "{errors}");
    assert!(errors.contains("> Authorization: ****\n"), "{errors}");
    assert!(errors.contains("< HTTP/1.1 200 OK\n") && errors.contains("< Set-Cookie: ****\n"));
    assert!(!errors.contains("secret"), "{errors}");
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
}

#[test]
fn the_bytes_on_the_wire_are_shown_without_secrets() {
    let (server, folder) = begin();
    let outcome = fetch(
        &folder,
        &["--raw", "-H", "Cookie: a=secret", &server.url("/a.txt")],
    );
    let errors = outcome.errors;
    assert!(
        errors.starts_with("> GET /a.txt HTTP/1.1\\r\\n\n"),
        "{errors}"
    );
    assert!(errors.contains("< HTTP/1.1 200 OK\\r\\n\n"), "{errors}");
    assert!(errors.ends_with("< \\r\\n\n< hello\\n\n"), "{errors}");
    assert!(
        errors.to_lowercase().contains("> cookie: ****") && !errors.contains("secret"),
        "{errors}"
    );
    assert_eq!(outcome.output, b"hello\n");
}

#[test]
fn data_are_sent_as_they_are_said() {
    let (server, folder) = begin();
    let url = server.url("/form");
    fs::write(folder.path().join("data"), "c=\r\n3\n").unwrap();
    let answer = shown(
        &folder,
        &[
            "-d",
            "a=1",
            "-d",
            "@data",
            "--data-urlencode",
            "b=x &",
            &url,
        ],
    );
    let form = "application/x-www-form-urlencoded";
    assert_eq!(
        answer,
        format!(r#"{{"method":"POST","type":"{form}","bytes":15}}"#)
    );
    shown(&folder, &["--data-binary", "@data", &url]);
    shown(&folder, &["--data-json", "{\"a\": 1}", "-X", "PATCH", &url]);
    shown(&folder, &["-G", "-d", "q=a b", &server.url("/a.txt?x")]);
    let mut piped = command(folder.path(), &["-d", "@-", &url]);
    let mut running = Running::spawn(piped.stdin(Stdio::piped()));
    running.write(b"from\nhere");
    running.stdin = None;
    assert_eq!(running.finish().code, Some(0));
    let heard = server.heard();
    assert_eq!(heard[0].body, b"a=1&c=3&b=x+%26");
    assert_eq!(heard[1].body, b"c=\r\n3\n");
    assert_eq!(
        (heard[2].method.as_str(), &heard[2].body[..]),
        ("PATCH", &b"{\"a\": 1}"[..])
    );
    assert_eq!(heard[2].header("content-type"), Some("application/json"));
    assert_eq!(heard[2].header("accept"), Some("application/json"));
    assert_eq!(
        (heard[3].method.as_str(), heard[3].target.as_str()),
        ("GET", "/a.txt?x&q=a%20b")
    );
    assert_eq!(
        (heard[3].header("content-type"), heard[3].body.len()),
        (None, 0)
    );
    assert_eq!(heard[4].body, b"fromhere");
}

#[test]
fn a_form_with_files_has_their_names_types_and_length() {
    let (server, folder) = begin();
    fs::write(folder.path().join("notes.txt"), "some notes").unwrap();
    fs::write(folder.path().join("empty"), "").unwrap();
    let arguments = [
        "-F",
        "title=Knots",
        "-F",
        "notes=@notes.txt",
        "-F",
        "other=@notes.txt;type=text/markdown;filename=\"a b.md\"",
        "-F",
        "text=<notes.txt",
        "-F",
        "empty=@empty",
        "--form-string",
        "sign=@notes.txt;type=x",
        &server.url("/upload"),
    ];
    shown(&folder, &arguments);
    let heard = &server.heard()[0];
    let length = heard.header("content-length").expect("a length");
    assert_eq!(length, heard.body.len().to_string());
    let kind = heard.header("content-type").unwrap();
    let (_, boundary) = kind
        .split_once("multipart/form-data; boundary=")
        .expect("a boundary");
    let body = String::from_utf8(heard.body.clone()).unwrap();
    let parts: Vec<&str> = body.split(&format!("--{boundary}")).collect();
    let disposition = "\r\nContent-Disposition: form-data; ";
    assert_eq!(
        parts,
        [
            "",
            &format!("{disposition}name=\"title\"\r\n\r\nKnots\r\n"),
            &format!(
                "{disposition}name=\"notes\"; filename=\"notes.txt\"\r\nContent-Type: text/plain\r\n\r\nsome notes\r\n"
            ),
            &format!(
                "{disposition}name=\"other\"; filename=\"a b.md\"\r\nContent-Type: text/markdown\r\n\r\nsome notes\r\n"
            ),
            &format!("{disposition}name=\"text\"\r\n\r\nsome notes\r\n"),
            &format!(
                "{disposition}name=\"empty\"; filename=\"empty\"\r\nContent-Type: application/octet-stream\r\n\r\n\r\n"
            ),
            &format!("{disposition}name=\"sign\"\r\n\r\n@notes.txt;type=x\r\n"),
            "--\r\n",
        ]
    );
}

#[test]
fn a_file_is_sent_by_its_length_and_input_as_it_comes() {
    let (server, folder) = begin();
    let large: Vec<u8> = (0..300_000_u32).map(|at| (at ^ (at >> 8)) as u8).collect();
    fs::write(folder.path().join("large file"), &large).unwrap();
    shown(&folder, &["-T", "large file", &server.url("/in/")]);
    assert!(server.get("/in/large%20file").unwrap() == large);
    let heard = &server.heard()[0];
    assert_eq!(
        (heard.method.as_str(), heard.header("content-length")),
        ("PUT", Some("300000"))
    );
    let mut piped = command(folder.path(), &["-T", "-", &server.url("/piped")]);
    let mut running = Running::spawn(piped.stdin(Stdio::piped()));
    running.write(&large);
    running.stdin = None;
    assert_eq!(running.finish().code, Some(0));
    assert!(server.get("/piped").unwrap() == large);
    let outcome = fetch(&folder, &["-T", "nothing", &server.url("/x")]);
    assert_eq!(outcome.code, Some(26), "{}", outcome.errors);
    assert!(
        outcome.errors.contains("cannot send nothing"),
        "{}",
        outcome.errors
    );
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

#[test]
fn programs_read_a_line_for_each_url() {
    let (server, folder) = begin();
    let urls = [server.url("/a.txt"), server.url("/nothing")];
    let outcome = fetch(&folder, &["--json", &urls[0], &urls[1]]);
    assert_eq!(outcome.code, Some(22));
    let text = outcome.text();
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines[0]["url"], *urls[0]);
    assert_eq!(
        (&lines[0]["status"], &lines[0]["bytes"]),
        (&200.into(), &6.into())
    );
    assert_eq!(lines[0]["body"], "hello\n");
    assert_eq!(lines[0]["headers"]["content-length"][0], "6");
    assert!(lines[0]["seconds"].is_number() && lines[0]["error"].is_null());
    assert_eq!(
        (&lines[1]["status"], &lines[1]["code"]),
        (&404.into(), &22.into())
    );
    let outcome = fetch(&folder, &["--json", "-o", "here", &urls[0]]);
    let line: serde_json::Value = serde_json::from_str(&outcome.text()).unwrap();
    assert_eq!(
        (&line["file"], &line["transferred"]),
        (&"here".into(), &6.into())
    );
    assert_eq!(outcome.errors, "");
}

#[test]
fn a_login_comes_from_the_environment_or_a_file_and_is_never_shown() {
    let (server, folder) = begin();
    let url = server.url("/a.txt");
    let heard = || {
        server
            .heard()
            .pop()
            .unwrap()
            .header("authorization")
            .map(str::to_owned)
    };
    let nobody = fetch(&folder, &["-u", "anna", &url]);
    assert_eq!(nobody.code, Some(2));
    assert!(
        nobody
            .errors
            .contains("give it by LARIAT_HTTP_PASSWORD or ~/.netrc"),
        "{}",
        nobody.errors
    );
    let mut named = command(folder.path(), &["-v", "-u", "anna", &url]);
    named
        .env("LARIAT_HTTP_PASSWORD", "swordfish")
        .env("RUST_LOG", "trace");
    let outcome = Running::spawn(&mut named).finish();
    assert_eq!(heard().as_deref(), Some("Basic YW5uYTpzd29yZGZpc2g="));
    let secrets = ["swordfish", "YW5uYTpzd29yZGZpc2g"];
    assert!(
        secrets
            .iter()
            .all(|secret| !outcome.errors.contains(secret)),
        "{}",
        outcome.errors
    );
    let entry = "default login otto password no\nmachine 127.0.0.1 login anna password swordfish\n";
    fs::write(folder.path().join("netrc"), entry).unwrap();
    shown(&folder, &[&url]);
    assert_eq!(heard().as_deref(), Some("Basic YW5uYTpzd29yZGZpc2g="));
    shown(&folder, &["--no-netrc", &url]);
    assert_eq!(heard(), None);
    // Those of any host are for none that was not named.
    fs::write(
        folder.path().join("netrc"),
        "default login otto password no\n",
    )
    .unwrap();
    shown(&folder, &[&url]);
    assert_eq!(heard(), None);
    let mut token = command(folder.path(), &["--bearer", &url]);
    token.env("LARIAT_HTTP_TOKEN", "abc");
    Running::spawn(&mut token).finish();
    assert_eq!(heard().as_deref(), Some("Bearer abc"));
    let secret = url.replace("//", "//anna:swordfish@");
    for arguments in [
        &["-u", "anna:swordfish", &url][..],
        &["-x", "http://anna:swordfish@localhost:1", &url],
        &[secret.as_str()],
    ] {
        let outcome = fetch(&folder, arguments);
        assert_eq!(outcome.code, Some(2), "{}", outcome.errors);
        assert!(
            outcome.errors.contains("lists of processes"),
            "{}",
            outcome.errors
        );
        assert!(!outcome.errors.contains("swordfish"), "{}", outcome.errors);
    }
}

#[test]
fn cookies_are_sent_kept_and_sent_again() {
    let (server, folder) = begin();
    let url = server.url("/a.txt");
    server.set_header("/a.txt", "Set-Cookie", "session=1; Path=/");
    shown(&folder, &["-b", "a=b; c=d", "-c", "jar", &url]);
    shown(&folder, &["-b", "jar", &url]);
    let heard = server.heard();
    assert_eq!(heard[0].header("cookie"), Some("a=b; c=d"));
    assert_eq!(heard[1].header("cookie"), Some("session=1"));
    let jar = fs::read_to_string(folder.path().join("jar")).unwrap();
    assert!(jar.starts_with("# Netscape HTTP Cookie File"), "{jar}");
    fs::write(folder.path().join("jar"), "no cookies").unwrap();
    let outcome = fetch(&folder, &["-b", "jar", &url]);
    assert!(
        outcome.errors.starts_with("lariat: jar: "),
        "{}",
        outcome.errors
    );
}

#[test]
fn a_proxy_is_asked_where_one_is_named() {
    let (proxy, folder) = begin();
    proxy.put("http://example.test/x", b"by the proxy\n");
    let address = proxy.address().to_string();
    let url = "http://example.test/x";
    assert_eq!(shown(&folder, &["-x", &address, url]), "by the proxy\n");
    let mut by_environment = command(folder.path(), &[url]);
    by_environment.env("http_proxy", &address);
    let outcome = Running::spawn(&mut by_environment).finish();
    assert_eq!(outcome.text(), "by the proxy\n");
    let mut named = command(
        folder.path(),
        &["-x", &address, "--proxy-user", "anna", url],
    );
    named.env("LARIAT_PROXY_PASSWORD", "swordfish");
    Running::spawn(&mut named).finish();
    let heard = proxy.heard();
    assert_eq!(
        heard[2].header("proxy-authorization"),
        Some("Basic YW5uYTpzd29yZGZpc2g=")
    );
    // Nobody at all is asked for this name without it.
    let outcome = fetch(
        &folder,
        &["-x", &address, "--noproxy", "*", "http://127.0.0.1:1/"],
    );
    assert_eq!(outcome.code, Some(7), "{}", outcome.errors);
}

#[test]
fn wrong_usage_and_faults_are_one_line_and_have_their_codes() {
    let (server, folder) = begin();
    let url = server.url("/a.txt");
    let short = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello".to_vec();
    server.order("/short", 1, WebFault::Says(short));
    server.order("/none", 1, WebFault::Says(b"SSH-2.0-x\r\n".to_vec()));
    server.order("/gone", 1, WebFault::HangsUp);
    let proxy = server.address().to_string();
    let refusal = b"HTTP/1.1 407 Who\r\nContent-Length: 0\r\n\r\n".to_vec();
    server.order("a.example:443", 1, WebFault::Says(refusal));
    server.order("/silent", 1, WebFault::Silent);
    let packed =
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello".to_vec();
    server.order("/packed", 1, WebFault::Says(packed));
    for (arguments, code, words) in [
        (&["gopher://x/"][..], 1, "another protocol"),
        (&["http://a:99999/"], 3, "port"),
        (&["-X", "A B", &url], 2, "is no method"),
        (&["-H", "x", &url], 2, "write 'Name: value'"),
        (&["-o", "a", &url, &url], 2, "2 URLs, and 1 times -o"),
        (&["--json", "{\"a\":1}", &url], 2, "--data-json"),
        (&["-d", "@nothing", &url], 26, "cannot read nothing"),
        (&["-x", "gopher://x", &url], 2, "a proxy is written as"),
        (&["http://127.0.0.1:1/"], 7, "connection refused"),
        (&["http://nobody.invalid/"], 6, "nobody.invalid"),
        (
            &["-o", "nowhere/a", &url],
            23,
            "cannot write nowhere/a.part",
        ),
        (
            &[&server.url("/short")],
            18,
            "the body ended at 5 of 10 bytes",
        ),
        (&[&server.url("/none")], 56, "no HTTP"),
        (&[&server.url("/gone")], 52, "closed the connection"),
        (
            &["--timeout", "0.1", &server.url("/silent")],
            28,
            "no answer",
        ),
        (&[&server.url("/packed")], 61, "no gzip"),
        (
            &["--max-filesize", "5", "-O", &url],
            63,
            "larger than the 5 bytes",
        ),
        (
            &["--max-filesize", "5", &url],
            63,
            "larger than the 5 bytes",
        ),
        (&["-x", "nobody.invalid", &url], 5, "nobody.invalid"),
        (
            &["-x", &proxy, "https://a.example/"],
            56,
            "wants a name and a password; -x with --proxy-user NAME logs in there",
        ),
        (&["--ca", "nothing", "https://127.0.0.1:1/"], 77, "nothing"),
    ] {
        let outcome = fetch(&folder, arguments);
        assert_eq!(
            outcome.code,
            Some(code),
            "{arguments:?}: {}",
            outcome.errors
        );
        assert!(
            outcome.errors.contains(words),
            "{arguments:?}: {}",
            outcome.errors
        );
        assert_eq!(outcome.errors.lines().count(), 1, "{}", outcome.errors);
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

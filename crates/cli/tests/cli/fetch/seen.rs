//! What is seen of it: heads, bytes, and what programs read.

use super::{begin, fetch, shown};

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

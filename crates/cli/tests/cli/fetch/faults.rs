//! What goes wrong: one line, and the code that curl has for it.

use std::fs;

use lariat_testkit::WebFault;

use super::{begin, fetch};

#[test]
fn wrong_usage_and_faults_are_one_line_and_have_their_codes() {
    let (server, folder) = begin();
    let url = server.url("/a.txt");
    let short = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello".to_vec();
    server.order("/short", 1, WebFault::Says(short));
    server.order("/none", 1, WebFault::Says(b"SSH-2.0-x\r\n".to_vec()));
    server.order("/gone", 1, WebFault::HangsUp);
    let proxy = server.address().to_string();
    let socks = format!("socks4://{proxy}");
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
        (
            &["-x", &socks, "--proxy-user", "anna", "http://[::1]/"],
            97,
            "knows no other; socks5:// does",
        ),
        (&["--ca", "nothing", "https://127.0.0.1:1/"], 77, "nothing"),
    ] {
        fetch(&folder, arguments).assert_failed(code, words, arguments);
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

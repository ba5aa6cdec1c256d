//! Keeps `docs/coming-from-python.md` complete: every word of Python's `socket` that Lariat
//! promises to translate has a row in a table and appears in an example that is run.

use std::path::Path;

const WORDS: &[&str] = &[
    "bind",
    "listen",
    "accept",
    "connect",
    "connect_ex",
    "recv",
    "recv_into",
    "send",
    "sendall",
    "recvfrom",
    "recvfrom_into",
    "sendto",
    "getpeername",
    "getsockname",
    "getsockopt",
    "setsockopt",
    "shutdown",
    "close",
    "detach",
    "ioctl",
    "setblocking",
    "settimeout",
    "gettimeout",
    "getdefaulttimeout",
    "setdefaulttimeout",
    "fileno",
    "makefile",
    "family",
    "type",
    "proto",
    "has_ipv6",
    "socketpair",
    "create_connection",
    "fromfd",
    "getaddrinfo",
    "getnameinfo",
    "getfqdn",
    "gethostname",
    "gethostbyname",
    "gethostbyname_ex",
    "gethostbyaddr",
    "getprotobyname",
    "getservbyname",
    "getservbyport",
    "ntohl",
    "ntohs",
    "htonl",
    "htons",
    "inet_aton",
    "inet_ntoa",
    "inet_pton",
    "inet_ntop",
    "error",
    "herror",
    "gaierror",
    "timeout",
    "select",
    "selectors",
    "asyncore",
    "AF_UNIX",
    "AF_INET",
    "AF_INET6",
    "AF_NETLINK",
    "AF_TIPC",
];

#[test]
fn every_word_has_a_row_and_appears_in_an_example() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/coming-from-python.md");
    let page = std::fs::read_to_string(&path).expect("the page is there");
    let mut rows = String::new();
    let mut comments = String::new();
    let mut in_example = false;
    for line in page.lines() {
        if let Some(info) = line.strip_prefix("```") {
            in_example = !in_example;
            // An example that is not run proves nothing.
            assert!(info.is_empty(), "an example marked {info:?} in {path:?}");
        } else if in_example {
            if let Some((_, comment)) = line.split_once("//") {
                comments.push_str(comment);
                comments.push('\n');
            }
        } else if let Some(row) = line.strip_prefix("| ") {
            rows.push_str(row.split(" | ").next().unwrap_or_default());
            rows.push('\n');
        }
    }
    let missing = |place: &str| -> Vec<&str> {
        let words: Vec<_> = place
            .split(|letter: char| !letter.is_alphanumeric() && letter != '_')
            .collect();
        let absent = WORDS.iter().filter(|word| !words.contains(word));
        absent.copied().collect()
    };
    let (rows, examples) = (missing(&rows), missing(&comments));
    assert!(rows.is_empty(), "words without a row: {rows:?}");
    assert!(examples.is_empty(), "words in no example: {examples:?}");
}

//! What a person at a terminal sees.

use std::path::Path;

use lariat_testkit::WebServer;

use super::{begin, command};
use crate::pty::Terminal;

fn at_terminal(folder: &Path, arguments: &[&str]) -> Terminal {
    let mut fetching = command(folder, arguments);
    fetching.env("NO_COLOR", "1");
    Terminal::run(fetching)
}

fn json(server: &WebServer) -> String {
    server.put("/json", br#"{"b":[1,2.50],"a":"x"}"#);
    server.set_header(
        "/json",
        "Content-Type",
        "application/problem+json; charset=utf-8",
    );
    server.url("/json")
}

#[test]
fn json_is_laid_out_in_its_order() {
    let (server, folder) = begin();
    let mut terminal = at_terminal(folder.path(), &[&json(&server)]);
    assert_eq!(terminal.wait_for_end(), Some(0));
    let screen = terminal.screen();
    let lines = [
        "{",
        "  \"b\": [",
        "    1,",
        "    2.50",
        "  ],",
        "  \"a\": \"x\"",
        "}",
    ];
    assert_eq!(screen[..lines.len()], lines, "{screen:?}");
}

#[test]
fn what_is_binary_is_not_for_a_terminal_and_text_steers_none() {
    let (server, folder) = begin();
    server.put("/bytes", b"\x7fELF\0\0");
    let mut terminal = at_terminal(folder.path(), &[&server.url("/bytes")]);
    assert_eq!(terminal.wait_for_end(), Some(23));
    let screen = terminal.screen().join(" ");
    assert!(screen.contains("-o FILE saves it"), "{screen}");
    server.put("/text", "größe \x1b[2Jx\n".as_bytes());
    let mut terminal = at_terminal(folder.path(), &[&server.url("/text")]);
    assert_eq!(terminal.wait_for_end(), Some(0));
    assert_eq!(terminal.screen()[0], "größe \\u{1b}[2Jx");
}

#[test]
fn a_password_is_asked_for_and_not_seen() {
    let (server, folder) = begin();
    let url = server.url("/a.txt");
    let mut terminal = at_terminal(folder.path(), &["-u", "anna", &url]);
    let prompt = "Password of anna on 127.0.0.1:";
    terminal.wait_for_screen(&[prompt]);
    terminal.type_in("swordfish\r");
    assert_eq!(terminal.wait_for_end(), Some(0));
    assert_eq!(terminal.screen()[..2], [prompt, "hello"]);
    assert!(terminal.is_as_it_was());
    let heard = server.heard().pop().unwrap();
    assert_eq!(
        heard.header("authorization"),
        Some("Basic YW5uYTpzd29yZGZpc2g=")
    );
}

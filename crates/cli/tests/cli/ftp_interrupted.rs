//! `lariat ftp` that is broken off by ^C, or has its connection ended, at the prompt and without one.

use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::path::Path;

use lariat_testkit::{Fault, FtpServer};
use nix::sys::signal::Signal;

use crate::ftp::{begin, command};
use crate::process::{Running, lariat};
use crate::pty::Terminal;

/// A person at the prompt.
fn at_terminal(server: &FtpServer, folder: &Path, path: &str, more: &[&str]) -> Terminal {
    let mut at_terminal = lariat(&["ftp", "-q"]);
    at_terminal
        .args(more)
        .arg(server.url(path))
        .current_dir(folder);
    at_terminal
        .env("NETRC", folder.join("netrc"))
        .env("LARIAT_STATE", folder.join("state"));
    let mut terminal = Terminal::run(at_terminal);
    terminal.wait_for_screen(&["ftp>"]);
    terminal
}

#[test]
fn a_session_goes_on_behind_what_was_broken_off() {
    let (server, folder) = begin();
    let mut terminal = at_terminal(&server, folder.path(), "pub/deep/", &[]);
    server.order("RETR", 1, Fault::Stalls(40_000));
    // What was typed ahead is given up as well.
    terminal.type_in("get c\rrm c\r");
    let part = folder.path().join("c.part");
    while !fs::metadata(&part).is_ok_and(|known| known.len() == 40_000) {
        std::thread::yield_now();
    }
    terminal.wait_to_show("ftp> rm c");
    terminal.press("\x03");
    terminal.wait_to_show("broken off");
    terminal.type_in("pwd\r");
    terminal.wait_to_show("/pub/deep");
    terminal.type_in("quit\r");
    assert_eq!(terminal.wait_for_end(), Some(0));
    assert!(!part.exists());
    assert!(server.get("/pub/deep/c").is_some());
}

#[test]
fn a_file_that_is_sent_in_place_is_said_to_be_half() {
    let (server, folder) = begin();
    fs::write(folder.path().join("c"), vec![7; 20_000_000]).unwrap();
    for arguments in [&["put", "c"][..], &["mirror", "-R", ".", "."]] {
        server.order("STOR", 1, Fault::Stalls(40_000));
        let url = server.url("pub");
        let arguments = [&["--in-place", &url], arguments].concat();
        let running = Running::spawn(&mut command(folder.path(), &arguments));
        while server
            .get("/pub/c")
            .is_none_or(|there| there.len() != 40_000)
        {
            std::thread::yield_now();
        }
        running.signal(Signal::SIGINT);
        let outcome = running.finish();
        assert_eq!(outcome.code, Some(130));
        assert!(
            outcome
                .errors
                .ends_with("c is not whole there: it was being sent in place\n"),
            "{}",
            outcome.errors
        );
        // It may have been there before.
        assert!(server.get("/pub/c").is_some());
        server.put("/pub/c", b"");
    }
}

#[test]
fn a_session_that_the_server_has_given_up_says_so_whatever_failed() {
    let (server, folder) = begin();
    let mut terminal = at_terminal(&server, folder.path(), "", &[]);
    let idle = b"421 Idle for 900 seconds.\r\n".to_vec();
    server.order("NOOP", 1, Fault::SaysBehind("HELP", 1, idle));
    terminal.type_in("lcd nothing\r");
    terminal.wait_to_show("nothing: no such file");
    // By a connection of its own.
    let mut other = TcpStream::connect(server.address()).unwrap();
    other.write_all(b"HELP\r\n").unwrap();
    assert_eq!(terminal.wait_for_end(), Some(1));
    let screen = terminal.screen().concat();
    let last = "lariat: the server closed the connection: 421 Idle for 900 seconds.";
    assert!(screen.ends_with(last), "{screen}");
    assert!(terminal.is_as_it_was());
}

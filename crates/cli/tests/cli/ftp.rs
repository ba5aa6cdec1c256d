//! `lariat ftp` against a small server: one command, a script, and a person at a terminal.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use lariat_testkit::{Fault, FtpServer};
use nix::sys::signal::Signal;
use tempfile::TempDir;

use crate::process::{Outcome, Running, lariat};
use crate::pty::Terminal;

/// A server with a few files, and a folder to fetch them into.
pub fn begin() -> (FtpServer, TempDir) {
    let server = FtpServer::start();
    server.put("/pub/a.txt", b"hello\n");
    server.put("/pub/b.txt", b"hello, you\n");
    server.put("/pub/deep/c", &[7; 100_000]);
    (server, tempfile::tempdir().unwrap())
}

pub fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = lariat(&["ftp"]);
    command.args(arguments).current_dir(folder);
    command
        .env("NETRC", folder.join("netrc"))
        .env_remove("LARIAT_FTP_PASSWORD");
    command.env("LARIAT_STATE", folder.join("state"));
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    command
}

pub fn ftp(folder: &TempDir, arguments: &[&str]) -> Outcome {
    Running::spawn(&mut command(folder.path(), arguments)).finish()
}

/// The same with lines on its standard input.
pub fn script(folder: &TempDir, arguments: &[&str], lines: &str) -> Outcome {
    let mut command = command(folder.path(), arguments);
    let mut running = Running::spawn(command.stdin(Stdio::piped()));
    running.write(lines.as_bytes());
    running.stdin = None;
    running.finish()
}

pub fn names(folder: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(folder.path()).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_url_of_a_file_is_fetched() {
    let (server, folder) = begin();
    let outcome = ftp(&folder, &[&server.url("pub/a.txt")]);
    assert_eq!((outcome.code, outcome.text().as_str()), (Some(0), ""));
    assert_eq!(outcome.errors, "pub/a.txt -> a.txt: 6 bytes\n");
    assert_eq!(fs::read(folder.path().join("a.txt")).unwrap(), b"hello\n");
    let heard = server.heard();
    assert!(heard.contains(&"USER anonymous".to_owned()));
    assert_eq!(heard.last().unwrap(), "QUIT");
}

#[test]
fn one_command_is_carried_out_in_the_folder_of_the_url() {
    let (server, folder) = begin();
    let url = server.url("pub");
    for (arguments, output) in [
        (&["pwd"][..], "/pub\n"),
        (&["nlist"], "deep\na.txt\nb.txt\n"),
        (&["cat", "a.txt"], "hello\n"),
        (&["size", "b.txt"], "11\n"),
        (&["date", "b.txt"], "2006-06-17 17:27:21\n"),
        (&["quote", "SYST"], "215 UNIX Type: L8\n"),
    ] {
        let outcome = ftp(&folder, &[&[url.as_str()], arguments].concat());
        assert_eq!(
            (
                outcome.code,
                outcome.text().as_str(),
                outcome.errors.as_str()
            ),
            (Some(0), output, "")
        );
    }
    let listed = ftp(&folder, &[&url, "ls"]).text();
    assert!(
        listed.contains("            11 Jun 17 17:27 b.txt\n"),
        "{listed}"
    );
    let outcome = ftp(&folder, &["-q", &url, "mget", "*.txt"]);
    assert_eq!((outcome.code, outcome.errors.as_str()), (Some(0), ""));
    assert_eq!(names(&folder), ["a.txt", "b.txt"]);
    ftp(&folder, &[&url, "put", "a.txt", "deep/"]);
    assert_eq!(
        server.get("/pub/deep/a.txt").as_deref(),
        Some(&b"hello\n"[..])
    );
}

#[test]
fn programs_read_lines_of_json() {
    let (server, folder) = begin();
    let url = server.url("pub/");
    let outcome = ftp(&folder, &["--json", &url, "ls"]);
    let lines: Vec<serde_json::Value> = outcome
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        (&lines[0]["name"], &lines[0]["kind"]),
        (&"deep".into(), &"folder".into())
    );
    assert_eq!(
        (&lines[1]["size"], &lines[1]["modified"]),
        (&6.into(), &"20060617172721".into())
    );
    let outcome = ftp(&folder, &["--json", &url, "get", "a.txt", "x"]);
    assert_eq!(
        outcome.text(),
        "{\"bytes\":6,\"done\":\"get\",\"path\":\"a.txt\",\"to\":\"x\"}\n"
    );
    assert_eq!(outcome.errors, "");
}

#[test]
fn a_script_is_carried_out_line_by_line_until_one_fails() {
    let (server, folder) = begin();
    let url = server.url("");
    let lines = "cd pub\n\nmkdir 'new one'\nlcd .\nget a.txt\nput a.txt \"new one/a\"\npwd\nquit\nrm a.txt\n";
    let outcome = script(&folder, &["-q", &url], lines);
    assert_eq!((outcome.code, outcome.errors.as_str()), (Some(0), ""));
    assert!(outcome.text().ends_with("/pub\n"));
    assert!(server.get("/pub/new one/a").is_some() && server.get("/pub/a.txt").is_some());
    let outcome = script(&folder, &[&url], "cd nothing\nrm pub/a.txt\n");
    assert_eq!(outcome.code, Some(1));
    assert_eq!(
        outcome.errors,
        "lariat: CWD nothing: the server says 550 No such file or folder.\n"
    );
    assert!(server.get("/pub/a.txt").is_some());
}

#[test]
fn a_folder_is_mirrored_both_ways() {
    let (server, folder) = begin();
    let outcome = ftp(&folder, &[&server.url(""), "mirror", "pub"]);
    assert_eq!(outcome.errors, "3 files, 100017 bytes\n");
    assert_eq!(
        fs::read(folder.path().join("pub/deep/c")).unwrap(),
        [7; 100_000]
    );
    let outcome = ftp(&folder, &[&server.url(""), "mirror", "-R", "pub", "copy"]);
    assert_eq!(
        (outcome.code, outcome.errors.as_str()),
        (Some(0), "3 files, 100017 bytes\n")
    );
    assert_eq!(server.get("/copy/a.txt").as_deref(), Some(&b"hello\n"[..]));
    let outcome = ftp(&folder, &[&server.url(""), "mirror", "pub"]);
    assert_eq!(outcome.errors, "0 files, 0 bytes; 3 there already\n");
    server.order("RETR", 1, Fault::Says(b"550 Not this one.\r\n".to_vec()));
    server.put("/pub/new", b"x");
    let outcome = ftp(&folder, &[&server.url(""), "mirror", "pub"]);
    assert_eq!(outcome.code, Some(1));
    assert!(
        outcome
            .errors
            .contains("lariat: new: RETR /pub/new: the server says 550 Not this one.\n")
    );
}

#[test]
fn what_was_broken_off_is_continued() {
    let (server, folder) = begin();
    let url = server.url("pub/deep/");
    server.order("RETR", 1, Fault::BreaksOff(40_000));
    let outcome = ftp(&folder, &[&url, "get", "c"]);
    assert_eq!(outcome.code, Some(1));
    assert!(
        outcome
            .errors
            .ends_with("; what came is kept; reget goes on with it\n"),
        "{}",
        outcome.errors
    );
    assert_eq!(names(&folder), ["c.part"]);
    let outcome = ftp(&folder, &["-c", &url, "get", "c"]);
    assert_eq!(outcome.errors, "c -> c: 60000 bytes\n");
    assert_eq!(fs::read(folder.path().join("c")).unwrap(), [7; 100_000]);
}

#[test]
fn an_interrupt_leaves_no_half_file_and_ends_politely() {
    let (server, folder) = begin();
    server.order("RETR", 1, Fault::Stalls(40_000));
    let running = Running::spawn(&mut command(
        folder.path(),
        &[&server.url("pub/deep/"), "get", "c"],
    ));
    let part = folder.path().join("c.part");
    while !fs::metadata(&part).is_ok_and(|known| known.len() == 40_000) {
        std::thread::yield_now();
    }
    running.signal(Signal::SIGINT);
    let outcome = running.finish();
    assert_eq!((outcome.code, outcome.errors.as_str()), (Some(130), ""));
    assert!(names(&folder).is_empty());
    assert!(server.heard().ends_with(&["ABOR".into(), "QUIT".into()]));
}

#[test]
fn an_interrupt_leaves_no_half_file_on_the_server_either() {
    let (server, folder) = begin();
    fs::write(folder.path().join("c"), vec![7; 20_000_000]).unwrap();
    for command_words in [&["put", "c"][..], &["mirror", "-R", ".", "."]] {
        server.order("STOR", 1, Fault::Stalls(40_000));
        let url = server.url("pub");
        let running = Running::spawn(&mut command(
            folder.path(),
            &[&[url.as_str()], command_words].concat(),
        ));
        while server.get("/pub/c.part").is_none() {
            std::thread::yield_now();
        }
        running.signal(Signal::SIGINT);
        let outcome = running.finish();
        assert_eq!((outcome.code, outcome.errors.as_str()), (Some(130), ""));
        assert!(server.get("/pub/c.part").is_none());
        let heard = server.heard();
        let said = |line: &str| heard.iter().rposition(|heard| heard == line).unwrap();
        let removed = match command_words[0] {
            "put" => said("DELE c.part"),
            _ => said("DELE ./c.part"),
        };
        assert!(said("ABOR") < removed, "{heard:?}");
        assert_eq!(removed + 2, heard.len(), "{heard:?}");
        assert_eq!(heard.last().unwrap(), "QUIT");
    }
}

#[test]
fn a_mirror_is_led_by_the_options_and_ends_where_it_began() {
    let (server, folder) = begin();
    fs::create_dir(folder.path().join("x")).unwrap();
    fs::write(folder.path().join("x/text"), "one\n").unwrap();
    let outcome = script(
        &folder,
        &[
            "-q",
            "--in-place",
            "--ascii",
            "--no-keep-alive",
            &server.url("pub"),
        ],
        "mirror -R x deep/er/x\nmirror nothing\n",
    );
    assert_eq!(outcome.code, Some(1), "{}", outcome.errors);
    let stored = server.get("/pub/deep/er/x/text").unwrap();
    assert_eq!(stored, b"one\r\n");
    let heard = server.heard();
    assert!(heard.contains(&"STOR /pub/deep/er/x/text".to_owned()));
    let outcome = script(&folder, &["-q", &server.url("pub")], "mirror deep y\npwd\n");
    assert_eq!(outcome.text(), "/pub\n", "{}", outcome.errors);
}

#[test]
fn a_password_comes_from_the_environment_or_a_file_and_is_never_shown() {
    let (server, folder) = begin();
    let url = server.url("").replace("ftp://", "ftp://anna@");
    let nobody = ftp(&folder, &[&url, "pwd"]);
    assert_eq!(nobody.code, Some(2));
    assert!(
        nobody
            .errors
            .contains("give it by LARIAT_FTP_PASSWORD or ~/.netrc"),
        "{}",
        nobody.errors
    );
    for (password, code) in [("swordfish", 0), ("swordfisch", 1)] {
        let mut command = command(folder.path(), &[&url, "pwd"]);
        command
            .env("LARIAT_FTP_PASSWORD", password)
            .env("RUST_LOG", "trace");
        let outcome = Running::spawn(&mut command).finish();
        assert_eq!(outcome.code, Some(code), "{}", outcome.errors);
        assert!(outcome.errors.contains("PASS ****") && !outcome.errors.contains(password));
    }
    let entry = "machine 127.0.0.1 login anna password swordfish\n";
    fs::write(folder.path().join("netrc"), entry).unwrap();
    assert_eq!(ftp(&folder, &[&server.url(""), "pwd"]).text(), "/\n");
    assert!(server.heard().contains(&"USER anna".to_owned()));
    // One that names who logs in alone has the password asked for.
    fs::write(
        folder.path().join("netrc"),
        "machine 127.0.0.1 login anna\n",
    )
    .unwrap();
    let nobody = ftp(&folder, &[&server.url(""), "pwd"]);
    assert_eq!(nobody.code, Some(2), "{}", nobody.errors);
    assert!(nobody.errors.contains("nobody to ask"), "{}", nobody.errors);
    let secret = url.replace("anna@", "anna:swordfish@");
    let outcome = ftp(&folder, &[&secret, "pwd"]);
    assert_eq!(outcome.code, Some(2));
    assert!(outcome.errors.contains("lists of processes") && !outcome.errors.contains("swordfish"));
}

#[test]
fn an_account_comes_from_the_environment() {
    let (server, folder) = begin();
    server.order("PASS", 1, Fault::Says(b"332 Account?\r\n".to_vec()));
    server.order("ACCT", 1, Fault::Says(b"230 Come in.\r\n".to_vec()));
    let mut command = command(folder.path(), &[&server.url(""), "quote", "NOOP"]);
    let outcome = Running::spawn(command.env("LARIAT_FTP_ACCOUNT", "books")).finish();
    assert!(server.heard().contains(&"ACCT books".to_owned()));
    assert!(!outcome.errors.contains("books"), "{}", outcome.errors);
}

#[test]
fn wrong_usage_and_faults_are_one_line() {
    let (server, folder) = begin();
    let url = server.url("");
    for (arguments, code, words) in [
        (&["http://x/"][..], 2, "no scheme of FTP"),
        (
            &[url.as_str(), "gte", "a"],
            2,
            "gte is no command; did you mean get?",
        ),
        (&[&url, "mv", "a"], 2, "usage: mv FROM TO"),
        (
            &[&url, "get", "nothing"],
            1,
            "RETR nothing: the server says 550 No such file or folder.",
        ),
        (
            &[&url, "rm", "a\r\nDELE b"],
            2,
            r#"lariat: "a\r\nDELE b": a line's end or a NUL cannot be sent"#,
        ),
        (&[&url, "mget", "*.x"], 1, "no file fits *.x"),
        (&["--ca", "x", &url, "pwd"], 2, "without TLS"),
        (&["ftp://127.0.0.1:1/", "pwd"], 1, "connection refused"),
    ] {
        ftp(&folder, arguments).assert_failed(code, words, arguments);
    }
    assert!(names(&folder).is_empty());
}

#[test]
fn a_person_types_a_password_unseen_and_then_commands() {
    let (server, folder) = begin();
    let url = server.url("pub/").replace("ftp://", "ftp://anna@");
    let mut at_terminal = lariat(&["ftp", "-q", &url]);
    at_terminal
        .current_dir(folder.path())
        .env("NETRC", folder.path().join("netrc"));
    at_terminal
        .env_remove("LARIAT_FTP_PASSWORD")
        .env("LARIAT_STATE", folder.path().join("state"));
    let mut terminal = Terminal::run(at_terminal);
    let prompt = "Password of anna on 127.0.0.1:";
    terminal.wait_for_screen(&[prompt]);
    terminal.type_in("swordfish\r");
    terminal.wait_for_screen(&[prompt, "ftp>"]);
    terminal.type_in("pwd\r");
    terminal.wait_for_screen(&[prompt, "ftp> pwd", "/pub", "ftp>"]);
    terminal.type_in("cd nothing\r");
    let refused = "CWD nothing: the server says 550 No such file or folder.";
    terminal.wait_for_screen(&[
        prompt,
        "ftp> pwd",
        "/pub",
        "ftp> cd nothing",
        refused,
        "ftp>",
    ]);
    terminal.type_in("quit\r");
    assert_eq!(terminal.wait_for_end(), Some(0));
    assert!(terminal.is_as_it_was());
    assert_eq!(server.heard().last().unwrap(), "QUIT");
}

#[test]
fn a_session_ends_when_the_server_has_given_it_up() {
    let (server, folder) = begin();
    let mut at_terminal = lariat(&["ftp", "-q", &server.url("")]);
    at_terminal
        .current_dir(folder.path())
        .env("NETRC", folder.path().join("netrc"));
    at_terminal.env("LARIAT_STATE", folder.path().join("state"));
    let mut terminal = Terminal::run(at_terminal);
    terminal.wait_for_screen(&["ftp>"]);
    server.order(
        "PWD",
        1,
        Fault::Says(b"421 Idle for 900 seconds.\r\n".to_vec()),
    );
    terminal.type_in("pwd\r");
    assert_eq!(terminal.wait_for_end(), Some(1));
    let screen = terminal.screen().join("\n");
    assert!(
        screen.contains("the server closed the connection: 421 Idle for"),
        "{screen}"
    );
    assert!(terminal.is_as_it_was());
}

#[test]
fn half_a_text_is_neither_kept_nor_to_be_gone_on_with() {
    let (server, folder) = begin();
    server.put("/pub/text", b"one\r\ntwo\r\nthree\r\n");
    server.order("RETR", 1, Fault::Cuts(7));
    let outcome = ftp(&folder, &["--ascii", &server.url("pub"), "get", "text"]);
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.errors.contains("426"), "{}", outcome.errors);
    assert!(!outcome.errors.contains("reget"), "{}", outcome.errors);
    assert!(names(&folder).is_empty());
}

#[test]
fn a_name_at_the_prompt_for_its_password_steers_no_terminal() {
    let (server, folder) = begin();
    let mut at_terminal = lariat(&["ftp", "-q", "-u", "an\x1b[2Jna", &server.url("")]);
    at_terminal
        .current_dir(folder.path())
        .env("NETRC", folder.path().join("netrc"))
        .env_remove("LARIAT_FTP_PASSWORD");
    let mut terminal = Terminal::run(at_terminal);
    terminal.wait_for_screen(&["Password of an\\u{1b}[2Jna on 127.0.0.1:"]);
    terminal.type_in("x\r");
    assert_eq!(terminal.wait_for_end(), Some(1));
}

#[test]
fn a_password_that_is_quoted_is_not_remembered() {
    let (server, folder) = begin();
    let mut at_terminal = lariat(&["ftp", "-q", &server.url("")]);
    at_terminal
        .current_dir(folder.path())
        .env("NETRC", folder.path().join("netrc"))
        .env("LARIAT_STATE", folder.path().join("state"));
    let mut terminal = Terminal::run(at_terminal);
    terminal.wait_for_screen(&["ftp>"]);
    terminal.type_in("quote PASS swordfish\r");
    let quoted = ["ftp> quote PASS swordfish", "230 Come in.", "ftp>"];
    terminal.wait_for_screen(&quoted);
    terminal.type_in("quit\r");
    assert_eq!(terminal.wait_for_end(), Some(0));
    let history = folder.path().join("state/history/ftp");
    let history = std::fs::read_to_string(history).expect("a history");
    assert!(history.contains("quit"), "{history}");
    assert!(!history.contains("swordfish"), "{history}");
}

//! `lariat ask` and what `lariat serve` serves it.

use std::io::Write;

use lariat_service::command::{Command, Custom};
use serde_json::Value;

use crate::operated::Operated;
use crate::process::{Outcome, lariat, run};
use crate::pty::Terminal;
use crate::server::{Server, once, read_some};

/// A server that knows two commands more, and its endpoint.
fn server() -> (Server, String) {
    let custom = |name: &str, script: &str| Custom::new(name, ["sh", "-c", script]).unwrap();
    let service = Command::new()
        .with(custom("dots", "printf '.a\\n..\\n'").described("some dots"))
        .with(custom("wrong", "echo half; exit 3"));
    let server = Server::start();
    let endpoint = server.serve("tcp://127.0.0.1:0", service);
    (server, endpoint)
}

fn ask(endpoint: &str, words: &[&str]) -> Outcome {
    run(&[&["ask", endpoint], words].concat(), b"")
}

#[test]
fn one_command_is_asked_and_its_answer_shown() {
    let (_server, endpoint) = server();
    let said = ask(&endpoint, &["date"]);
    assert_eq!((said.code, said.errors.as_str()), (Some(0), ""));
    assert_eq!(said.text().len(), 25);
    let said = ask(&endpoint, &["dots"]);
    assert_eq!((said.code, said.text().as_str()), (Some(0), ".a\n..\n"));
    // A host and a port alone are an endpoint too.
    let host = endpoint.strip_prefix("tcp://").unwrap();
    assert_eq!(ask(host, &["dots"]).text(), ".a\n..\n");
}

#[test]
fn what_goes_wrong_is_told_and_is_an_exit_code() {
    let (_server, endpoint) = server();
    let said = ask(&endpoint, &["wrong"]);
    assert_eq!((said.code, said.text().as_str()), (Some(1), "half\n"));
    assert_eq!(said.errors, "lariat: it ended with exit code 3\n");
    let said = ask(&endpoint, &["dat"]);
    assert_eq!((said.code, said.text().as_str()), (Some(1), ""));
    assert!(
        said.errors
            .starts_with("lariat: no command \"dat\" (did you mean \"date\"? known: ")
    );
    let said = ask(&endpoint, &["ls", "my", "files"]);
    assert!(
        said.errors.contains("there is no directory to list"),
        "{said:?}"
    );
    let said = ask(&endpoint, &["x".repeat(2000).as_str()]);
    assert!(
        said.errors
            .contains("at most 1024 bytes, and this one 2000"),
        "{said:?}"
    );
}

#[test]
fn answers_are_objects_for_programs() {
    let (_server, endpoint) = server();
    let said = ask(&endpoint, &["--json", "wrong"]);
    let object: Value = serde_json::from_str(&said.text()).unwrap();
    assert_eq!(object["outcome"], "failed");
    assert_eq!(object["why"], "it ended with exit code 3");
    assert_eq!(object["text"], "half\n");
    assert_eq!((said.code, said.errors.as_str()), (Some(1), ""));
    let said = run(&["ask", &endpoint, "--json"], b"dots\n\nquit\ndots\n");
    let answers: Vec<Value> = said
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let asked: Vec<&str> = answers
        .iter()
        .filter_map(|answer| answer["command"].as_str())
        .collect();
    assert_eq!((said.code, asked), (Some(0), vec!["dots", "quit"]));
}

#[test]
fn lines_of_a_pipe_are_all_asked() {
    let (_server, endpoint) = server();
    let said = run(&["ask", &endpoint], b"dots\nnothing\ndots");
    assert_eq!(
        (said.code, said.text().as_str()),
        (Some(1), ".a\n..\n.a\n..\n")
    );
    assert!(
        said.errors.starts_with("lariat: no command \"nothing\""),
        "{}",
        said.errors
    );
    assert_eq!(said.errors.lines().count(), 1);
}

#[test]
fn what_is_no_command_server_is_told() {
    let (endpoint, server) = once(|mut stream| {
        read_some(&mut stream);
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .unwrap();
    });
    let said = ask(&endpoint, &["date"]);
    assert_eq!(said.code, Some(1));
    assert!(
        said.errors.contains("none of ok, failed, error, closing"),
        "{said:?}"
    );
    server.join().unwrap();
    let (endpoint, server) = once(|mut stream| {
        read_some(&mut stream);
        stream.write_all(b"closing the server goes down\n").unwrap();
    });
    let said = ask(&endpoint, &["date"]);
    assert!(
        said.errors
            .contains("the server closed: the server goes down"),
        "{said:?}"
    );
    server.join().unwrap();
}

#[test]
fn a_conversation_knows_the_commands_and_those_typed_before() {
    let (_server, endpoint) = server();
    let state = tempfile::tempdir().unwrap();
    let start = || {
        let mut command = lariat(&["ask", &endpoint]);
        command.env("LARIAT_STATE", state.path());
        let mut terminal = Terminal::run(command);
        terminal.wait_for_screen(&[">"]);
        terminal
    };
    let mut terminal = start();
    terminal.type_in("do\t\r");
    terminal.wait_for_screen(&["> dots", ".a", "..", ">"]);
    terminal.type_in("wrong\r");
    let said = [
        "> dots",
        ".a",
        "..",
        "> wrong",
        "half",
        "failed: it ended with exit code 3",
        ">",
    ];
    terminal.wait_for_screen(&said);
    terminal.type_in("quit\r");
    assert_eq!(terminal.wait_for_end(), Some(0));
    assert!(terminal.is_as_it_was());
    let mut terminal = start();
    terminal.type_in("\x1b[A\x1b[A\x1b[A\r");
    terminal.wait_for_screen(&["> dots", ".a", "..", ">"]);
    terminal.press("\x04");
    assert_eq!(terminal.wait_for_end(), Some(0));
}

/// A conversation whose history is nowhere.
fn conversation(endpoint: &str) -> (Terminal, tempfile::TempDir) {
    let state = tempfile::tempdir().unwrap();
    let mut command = lariat(&["ask", endpoint]);
    command.env("LARIAT_STATE", state.path());
    let mut terminal = Terminal::run(command);
    terminal.wait_for_screen(&[">"]);
    (terminal, state)
}

#[test]
fn an_answer_cannot_steer_the_terminal_and_the_end_of_the_server_is_told() {
    let server = Server::start();
    let custom = Custom::new("steer", ["printf", "\\033[2Jhi"]).unwrap();
    let endpoint = server.serve("tcp://127.0.0.1:0", Command::new().with(custom));
    let (mut terminal, _state) = conversation(&endpoint);
    terminal.type_in("steer\r");
    terminal.wait_for_screen(&["> steer", "\\u{1b}[2Jhi", ">"]);
    drop(server);
    assert_eq!(terminal.wait_for_end(), Some(1));
    let last = terminal.screen()[2..].concat();
    assert!(
        last.starts_with("lariat: ") && last.ends_with("the server closed the connection"),
        "{last}"
    );
    assert!(terminal.is_as_it_was());
}

#[test]
fn a_line_that_is_too_long_is_told_and_can_be_mended() {
    let (_server, endpoint) = server();
    let (mut terminal, _state) = conversation(&endpoint);
    terminal.type_in(&format!("{}\r", "x".repeat(1025)));
    terminal.wait_for_words("[1025 bytes; a line has 1024 at most]");
    // ^U takes away what stands before the cursor.
    terminal.type_in("\x15dots\r");
    terminal.wait_for_screen(&["> dots", ".a", "..", ">"]);
    terminal.press("\x03");
    assert_eq!(terminal.wait_for_end(), Some(130));
}

#[test]
fn a_configuration_adds_commands() {
    let state = tempfile::tempdir().unwrap();
    std::fs::write(state.path().join("served"), "").unwrap();
    let file = state.path().join("lariat.toml");
    let root = state.path().display();
    let text = format!(
        "command = 'tcp://127.0.0.1:0?root={root}'\n\
         [commands.hello]\nrun = ['echo', 'hello']\nhelp = 'a greeting'\n"
    );
    std::fs::write(&file, text).unwrap();
    let server = Operated::start(&["--config", file.to_str().unwrap()]);
    let address = server.address("command");
    let endpoint = address.split('?').next().unwrap().to_string();
    assert_eq!(ask(&endpoint, &["hello"]).text(), "hello\n");
    assert!(ask(&endpoint, &["ls"]).text().contains("\nserved\n"));
    assert!(
        ask(&endpoint, &["help"])
            .text()
            .contains("hello  a greeting\n")
    );
    std::fs::write(
        &file,
        "command = 'tcp://127.0.0.1:0'\n[commands.hello]\nrun = 'echo'\n",
    )
    .unwrap();
    let wrong = run(&["serve", "--config", file.to_str().unwrap()], b"");
    assert_eq!(wrong.code, Some(2));
    assert!(
        wrong
            .errors
            .contains("lariat.toml:3: run is to be a program"),
        "{}",
        wrong.errors
    );
}

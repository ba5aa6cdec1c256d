//! The line that a person types, while other text comes in: shown by `lariat echo`.

use std::io::Write;
use std::sync::mpsc::channel;

use lariat_service::echo::Echo;
use nix::sys::signal::Signal;

use crate::pty::Terminal;
use crate::server::{Server, once, read_some};

const UP: &str = "\x1b[A";
const LEFT: &str = "\x1b[D";

fn echo() -> (Server, Terminal) {
    let server = Server::start();
    let endpoint = server.serve("tcp://127.0.0.1:0", Echo);
    let mut terminal = Terminal::start(&["echo", &endpoint]);
    terminal.wait_for_screen(&[">"]);
    (server, terminal)
}

#[test]
fn what_comes_in_stands_above_the_prompt() {
    let (_server, mut terminal) = echo();
    terminal.type_in("hi\r");
    terminal.wait_for_screen(&["> hi", "hi", ">"]);
    terminal.type_in("Grüße 你好\r");
    terminal.wait_for_screen(&["> hi", "hi", "> Grüße 你好", "Grüße 你好", ">"]);
    assert!(!terminal.is_as_it_was());
    terminal.press("\x04");
    assert_eq!(terminal.wait_for_end(), Some(0));
    assert!(terminal.is_as_it_was());
}

#[test]
fn lines_that_are_pasted_are_all_taken() {
    let (_server, mut terminal) = echo();
    terminal.type_in("a\rb\rc\r\r");
    assert_eq!(terminal.wait_for_end(), Some(0));
    let screen = terminal.screen();
    for line in ["a", "b", "c"] {
        assert!(screen.iter().any(|shown| shown == line), "{screen:?}");
    }
}

#[test]
fn a_line_is_edited_and_an_old_one_comes_back() {
    let (_server, mut terminal) = echo();
    terminal.type_in(&format!("ac{LEFT}b\r"));
    terminal.wait_for_screen(&["> abc", "abc", ">"]);
    terminal.type_in(UP);
    terminal.wait_for_screen(&["> abc", "abc", "> abc"]);
    terminal.type_in("d\r");
    terminal.wait_for_screen(&["> abc", "abc", "> abcd", "abcd", ">"]);
}

#[test]
fn a_line_that_is_being_typed_stays_whole_when_text_comes_in() {
    let (answer, answered) = channel();
    let (endpoint, server) = once(move |mut stream| {
        let question = read_some(&mut stream);
        answered.recv().unwrap();
        stream.write_all(&question).unwrap();
        // Until it has been shown.
        let _ = answered.recv();
    });
    let mut terminal = Terminal::start(&["echo", &endpoint]);
    terminal.wait_for_screen(&[">"]);
    let long = "an answer that is longer than a line of the screen has columns";
    terminal.type_in(&format!("{long}\r"));
    let first = [
        "> an answer that is longer than a line of the screen has col",
        "umns",
    ];
    terminal.wait_for_screen(&[first[0], first[1], ">"]);
    // This one wraps too, and the cursor stands within it.
    let next = "the next line, which is as long and typed only to a half";
    terminal.type_in(&format!("{next}, {}", LEFT.repeat(6)));
    let second = ["> the next line, which is as long and typed only to a half, "];
    terminal.wait_for_screen(&[first[0], first[1], second[0].trim_end()]);
    answer.send(()).unwrap();
    let above = [
        "an answer that is longer than a line of the screen has colum",
        "ns",
    ];
    let lines = [first[0], first[1], above[0], above[1], second[0].trim_end()];
    terminal.wait_for_screen(&lines);
    terminal.type_in("|");
    let typed = "> the next line, which is as long and typed only to a |half,";
    terminal.wait_for_screen(&[first[0], first[1], above[0], above[1], typed]);
    drop(answer);
    server.join().unwrap();
}

#[test]
fn an_interrupt_at_the_prompt_ends_the_client() {
    let (_server, mut terminal) = echo();
    terminal.press("half\x03");
    assert_eq!(terminal.wait_for_end(), Some(130));
    assert!(terminal.is_as_it_was());
}

#[test]
fn an_interrupt_is_heard_while_an_answer_is_waited_for() {
    let (end, ended) = channel::<()>();
    let (endpoint, server) = once(move |mut stream| {
        read_some(&mut stream);
        let _ = ended.recv();
    });
    let mut terminal = Terminal::start(&["echo", &endpoint]);
    terminal.wait_for_screen(&[">"]);
    terminal.type_in("hi\r");
    terminal.wait_for_screen(&["> hi", ">"]);
    terminal.press("\x03");
    assert_eq!(terminal.wait_for_end(), Some(130));
    drop(end);
    server.join().unwrap();
}

#[test]
fn a_signal_leaves_the_terminal_as_it_was_and_what_was_typed_to_be_seen() {
    let (_server, mut terminal) = echo();
    terminal.type_in("hi\r");
    terminal.wait_for_screen(&["> hi", "hi", ">"]);
    terminal.type_in("half a line");
    terminal.wait_for_screen(&["> hi", "hi", "> half a line"]);
    terminal.signal(Signal::SIGTERM);
    assert_eq!(terminal.wait_for_end(), Some(130));
    assert!(terminal.is_as_it_was());
    assert_eq!(terminal.screen(), ["> hi", "hi", "> half a line"]);
    assert_eq!(terminal.cursor(), (3, 0));
}

#[test]
fn a_server_that_is_wrong_ends_the_prompt() {
    let (endpoint, server) = once(|mut stream| {
        read_some(&mut stream);
        stream.write_all(b"another\n").unwrap();
    });
    let mut terminal = Terminal::start(&["echo", &endpoint]);
    terminal.wait_for_screen(&[">"]);
    terminal.type_in("hi\r");
    assert_eq!(terminal.wait_for_end(), Some(1));
    let screen = terminal.screen();
    assert_eq!(screen[0], "> hi");
    assert!(screen[1].starts_with("lariat: "), "{screen:?}");
    assert!(terminal.is_as_it_was());
    server.join().unwrap();
}

#[test]
fn a_terminal_that_cannot_move_its_cursor_has_plain_lines() {
    let server = Server::start();
    let endpoint = server.serve("tcp://127.0.0.1:0", Echo);
    let mut command = crate::process::lariat(&["echo", &endpoint]);
    command.env("TERM", "dumb");
    let mut terminal = Terminal::run_as_it_is(command);
    terminal.type_in("hi\n");
    terminal.wait_for("hi\r\nhi\r\n");
    terminal.type_in("\n");
    assert_eq!(terminal.finish(), (Some(0), "hi\r\nhi\r\n\r\n".into()));
}

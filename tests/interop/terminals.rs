//! People at real terminals: tmux has the screens, and shows what is on them.

use tempfile::TempDir;

use crate::lariat::{Server, binary, text};
use crate::peer::{DEADLINE, program};

/// A tmux server of the test's own, with a pane for each command.
struct Terminals {
    socket: String,
    _folder: TempDir,
}

impl Terminals {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let socket = text(&folder.path().join("tmux"));
        Terminals {
            socket,
            _folder: folder,
        }
    }

    fn tmux(&self, arguments: &[&str]) -> Vec<String> {
        let arguments = [&["-S", &self.socket, "-f", "/dev/null"], arguments].concat();
        program("tmux", arguments).succeed()
    }

    /// Opens a terminal with a command in it.
    fn open(&self, name: &str, command: &str) {
        self.tmux(&[
            "new-session",
            "-d",
            "-s",
            name,
            "-x",
            "100",
            "-y",
            "30",
            command,
        ]);
    }

    /// Types a line.
    fn type_in(&self, name: &str, line: &str) {
        self.tmux(&["send-keys", "-t", name, "-l", line]);
        self.tmux(&["send-keys", "-t", name, "Enter"]);
    }

    /// Waits until this stands on the screen.
    fn wait_for(&self, name: &str, words: &str) {
        let end = std::time::Instant::now() + DEADLINE;
        loop {
            let screen = self.tmux(&["capture-pane", "-p", "-t", name]).join("\n");
            if screen.contains(words) {
                return;
            }
            assert!(
                std::time::Instant::now() < end,
                "{name}: no {words:?} in\n{screen}"
            );
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }
}

impl Drop for Terminals {
    fn drop(&mut self) {
        let socket = ["-S", &self.socket, "kill-server"];
        drop(program("tmux", socket).finish());
    }
}

#[test]
fn two_terminals_talk_to_each_other() {
    let terminals = Terminals::new();
    let lariat = text(binary());
    terminals.open(
        "bob",
        &format!("{lariat} talk --half --listen tcp://127.0.0.1:0 --nick bob"),
    );
    terminals.wait_for("bob", "^C ends it.");
    let screen = terminals
        .tmux(&["capture-pane", "-p", "-t", "bob"])
        .join("\n");
    let (_, endpoint) = screen.split_once("Waiting at ").expect("where it waits");
    let (endpoint, _) = endpoint.split_once(';').expect("where it waits");
    terminals.open(
        "ann",
        &format!("{lariat} talk --half {endpoint} --nick ann"),
    );
    terminals.wait_for("bob", "(ann's turn)");
    terminals.type_in("ann", "hello");
    terminals.wait_for("bob", "<ann> hello");
    terminals.type_in("bob", "hello, ann");
    terminals.wait_for("ann", "<bob> hello, ann");
    terminals.type_in("ann", "Grüße");
    terminals.wait_for("bob", "<ann> Grüße");
}

#[test]
fn three_people_and_nc_among_them_share_two_rooms() {
    let server = Server::with(&["chat=tcp://127.0.0.1:0"]);
    let address = server.address("tcp");
    let terminals = Terminals::new();
    let lariat = text(binary());
    let (host, port) = address.rsplit_once(':').expect("it has a port");
    for name in ["ann", "bob"] {
        terminals.open(
            name,
            &format!("{lariat} chat tcp://{address} --nick {name}"),
        );
        terminals.wait_for(name, "lobby>");
    }
    terminals.open("cid", &format!("nc {host} {port}"));
    terminals.wait_for("cid", "What is your name?");
    terminals.type_in("cid", "cid");
    terminals.wait_for("ann", "[lobby] + cid joined");
    terminals.type_in("cid", "hello from nc");
    for name in ["ann", "bob"] {
        terminals.wait_for(name, "[lobby] <cid> hello from nc");
    }
    terminals.type_in("bob", "/join rust");
    terminals.wait_for("bob", "rust>");
    terminals.type_in("cid", "/join rust");
    terminals.wait_for("bob", "[rust] + cid joined");
    terminals.type_in("bob", "only here");
    terminals.wait_for("cid", "[rust] <bob> only here");
    terminals.type_in("cid", "/say lobby and there");
    terminals.wait_for("ann", "[lobby] <cid> and there");
    let screen = terminals
        .tmux(&["capture-pane", "-p", "-t", "ann"])
        .join("\n");
    assert!(!screen.contains("only here"), "{screen}");
    terminals.type_in("cid", "/quit");
    terminals.wait_for("ann", "[lobby] - cid left");
    terminals.wait_for("bob", "[rust] - cid left");
}

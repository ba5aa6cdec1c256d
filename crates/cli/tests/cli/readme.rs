//! Every command of the README and of the pages under `docs/` is run, and what it shows is what comes.
//!
//! Servers take free ports, in whose place a page's stand again when outputs are
//! compared; their state is in a home directory of the test's. A command that is not known
//! here fails the test, so that none stands on a page untried. A page that is new has a line in
//! [`PAGES`]; its commands stand in blocks marked `console`. A command with a `&` behind it goes on while the
//! next ones run.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::neighbours::Neighbours;
use crate::process::{Outcome, Running, lariat};

/// The pages with commands: what they are called, their text, and how many commands they have at least.
const PAGES: &[(&str, &str, usize)] = &[
    ("README.md", include_str!("../../../../README.md"), 10),
    ("chat", include_str!("../../../../docs/chat.md"), 5),
    (
        "command-server",
        include_str!("../../../../docs/command-server.md"),
        6,
    ),
    ("ftp", include_str!("../../../../docs/ftp.md"), 6),
    ("get-raw", include_str!("../../../../docs/get-raw.md"), 4),
    ("names", include_str!("../../../../docs/names.md"), 9),
    (
        "regular-expressions",
        include_str!("../../../../docs/regular-expressions.md"),
        6,
    ),
    (
        "remote-calls",
        include_str!("../../../../docs/remote-calls.md"),
        6,
    ),
    (
        "small-services",
        include_str!("../../../../docs/small-services.md"),
        9,
    ),
];

/// What would run these tests again.
const EXEMPT: [&str; 1] = ["cargo test --workspace"];

/// The programs that may stand beside `lariat` in a command.
const KNOWN: [&str; 3] = ["lariat", "printf", "echo"];

/// How commands begin that serve.
const SERVERS: [&str; 2] = ["lariat serve", "lariat names serve"];

/// How the pages call the home directory.
const HOME: &str = "/home/you";

#[test]
fn every_command_of_the_readme_works() {
    try_out("README.md");
}

#[test]
fn every_command_of_the_pages_works() {
    for (name, _, _) in &PAGES[1..] {
        try_out(name);
    }
}

/// Runs the commands of a page one after the other.
fn try_out(page: &str) {
    let (_, text, at_least) = PAGES.iter().find(|(name, _, _)| *name == page).unwrap();
    let shown = commands(text);
    assert!(
        shown.len() >= *at_least,
        "{page} has its commands elsewhere"
    );
    let mut reader = Reader::new();
    for Shown { command, output } in &shown {
        if EXEMPT.contains(&command.as_str()) {
            continue;
        }
        let came = reader.run(command);
        if !output.is_empty() {
            let came = came.lines().filter(|line| !line.is_empty());
            let came: Vec<String> = came.map(alike).collect();
            let output: Vec<String> = output.iter().map(|line| alike(line)).collect();
            let begins = came.starts_with(&output);
            assert!(
                begins,
                "{page}: $ {command}\ngave {came:#?}\nand not {output:#?}"
            );
        }
    }
}

#[test]
fn a_command_that_is_not_known_is_told() {
    for command in ["rm -rf /", "lariat timestamp | less", "cargo build"] {
        assert!(!is_known(command), "{command}");
    }
    let shown = commands("```console\n$ a\nb\n\nc\n$ d\n```\n$ e\n");
    let shown: Vec<(&str, usize)> = shown
        .iter()
        .map(|shown| (shown.command.as_str(), shown.output.len()))
        .collect();
    assert_eq!(shown, [("a", 2), ("d", 0)]);
}

/// A command and what its page shows of its output, without empty lines.
struct Shown {
    command: String,
    output: Vec<String>,
}

fn commands(text: &str) -> Vec<Shown> {
    let mut all: Vec<Shown> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        match (line.strip_prefix("$ "), line) {
            (_, "```console") => inside = true,
            (_, "```") => inside = false,
            (Some(command), _) if inside => all.push(Shown {
                command: command.into(),
                output: Vec::new(),
            }),
            (None, line) if inside && !line.is_empty() => {
                all.last_mut()
                    .expect("a command first")
                    .output
                    .push(line.into());
            }
            _ => {}
        }
    }
    all
}

fn is_known(command: &str) -> bool {
    command.split('|').all(|part| {
        let program = part.split_whitespace().next();
        program.is_some_and(|program| KNOWN.contains(&program))
    })
}

/// A line whose time and spacing do not matter.
fn alike(line: &str) -> String {
    if line.len() == 24 && line.matches(':').count() == 2 {
        return "TIME".into();
    }
    let line = match (line.strip_prefix('['), line.get(25..)) {
        (Some(_), Some(rest)) if rest.starts_with(']') => format!("[TIME{rest}"),
        _ => line.to_string(),
    };
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Somebody who types in what a page says.
struct Reader {
    home: TempDir,
    /// What goes on behind the next commands; it ends before the server does.
    behind: Vec<Running>,
    server: Option<Server>,
    neighbours: Neighbours,
}

/// The server that was started last.
struct Server {
    running: Running,
    /// The page's ports behind their schemes, and those that were taken.
    ports: Vec<(String, String)>,
}

impl Reader {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let neighbours = Neighbours::start();
        std::fs::copy(neighbours.authority(), home.path().join("ca.pem")).unwrap();
        std::fs::write(home.path().join("quotes.txt"), "A rope is a rope.\n").unwrap();
        Reader {
            home,
            behind: Vec::new(),
            server: None,
            neighbours,
        }
    }

    /// Runs a command, and gives its output as the page would show it.
    fn run(&mut self, command: &str) -> String {
        let command = command.replace("cargo run --release -- ", "lariat ");
        assert!(is_known(&command), "it is not known how to run: {command}");
        if SERVERS.iter().any(|server| command.starts_with(server)) {
            return self.serve(&command);
        }
        let command = self.neighbours.reached(&self.to_server(&command));
        if let Some(command) = command.strip_suffix(" &") {
            let command = format!("exec {command}");
            let running = Running::spawn(self.shell(&command).stdin(Stdio::null()));
            let first = running.line();
            self.behind.push(running);
            return self.as_shown(&first);
        }
        let outcome = Running::spawn(self.shell(&command).stdin(Stdio::null())).finish();
        let Outcome { code, errors, .. } = &outcome;
        // What get-raw has to say is beside the page that it fetches.
        let is_beside = command.starts_with("lariat get-raw ");
        let told = if is_beside { "" } else { errors.as_str() };
        assert_eq!((*code, told), (Some(0), ""), "$ {command}\n{errors}");
        let said = if is_beside { errors.as_str() } else { "" };
        self.as_shown(&format!("{said}{}", outcome.text()))
    }

    /// Starts a server in the place of the last one.
    fn serve(&mut self, command: &str) -> String {
        self.behind.clear();
        self.server = None;
        let ports = FIRST.iter().map(|(_, port)| *port).chain([8443, 9464]);
        let any_port = ports.fold(command.to_string(), |command, port| {
            command.replace(&format!(":{port}"), ":0")
        });
        // The RFC's ports are not everybody's to take.
        let any_port = any_port.replace(":13'", ":0'").replace(":17?", ":0?");
        let any_port = match any_port.as_str() {
            "lariat names serve" => "exec lariat names serve tcp://localhost:0".into(),
            _ => any_port.replace("lariat serve", "exec lariat serve --port-base 0"),
        };
        let running = Running::spawn(&mut self.shell(&any_port));
        let mut said = String::new();
        let mut ports = Vec::new();
        loop {
            let line = running.line();
            if !line.starts_with("metrics ") {
                ports.extend(ports_of(&line));
            }
            said += &line;
            if line.starts_with("Ready;") || line == "{\"ready\":true}\n" {
                break;
            }
        }
        self.server = Some(Server { running, ports });
        self.as_shown(&said)
    }

    /// The command with the ports that the server has.
    fn to_server(&self, command: &str) -> String {
        let Some(server) = &self.server else {
            return command.into();
        };
        let mut command = command.to_string();
        for (shown, taken) in &server.ports {
            command = command.replace(shown, taken);
        }
        let mut tcp = server
            .ports
            .iter()
            .filter(|(shown, _)| shown.starts_with("tcp:"))
            .peekable();
        let (_, first) = tcp.peek().expect("a server on tcp");
        // Where a page relies on the default, and where it names a port alone.
        command = command.replace("timestamp -m", &format!("timestamp {first} -m"));
        let asked = server
            .ports
            .iter()
            .find(|(shown, _)| shown == "tcp://localhost:21576");
        if let Some((_, taken)) = asked {
            command = command.replace("ask localhost ", &format!("ask {taken} "));
        }
        // Where a page names a host alone, the port is that of the service.
        for (scheme, option) in [("udp", "--udp "), ("tcp", "")] {
            let daytime = format!("{scheme}://[::]:21574");
            let found = server.ports.iter().find(|(shown, _)| *shown == daytime);
            if let Some((_, port)) = found.and_then(|(_, taken)| taken.rsplit_once(':')) {
                let (shown, taken) = ("example.org", format!("localhost {port}"));
                let daytime = format!("lariat daytime {option}");
                command = command.replace(&(daytime.clone() + shown), &(daytime + &taken));
            }
        }
        let port = |endpoint: &str| endpoint.rsplit(':').next().map(str::to_owned);
        for (shown, taken) in tcp {
            let (shown, taken) = (port(shown).unwrap(), port(taken).unwrap());
            let (shown, taken) = (format!("localhost {shown}"), format!("localhost {taken}"));
            command = command.replace(&shown, &taken);
        }
        command
    }

    fn as_shown(&self, output: &str) -> String {
        let mut output = output.replace(&self.home().display().to_string(), HOME);
        let ports = self.server.iter().flat_map(|server| &server.ports);
        for (shown, taken) in ports {
            output = output.replace(taken, shown);
        }
        self.neighbours.shown(&output)
    }

    /// Where the name server is that the README finds at its default port.
    fn name_server(&self) -> Option<(&str, &String)> {
        let mut ports = self.server.iter().flat_map(|server| &server.ports);
        let taken = ports.find(|(shown, _)| shown.starts_with("tcp:") && shown.ends_with(":21579"));
        Some(("LARIAT_NAMES", &taken?.1))
    }

    fn home(&self) -> PathBuf {
        self.home.path().canonicalize().unwrap()
    }

    fn shell(&self, command: &str) -> Command {
        let binary = Path::new(env!("CARGO_BIN_EXE_lariat")).parent().unwrap();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::iter::once(binary.into()).chain(std::env::split_paths(&path));
        let environment = lariat(&[]);
        let mut shell = Command::new("sh");
        for (name, value) in environment.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        shell
            .args(["-c", command])
            .current_dir(self.home())
            .stdout(Stdio::piped())
            .env("HOME", self.home())
            .envs(self.name_server())
            .env("LARIAT_STATE", self.home().join(".local/state/lariat"))
            .env("PATH", std::env::join_paths(path).unwrap());
        shell
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.running.signal(nix::sys::signal::Signal::SIGTERM);
        // Its socket's file is gone when the next one starts.
        let _ = self.running.child.wait();
    }
}

/// The services, and the first port of each.
const FIRST: [(&str, u16); 11] = [
    ("timestamp", 21567),
    ("echo", 21570),
    ("discard", 21571),
    ("chargen", 21572),
    ("qotd", 21573),
    ("daytime", 21574),
    ("time", 21575),
    ("command", 21576),
    ("sleep", 21577),
    ("chat", 21578),
    ("names", 21579),
];

/// `("tls://localhost:21568", "tls://localhost:45678")` for each such endpoint in the line of a
/// service.
fn ports_of(line: &str) -> Vec<(String, String)> {
    let service = line.trim_start_matches("{\"service\":\"");
    let first = FIRST.iter().find(|(name, _)| {
        service.starts_with(&format!("{name} ")) || service.starts_with(&format!("{name}\""))
    });
    let Some((_, first)) = first else {
        return Vec::new();
    };
    let mut ports = Vec::new();
    for (scheme, behind) in [("tcp", 0), ("udp", 0), ("tls", 1), ("ws", 2)] {
        let default = first + behind;
        for host in ["localhost", "127.0.0.1", "[::1]", "[::]"] {
            let start = format!("{scheme}://{host}:");
            let Some((_, rest)) = line.split_once(&start) else {
                continue;
            };
            let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
            ports.push((format!("{start}{default}"), format!("{start}{port}")));
        }
    }
    ports
}

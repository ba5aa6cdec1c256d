//! Our side: the binary, as a server and as a client.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use tempfile::TempDir;

use crate::peer::{Ended, Peer, root};

/// The binary: `LARIAT`, else the one that cargo builds now.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        if let Some(path) = std::env::var_os("LARIAT") {
            return PathBuf::from(path);
        }
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let status = Command::new(cargo)
            .args(["build", "--quiet", "-p", "lariat-cli"])
            .current_dir(root())
            .status()
            .expect("cargo can be started");
        assert!(status.success(), "the binary cannot be built: {status}");
        let built = root().join("target/debug/lariat");
        assert!(
            built.exists(),
            "{} was not built; set LARIAT",
            built.display()
        );
        built
    })
}

/// The folder of the example programs, which lies beside the binary.
pub fn examples() -> PathBuf {
    let folder = binary().with_file_name("examples");
    let built = folder.join("blocking_tcp").is_file();
    assert!(
        built,
        "cargo build -p lariat --examples puts them into {}",
        folder.display()
    );
    folder
}

/// Starts the binary with these arguments.
pub fn lariat<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Peer {
    Peer::start(Command::new(binary()).args(arguments))
}

/// Starts another program that runs the binary with these arguments, as strace does.
pub fn lariat_under(program: &str, own: &[&str], arguments: &[&str]) -> Peer {
    let mut command = Command::new(program);
    Peer::start(command.args(own).arg(binary()).args(arguments))
}

/// Sends messages by `lariat timestamp`, and returns the answers that it prints.
pub fn ask(endpoint: &str, messages: &[&str]) -> Vec<String> {
    let mut arguments = vec!["timestamp", endpoint];
    for message in messages {
        arguments.extend(["-m", message]);
    }
    lariat(arguments).succeed()
}

/// That each answer is the time and the message.
pub fn assert_stamped(answers: &[String], messages: &[&str]) {
    assert_eq!(answers.len(), messages.len(), "{answers:?} to {messages:?}");
    for (answer, message) in answers.iter().zip(messages) {
        assert_eq!(unstamped(answer), *message);
    }
}

/// An answer without the time, which must have the form of `Sat Jun 17 17:27:21 2006`.
pub fn unstamped(answer: &str) -> &str {
    let shape: String = answer
        .chars()
        .take(27)
        .map(|c| match c {
            '0'..='9' => '0',
            c if c.is_alphabetic() => 'a',
            c => c,
        })
        .collect();
    // Days of one digit are padded by a space.
    let shape = shape.replacen("aaa  0", "aaa 00", 1);
    assert_eq!(
        shape, "[aaa aaa 00 00:00:00 0000] ",
        "the time in {answer:?}"
    );
    &answer[27..]
}

/// A folder with an authority and a server's certificate, made by `lariat cert`.
pub struct Certificates(TempDir);

impl Certificates {
    /// Makes them.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = text(folder.path());
        lariat(["cert", "--dir", &path, "--name", "localhost"]).succeed();
        Certificates(folder)
    }

    /// Has the authority issue another certificate to the server, for another key, and puts
    /// both in the place of the old ones.
    pub fn renew(&self) {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let copy = |from: &Path, to: &Path, name: &str| {
            let copied = std::fs::copy(from.join(name), to.join(name));
            copied.unwrap_or_else(|error| panic!("{name} cannot be copied: {error}"));
        };
        for name in ["ca.pem", "ca.key"] {
            copy(self.0.path(), folder.path(), name);
        }
        let path = text(folder.path());
        lariat(["cert", "--dir", &path, "--name", "localhost"]).succeed();
        for name in ["server.pem", "server.key"] {
            copy(folder.path(), self.0.path(), name);
        }
    }

    /// The authority's certificate.
    pub fn authority(&self) -> String {
        text(&self.0.path().join("ca.pem"))
    }

    /// The server's certificate and key.
    pub fn server(&self) -> [String; 2] {
        ["server.pem", "server.key"].map(|name| text(&self.0.path().join(name)))
    }

    /// The server's certificate and key in one file, as haproxy wants them.
    pub fn both(&self) -> String {
        let read = |path| std::fs::read_to_string(path).expect("it is there");
        let both = self.0.path().join("both.pem");
        std::fs::write(&both, self.server().map(read).concat()).expect("it can be written");
        text(&both)
    }
}

/// `lariat serve`, on ports that were free.
pub struct Server {
    endpoints: Vec<String>,
    metrics: Option<String>,
    state: TempDir,
    // Dropped first or last: it is killed either way.
    running: Peer,
}

impl Server {
    /// The default services on their default endpoints.
    pub fn start() -> Self {
        Server::with(&[])
    }

    /// These services only, and other arguments; `STATE` in them is the folder of the
    /// server's state.
    pub fn with(services: &[&str]) -> Self {
        let state = tempfile::tempdir().expect("a folder can be made");
        let path = text(state.path());
        let services = services.iter().map(|name| name.replace("STATE", &path));
        let fixed = ["serve", "--json", "--port-base", "0", "--state", &path];
        let arguments: Vec<String> = fixed
            .map(String::from)
            .into_iter()
            .chain(services)
            .collect();
        let mut running = lariat(arguments);
        let mut endpoints = Vec::new();
        let mut metrics = None;
        loop {
            let line = running.line();
            let told: serde_json::Value = serde_json::from_str(&line)
                .unwrap_or_else(|error| panic!("{line:?} is not JSON: {error}"));
            if told["ready"] == true {
                break;
            }
            let endpoint = told["endpoint"].as_str();
            let endpoint = endpoint.unwrap_or_else(|| panic!("no endpoint in {line}"));
            match told["service"] == "metrics" {
                true => metrics = Some(endpoint.replacen("tcp://", "http://", 1) + "/metrics"),
                false => endpoints.push(endpoint.to_string()),
            }
        }
        Server {
            endpoints,
            metrics,
            state,
            running,
        }
    }

    /// What stands behind `SCHEME://`, or `unix:`, without options: `HOST:PORT` or a path.
    /// IPv4 if there is a choice, since not every machine has the other.
    pub fn address(&self, scheme: &str) -> String {
        let prefix = format!("{scheme}:");
        let all = self.endpoints.iter();
        let mut found: Vec<&str> = all.filter_map(|text| text.strip_prefix(&prefix)).collect();
        found.sort_by_key(|rest| rest.contains('['));
        let Some(first) = found.first() else {
            panic!("the server has no {scheme} endpoint: {:?}", self.endpoints)
        };
        let address = first.strip_prefix("//").unwrap_or(first);
        let address = address.split('?').next().unwrap_or(address);
        address.to_string()
    }

    /// The port of an endpoint.
    pub fn port(&self, scheme: &str) -> String {
        let address = self.address(scheme);
        let address = address.split('/').next().unwrap_or(&address);
        let (_, port) = address.rsplit_once(':').expect("it has a port");
        port.to_string()
    }

    /// Where its counters are read, for which there was `--metrics`.
    pub fn metrics(&self) -> &str {
        self.metrics
            .as_deref()
            .expect("it was told to have metrics")
    }

    /// The certificate of the authority that the server made at its first start.
    pub fn authority(&self) -> String {
        fn find(folder: &Path) -> Option<PathBuf> {
            let direct = folder.join("ca.pem");
            if direct.exists() {
                return Some(direct);
            }
            let entries = folder.read_dir().ok()?;
            entries
                .flatten()
                .filter(|entry| entry.path().is_dir())
                .find_map(|entry| find(&entry.path()))
        }
        let found = find(self.state.path());
        text(&found.expect("the server made an authority in its state"))
    }
}

/// What a server says while it runs, and what it is told.
impl Server {
    /// The next line of its log that contains this, and what stands behind it there.
    pub fn note(&mut self, text: &str) -> String {
        loop {
            let line = self.running.note();
            if let Some((_, rest)) = line.split_once(text) {
                return rest.to_string();
            }
        }
    }

    /// Sends it a signal, such as `TERM`.
    pub fn signal(&self, signal: &str) {
        self.running.signal(signal);
    }

    /// Waits for its end, for which it must have been asked.
    pub fn wait(self) -> Ended {
        self.running.wait()
    }
}

/// A path as text; those made here are.
pub fn text(path: &Path) -> String {
    path.to_str().expect("the path is text").to_string()
}

//! `lariat names`, its server and its clients, and `name:SERVICE` where other clients connect.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;

use lariat_testkit::{FtpServer, Nobody};
use nix::sys::signal::Signal;
use serde_json::Value;
use tempfile::TempDir;

use crate::operated::Operated;
use crate::process::{Outcome, Running, lariat, run};
use crate::pty::Terminal;
use crate::server::{once, read_some};

/// A name server, and somebody with a state directory of their own who asks it.
struct Known {
    _server: Operated,
    endpoint: String,
    state: TempDir,
}

impl Known {
    fn start() -> Self {
        let server = Operated::start(&["names=tcp://127.0.0.1:0"]);
        Known {
            endpoint: format!("tcp://{}", server.address("names")),
            _server: server,
            state: tempfile::tempdir().unwrap(),
        }
    }

    fn begin(&self, arguments: &[&str]) -> Running {
        let mut command = lariat(arguments);
        command.env("LARIAT_NAMES", &self.endpoint);
        command.env("LARIAT_STATE", self.state.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        Running::spawn(&mut command)
    }

    /// Runs a command to its end, which must be a good one.
    fn said(&self, arguments: &[&str]) -> String {
        let outcome = self.begin(arguments).finish();
        let well = outcome.code == Some(0) && outcome.errors.is_empty();
        assert!(well, "{arguments:?}: {outcome:?}");
        outcome.text()
    }

    /// The objects that it prints, a line each.
    fn objects(&self, arguments: &[&str]) -> Vec<Value> {
        let said = self.said(&[arguments, &["--json"]].concat());
        let lines = said.lines().map(|line| serde_json::from_str(line).unwrap());
        lines.collect()
    }

    /// Runs a command that must fail with one line of words.
    fn complaint(&self, arguments: &[&str]) -> String {
        complaint(arguments, &self.begin(arguments).finish(), 1)
    }
}

fn complaint(arguments: &[&str], outcome: &Outcome, code: i32) -> String {
    let errors = &outcome.errors;
    assert_eq!(outcome.code, Some(code), "{arguments:?}: {errors}");
    assert_eq!(errors.lines().count(), 1, "{arguments:?}: {errors}");
    errors.clone()
}

#[test]
fn what_is_registered_is_found_listed_logged_and_removed() {
    let known = Known::start();
    let register = [
        "names",
        "register",
        "print",
        "127.0.0.1:9",
        "--once",
        "--probe",
        "none",
        "--ttl",
        "3600",
        "--tag",
        "laser,eu",
        "--description",
        "second floor",
    ];
    assert_eq!(
        known.said(&register),
        "registered print at tcp://127.0.0.1:9 for 3600 s; it ends then unless it is registered \
         again\n"
    );
    let second = [
        "names",
        "register",
        "print",
        "tls://127.0.0.1:10",
        "--once",
        "--probe",
        "none",
    ];
    known.said(&[&second[..], &["--weight", "0"]].concat());
    assert_eq!(
        known.said(&["names", "find", "print"]),
        "tcp://127.0.0.1:9\n"
    );
    let over = ["names", "find", "--prefix", "pr", "--scheme", "tls"];
    assert_eq!(known.said(&over), "tls://127.0.0.1:10\n");
    let all = known.said(&["names", "find", "print", "--all"]);
    let all: Vec<&str> = all.lines().collect();
    assert_eq!(all.len(), 3);
    assert!(all[0].starts_with("NAME   ENDPOINT "), "{all:?}");
    assert!(
        all[1].contains("unprobed  eu,laser  second floor     100  "),
        "{all:?}"
    );
    let one = known.objects(&["names", "list", "--tag", "laser"]);
    assert_eq!(one.len(), 1);
    assert_eq!(one[0]["port"], 9);
    assert_eq!(one[0]["tags"], serde_json::json!(["eu", "laser"]));
    let found = known.objects(&["names", "list", "--match", r"^(first|second) fl"]);
    assert_eq!(found, one);
    let said = known.said(&["names", "list", "--match", r"\bthird\b"]);
    assert_eq!(said.lines().count(), 1, "{said}");
    let wrong = run(&["names", "list", "--match", "(first"], b"");
    assert_eq!(wrong.code, Some(2));
    let words = "missing ), unterminated subpattern at position 0";
    assert!(wrong.errors.contains(words), "{wrong:?}");
    let rows = known.objects(&["names", "log", "print", "--match", "^registered$"]);
    assert_eq!(rows.len(), 2, "{rows:?}");
    let rows = known.objects(&["names", "log", "print"]);
    let what: Vec<&str> = rows
        .iter()
        .map(|row| row["what"].as_str().unwrap())
        .collect();
    let registered = what.iter().filter(|what| **what == "registered").count();
    assert_eq!(registered, 2, "{rows:?}");
    let log = known.said(&["names", "log", "-n", "1"]);
    assert_eq!(log.lines().count(), 2, "{log}");
    let removed = known.said(&["names", "remove", "print", "tls://127.0.0.1:10"]);
    assert_eq!(removed, "removed print at tls://127.0.0.1:10\n");
    assert_eq!(known.said(&["names", "remove", "print"]), "removed print\n");
    let none = known.said(&["names", "list", "--prefix", "pr"]);
    assert_eq!(none.lines().count(), 1, "{none}");
    let said = known.complaint(&["names", "remove", "print"]);
    assert!(said.contains("no token is kept for print"), "{said}");
}

#[test]
fn a_registration_is_there_until_it_is_interrupted() {
    let known = Known::start();
    let running = known.begin(&["names", "register", "a", "127.0.0.1:9", "--probe", "none"]);
    assert_eq!(
        running.line(),
        "registered a at tcp://127.0.0.1:9 for 60 s; ^C removes it\n"
    );
    let watching = known.begin(&["names", "watch", "a", "--json"]);
    let first: Value = serde_json::from_str(&watching.line()).unwrap();
    assert_eq!(
        (&first["name"], &first["change"]),
        (&"a".into(), &Value::Null)
    );
    running.signal(Signal::SIGINT);
    let outcome = running.finish();
    assert_eq!((outcome.code, outcome.errors.as_str()), (Some(0), ""));
    assert_eq!(outcome.text(), "removed a at tcp://127.0.0.1:9\n");
    let event: Value = serde_json::from_str(&watching.line()).unwrap();
    assert_eq!(
        (&event["name"], &event["change"]),
        (&"a".into(), &"removed".into())
    );
    watching.signal(Signal::SIGINT);
    assert_eq!(watching.finish().code, Some(130));
}

#[test]
fn a_name_belongs_to_its_token() {
    let known = Known::start();
    let register = [
        "names",
        "register",
        "a",
        "127.0.0.1:9",
        "--once",
        "--probe",
        "none",
    ];
    known.said(&register);
    let other = Known {
        state: tempfile::tempdir().unwrap(),
        endpoint: known.endpoint.clone(),
        _server: Operated::start(&["echo=tcp://127.0.0.1:0"]),
    };
    let said = other.complaint(&register);
    assert!(said.starts_with("lariat: the name server says: "), "{said}");
    assert!(
        said.ends_with("; give its token by --token, or choose another name\n"),
        "{said}"
    );
    let tokens = known.state.path().join("tokens");
    let folder = std::fs::read_dir(tokens).unwrap().next().unwrap().unwrap();
    let file = folder.path().join("a");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder.path()), mode(&file)), (0o700, 0o600));
    let token = std::fs::read_to_string(file).unwrap();
    let with_token = [&register[..], &["--token", token.trim()]].concat();
    other.said(&with_token);
    let remove = ["names", "remove", "a", "--token", token.trim()];
    assert_eq!(other.said(&remove), "removed a\n");
}

#[test]
fn clients_of_services_take_their_names() {
    let known = Known::start();
    let small = [
        ("echo", "tcp"),
        ("daytime", "tcp"),
        ("time", "udp"),
        ("timestamp", "tcp"),
        ("discard", "tcp"),
        ("chargen", "tcp"),
        ("qotd", "tcp"),
    ];
    let served = small.map(|(name, scheme)| format!("{name}={scheme}://127.0.0.1:0"));
    let services = Operated::start(&served.each_ref().map(String::as_str));
    let once = ["--once", "--probe", "none"];
    for (name, scheme) in small {
        let place = format!("{scheme}://{}", services.address(name));
        let register = ["names", "register", name, &place, "--tag", name];
        known.said(&[&register[..], &once].concat());
    }
    // Somebody who is not there any more is passed over.
    let nobody = Nobody::tcp();
    let gone = format!("tcp://{}", nobody.address());
    let register = ["names", "register", "echo", &gone, "--weight", "1000"];
    known.said(&[&register[..], &once].concat());
    assert_eq!(known.said(&["echo", "name:echo", "-m", "hi"]), "hi\n");
    assert_eq!(
        known.said(&["echo", "name:echo?tag=echo", "-m", "hi"]),
        "hi\n"
    );
    let told = known.said(&["daytime", "name:daytime"]);
    assert!(told.split(' ').count() > 3, "{told}");
    assert!(known.said(&["connect", "name:daytime"]).contains(':'));
    let read = known.said(&["rdate", "--udp", "name:time"]);
    assert!(read.contains("The clocks agree"), "{read}");
    let stamped = known.said(&["timestamp", "name:timestamp", "-m", "hi"]);
    assert!(stamped.ends_with("] hi\n"), "{stamped}");
    let sent = known.said(&["discard", "name:discard"]);
    assert!(sent.starts_with("sent 0 bytes in "), "{sent}");
    let characters = known.said(&["chargen", "name:chargen", "--lines", "1"]);
    assert!(characters.starts_with(" !\"#$"), "{characters}");
    assert!(!known.said(&["qotd", "name:qotd"]).trim().is_empty());
    let files = FtpServer::start();
    files.put("/pub/notes.txt", b"something\n");
    let place = files.address().to_string();
    known.said(&[&["names", "register", "files", &place][..], &once].concat());
    let names = known.said(&["ftp", "name:files", "nlist", "pub"]);
    assert_eq!(names, "notes.txt\n");
    let arguments = ["ftp", "name:files?over=tls", "nlist"];
    let said = complaint(&arguments, &known.begin(&arguments).finish(), 2);
    assert!(said.contains("over tcp alone; leave out over="), "{said}");
    let bench = [
        "bench",
        "name:echo",
        "--expect",
        "echo",
        "-c",
        "1",
        "--requests",
        "10",
        "--json",
    ];
    let _measured = known.said(&bench);
    let said = known.complaint(&["echo", "name:ecko", "-m", "hi"]);
    assert!(said.starts_with("lariat: "), "{said}");
    assert!(
        said.ends_with(
            "; known are chargen, daytime, discard, echo, files, names, qotd, time, timestamp\n"
        ),
        "{said}"
    );
    let said = known.complaint(&["daytime", "name:daytime?ca=ca.pem"]);
    assert!(
        said.contains("it is at none that this can use, but at tcp://"),
        "{said}"
    );
    let said = known.complaint(&["daytime", "name:daytime?tag=daytime,fast"]);
    assert!(said.contains("has all of these tags"), "{said}");
}

#[test]
fn clients_of_conversations_take_their_names_too() {
    let known = Known::start();
    let services = Operated::start(&[
        "chat=tcp://127.0.0.1:0",
        "command=tcp://127.0.0.1:0",
        "sleep=tcp://127.0.0.1:0",
    ]);
    let register = |name: &str, place: &str| {
        let register = [
            "names", "register", name, place, "--once", "--probe", "none",
        ];
        known.said(&register);
    };
    for name in ["chat", "command", "sleep"] {
        register(name, &format!("tcp://{}", services.address(name)));
    }
    let told = known.said(&["chat", "name:chat", "--nick", "ann"]);
    assert!(told.contains("= you are ann\n"), "{told}");
    let told = known.said(&["ask", "name:command", "os"]);
    assert!(told.starts_with("posix"), "{told}");
    let told = known.said(&["sleep", "name:sleep", "0.01"]);
    assert!(told.starts_with("0.01 s, "), "{told}");
    let (page, server) = once(|mut stream| {
        let request = read_some(&mut stream);
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
            .unwrap();
        String::from_utf8(request).unwrap()
    });
    register("page", &page);
    let told = known.said(&["get-raw", "name:page", "/there", "-o", "-"]);
    assert_eq!(told, "hello");
    let request = server.join().unwrap();
    // It is asked for as where it is, which is what the server is called.
    let host = page.strip_prefix("tcp://").unwrap();
    let begins = format!("GET /there HTTP/1.1\r\nHost: {host}\r\n");
    assert!(request.starts_with(&begins), "{request}");
    let mut listening = Terminal::start(&["talk", "--full", "--listen", "tcp://127.0.0.1:0"]);
    listening.wait_to_show("^C ends it.");
    let screen = listening.screen().concat();
    let (_, endpoint) = screen.split_once("Waiting at ").unwrap();
    register("talk", endpoint.split_once(';').unwrap().0);
    let calling = known.begin(&["talk", "--full", "name:talk", "--nick", "ann"]);
    // It has nothing to say.
    listening.wait_to_show("* ann has gone.");
    assert_eq!(listening.wait_for_end(), Some(0));
    let outcome = calling.finish();
    assert_eq!((outcome.code, outcome.errors.as_str()), (Some(0), ""));
    assert!(outcome.text().contains(" is there.\n"), "{outcome:?}");
}

#[test]
fn no_name_server_is_told_with_what_would_help() {
    let held = Nobody::tcp();
    let address = held.address();
    let nobody = format!("tcp://{address}");
    for arguments in [
        &["names", "list", "--names", &nobody][..],
        &["echo", "--names", &nobody, "name:echo", "-m", "hi"],
        &["--names", &nobody, "names", "find", "a"],
    ] {
        let said = complaint(arguments, &run(arguments, b""), 1);
        assert_eq!(
            said,
            format!(
                "lariat: no name server at {nobody}: connection refused ({address}); start one by \
                 lariat names serve, or say where there is one by --names ENDPOINT\n"
            )
        );
    }
    let (endpoint, _server) = once(|_| ());
    let arguments = ["names", "list", "--names", &endpoint];
    let said = complaint(&arguments, &run(&arguments, b""), 1);
    assert!(
        said.starts_with(&format!("lariat: lost the name server at {endpoint}: ")),
        "{said}"
    );
}

#[test]
fn wrong_usage_is_told() {
    for (arguments, words) in [
        (
            &["names", "find"][..],
            "say what: a name, --prefix or --tag",
        ),
        (&["names", "find", "-a"], "unexpected argument"),
        (&["names", "find", "a b"], "name: letters a to z, digits"),
        (
            &["names", "list", "--names", "udp://localhost"],
            "--names: udp://localhost is no name server's",
        ),
        (
            &["names", "list", "--names", "name:x"],
            "--names: name:x is no name server's",
        ),
        (
            &["names", "register", "a", "unix:/x"],
            "endpoint: it is one of tcp, tls, udp",
        ),
        (
            &["names", "register", "a", "b:1", "--ttl", "1"],
            "ttl: it is a number of seconds from 5",
        ),
        (
            &["names", "register", "a", "b:1", "--send", "\\q"],
            "are escapes",
        ),
        (
            &["names", "register", "a", "udp://b:1", "--send", "x"],
            "probe: send and expect need",
        ),
        (
            &["names", "remove", "a", "--token", "short"],
            "token: it is 16 to 64",
        ),
        (
            &["serve", "echo=name:echo"],
            "a name is connected to, and not listened on",
        ),
        (
            &["serve", "--metrics", "name:x"],
            "metrics are read over HTTP",
        ),
    ] {
        let outcome = run(arguments, b"");
        assert_eq!(outcome.code, Some(2), "{arguments:?}: {outcome:?}");
        assert!(
            outcome.errors.contains(words),
            "{arguments:?}: {}",
            outcome.errors
        );
    }
    let mut command = lariat(&["names", "list"]);
    command
        .env("LARIAT_NAMES", "tpc://x")
        .stdout(Stdio::piped());
    let outcome = Running::spawn(&mut command).finish();
    assert!(
        outcome.errors.contains("LARIAT_NAMES: "),
        "{}",
        outcome.errors
    );
}

#[test]
fn a_server_of_names_alone_is_served() {
    let state = tempfile::tempdir().unwrap();
    let folder = state.path().to_str().unwrap();
    let running = Running::start(&[
        "names",
        "serve",
        "tcp://127.0.0.1:0",
        "--json",
        "--state",
        folder,
    ]);
    let served: Value = serde_json::from_str(&running.line()).unwrap();
    assert_eq!(served["service"], "names");
    let endpoint = served["connect"].as_str().unwrap();
    let listed = run(&["names", "list", "--names", endpoint], b"");
    assert_eq!(listed.code, Some(0), "{listed:?}");
    running.signal(Signal::SIGTERM);
    assert_eq!(running.finish().code, Some(0));
}

/// What is called alike within a command is that command's own.
#[test]
fn the_names_of_a_certificate_name_no_name_server() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().to_str().unwrap();
    let arguments = ["cert", "--dir", folder, "--name", "*.example.org"];
    let outcome = run(&arguments, b"");
    assert_eq!((outcome.code, outcome.errors.as_str()), (Some(0), ""));
}

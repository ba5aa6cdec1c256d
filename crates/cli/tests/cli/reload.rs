//! What a server reads again while it runs: certificates, limits, deadlines.

use std::path::Path;
use std::process::Stdio;

use lariat_tls::Directory;
use nix::sys::signal::Signal::SIGHUP;
use tempfile::TempDir;

use crate::operated::{Client, Operated};
use crate::process::{Running, lariat, run};

/// A folder with a CA and a server's certificate of its own.
fn certificates() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let directory = Directory::open(folder.path()).unwrap();
    directory.server_identity(&["localhost"]).unwrap();
    folder
}

/// Puts one server's certificate and key in the place of another's, as a renewal does.
fn renew(from: &TempDir, to: &Path) {
    for name in ["server.pem", "server.key"] {
        let new = to.join("new");
        std::fs::copy(from.path().join(name), &new).unwrap();
        std::fs::rename(&new, to.join(name)).unwrap();
    }
}

/// A server of timestamps over TLS, with the certificate in this folder.
fn serve(certificates: &TempDir) -> Operated {
    let folder = certificates.path().display();
    Operated::start(&[&format!(
        "timestamp=tls://localhost:0?cert={folder}/server.pem&key={folder}/server.key"
    )])
}

fn endpoint(server: &Operated, authority: &TempDir) -> String {
    let port = server.address("timestamp");
    let port = port.rsplit(':').next().unwrap();
    let authority = authority.path().join("ca.pem");
    format!("tls://localhost:{port}?ca={}", authority.display())
}

/// Whether a client that trusts this authority is answered.
fn is_served(server: &Operated, authority: &TempDir) -> bool {
    let outcome = run(
        &["timestamp", &endpoint(server, authority), "-m", "hi"],
        b"",
    );
    outcome.code == Some(0) && outcome.text().ends_with("] hi\n")
}

#[test]
fn a_new_certificate_is_for_new_connections_and_none_is_lost() {
    let (old, new) = (certificates(), certificates());
    let folder = tempfile::tempdir().unwrap();
    renew(&old, folder.path());
    let server = serve(&folder);
    let mut client = Running::spawn(
        lariat(&["connect", &endpoint(&server, &old)])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped()),
    );
    client.write(b"one\n");
    assert!(client.line().ends_with("] one\n"));

    renew(&new, folder.path());
    let reloaded = server.ctl(&["reload"]);
    let plain = format!("tls://{}", server.address("timestamp"));
    let plain = plain.replace("127.0.0.1", "localhost");
    let said = format!("Reloaded {plain}: its certificate\n");
    assert_eq!((reloaded.code, reloaded.text()), (Some(0), said));
    assert!(is_served(&server, &new));
    assert!(!is_served(&server, &old));
    client.write(b"two\n");
    assert!(client.line().ends_with("] two\n"));
}

#[test]
fn a_changed_file_is_noticed() {
    let (old, new) = (certificates(), certificates());
    let folder = tempfile::tempdir().unwrap();
    renew(&old, folder.path());
    let server = serve(&folder);
    assert!(is_served(&server, &old));
    renew(&new, folder.path());
    server.logged("info: reloaded tls://localhost:");
    assert!(is_served(&server, &new));
}

#[test]
fn the_certificate_in_the_state_directory_is_watched_too() {
    let server = Operated::start(&["timestamp=tls://localhost:0"]);
    let path = server.state.path().to_str().unwrap();
    let issued = run(&["cert", "--dir", path, "--name", "example.org"], b"");
    assert_eq!(issued.code, Some(0));
    server.logged("info: reloaded tls://localhost:");
    assert!(is_served(&server, &server.state));
}

#[test]
fn a_broken_certificate_changes_nothing() {
    let old = certificates();
    let server = serve(&old);
    let good = std::fs::read(old.path().join("server.pem")).unwrap();
    std::fs::write(old.path().join("server.pem"), "nonsense\n").unwrap();
    let outcome = server.ctl(&["reload"]);
    assert_eq!((outcome.code, outcome.text().as_str()), (Some(1), ""));
    let line = outcome.errors.strip_suffix('\n').unwrap();
    assert!(!line.contains('\n'), "{line}");
    assert!(line.contains("its certificate stays as it was: "), "{line}");
    let file = old.path().join("server.pem").display().to_string();
    assert!(line.contains(&file), "{line}");
    assert!(is_served(&server, &old));
    let wrong = server.ctl_json(&["reload"]);
    assert_eq!(wrong["wrong"].as_array().map(Vec::len), Some(1), "{wrong}");

    std::fs::write(old.path().join("server.pem"), good).unwrap();
    let reloaded = server.ctl_json(&["reload"]);
    assert_eq!(reloaded["wrong"], serde_json::json!([]));
    assert_eq!(reloaded["reloaded"].as_array().map(Vec::len), Some(1));
}

/// A server of timestamps with this configuration, and where that is.
fn configured(text: &str) -> (Operated, std::path::PathBuf) {
    let state = tempfile::tempdir().unwrap();
    let file = state.path().join("lariat.toml");
    std::fs::write(&file, text).unwrap();
    let path = file.to_str().unwrap();
    let server = Operated::with(state, &["--config", path]);
    (server, file)
}

const SERVICE: &str = "timestamp = 'tcp://127.0.0.1:0'\n";

#[test]
fn limits_of_the_file_hold_after_a_hangup() {
    let (server, file) = configured(SERVICE);
    let mut before = server.client();
    server.running.signal(SIGHUP);
    server.logged("lariat.toml: limits and deadlines, as they were");

    let limits = "[limits]\nexempt = []\ntimestamp.per-address = 1\n";
    std::fs::write(&file, format!("{SERVICE}{limits}")).unwrap();
    server.running.signal(SIGHUP);
    server.logged("info: reloaded");
    // The one that is there does not count, since it was exempt when it came.
    let mut first = server.client();
    let mut second = Client::connect(&server.address("timestamp"));
    assert!(!second.is_answered());
    first.ask();
    before.ask();
    server.counts("refused", "address", 1);

    std::fs::write(&file, SERVICE).unwrap();
    assert_eq!(server.ctl(&["reload"]).code, Some(0));
    server.client();
}

#[test]
fn deadlines_hold_for_open_connections_too() {
    let (server, file) = configured(SERVICE);
    let mut client = server.client();
    let deadlines = "[deadlines]\ntimestamp.idle = '1s'\n";
    std::fs::write(&file, format!("{SERVICE}{deadlines}")).unwrap();
    // It is noticed.
    server.logged("lariat.toml: limits and deadlines");
    assert!(client.has_ended());
    server.counts("deadlines", "idle", 1);
}

#[test]
fn a_broken_file_changes_nothing_and_what_needs_a_restart_is_told() {
    let (server, file) = configured(&format!("{SERVICE}[limits]\nconnections = 100\n"));
    let path = file.display();
    std::fs::write(
        &file,
        format!("{SERVICE}[limits]\nconnections = 1\nmemroy = 5\n"),
    )
    .unwrap();
    let outcome = server.ctl(&["reload"]);
    let words = format!("lariat: {path}:4: unknown limit \"memroy\" (did you mean \"memory\"? ");
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.errors.starts_with(&words), "{outcome:?}");
    let _two = (server.client(), server.client());

    let other = "timestamp = 'udp://127.0.0.1:0'\nlog = 'json'\n[deadlines]\nkeep-alive = '1m'\n";
    std::fs::write(&file, other).unwrap();
    // The server may notice it by itself before it is told to: only one of the two changes anything.
    let outcome = server.ctl(&["reload"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    while !server
        .logged("info: reloaded")
        .ends_with(": limits and deadlines\n")
    {}
    server.logged("log, the services have changed, which needs a restart");
    server.logged("keep-alive or user-timeout has changed, which needs a restart");
    let outcome = server.ctl(&["reload"]);
    let words = format!(
        "Reloaded {path}: limits and deadlines, as they were\n\
         Not yet: {path}: log, the services have changed, which needs a restart\n"
    );
    assert_eq!((outcome.code, outcome.text()), (Some(0), words));
}

#[test]
fn there_may_be_nothing_to_reload() {
    let server = Operated::timestamp(&[]);
    let outcome = server.ctl(&["reload"]);
    let words = "There is nothing to reload: no configuration file and no certificate.\n";
    assert_eq!((outcome.code, outcome.text().as_str()), (Some(0), words));
}

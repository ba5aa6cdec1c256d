//! `lariat cert`: the files, and the lines to try with them.

use std::process::{Command, Stdio};

use crate::process::{Outcome, Running, lariat};

fn cert(folder: &std::path::Path, arguments: &[&str]) -> Outcome {
    let mut command = lariat(&["cert", "--dir", "certs"]);
    command.args(arguments).current_dir(folder);
    Running::spawn(command.stdin(Stdio::null()).stdout(Stdio::piped())).finish()
}

fn shell(line: &str) -> Command {
    let mut shell = Command::new("sh");
    let line = format!("exec {line}");
    shell
        .args(["-c", &line])
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    shell
}

#[test]
fn the_files_are_listed_with_what_to_do_with_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().canonicalize().unwrap();
    let outcome = cert(&path, &["--name", "example.org", "--client", "alice"]);
    assert_eq!((outcome.code, outcome.errors.as_str()), (Some(0), ""));
    let text = outcome.text().replace(&path.display().to_string(), "/here");
    let text = text.replace(env!("CARGO_BIN_EXE_lariat"), "lariat");
    let begin = "\
CA      /here/certs/ca.pem  (for whoever is to trust the server)
        /here/certs/ca.key  (secret: it issues)
server  /here/certs/server.pem
        /here/certs/server.key  (secret)
client  /here/certs/alice.pem
        /here/certs/alice.key  (secret)

Serve:    lariat serve 'timestamp=tls://[::]:21568?cert=/here/certs/server.pem&key=/here/certs/server.key&client_ca=/here/certs/ca.pem'
Connect:  lariat timestamp 'tls://localhost:21568?cert=/here/certs/alice.pem&key=/here/certs/alice.key&ca=/here/certs/ca.pem' -m hi
Connect:  lariat timestamp 'tls://example.org:21568?cert=/here/certs/alice.pem&key=/here/certs/alice.key&ca=/here/certs/ca.pem' -m hi
";
    assert_eq!(text, begin);
}

#[test]
fn the_lines_to_try_work() {
    let folder = tempfile::tempdir().unwrap();
    let outcome = cert(folder.path(), &["--client", "alice"]);
    let text = outcome.text();
    let line = |start: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(start));
        line.unwrap().replace(":21568", ":0")
    };
    let server = Running::spawn(&mut shell(&line("Serve:    ")));
    server.line();
    let row = server.line();
    let port = row
        .split(":")
        .nth(2)
        .unwrap()
        .split_whitespace()
        .next()
        .unwrap();
    // Which client's certificate to show is not for the server to say.
    assert!(row.ends_with("  -\n"), "{row}");
    let connect = line("Connect:  ").replace(":0", &format!(":{port}"));
    let outcome = Running::spawn(&mut shell(&connect)).finish();
    assert!(outcome.text().ends_with("] hi\n"), "{outcome:?}");
    let alice = connect
        .split("cert=")
        .nth(1)
        .unwrap()
        .split("ca=")
        .next()
        .unwrap();
    let without = connect.replace(&format!("cert={alice}"), "");
    let outcome = Running::spawn(&mut shell(&without)).finish();
    assert_eq!(outcome.code, Some(1), "{without}: {outcome:?}");
}

#[test]
fn a_server_with_its_own_certificate_is_tried_by_its_authority() {
    let folder = tempfile::tempdir().unwrap();
    cert(folder.path(), &[]);
    let mut serve = lariat(&[
        "serve",
        "timestamp=tls://localhost:0?cert=certs/server.pem&key=certs/server.key",
    ]);
    serve
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let server = Running::spawn(&mut serve);
    let column = server.line().find("TRY").unwrap();
    let row = server.line();
    assert!(row.contains("certs/ca.pem"), "{row}");
    let outcome = Running::spawn(&mut shell(row[column..].trim_end())).finish();
    assert!(outcome.text().ends_with("] hi\n"), "{outcome:?}");
}

#[test]
fn what_is_there_is_kept_and_a_client_is_issued_to_once() {
    let folder = tempfile::tempdir().unwrap();
    let read = |name: &str| std::fs::read(folder.path().join("certs").join(name)).unwrap();
    assert_eq!(cert(folder.path(), &["--client", "alice"]).code, Some(0));
    let (authority, server) = (read("ca.pem"), read("server.pem"));
    assert_eq!(cert(folder.path(), &["--client", "bob"]).code, Some(0));
    assert_eq!((authority, server), (read("ca.pem"), read("server.pem")));
    let outcome = cert(folder.path(), &["--client", "bob"]);
    assert_eq!(outcome.code, Some(1));
    assert!(
        outcome.errors.starts_with("lariat: ") && outcome.errors.contains("bob.pem"),
        "{outcome:?}"
    );
    assert_eq!(outcome.errors.lines().count(), 1);
}

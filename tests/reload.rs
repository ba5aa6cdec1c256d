//! Certificates that change while connections are open, and settings with them.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use lariat::tls::{Authority, ClientOptions, ClientTls, Issued, Trust};
use lariat::{ConnectOptions, Connection, Endpoint, Listening, Reactor};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::common::{PATIENCE, reactor};
use crate::host::Host;

/// Files with a certificate, and clients that trust its authority only.
struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    fn new() -> Self {
        Files {
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    /// One by an authority of its own, whom the returned client trusts.
    fn issue(&self, name: &str) -> ConnectOptions {
        let authority = Authority::create(name).expect("made");
        let issued = authority.issue_server(&["127.0.0.1"]).expect("issued");
        self.write(&issued);
        let client = ClientTls::new(ClientOptions {
            trust: Trust::Authorities(authority.certificate_pem().into()),
            ..ClientOptions::default()
        });
        ConnectOptions {
            tls: Some(client.expect("configured")),
            timeout: PATIENCE,
            ..ConnectOptions::default()
        }
    }

    fn write(&self, issued: &Issued) {
        write(&self.path("cert.pem"), issued.certificate_pem.as_bytes());
        write(&self.path("key.pem"), issued.key_pem.as_bytes());
    }

    fn listen(&self, reactor: &Reactor) -> Listening {
        let url = format!(
            "tls://127.0.0.1:0?cert={}&key={}",
            self.path("cert.pem").display(),
            self.path("key.pem").display()
        );
        reactor.listen(url, Host).expect("listening")
    }
}

fn write(path: &Path, text: &[u8]) {
    let mut file = std::fs::File::create(path).expect("a file");
    file.write_all(text).expect("written");
}

fn connect(
    reactor: &Reactor,
    listening: &Listening,
    options: &ConnectOptions,
) -> Result<Connection, lariat::Error> {
    // A client has no certificate of its own to read.
    let url = listening.endpoint().to_string();
    let url = url.split('?').next().expect("a URL").to_string();
    let endpoint: Endpoint = url.parse().expect("a URL");
    let options = options.clone();
    reactor
        .handle()
        .wait(async move { lariat::connect_with(&endpoint, options).await })
}

/// Asks, and returns the connection.
fn hi(reactor: &Reactor, mut connection: Connection, first: bool) -> Connection {
    reactor.handle().wait(async move {
        connection.write_all(b"hi\n").await.expect("sent");
        let mut said = Vec::new();
        while !said.ends_with(b"hi\r\n") {
            said.push(connection.read_u8().await.expect("answered"));
        }
        assert_eq!(said.starts_with(b"hello "), first);
        connection
    })
}

#[test]
fn new_connections_have_the_new_certificate_and_old_ones_go_on() {
    let (files, reactor) = (Files::new(), reactor());
    let first = files.issue("first");
    let listening = files.listen(&reactor);
    let old = connect(&reactor, &listening, &first).expect("trusted");
    let old = hi(&reactor, old, true);
    let second = files.issue("second");
    // Not before it is asked for.
    connect(&reactor, &listening, &first).expect("still trusted");
    reactor.handle().reload().expect("readable");
    assert!(connect(&reactor, &listening, &first).is_err());
    let new = connect(&reactor, &listening, &second).expect("trusted");
    hi(&reactor, new, true);
    hi(&reactor, old, false);
}

#[test]
fn a_broken_file_keeps_what_was_there() {
    let (files, reactor) = (Files::new(), reactor());
    let options = files.issue("first");
    let listening = files.listen(&reactor);
    let good = std::fs::read(files.path("cert.pem")).expect("read");
    for broken in [&b"no certificate"[..], b"", &good[..good.len() / 2]] {
        write(&files.path("cert.pem"), broken);
        let errors = reactor.handle().reload().expect_err("broken");
        assert_eq!(errors.len(), 1);
        assert!(errors[0].to_string().contains("cert.pem"), "{}", errors[0]);
        let connection = connect(&reactor, &listening, &options).expect("as before");
        hi(&reactor, connection, true);
    }
    std::fs::remove_file(files.path("key.pem")).expect("removed");
    assert!(listening.reload().is_err());
    connect(&reactor, &listening, &options).expect("as before");
}

/// The key of another certificate does not fit.
#[test]
fn a_key_that_does_not_fit_keeps_what_was_there() {
    let (files, reactor) = (Files::new(), reactor());
    let options = files.issue("first");
    let listening = files.listen(&reactor);
    let other = Authority::create("other").expect("made");
    let issued = other.issue_server(&["127.0.0.1"]).expect("issued");
    write(&files.path("key.pem"), issued.key_pem.as_bytes());
    assert!(listening.reload().is_err());
    connect(&reactor, &listening, &options).expect("as before");
}

/// What the process holds, as Linux tells it.
#[cfg(target_os = "linux")]
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/statm").expect("read");
    let pages = status.split(' ').nth(1).expect("a number");
    pages.parse::<usize>().expect("a number") * 4096
}

#[cfg(target_os = "linux")]
#[test]
fn memory_stays_flat() {
    let (files, reactor) = (Files::new(), reactor());
    let options = files.issue("first");
    let listening = files.listen(&reactor);
    let reload = |times: usize| {
        for _ in 0..times {
            listening.reload().expect("readable");
        }
    };
    reload(500);
    connect(&reactor, &listening, &options).expect("connected");
    // Other tests of this program hold something too, now more and now less; what leaks is
    // there each time.
    let grown = (0..5).map(|_| {
        let before = resident();
        reload(2_000);
        connect(&reactor, &listening, &options).expect("connected");
        resident().saturating_sub(before)
    });
    let least = grown.min().expect("five times");
    // What is read for each is more than four kilobytes.
    assert!(least < 8 << 20, "{least}");
}

#[test]
fn nobody_is_refused_or_lost_while_it_happens() {
    let (files, reactor) = (Files::new(), reactor());
    let authority = Authority::create("all").expect("made");
    let issue = || authority.issue_server(&["127.0.0.1"]).expect("issued");
    files.write(&issue());
    let client = ClientTls::new(ClientOptions {
        trust: Trust::Authorities(authority.certificate_pem().into()),
        ..ClientOptions::default()
    });
    let options = ConnectOptions {
        tls: Some(client.expect("configured")),
        timeout: PATIENCE,
        ..ConnectOptions::default()
    };
    let listening = files.listen(&reactor);
    let (over, served) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU64::new(0)),
    );
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let steady = connect(&reactor, &listening, &options).expect("steady");
                let mut steady = hi(&reactor, steady, true);
                while !over.load(Ordering::Relaxed) {
                    let new = connect(&reactor, &listening, &options).expect("not refused");
                    hi(&reactor, new, true);
                    steady = hi(&reactor, steady, false);
                    served.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for _ in 0..10 {
            let before = served.load(Ordering::Relaxed);
            files.write(&issue());
            listening.reload().expect("readable");
            crate::common::wait_until("some were served", || {
                served.load(Ordering::Relaxed) >= before + 8
            });
        }
        over.store(true, Ordering::Relaxed);
    });
    assert_eq!(listening.stats().handshakes_failed, 0);
}

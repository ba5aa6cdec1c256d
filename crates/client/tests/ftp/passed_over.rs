//! What a mirror leaves out or cannot copy, of which it tells.

use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lariat_client::ftp::{Direction, Mirror, Mirrored, Step};
use lariat_testkit::{Fault, FtpServer};
use tokio::sync::Notify;

use crate::mirrored::nobody;
use crate::{pattern, site};

const DOWN: Mirror = Mirror::new(Direction::Down);
const UP: Mirror = Mirror::new(Direction::Up);

/// Copies `tree`, and gives what is told of what was not.
async fn told(mirror: Mirror, server: &FtpServer, folder: &Path) -> (Mirrored, Vec<String>) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&told);
    let watcher = move |step: Step<'_>| {
        let words = match step {
            Step::LeftOut { path, why } => format!("{path}: {why}"),
            Step::Failed { path, error } => format!("{path}: {error}"),
            _ => return,
        };
        seen.lock().expect("not poisoned").push(words);
    };
    let site = site(server);
    let done = mirror.run(&site, "tree", folder, Arc::new(watcher)).await;
    let done = done.expect("mirrored");
    let told = told.lock().expect("not poisoned").clone();
    (done, told)
}

#[tokio::test]
async fn a_listing_that_is_not_understood_is_told_of() {
    let server = FtpServer::start();
    server.put("/tree/a", b"hello");
    server.put(
        "/listing",
        b"total 7\r\n-rw-r--r-- 1 ftp ftp 5 2006-06-17 17:27 a\r\n-rw-r--r-- 1 ftp ftp 5 M\xc3\xa4r 12 14:05 b\r\n",
    );
    server.set_features(&["MDTM", "SIZE"]);
    server.order("LIST", 1, Fault::Lists("/listing".into()));
    let folder = tempfile::tempdir().expect("a folder");
    let (done, words) = told(DOWN, &server, folder.path()).await;
    assert_eq!((done.files, done.failed), (1, 1), "{words:?}");
    assert!(words[0].starts_with(".: the server lists"), "{words:?}");
    assert!(words[0].contains("14:05 b"), "{words:?}");
    assert_eq!(fs::read(folder.path().join("a")).expect("there"), b"hello");

    server.put("/facts", b"type=file;size=5;\r\n");
    server.set_features(&["MLST type*;"]);
    server.order("MLSD", 1, Fault::Lists("/facts".into()));
    let (done, _) = told(DOWN, &server, folder.path()).await;
    assert_eq!((done.files, done.failed), (0, 1));
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_to_a_folder_leads_nothing_out_of_the_folder() {
    let server = FtpServer::start();
    server.put("/tree/in/deep/a", b"theirs");
    server.put("/tree/b", b"theirs");
    let (folder, elsewhere) = (tempfile::tempdir(), tempfile::tempdir());
    let (folder, elsewhere) = (folder.expect("a folder"), elsewhere.expect("a folder"));
    std::os::unix::fs::symlink(elsewhere.path(), folder.path().join("in")).expect("linked");
    let (done, words) = told(DOWN, &server, folder.path()).await;
    assert_eq!((done.files, done.left_out, done.failed), (1, 1, 0));
    assert_eq!(words, ["in/: a link stands in its place here"]);
    assert_eq!(fs::read_dir(elsewhere.path()).expect("read").count(), 0);
    // The folder itself is where its name leads.
    let done = DOWN
        .run(
            &site(&server),
            "tree/in",
            &folder.path().join("in"),
            nobody(),
        )
        .await;
    assert_eq!(done.expect("fetched").files, 1);
    let there = fs::read(elsewhere.path().join("deep/a"));
    assert_eq!(there.expect("there"), b"theirs");
}

#[tokio::test]
async fn a_folder_within_itself_is_left_out() {
    for (root, copied) in [("type=dir;unique=1; /tree", 0), ("type=dir; /tree", 1)] {
        let server = FtpServer::start();
        server.make_folder("/tree");
        server.put("/tree/loop/a", b"hello");
        server.put("/tree/a", b"hello");
        let listing = b"type=dir;unique=1; loop\r\ntype=file;size=5;unique=2; a\r\n";
        server.put("/listing", listing);
        // As a server does that follows links, the loop lists what the folder does that it is in.
        server.order("MLSD", 2, Fault::Lists("/listing".into()));
        let reply = format!("250-Here:\r\n {root}\r\n250 That is it.\r\n");
        server.order("MLST", 1, Fault::Says(reply.into_bytes()));
        let folder = tempfile::tempdir().expect("a folder");
        let (done, words) = told(DOWN, &server, folder.path()).await;
        assert_eq!((done.left_out, done.failed), (1, 0), "{words:?}");
        assert!(
            words[0].ends_with("a folder that it is in itself"),
            "{words:?}"
        );
        let entered = server
            .heard()
            .iter()
            .filter(|line| line.starts_with("CWD") && line.contains("loop"))
            .count();
        assert_eq!(entered, copied, "{root}");
    }
}

#[tokio::test]
async fn a_folder_that_is_all_there_is_in_itself_is_looked_into() {
    let looped = ["type=dir;unique=1; loop\r\n"; 3];
    let deep = [
        "type=dir;unique=1; sub\r\n",
        "type=dir;unique=1; deep\r\n",
        "type=file;size=5;unique=1; c\r\n",
    ];
    for (folders, listings, counts) in [
        // Of a server to whom all is one it is another one.
        ("/tree/sub/deep/c", deep, (1, 0)),
        // Here it may be itself, or another one with the same name.
        ("/tree/loop/loop/c", looped, (0, 1)),
    ] {
        let server = FtpServer::start();
        server.put(folders, b"hello");
        for (at, listing) in listings.iter().enumerate() {
            let path = format!("/listing/{at}");
            server.put(&path, listing.as_bytes());
            server.order("MLSD", 1, Fault::Lists(path));
        }
        let reply = b"250-Here:\r\n type=dir;unique=1; /tree\r\n250 That is it.\r\n";
        server.order("MLST", 1, Fault::Says(reply.to_vec()));
        let folder = tempfile::tempdir().expect("a folder");
        let (done, words) = told(DOWN, &server, folder.path()).await;
        assert_eq!((done.files, done.failed), counts, "{words:?}");
        assert_eq!(done.left_out, 0, "{words:?}");
        if let Some(words) = words.first() {
            assert_eq!(
                words,
                "loop/loop: cannot go into loop/loop: the server says that it is the folder that it is in"
            );
        }
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_server_to_whom_all_is_one_folder_is_not_believed() {
    for first in ["type=dir;unique=1; other", "type=file;size=5;unique=1; b"] {
        let server = FtpServer::start();
        server.make_folder("/tree");
        server.make_folder("/tree/other");
        server.put("/tree/b", b"hello");
        server.put("/tree/sub/c", b"hello");
        let listing = format!("{first}\r\ntype=dir;unique=1; sub\r\n");
        server.put("/listing", listing.as_bytes());
        server.order("MLSD", 1, Fault::Lists("/listing".into()));
        let reply = "250-Here:\r\n type=dir;unique=1; /tree\r\n250 That is it.\r\n";
        server.order("MLST", 1, Fault::Says(reply.into()));
        let folder = tempfile::tempdir().expect("a folder");
        let (done, words) = told(DOWN, &server, folder.path()).await;
        assert_eq!((done.left_out, done.failed), (0, 0), "{words:?}");
        assert!(folder.path().join("sub/c").is_file(), "{first}");
    }
}

#[tokio::test]
async fn a_name_that_is_not_utf_8_is_left_out_and_told() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let server = FtpServer::start();
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join(OsStr::from_bytes(b"a\xe9")), "x").expect("written");
    let (done, words) = told(UP, &server, folder.path()).await;
    assert_eq!((done.files, done.left_out), (0, 1));
    assert!(words[0].contains(r#""a\xE9", is not UTF-8"#), "{words:?}");
}

#[tokio::test]
async fn the_first_connection_is_kept_while_the_others_work() {
    let server = FtpServer::start();
    server.put("/tree/a", b"");
    server.put("/tree/b", b"hello");
    let folder = tempfile::tempdir().expect("a folder");
    let mut site = site(&server);
    site.options.keep_alive = Some(Duration::from_millis(100));
    let mut client = site.connect().await.expect("logged in");
    // The second comes when the first has a file, which it has until the second has the other one. That takes until
    // somebody says so who has heard that the first, which has nothing more to do, is there.
    server.order("USER", 1, Fault::Awaits("RETR", 1));
    server.order("RETR", 1, Fault::Awaits("RETR", 2));
    server.order("RETR", 1, Fault::Awaits("HELP", 1));
    let two = Mirror {
        transfers: 2,
        ..DOWN
    };
    let first_is_done = Arc::new(Notify::new());
    let is_done = Arc::clone(&first_is_done);
    let watcher = move |step: Step<'_>| {
        if matches!(step, Step::Done { path: "a", .. }) {
            is_done.notify_one();
        }
    };
    let mirrored = two.run_on(&mut client, &site, "tree", folder.path(), Arc::new(watcher));
    let noops = || server.heard().iter().filter(|line| *line == "NOOP").count();
    let kept = async {
        first_is_done.notified().await;
        // In listings and transfers it is said as well, and answered before they are over.
        let before = noops();
        while noops() == before {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let mut other = TcpStream::connect(server.address()).expect("a connection");
        other.write_all(b"HELP\r\n").expect("said");
        std::future::pending().await
    };
    let done = tokio::select! {
        done = mirrored => done.expect("fetched"),
        () = kept => unreachable!("it waits for the mirror"),
    };
    // The server did not wait in vain.
    assert!(server.heard().contains(&"HELP".to_owned()));
    assert_eq!((done.files, done.failed), (2, 0));
    client.noop().await.expect("of use");
}

#[tokio::test]
async fn what_others_have_there_is_not_gone_on_with_at_a_second_attempt() {
    let server = FtpServer::start();
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("a"), pattern(1000)).expect("written");
    // It is shorter, and newer.
    server.put("/tree/a", b"somebody's");
    server.set_clock(4_000_000_000);
    let mut client = site(&server).connect().await.expect("logged in");
    client
        .mfmt("tree/a", "20960101000000".parse().expect("a time"))
        .await
        .expect("set");
    server.order("STOR", 1, Fault::HangsUp);
    let in_place = Mirror {
        in_place: true,
        ..UP
    };
    let (done, words) = told(in_place, &server, folder.path()).await;
    assert_eq!((done.files, done.failed), (1, 0), "{words:?}");
    assert!(server.get("/tree/a") == Some(pattern(1000)));
}

//! Folders with all in them, both ways, by several connections.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use lariat_client::ftp::{Direction, Mirror, Mirrored, Step, Watcher};
use lariat_testkit::{Fault, FtpServer};

use crate::{SHORT, pattern, site};

const DOWN: Mirror = Mirror::new(Direction::Down);
const UP: Mirror = Mirror {
    transfers: 3,
    ..Mirror::new(Direction::Up)
};

pub fn nobody() -> Arc<dyn Watcher> {
    Arc::new(|_: Step<'_>| ())
}

/// A few hundred bytes each, in folders within folders.
fn content() -> BTreeMap<String, Vec<u8>> {
    let file = |at: usize| {
        (
            format!("/tree/{}/{}/file {at}", at % 5, at % 3),
            pattern(at * 7),
        )
    };
    (0..60).map(file).collect()
}

fn put(server: &FtpServer) -> BTreeMap<String, Vec<u8>> {
    let content = content();
    for (path, bytes) in &content {
        server.put(path, bytes);
    }
    content
}

fn check(folder: &Path, content: &BTreeMap<String, Vec<u8>>) {
    for (path, bytes) in content {
        let local = folder.join(path.strip_prefix("/tree/").expect("in the tree"));
        assert_eq!(fs::read(&local).ok().as_ref(), Some(bytes), "{path}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn no_link_leads_out_of_the_folder() {
    let server = FtpServer::start();
    server.put("/tree/a", b"theirs");
    let (folder, elsewhere) = (tempfile::tempdir(), tempfile::tempdir());
    let folder = folder.expect("a folder");
    let mine = elsewhere.as_ref().expect("a folder").path().join("mine");
    fs::write(&mine, "mine").expect("written");
    std::os::unix::fs::symlink(&mine, folder.path().join("a")).expect("linked");
    let done = DOWN
        .run(&site(&server), "tree", folder.path(), nobody())
        .await;
    assert_eq!(done.expect("fetched").files, 1);
    assert_eq!(fs::read(folder.path().join("a")).expect("there"), b"theirs");
    assert!(!folder.path().join("a").is_symlink());
    assert_eq!(fs::read(&mine).expect("there"), b"mine");
}

#[tokio::test]
async fn a_tree_is_fetched_once_and_then_kept() {
    let server = FtpServer::start();
    let content = put(&server);
    let folder = tempfile::tempdir().expect("a folder");
    let done = DOWN
        .run(&site(&server), "tree", folder.path(), nobody())
        .await
        .expect("fetched");
    assert_eq!((done.files, done.kept, done.failed), (60, 0, 0));
    assert_eq!(
        done.bytes,
        content
            .values()
            .map(|bytes| bytes.len() as u64)
            .sum::<u64>()
    );
    check(folder.path(), &content);

    server.put("/tree/0/0/file 0", b"longer than it was");
    let again = DOWN
        .run(&site(&server), "/tree/", folder.path(), nobody())
        .await
        .expect("fetched");
    assert_eq!((again.files, again.kept), (1, 59));
    let changed = fs::read(folder.path().join("0/0/file 0")).expect("there");
    assert_eq!(changed, b"longer than it was");
}

#[tokio::test]
async fn a_tree_is_sent_once_and_then_kept() {
    let server = FtpServer::start();
    let folder = tempfile::tempdir().expect("a folder");
    let content = content();
    for (path, bytes) in &content {
        let local = folder.path().join(&path[1..]);
        fs::create_dir_all(local.parent().expect("a folder")).expect("made");
        fs::write(local, bytes).expect("written");
    }
    let tree = folder.path().join("tree");
    let done = UP
        .run(&site(&server), "tree", &tree, nobody())
        .await
        .expect("sent");
    assert_eq!((done.files, done.kept, done.failed), (60, 0, 0));
    for (path, bytes) in &content {
        assert_eq!(server.get(path).as_ref(), Some(bytes), "{path}");
    }
    assert_eq!(server.paths().len(), 60);
    let again = UP
        .run(&site(&server), "tree", &tree, nobody())
        .await
        .expect("sent");
    assert_eq!((again.files, again.kept), (0, 60));
}

#[tokio::test]
async fn a_server_without_facts_and_with_few_connections_is_mirrored_too() {
    let server = FtpServer::start();
    server.set_features(&["MDTM", "SIZE"]);
    let content = put(&server);
    let folder = tempfile::tempdir().expect("a folder");
    // The first one is let in.
    let refused = Fault::Says(b"421 Too many connections.\r\n".to_vec());
    let one = site(&server);
    let watcher = {
        let (server, ordered) = (Arc::new(server), Mutex::new(false));
        let kept = Arc::clone(&server);
        let watcher = move |step: Step<'_>| {
            let mut ordered = ordered.lock().expect("not poisoned");
            if matches!(step, Step::Found(_)) && !*ordered {
                *ordered = true;
                server.order("", 3, refused.clone());
            }
        };
        (kept, Arc::new(watcher))
    };
    let done = DOWN
        .run(&one, "tree", folder.path(), watcher.1)
        .await
        .expect("fetched");
    assert_eq!((done.files, done.failed), (60, 0));
    check(folder.path(), &content);
    drop(watcher.0);
}

#[tokio::test]
async fn a_tree_is_sent_once_to_a_server_that_lists_no_seconds() {
    let server = FtpServer::start();
    server.set_features(&["MDTM", "SIZE"]);
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["a", "b"] {
        fs::write(folder.path().join(name), b"hello").expect("written");
    }
    for expected in [(2, 0), (0, 2)] {
        // The folders above it are made as well.
        let done = UP
            .run(&site(&server), "backup/2026/tree", folder.path(), nobody())
            .await
            .expect("sent");
        assert_eq!((done.files, done.kept), expected);
    }
    assert_eq!(
        server.paths(),
        ["/backup/2026/tree/a", "/backup/2026/tree/b"]
    );
}

#[tokio::test]
async fn a_server_that_allows_one_connection_is_mirrored_by_that() {
    let server = FtpServer::start();
    let content = put(&server);
    let folder = tempfile::tempdir().expect("a folder");
    let site = site(&server);
    let mut client = site.connect().await.expect("logged in");
    let refused = Fault::Says(b"421 Too many connections.\r\n".to_vec());
    server.order("", 100, refused);
    client.cwd("tree/..").await.expect("there");
    let done = DOWN
        .run_on(&mut client, &site, "tree", folder.path(), nobody())
        .await
        .expect("fetched");
    assert_eq!((done.files, done.failed), (60, 0));
    check(folder.path(), &content);
    client.noop().await.expect("of use");
}

#[tokio::test]
async fn a_mirror_goes_on_with_files_and_sends_them_as_it_is_told() {
    let server = FtpServer::start();
    server.put("/tree/a", &pattern(100_000));
    let folder = tempfile::tempdir().expect("a folder");
    let run = async |mirror: Mirror| {
        let site = site(&server);
        mirror.run(&site, "tree", folder.path(), nobody()).await
    };
    let said = |line: &str| server.heard().iter().any(|heard| heard == line);
    // The connection breaks, and the next attempt goes on.
    server.order("RETR", 1, Fault::BreaksOff(40_000));
    assert_eq!(run(DOWN).await.expect("fetched").bytes, 60_000);
    assert!(said("REST 40000"));

    // All attempts of one mirror fail, and the next mirror goes on.
    fs::remove_file(folder.path().join("a")).expect("removed");
    server.order("RETR", 3, Fault::Cuts(10_000));
    assert_eq!(run(DOWN).await.expect("listed").failed, 1);
    let on = Mirror {
        resume: true,
        ..DOWN
    };
    assert_eq!(run(on).await.expect("fetched").bytes, 70_000);
    let fetched = fs::read(folder.path().join("a")).expect("there");
    assert_eq!(fetched, pattern(100_000));

    fs::write(folder.path().join("text"), b"one\ntwo\n").expect("written");
    let in_place = Mirror {
        in_place: true,
        as_text: true,
        ..UP
    };
    assert_eq!(run(in_place).await.expect("sent").files, 1);
    assert!(said("STOR /tree/text") && !said("STOR /tree/text.part"));
    let text = server.get("/tree/text").expect("there");
    assert_eq!(text, b"one\r\ntwo\r\n");
    // As text it is longer there, and not older.
    assert_eq!(run(in_place).await.expect("sent").files, 0);
}

#[tokio::test]
async fn files_that_fail_do_not_keep_the_others() {
    let server = FtpServer::start();
    let content = put(&server);
    let folder = tempfile::tempdir().expect("a folder");
    // Tried again: it may go better.
    server.order("RETR", 2, Fault::BreaksOff(0));
    server.order("RETR", 1, Fault::Says(b"550 Not this one.\r\n".to_vec()));
    let failed = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&failed);
    let watcher = move |step: Step<'_>| {
        if let Step::Failed { error, .. } = step {
            seen.lock().expect("not poisoned").push(error.to_string());
        }
    };
    let done = DOWN
        .run(&site(&server), "tree", folder.path(), Arc::new(watcher))
        .await
        .expect("fetched");
    assert_eq!((done.files, done.failed), (59, 1));
    let failed = failed.lock().expect("not poisoned");
    assert!(failed[0].contains("550 Not this one."), "{failed:?}");
    drop(content);
}

#[tokio::test]
async fn names_that_lead_out_of_the_folder_are_left_out() {
    let server = FtpServer::start();
    server.make_folder("/tree");
    let folder = tempfile::tempdir().expect("a folder");
    let lines = b"type=file;size=1; ../evil\r\ntype=file;size=1; /etc/evil\r\ntype=dir; ..\r\n\
        type=OS.unix=slink:/etc; link\r\ntype=file;size=1; a\x1b[2Jb\r\ntype=file;size=1; c:\\d\r\n";
    server.put("/listing", lines);
    // What RETR would bring of that file is what the listing brings.
    server.order("MLSD", 1, Fault::Lists("/listing".into()));
    let place = folder.path().join("in/ner");
    let done = DOWN
        .run(&site(&server), "tree", &place, nobody())
        .await
        .expect("listed");
    assert_eq!(
        done,
        Mirrored {
            left_out: 5,
            ..Mirrored::default()
        }
    );
    assert_eq!(fs::read_dir(&place).expect("made").count(), 0);
    assert_eq!(
        fs::read_dir(folder.path().join("in"))
            .expect("made")
            .count(),
        1
    );
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_an_error() {
    let server = FtpServer::start();
    let folder = tempfile::tempdir().expect("a folder");
    let error = DOWN
        .run(&site(&server), "no", folder.path(), nobody())
        .await
        .expect_err("no folder");
    assert!(error.is_unavailable());
    let error = UP
        .run(&site(&server), "no", &folder.path().join("no"), nobody())
        .await;
    assert!(
        error
            .expect_err("no folder")
            .to_string()
            .contains("cannot read")
    );
}

#[tokio::test]
async fn files_that_are_not_whole_are_left_out_both_ways() {
    let server = FtpServer::start();
    server.put("/tree/a", b"whole");
    server.put("/tree/a.part", b"half");
    server.put("/tree/a.part.etag", b"tag");
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("a.part"), b"mine").expect("written");
    fs::write(folder.path().join("b.part.etag"), b"mine").expect("written");
    for mirror in [DOWN, UP] {
        let done = mirror
            .run(&site(&server), "tree", folder.path(), nobody())
            .await
            .expect("mirrored");
        assert_eq!((done.left_out, done.failed), (2, 0), "{mirror:?}");
        // That of `a` goes by this name until it is there.
        fs::write(folder.path().join("a.part"), b"mine").expect("written");
    }
    assert_eq!(fs::read(folder.path().join("a")).expect("there"), b"whole");
    assert_eq!(server.get("/tree/a").as_deref(), Some(&b"whole"[..]));
    assert_eq!(server.get("/tree/a.part").as_deref(), Some(&b"half"[..]));
    assert!(!folder.path().join("a.part.etag").exists());
    assert_eq!(server.get("/tree/b.part.etag"), None);
}

#[tokio::test]
async fn a_connection_whose_transfer_is_not_ended_is_made_again() {
    let server = FtpServer::start();
    put(&server);
    let folder = tempfile::tempdir().expect("a folder");
    // More comes than was said, and nothing is said of breaking that off.
    server.order("RETR", 1, Fault::Endless);
    server.order("ABOR", 1, Fault::Silent);
    let mut site = site(&server);
    site.options.timeout = 10 * SHORT;
    let one = Mirror {
        transfers: 1,
        ..DOWN
    };
    let done = one
        .run(&site, "tree", folder.path(), nobody())
        .await
        .expect("fetched");
    assert_eq!((done.files, done.failed), (59, 1));
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_does_not_keep_the_others() {
    let server = FtpServer::start();
    put(&server);
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("3"), b"no folder").expect("written");
    let done = DOWN
        .run(&site(&server), "tree", folder.path(), nobody())
        .await
        .expect("fetched");
    assert_eq!((done.files, done.failed), (48, 1));
    let error = DOWN
        .run(&site(&server), "tree", &folder.path().join("3"), nobody())
        .await
        .expect_err("no folder");
    assert!(error.to_string().contains("cannot make the folder"));

    let again = FtpServer::start();
    again.order("MKD", 1, Fault::Says(b"550 Not here.\r\n".to_vec()));
    fs::remove_file(folder.path().join("3")).expect("removed");
    let done = UP
        .run(&site(&again), "/", folder.path(), nobody())
        .await
        .expect("sent");
    assert_eq!((done.files, done.failed), (36, 1));
}

#[tokio::test]
async fn a_transfer_that_panics_has_failed() {
    let server = FtpServer::start();
    put(&server);
    let folder = tempfile::tempdir().expect("a folder");
    let watcher = |step: Step<'_>| {
        if matches!(step, Step::Begun { path, .. } if path.ends_with("file 7")) {
            panic!("as ordered");
        }
    };
    let done = DOWN
        .run(&site(&server), "tree", folder.path(), Arc::new(watcher))
        .await
        .expect("fetched");
    assert_eq!((done.files, done.failed), (59, 1));
    let one = Mirror {
        transfers: 1,
        ..DOWN
    };
    let watcher = |step: Step<'_>| {
        if !matches!(step, Step::Found(_)) {
            panic!("as ordered");
        }
    };
    let error = one
        .run(&site(&server), "tree", folder.path(), Arc::new(watcher))
        .await
        .expect_err("nobody is left");
    assert!(error.to_string().contains("panicked"), "{error}");
}

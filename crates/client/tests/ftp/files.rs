//! Whole files: under their names when all of them is there, and continued where they stopped.

use std::fs;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use lariat_client::ftp::{Download, Error, Upload};
use lariat_testkit::{Fault, FtpServer};

use crate::{client, pattern};

/// What is in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<String> = entries
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}

const RESUME: Download = Download {
    resume: true,
    as_text: false,
    size: None,
    modified: None,
};

#[tokio::test]
async fn a_file_appears_when_it_is_whole_with_its_time() {
    let server = FtpServer::start();
    let content = pattern(300_000);
    server.put("/a", &content);
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().join("a");
    let mut client = client(&server).await;
    let mut told = Vec::new();
    let progress = |there: u64, all: Option<u64>| {
        assert!(!place.exists());
        told.push((there, all));
    };
    let length = client
        .download("a", &place, Download::default(), progress)
        .await
        .expect("fetched");
    assert_eq!(length, 300_000);
    assert_eq!(told.first(), Some(&(0, Some(300_000))));
    assert_eq!(told.last(), Some(&(300_000, Some(300_000))));
    assert_eq!(fs::read(&place).expect("there"), content);
    let changed = fs::metadata(&place)
        .and_then(|known| known.modified())
        .expect("a time");
    assert_eq!(changed, UNIX_EPOCH + Duration::from_secs(1_150_565_241));
    assert_eq!(names(folder.path()), ["a"]);
}

#[tokio::test]
async fn a_file_that_was_broken_off_is_continued_to_the_same_bytes() {
    let server = FtpServer::start();
    let content = pattern(300_000);
    server.put("/a", &content);
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().join("a");
    let mut first = client(&server).await;
    server.order("RETR", 1, Fault::BreaksOff(100_000));
    first
        .download("a", &place, Download::default(), |_, _| ())
        .await
        .expect_err("broken off");
    assert_eq!(names(folder.path()), ["a.part"]);
    let mut second = client(&server).await;
    server.order("RETR", 1, Fault::Cuts(50_000));
    second
        .download("a", &place, RESUME, |_, _| ())
        .await
        .expect_err("broken off again");
    assert_eq!(names(folder.path()), ["a.part"]);
    let length = second
        .download("a", &place, RESUME, |_, _| ())
        .await
        .expect("continued");
    assert_eq!(length, 150_000);
    assert_eq!(fs::read(&place).expect("there"), content);
    let rests: Vec<String> = server
        .heard()
        .into_iter()
        .filter(|line| line.starts_with("REST"))
        .collect();
    assert_eq!(rests, ["REST 100000", "REST 150000"]);
}

#[tokio::test]
async fn another_file_is_not_continued_with_this_one() {
    let server = FtpServer::start();
    server.put("/a", &pattern(300_000));
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().join("a");
    let mut client = client(&server).await;
    server.order("RETR", 1, Fault::Cuts(100_000));
    client
        .download("a", &place, Download::default(), |_, _| ())
        .await
        .expect_err("broken off");
    // Changed on the server since then.
    server.put("/a", b"something else");
    client
        .mfmt("a", "20250101000000".parse().expect("a time"))
        .await
        .expect("set");
    client
        .download("a", &place, RESUME, |_, _| ())
        .await
        .expect("fetched");
    assert_eq!(fs::read(&place).expect("there"), b"something else");

    // As long as before, and so only told apart by its time.
    server.put("/b", &pattern(1000));
    server.order("RETR", 1, Fault::Cuts(500));
    let place = folder.path().join("b");
    client
        .download("b", &place, Download::default(), |_, _| ())
        .await
        .expect_err("broken off");
    let other = vec![7; 1000];
    server.put("/b", &other);
    client
        .mfmt("b", "20250101000000".parse().expect("a time"))
        .await
        .expect("set");
    client
        .download("b", &place, RESUME, |_, _| ())
        .await
        .expect("fetched");
    assert_eq!(fs::read(&place).expect("there"), other);
}

#[tokio::test]
async fn a_server_that_lies_about_lengths_leaves_no_file() {
    let server = FtpServer::start();
    server.put("/a", &pattern(1000));
    let folder = tempfile::tempdir().expect("a folder");
    let mut client = client(&server).await;
    for said in ["999", "1001"] {
        server.order(
            "SIZE",
            1,
            Fault::Says(format!("213 {said}\r\n").into_bytes()),
        );
        let error = client
            .download(
                "a",
                &folder.path().join("a"),
                Download::default(),
                |_, _| (),
            )
            .await;
        let error = error.expect_err("another length");
        assert!(matches!(error, Error::Length { .. }));
        let words = format!("a: the server said that there are {said} bytes, and sent 1000");
        assert_eq!(error.to_string(), words);
        assert!(names(folder.path()).is_empty());
    }
}

#[tokio::test]
async fn what_is_not_there_or_cannot_be_written_leaves_nothing() {
    let server = FtpServer::start();
    server.put("/a", b"x");
    let folder = tempfile::tempdir().expect("a folder");
    let mut client = client(&server).await;
    let nothing = client
        .download(
            "b",
            &folder.path().join("b"),
            Download::default(),
            |_, _| (),
        )
        .await;
    assert!(nothing.expect_err("not there").is_unavailable());
    assert!(names(folder.path()).is_empty());
    let error = client
        .download(
            "a",
            &folder.path().join("no/a"),
            Download::default(),
            |_, _| (),
        )
        .await;
    assert!(
        error
            .expect_err("no folder")
            .to_string()
            .contains("cannot write")
    );
    fs::create_dir(folder.path().join("a")).expect("made");
    let error = client
        .download(
            "a",
            &folder.path().join("a"),
            Download::default(),
            |_, _| (),
        )
        .await;
    assert!(
        error
            .expect_err("a folder")
            .to_string()
            .contains("cannot write")
    );
    assert_eq!(names(folder.path()), ["a"]);
}

#[tokio::test]
async fn a_download_that_is_dropped_leaves_nothing() {
    let server = FtpServer::start();
    server.put("/a", &pattern(100_000));
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().join("a");
    let mut client = client(&server).await;
    server.order("RETR", 1, Fault::Stalls(50_000));
    let (told, came) = tokio::sync::oneshot::channel();
    let mut told = Some(told);
    let progress = move |there: u64, _| {
        if there > 0 {
            let _ = told.take().map(|told| told.send(()));
        }
    };
    tokio::select! {
        _ = client.download("a", &place, Download::default(), progress) => panic!("it stalls"),
        came = came => came.expect("something came"),
    }
    assert!(names(folder.path()).is_empty());
}

#[tokio::test]
async fn a_text_has_this_systems_line_ends() {
    let server = FtpServer::start();
    server.put("/a", b"one\r\ntwo\r\n");
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().join("a");
    let mut client = client(&server).await;
    let how = Download {
        as_text: true,
        ..Download::default()
    };
    client
        .download("a", &place, how, |_, _| ())
        .await
        .expect("fetched");
    assert_eq!(fs::read(&place).expect("there"), b"one\ntwo\n");
    let how = Upload {
        as_text: true,
        ..Upload::default()
    };
    client
        .upload(&place, "b", how, |_, _| ())
        .await
        .expect("sent");
    assert_eq!(server.get("/b").as_deref(), Some(&b"one\r\ntwo\r\n"[..]));
}

#[tokio::test]
async fn a_file_that_is_sent_appears_when_it_is_whole() {
    let server = FtpServer::start();
    let content = pattern(5_000_000);
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().join("a");
    fs::write(&place, &content).expect("written");
    let changed = UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    fs::File::options()
        .write(true)
        .open(&place)
        .and_then(|file| file.set_modified(changed))
        .expect("set");
    let mut client = client(&server).await;
    server.order("STOR", 1, Fault::Cuts(100_000));
    client
        .upload(&place, "a", Upload::default(), |_, _| ())
        .await
        .expect_err("broken off");
    assert_eq!(server.paths(), ["/a.part"]);
    let how = Upload {
        resume: true,
        ..Upload::default()
    };
    let sent = client
        .upload(&place, "a", how, |_, _| ())
        .await
        .expect("continued");
    assert_eq!(sent, 4_900_000);
    assert_eq!(server.paths(), ["/a"]);
    assert_eq!(server.get("/a"), Some(content));
    assert_eq!(server.changed("/a"), Some(1_000_000_000));
    let error = client
        .upload(folder.path(), "b", Upload::default(), |_, _| ())
        .await;
    assert!(
        error
            .expect_err("a folder")
            .to_string()
            .contains("cannot send")
    );
    let error = client
        .upload(&folder.path().join("c"), "c", Upload::default(), |_, _| ())
        .await;
    assert!(
        error
            .expect_err("no file")
            .to_string()
            .contains("cannot read")
    );
}

#[tokio::test]
async fn a_file_that_is_longer_than_was_said_is_not_taken_to_its_end() {
    let server = FtpServer::start();
    server.put("/a", &pattern(10));
    let folder = tempfile::tempdir().expect("a folder");
    let mut client = client(&server).await;
    server.order("RETR", 1, Fault::Endless);
    let place = folder.path().join("a");
    let fetching = client.download("a", &place, Download::default(), |_, _| ());
    let fetched = tokio::time::timeout(Duration::from_secs(20), fetching).await;
    let error = fetched.expect("ended").expect_err("endless");
    assert!(matches!(error, Error::Length { said: 10, .. }), "{error}");
    assert!(names(folder.path()).is_empty());
    client.noop().await.expect("of use");
}

#[tokio::test]
async fn half_a_text_is_not_kept() {
    let server = FtpServer::start();
    server.put("/a", b"one\r\ntwo\r\nthree\r\n");
    let folder = tempfile::tempdir().expect("a folder");
    let mut client = client(&server).await;
    server.order("RETR", 1, Fault::Cuts(7));
    let how = Download {
        as_text: true,
        ..Download::default()
    };
    let fetched = client
        .download("a", &folder.path().join("a"), how, |_, _| ())
        .await;
    fetched.expect_err("broken");
    assert!(names(folder.path()).is_empty());
}

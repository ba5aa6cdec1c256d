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

    // As long as before, and so only told apart by its time, which may be an older one.
    for time in ["20250101000000", "20000101000000"] {
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
            .mfmt("b", time.parse().expect("a time"))
            .await
            .expect("set");
        client
            .download("b", &place, RESUME, |_, _| ())
            .await
            .expect("fetched");
        assert!(fs::read(&place).expect("there") == other, "{time}");
    }
}

#[tokio::test]
async fn what_is_dropped_while_it_is_continued_can_be_continued_again() {
    let server = FtpServer::start();
    let content = pattern(300_000);
    server.put("/a", &content);
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().join("a");
    let mut client = client(&server).await;
    server.order("RETR", 1, Fault::Cuts(100_000));
    client
        .download("a", &place, Download::default(), |_, _| ())
        .await
        .expect_err("broken off");
    server.order("RETR", 1, Fault::Stalls(50_000));
    let (told, came) = tokio::sync::oneshot::channel();
    let mut told = Some(told);
    let progress = |there: u64, _: Option<u64>| {
        if there == 150_000 {
            let _ = told.take().map(|told| told.send(()));
        }
    };
    tokio::select! {
        _ = client.download("a", &place, RESUME, progress) => panic!("it stalls"),
        came = came => came.expect("half of it came"),
    }
    client.abort().await.expect("ended");
    let length = client
        .download("a", &place, RESUME, |_, _| ())
        .await
        .expect("continued");
    assert_eq!(length, 150_000);
    assert_eq!(fs::read(&place).expect("there"), content);
}

#[tokio::test]
async fn what_nobody_understands_of_a_file_is_not_known() {
    let server = FtpServer::start();
    server.put("/a", b"hello");
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().join("a");
    let mut client = client(&server).await;
    server.order("SIZE", 1, Fault::Says(b"213 5 bytes\r\n".to_vec()));
    server.order("MDTM", 1, Fault::Says(b"213 yesterday\r\n".to_vec()));
    client
        .download("a", &place, Download::default(), |_, _| ())
        .await
        .expect("fetched");
    assert_eq!(fs::read(&place).expect("there"), b"hello");
    server.order("SIZE", 1, Fault::Says(b"5 bytes\r\n".to_vec()));
    client
        .download("a", &place, Download::default(), |_, _| ())
        .await
        .expect_err("no FTP at all");
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
        let words = format!("a was to have {said} bytes, and has 1000");
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

/// Writes a file that was changed so many seconds after 1970.
fn write(place: &Path, content: &[u8], changed: u64) {
    fs::write(place, content).expect("written");
    let file = fs::File::options().write(true).open(place);
    file.and_then(|file| file.set_modified(UNIX_EPOCH + Duration::from_secs(changed)))
        .expect("set");
}

#[tokio::test]
async fn what_was_changed_here_is_not_sent_behind_the_beginning_of_what_it_was() {
    let server = FtpServer::start();
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().join("a");
    let mut client = client(&server).await;
    let how = Upload {
        resume: true,
        ..Upload::default()
    };
    // What is stored there has this time; a second in which both were written tells nothing.
    for changed in [1_150_565_241, 1_150_565_242] {
        write(&place, &[1; 200_000], 1_000_000_000);
        server.order("STOR", 1, Fault::Cuts(100_000));
        client
            .upload(&place, "a", Upload::default(), |_, _| ())
            .await
            .expect_err("broken off");
        let other = vec![2; 200_000];
        write(&place, &other, changed);
        client
            .upload(&place, "a", how, |_, _| ())
            .await
            .expect("sent");
        assert!(server.get("/a") == Some(other), "{changed}");
    }
}

#[tokio::test]
async fn what_is_not_whole_there_does_not_get_its_name() {
    let server = FtpServer::start();
    server.put("/a", b"as before");
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().join("a");
    write(&place, &pattern(1000), 1_000_000_000);
    let mut client = client(&server).await;
    server.order("SIZE", 1, Fault::Says(b"213 999\r\n".to_vec()));
    let error = client
        .upload(&place, "a", Upload::default(), |_, _| ())
        .await
        .expect_err("a byte is missing");
    assert_eq!(
        error.to_string(),
        "a.part was to have 1000 bytes, and has 999"
    );
    assert_eq!(server.paths(), ["/a"]);
    assert_eq!(server.get("/a").as_deref(), Some(&b"as before"[..]));

    // It becomes shorter while it is sent.
    let shorter = |there: u64, _: Option<u64>| {
        if there == 0 {
            write(&place, &pattern(500), 1_000_000_000);
        }
    };
    let error = client
        .upload(&place, "a", Upload::default(), shorter)
        .await
        .expect_err("it is another one");
    assert!(
        matches!(
            error,
            Error::Length {
                said: 1000,
                sent: 500,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(server.paths(), ["/a"]);
    assert_eq!(server.get("/a").as_deref(), Some(&b"as before"[..]));
}

#[tokio::test]
async fn a_file_keeps_its_time_in_whichever_way_the_server_has() {
    let server = FtpServer::start();
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().join("a b");
    write(&place, b"x", 1_000_000_000);
    for (features, changed) in [
        (&["MDTM", "MFMT"][..], 1_000_000_000),
        (&["MDTM"], 1_000_000_000),
        (&[], 1_150_565_241),
    ] {
        server.set_features(features);
        let mut client = client(&server).await;
        client
            .upload(&place, "a b", Upload::default(), |_, _| ())
            .await
            .expect("sent");
        assert_eq!(server.changed("/a b"), Some(changed), "{features:?}");
    }
    // One that names the time as a file says no, which is no loss.
    server.set_features(&["MDTM"]);
    let mut client = client(&server).await;
    server.order("MDTM", 1, Fault::Says(b"550 No such file.\r\n".to_vec()));
    client
        .upload(&place, "a b", Upload::default(), |_, _| ())
        .await
        .expect("sent");
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

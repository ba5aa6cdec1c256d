//! Files that are fetched: whole or not at all, and gone on with where one stopped.

use std::fs;
use std::time::{Duration, UNIX_EPOCH};

use lariat_client::ftp::{Download, Error};
use lariat_testkit::Fault;
use tokio::sync::oneshot;

use crate::{Scene, client, pattern};

const ANEW: Download = Download {
    resume: false,
    as_text: false,
    size: None,
    modified: None,
};

const RESUME: Download = Download {
    resume: true,
    ..ANEW
};

const AS_TEXT: Download = Download {
    as_text: true,
    ..ANEW
};

/// Tells when so many bytes are there.
fn when_there(bytes: u64) -> (impl FnMut(u64, Option<u64>), oneshot::Receiver<()>) {
    let (told, came) = oneshot::channel();
    let mut told = Some(told);
    let progress = move |there: u64, _: Option<u64>| {
        if there >= bytes {
            let _ = told.take().map(|told| told.send(()));
        }
    };
    (progress, came)
}

#[tokio::test]
async fn a_file_appears_when_it_is_whole_with_its_time() {
    let mut scene = Scene::new().await;
    let content = pattern(300_000);
    scene.server.put("/a", &content);
    let place = scene.path("a");
    let mut told = Vec::new();
    let progress = |there: u64, all: Option<u64>| {
        assert!(!place.exists());
        told.push((there, all));
    };
    let fetched = scene.client.download("a", &place, ANEW, progress).await;
    assert_eq!(fetched.expect("fetched"), 300_000);
    assert_eq!(told.first(), Some(&(0, Some(300_000))));
    assert_eq!(told.last(), Some(&(300_000, Some(300_000))));
    assert_eq!(scene.read("a"), content);
    let known = fs::metadata(&place).expect("there");
    let changed = UNIX_EPOCH + Duration::from_secs(1_150_565_241);
    assert_eq!(known.modified().expect("a time"), changed);
    assert_eq!(scene.names(), ["a"]);
}

#[tokio::test]
async fn a_file_that_was_broken_off_is_continued_to_the_same_bytes() {
    let mut scene = Scene::new().await;
    let content = pattern(300_000);
    scene.server.put("/a", &content);
    scene.server.order("RETR", 1, Fault::BreaksOff(100_000));
    scene.download("a", ANEW).await.expect_err("broken off");
    assert_eq!(scene.names(), ["a.part"]);
    scene.client = client(&scene.server).await;
    scene.server.order("RETR", 1, Fault::Cuts(50_000));
    let again = scene.download("a", RESUME).await;
    again.expect_err("broken off again");
    assert_eq!(scene.names(), ["a.part"]);
    let length = scene.download("a", RESUME).await.expect("continued");
    assert_eq!(length, 150_000);
    assert_eq!(scene.read("a"), content);
    let heard = scene.server.heard().into_iter();
    let rests: Vec<String> = heard.filter(|line| line.starts_with("REST")).collect();
    assert_eq!(rests, ["REST 100000", "REST 150000"]);
}

#[tokio::test]
async fn another_file_is_not_continued_with_this_one() {
    let mut scene = Scene::new().await;
    scene.server.put("/a", &pattern(300_000));
    scene.server.order("RETR", 1, Fault::Cuts(100_000));
    scene.download("a", ANEW).await.expect_err("broken off");
    // Changed on the server since then.
    scene.server.put("/a", b"something else");
    scene.set_time("a", "20250101000000").await;
    scene.download("a", RESUME).await.expect("fetched");
    assert_eq!(scene.read("a"), b"something else");

    // As long as before, and so only told apart by its time, which may be an older one.
    for time in ["20250101000000", "20000101000000"] {
        scene.server.put("/b", &pattern(1000));
        scene.server.order("RETR", 1, Fault::Cuts(500));
        scene.download("b", ANEW).await.expect_err("broken off");
        let other = vec![7; 1000];
        scene.server.put("/b", &other);
        scene.set_time("b", time).await;
        scene.download("b", RESUME).await.expect("fetched");
        assert!(scene.read("b") == other, "{time}");
    }
}

#[tokio::test]
async fn what_is_dropped_while_it_is_continued_can_be_continued_again() {
    let mut scene = Scene::new().await;
    let content = pattern(300_000);
    scene.server.put("/a", &content);
    scene.server.order("RETR", 1, Fault::Cuts(100_000));
    scene.download("a", ANEW).await.expect_err("broken off");
    scene.server.order("RETR", 1, Fault::Stalls(50_000));
    let (progress, came) = when_there(150_000);
    let place = scene.path("a");
    tokio::select! {
        _ = scene.client.download("a", &place, RESUME, progress) => panic!("it stalls"),
        came = came => came.expect("half of it came"),
    }
    scene.client.abort().await.expect("ended");
    let length = scene.download("a", RESUME).await.expect("continued");
    assert_eq!(length, 150_000);
    assert_eq!(scene.read("a"), content);
}

#[tokio::test]
async fn what_nobody_understands_of_a_file_is_not_known() {
    let mut scene = Scene::new().await;
    scene.server.put("/a", b"hello");
    let says = |words: &[u8]| Fault::Says(words.to_vec());
    scene.server.order("SIZE", 1, says(b"213 5 bytes\r\n"));
    scene.server.order("MDTM", 1, says(b"213 yesterday\r\n"));
    scene.download("a", ANEW).await.expect("fetched");
    assert_eq!(scene.read("a"), b"hello");
    scene.server.order("SIZE", 1, says(b"5 bytes\r\n"));
    let no_ftp = scene.download("a", ANEW).await;
    no_ftp.expect_err("no FTP at all");
}

#[tokio::test]
async fn a_server_that_lies_about_lengths_leaves_no_file() {
    let mut scene = Scene::new().await;
    scene.server.put("/a", &pattern(1000));
    for said in ["999", "1001"] {
        let size = format!("213 {said}\r\n").into_bytes();
        scene.server.order("SIZE", 1, Fault::Says(size));
        let error = scene.download("a", ANEW).await.expect_err("another length");
        assert!(matches!(error, Error::Length { .. }));
        let words = format!("a was to have {said} bytes, and has 1000");
        assert_eq!(error.to_string(), words);
        assert!(scene.names().is_empty());
    }
}

#[tokio::test]
async fn what_is_not_there_or_cannot_be_written_leaves_nothing() {
    let mut scene = Scene::new().await;
    scene.server.put("/a", b"x");
    let nothing = scene.download("b", ANEW).await.expect_err("not there");
    assert!(nothing.is_unavailable());
    assert!(scene.names().is_empty());
    fs::create_dir(scene.path("a")).expect("made");
    for place in ["no/a", "a"] {
        let place = scene.path(place);
        let fetched = scene.client.download("a", &place, ANEW, |_, _| ()).await;
        let error = fetched.expect_err("no place for a file").to_string();
        assert!(error.contains("cannot write"), "{error}");
    }
    assert_eq!(scene.names(), ["a"]);
}

#[tokio::test]
async fn a_download_that_is_dropped_leaves_nothing() {
    let mut scene = Scene::new().await;
    scene.server.put("/a", &pattern(100_000));
    scene.server.order("RETR", 1, Fault::Stalls(50_000));
    let (progress, came) = when_there(1);
    let place = scene.path("a");
    tokio::select! {
        _ = scene.client.download("a", &place, ANEW, progress) => panic!("it stalls"),
        came = came => came.expect("something came"),
    }
    assert!(scene.names().is_empty());
}

#[tokio::test]
async fn a_file_that_is_longer_than_was_said_is_not_taken_to_its_end() {
    let mut scene = Scene::new().await;
    scene.server.put("/a", &pattern(10));
    scene.server.order("RETR", 1, Fault::Endless);
    let fetched = tokio::time::timeout(Duration::from_secs(20), scene.download("a", ANEW)).await;
    let error = fetched.expect("ended").expect_err("endless");
    assert!(matches!(error, Error::Length { said: 10, .. }), "{error}");
    assert!(scene.names().is_empty());
    scene.client.noop().await.expect("of use");
}

#[tokio::test]
async fn a_text_has_this_systems_line_ends_and_half_of_one_is_not_kept() {
    let mut scene = Scene::new().await;
    scene.server.put("/a", b"one\r\ntwo\r\nthree\r\n");
    scene.server.order("RETR", 1, Fault::Cuts(7));
    scene.download("a", AS_TEXT).await.expect_err("broken");
    assert!(scene.names().is_empty());
    scene.download("a", AS_TEXT).await.expect("fetched");
    assert_eq!(scene.read("a"), b"one\ntwo\nthree\n");
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_to_a_file_stays_one_and_the_part_is_where_it_leads() {
    let mut scene = Scene::new().await;
    let content = pattern(1000);
    scene.server.put("/a", &content);
    fs::create_dir(scene.path("d")).expect("made");
    fs::write(scene.path("d/there"), "old").expect("written");
    std::os::unix::fs::symlink("d/there", scene.path("a")).expect("linked");
    scene.server.order("RETR", 1, Fault::Cuts(500));
    scene.download("a", ANEW).await.expect_err("broken off");
    assert_eq!(scene.read("a"), b"old");
    assert!(scene.path("d/there.part").exists());
    let length = scene.download("a", RESUME).await.expect("continued");
    assert_eq!(length, 500);
    assert!(scene.path("a").is_symlink());
    assert_eq!(scene.read("d/there"), content);
}

#[tokio::test]
async fn a_server_that_begins_in_no_middle_sends_everything() {
    let mut scene = Scene::new().await;
    scene.server.put("/a", &pattern(100_000));
    scene.server.order("RETR", 1, Fault::Cuts(40_000));
    scene.download("a", RESUME).await.expect_err("broken off");
    let no = Fault::Says(b"502 Not here.\r\n".to_vec());
    scene.server.order("REST", 1, no);
    let length = scene.download("a", RESUME).await.expect("fetched");
    assert_eq!(length, 100_000);
    assert_eq!(scene.read("a"), pattern(100_000));
}

//! Files that are sent: they get their names when the server has all of them.

use std::fs;
use std::io::{ErrorKind, Read};
use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use lariat_client::ftp::{Error, Upload};
use lariat_testkit::Fault;
use tokio::sync::oneshot;

use crate::{Scene, client, pattern};

const ANEW: Upload = Upload {
    resume: false,
    as_text: false,
    in_place: false,
};

const RESUME: Upload = Upload {
    resume: true,
    ..ANEW
};

/// A time that no file has reached that is written now: on some systems what is put somewhere has the time of that.
const LATE: u64 = 4_000_000_000;

/// Writes a file that was changed so many seconds after 1970.
fn write(place: &Path, content: &[u8], changed: u64) {
    fs::write(place, content).expect("written");
    let file = fs::File::options().write(true).open(place);
    file.and_then(|file| file.set_modified(UNIX_EPOCH + Duration::from_secs(changed)))
        .expect("set");
}

/// A file without end, of which is told when some of it has been read.
struct Endless(Option<oneshot::Sender<()>>);

impl Read for Endless {
    fn read(&mut self, block: &mut [u8]) -> std::io::Result<usize> {
        if let Some(told) = self.0.take() {
            // Nobody listens any more who has heard it.
            let _ = told.send(());
        }
        block.fill(7);
        Ok(block.len())
    }
}

#[tokio::test]
async fn a_file_that_is_sent_appears_when_it_is_whole() {
    let mut scene = Scene::new().await;
    let content = pattern(5_000_000);
    write(&scene.path("a"), &content, 1_000_000_000);
    scene.server.set_clock(LATE as i64);
    scene.server.order("STOR", 1, Fault::Cuts(100_000));
    scene.upload("a", ANEW).await.expect_err("broken off");
    assert_eq!(scene.server.paths(), ["/a.part"]);
    let sent = scene.upload("a", RESUME).await.expect("continued");
    assert_eq!(sent, 4_900_000);
    assert_eq!(scene.server.paths(), ["/a"]);
    assert_eq!(scene.server.get("/a"), Some(content));
    assert_eq!(scene.server.changed("/a"), Some(1_000_000_000));
    fs::create_dir(scene.path("folder")).expect("made");
    for (name, words) in [("folder", "cannot send"), ("nothing", "cannot read")] {
        let error = scene.upload(name, ANEW).await.expect_err("no file");
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[tokio::test]
async fn a_text_has_the_networks_line_ends() {
    let mut scene = Scene::new().await;
    write(&scene.path("a"), b"one\ntwo\n", 1_000_000_000);
    let how = Upload {
        as_text: true,
        ..ANEW
    };
    scene.upload("a", how).await.expect("sent");
    let there = scene.server.get("/a");
    assert_eq!(there.as_deref(), Some(&b"one\r\ntwo\r\n"[..]));
}

#[tokio::test]
async fn what_was_changed_here_is_not_sent_behind_the_beginning_of_what_it_was() {
    let mut scene = Scene::new().await;
    let place = scene.path("a");
    scene.server.set_clock(LATE as i64);
    // A second in which both were written tells nothing.
    for changed in [LATE, LATE + 1] {
        write(&place, &[1; 200_000], 1_000_000_000);
        scene.server.order("STOR", 1, Fault::Cuts(100_000));
        scene.upload("a", ANEW).await.expect_err("broken off");
        let other = vec![2; 200_000];
        write(&place, &other, changed);
        scene.upload("a", RESUME).await.expect("sent");
        assert!(scene.server.get("/a") == Some(other), "{changed}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn what_was_replaced_here_by_an_older_file_is_not_sent_behind_its_beginning() {
    let mut scene = Scene::new().await;
    let place = scene.path("a");
    write(&place, &[1; 200_000], 1_000_000_000);
    scene.server.order("STOR", 1, Fault::Cuts(100_000));
    scene.upload("a", ANEW).await.expect_err("broken off");
    // Its time is before that of the part, and it came here behind it.
    let other = vec![2; 200_000];
    write(&scene.path("b"), &other, 1_000_000_000);
    fs::rename(scene.path("b"), &place).expect("renamed");
    let sent = scene.upload("a", RESUME).await.expect("sent");
    assert_eq!(sent, 200_000);
    assert!(scene.server.get("/a") == Some(other));
}

#[tokio::test]
async fn a_server_that_begins_in_no_middle_is_sent_everything() {
    let mut scene = Scene::new().await;
    let content = pattern(200_000);
    write(&scene.path("a"), &content, 1_000_000_000);
    scene.server.set_clock(LATE as i64);
    scene.server.order("STOR", 1, Fault::Cuts(100_000));
    scene.upload("a", ANEW).await.expect_err("broken off");
    let no = Fault::Says(b"502 Not here.\r\n".to_vec());
    scene.server.order("REST", 1, no);
    let sent = scene.upload("a", RESUME).await.expect("sent");
    assert_eq!(sent, 200_000);
    assert!(scene.server.get("/a") == Some(content));
}

#[tokio::test]
async fn what_a_server_has_not_taken_is_thrown_away_when_it_is_broken_off() {
    let mut scene = Scene::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let says = |text: String| Fault::Says(text.into_bytes());
    scene
        .server
        .order("EPSV", 1, says(format!("229 (|||{port}|)\r\n")));
    scene.server.order("STOR", 1, says("150 Go on.\r\n".into()));
    let aborted = says("426 Broken off.\r\n226 Done.\r\n".into());
    scene.server.order("ABOR", 1, aborted);
    // Some systems forget a connection that was reset before it was accepted.
    let accepting = std::thread::spawn(move || listener.accept());
    let (told, begun) = oneshot::channel();
    let source = Endless(Some(told));
    let sending = scene.client.storbinary("a", Default::default(), source);
    tokio::select! {
        sent = sending => panic!("it has no end: {sent:?}"),
        begun = begun => begun.expect("some was sent"),
    }
    let accepted = accepting.join().expect("a thread");
    let (mut data, _) = accepted.expect("a data connection");
    let taken = data.read_to_end(&mut Vec::new());
    let error = taken.expect_err("no orderly end");
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    scene.client.abort().await.expect("broken off");
    scene.client.noop().await.expect("of use");
}

#[tokio::test]
async fn what_is_not_whole_there_does_not_get_its_name() {
    let mut scene = Scene::new().await;
    scene.server.put("/a", b"as before");
    let place = scene.path("a");
    write(&place, &pattern(1000), 1_000_000_000);
    let size = Fault::Says(b"213 999\r\n".to_vec());
    scene.server.order("SIZE", 1, size);
    let error = scene
        .upload("a", ANEW)
        .await
        .expect_err("a byte is missing");
    let words = "a.part was to have 1000 bytes, and has 999";
    assert_eq!(error.to_string(), words);
    assert_eq!(scene.server.paths(), ["/a"]);
    assert_eq!(scene.server.get("/a").as_deref(), Some(&b"as before"[..]));

    // It becomes shorter while it is sent.
    let shorter = |there: u64, _: Option<u64>| {
        if there == 0 {
            write(&place, &pattern(500), 1_000_000_000);
        }
    };
    let sent = scene.client.upload(&place, "a", ANEW, shorter).await;
    let error = sent.expect_err("it is another one");
    let (said, sent) = match error {
        Error::Length { said, sent, .. } => (said, sent),
        error => panic!("{error}"),
    };
    assert_eq!((said, sent), (1000, 500));
    assert_eq!(scene.server.paths(), ["/a"]);
    assert_eq!(scene.server.get("/a").as_deref(), Some(&b"as before"[..]));
}

#[tokio::test]
async fn a_file_keeps_its_time_in_whichever_way_the_server_has() {
    let mut scene = Scene::new().await;
    write(&scene.path("a b"), b"x", 1_000_000_000);
    for (features, changed) in [
        (&["MDTM", "MFMT"][..], 1_000_000_000),
        (&["MDTM"], 1_000_000_000),
        (&[], 1_150_565_241),
    ] {
        scene.server.set_features(features);
        scene.client = client(&scene.server).await;
        scene.upload("a b", ANEW).await.expect("sent");
        assert_eq!(scene.server.changed("/a b"), Some(changed), "{features:?}");
    }
    // One that names the time as a file says no, which is no loss.
    scene.server.set_features(&["MDTM"]);
    scene.client = client(&scene.server).await;
    let no = Fault::Says(b"550 No such file.\r\n".to_vec());
    scene.server.order("MDTM", 1, no);
    scene.upload("a b", ANEW).await.expect("sent");
}

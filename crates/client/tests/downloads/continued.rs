//! What an earlier attempt has left: gone on with where it is the same file, and begun anew where it is not.

use std::fs;

use lariat_client::ftp::{self, Login, Options, Site};
use lariat_client::http::Step;
use lariat_protocol::Endpoint;
use lariat_testkit::{Fault, FtpServer, WebFault};

use crate::{Scene, content, quickly};

fn range(first: usize, condition: &str) -> (Option<String>, Option<String>) {
    (Some(format!("bytes={first}-")), Some(condition.into()))
}

#[tokio::test]
async fn the_next_attempt_asks_for_the_rest_of_the_same_file() {
    let scene = Scene::new();
    for length in [100_000, 50_000] {
        scene.server.order("/large", 1, WebFault::BreaksOff(length));
    }
    let mut again = 0;
    let download = scene.download().retries(quickly(2));
    let done = download.run(&scene.client, |step| {
        again += usize::from(matches!(step, Step::Again { .. }));
    });
    let done = done.await.unwrap();
    assert_eq!((done.transferred, again), (300_000, 2));
    assert!(scene.is_whole());
    let asked = [
        (None, None),
        range(100_000, "\"1\""),
        range(150_000, "\"1\""),
    ];
    assert_eq!(scene.asked(), asked);
}

#[tokio::test]
async fn a_later_run_goes_on_where_an_earlier_one_stopped() {
    for has_tags in [true, false] {
        let scene = Scene::new();
        scene.server.set_tags(has_tags);
        scene.breaks_off(100_000).await;
        let names: &[&str] = match has_tags {
            true => &["large.part", "large.part.etag"],
            false => &["large.part"],
        };
        assert_eq!(scene.names(), names);
        let done = scene.run(scene.download().resume(true)).await.unwrap();
        assert_eq!(
            (done.bytes, done.transferred, done.status.as_u16()),
            (300_000, 200_000, 206)
        );
        assert!(scene.is_whole());
        let condition = match has_tags {
            true => "\"1\"",
            false => "Sat, 17 Jun 2006 17:27:21 GMT",
        };
        assert_eq!(scene.asked()[1], range(100_000, condition));
    }
}

#[tokio::test]
async fn a_tag_is_not_believed_of_what_another_client_has_left() {
    let scene = Scene::new();
    scene.breaks_off(100_000).await;
    let other = FtpServer::start();
    other.put("/large", &[7; 200_000]);
    other.order("RETR", 1, Fault::Cuts(150_000));
    let site = Site {
        endpoint: Endpoint::tcp("127.0.0.1", other.address().port()),
        options: Options::default(),
        login: Login::default(),
    };
    let mut client = site.connect().await.unwrap();
    let time = "20250101000000".parse().unwrap();
    client.mfmt("large", time).await.unwrap();
    let (place, anew) = (scene.path("large"), ftp::Download::default());
    let cut = client.download("large", &place, anew, |_, _| ()).await;
    cut.unwrap_err();
    assert_eq!(scene.names(), ["large.part"]);
    let done = scene.run(scene.download().resume(true)).await.unwrap();
    assert_eq!((done.transferred, done.status.as_u16()), (300_000, 200));
    assert!(scene.is_whole());
}

#[tokio::test]
async fn what_is_not_to_be_continued_is_begun_anew() {
    let scene = Scene::new();
    scene.breaks_off(100_000).await;
    let done = scene.run(scene.download()).await.unwrap();
    assert_eq!(done.transferred, 300_000);
    assert_eq!(scene.asked()[1], (None, None));
    assert!(scene.is_whole());
}

#[tokio::test]
async fn a_file_that_has_changed_meanwhile_is_fetched_from_its_beginning() {
    let scene = Scene::new();
    scene.server.put("/large", &[7; 300_000]);
    scene.breaks_off(100_000).await;
    scene.server.put("/large", &content());
    let done = scene.run(scene.download().resume(true)).await.unwrap();
    assert_eq!((done.transferred, done.status.as_u16()), (300_000, 200));
    assert!(scene.is_whole());
}

#[tokio::test]
async fn a_server_without_ranges_sends_all_of_it_again() {
    let scene = Scene::new();
    scene.server.set_ranges(false);
    scene.breaks_off(100_000).await;
    // Of what is thrown away nothing counts.
    scene.server.order("/large", 1, WebFault::BreaksOff(50_000));
    let download = scene.download().resume(true).retries(quickly(1));
    let done = scene.run(download).await.unwrap();
    assert_eq!((done.bytes, done.transferred), (300_000, 300_000));
    assert!(scene.is_whole());
}

#[tokio::test]
async fn a_part_that_is_all_of_it_is_done() {
    let scene = Scene::new();
    scene.breaks_off(100_000).await;
    fs::write(scene.path("large.part"), content()).unwrap();
    let done = scene.run(scene.download().resume(true)).await.unwrap();
    assert_eq!(
        (done.bytes, done.transferred, done.status.as_u16()),
        (300_000, 0, 416)
    );
    assert!(scene.is_whole());
    // One that is longer is another file's.
    fs::remove_file(scene.path("large")).unwrap();
    scene.breaks_off(100_000).await;
    fs::write(scene.path("large.part"), vec![7; 300_001]).unwrap();
    let done = scene.run(scene.download().resume(true)).await.unwrap();
    assert_eq!(done.transferred, 300_000);
    assert!(scene.is_whole());
}

#[tokio::test]
async fn what_is_there_already_is_not_fetched_again() {
    let scene = Scene::new();
    scene.run(scene.download()).await.unwrap();
    let done = scene.run(scene.download().resume(true)).await.unwrap();
    assert_eq!((done.bytes, done.transferred), (300_000, 0));
    assert_eq!(done.path, scene.path("large"));
    // With another time it may be another file.
    fs::write(scene.path("large"), "mine").unwrap();
    let done = scene.run(scene.download().resume(true)).await.unwrap();
    assert_eq!(done.transferred, 300_000);
    assert!(scene.is_whole());
}

#[tokio::test]
async fn nothing_stays_of_what_cannot_be_known_again() {
    let scene = Scene::new();
    scene.server.set_tags(false);
    scene.server.set_times(false);
    scene.breaks_off(100_000).await;
    assert!(scene.names().is_empty());
    scene
        .server
        .order("/large", 1, WebFault::BreaksOff(100_000));
    let done = scene
        .run(scene.download().retries(quickly(1)))
        .await
        .unwrap();
    assert_eq!(done.bytes, 300_000);
    assert!(scene.is_whole());
}

#[tokio::test]
async fn a_part_that_does_not_fit_is_not_put_to_what_is_there() {
    for wrong in [
        // Other bytes than those that were asked for; another version; no word of which.
        "Content-Range: bytes 0-4/300000\r\nETag: \"1\"\r\n",
        "Content-Range: bytes 100000-100004/100005\r\nETag: \"2\"\r\n",
        "ETag: \"1\"\r\n",
    ] {
        let scene = Scene::new();
        scene.breaks_off(100_000).await;
        let answer =
            format!("HTTP/1.1 206 Partial Content\r\n{wrong}Content-Length: 5\r\n\r\nwrong");
        scene
            .server
            .order("/large", 1, WebFault::Says(answer.into()));
        let done = scene.run(scene.download().resume(true)).await.unwrap();
        assert_eq!(done.bytes, 300_000, "{wrong}");
        assert!(scene.is_whole(), "{wrong}");
    }
}

#[tokio::test]
async fn a_rest_that_is_shorter_than_the_file_is_continued_too() {
    let scene = Scene::new();
    scene.breaks_off(100_000).await;
    let part = &content()[100_000..100_005];
    let head = "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 100000-100004/300000\r\n\
        ETag: \"1\"\r\nContent-Length: 5\r\n\r\n";
    let answer = [head.as_bytes(), part].concat();
    scene.server.order("/large", 1, WebFault::Says(answer));
    let done = scene
        .run(scene.download().resume(true).retries(quickly(1)))
        .await
        .unwrap();
    assert_eq!(done.transferred, 200_000);
    assert_eq!(scene.asked()[2], range(100_005, "\"1\""));
    assert!(scene.is_whole());
}

#[tokio::test]
async fn a_future_that_is_dropped_leaves_what_can_be_continued() {
    let scene = Scene::new();
    scene.server.order("/large", 1, WebFault::Stalls(100_000));
    let download = scene.download();
    let (told, mut there) = tokio::sync::mpsc::unbounded_channel();
    let running = download.run(&scene.client, move |step| {
        if let Step::There { bytes, .. } = step {
            let _ = told.send(bytes);
        }
    });
    tokio::select! {
        done = running => panic!("{done:?}"),
        () = async { while there.recv().await != Some(100_000) {} } => {}
    }
    assert_eq!(scene.names(), ["large.part", "large.part.etag"]);
    let done = scene.run(scene.download().resume(true)).await.unwrap();
    assert_eq!(done.transferred, 200_000);
    assert!(scene.is_whole());
}

#[tokio::test]
async fn a_part_that_nobody_asked_for_is_not_the_file() {
    let scene = Scene::new();
    let part = |first: usize, end: usize| {
        let last = end - 1;
        let head = format!(
            "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {first}-{last}/300000\r\nETag: \"1\"\r\n\
             Content-Length: {}\r\n\r\n",
            end - first
        );
        WebFault::Says([head.as_bytes(), &content()[first..end]].concat())
    };
    scene.server.order("/large", 1, part(5, 10));
    let error = scene.run(scene.download()).await.unwrap_err().to_string();
    assert!(error.contains("nobody had asked for"), "{error}");
    assert!(scene.names().is_empty());
    // The beginning is one, and the rest is asked for.
    scene.server.order("/large", 1, part(0, 10));
    scene
        .run(scene.download().retries(quickly(1)))
        .await
        .unwrap();
    assert_eq!(scene.asked()[2], range(10, "\"1\""));
    assert!(scene.is_whole());
}

//! What is not the file, or not yet: answers that say no, and files that are too large.

use std::fs;

use lariat_client::http::{Client, Download, DownloadError, Retries, address};
use lariat_testkit::WebFault;

use crate::{Scene, quickly};

fn busy() -> WebFault {
    WebFault::Says(b"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy".to_vec())
}

#[tokio::test]
async fn an_answer_that_says_no_is_no_file() {
    let scene = Scene::new();
    let download = Download::new(scene.uri("/nothing"), scene.path("nothing"));
    let error = scene.run(download).await.unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("/nothing: the server says 404 Not Found"),
        "{error}"
    );
    assert!(scene.names().is_empty());
    // It was asked once.
    assert_eq!(scene.server.heard().len(), 1);
    let download = Download::new(scene.uri("/nothing"), scene.path("nothing")).any_status(true);
    scene.run(download).await.unwrap();
    assert_eq!(fs::read(scene.path("nothing")).unwrap(), b"nothing here\n");
}

#[tokio::test]
async fn a_server_that_is_busy_is_asked_again_when_it_says() {
    let scene = Scene::new();
    let busy = |pause| {
        let answer =
            format!("HTTP/1.1 503 Busy\r\nRetry-After: {pause}\r\nContent-Length: 0\r\n\r\n");
        WebFault::Says(answer.into())
    };
    scene.server.order("/large", 1, busy(0));
    scene
        .run(scene.download().retries(quickly(1)))
        .await
        .unwrap();
    assert!(scene.is_whole());
    // For a day nobody waits.
    scene.server.order("/large", 1, busy(86_400));
    let error = scene
        .run(scene.download().retries(quickly(9)))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("503"), "{error}");
}

#[tokio::test]
async fn a_file_that_is_too_large_is_not_kept() {
    let scene = Scene::new();
    let error = scene
        .run(scene.download().at_most(299_999))
        .await
        .unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("larger than the 299999 bytes that are allowed"),
        "{error}"
    );
    assert!(scene.names().is_empty());
    scene.run(scene.download().at_most(300_000)).await.unwrap();
}

#[tokio::test]
async fn what_is_kept_of_a_file_stays_that_is_too_large_now() {
    let scene = Scene::new();
    scene.breaks_off(100_000).await;
    let small = scene.download().resume(true).at_most(200_000);
    let error = scene.run(small).await.unwrap_err();
    assert!(matches!(error, DownloadError::Limit { .. }), "{error:?}");
    let done = scene.run(scene.download().resume(true)).await.unwrap();
    assert_eq!((done.bytes, done.transferred), (300_000, 200_000));
    assert!(scene.is_whole());
}

#[tokio::test]
async fn a_file_without_a_length_is_limited_as_well() {
    let scene = Scene::new();
    let endless = [b"HTTP/1.1 200 OK\r\n\r\n", &[b'x'; 100_000][..]].concat();
    scene.server.order("/large", 2, WebFault::Says(endless));
    let error = scene
        .run(scene.download().at_most(99_999))
        .await
        .unwrap_err();
    assert!(matches!(error, DownloadError::Limit { .. }), "{error}");
    assert!(scene.names().is_empty());
    let done = scene.run(scene.download()).await.unwrap();
    assert_eq!(done.bytes, 100_000);
}

#[tokio::test]
async fn nobody_is_waited_for_who_was_never_there() {
    let scene = Scene::new();
    let mut again = 0;
    let nowhere = address("http://127.0.0.1:1/").unwrap();
    let download = Download::new(nowhere, scene.path("a")).retries(Retries::times(9));
    let error = download
        .run(&scene.client, |_| again += 1)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("refused"), "{error}");
    assert_eq!(again, 0);
}

#[tokio::test]
async fn an_answer_of_any_status_takes_the_place_of_nothing_that_has_come() {
    let scene = Scene::new();
    scene.breaks_off(100_000).await;
    scene.server.order("/large", 1, busy());
    let download = scene.download().resume(true).any_status(true);
    let error = scene.run(download).await.unwrap_err().to_string();
    assert!(error.contains("503"), "{error}");
    assert_eq!(scene.names(), ["large.part", "large.part.etag"]);
    // Nor within one run.
    for has_tags in [true, false] {
        scene.server.set_tags(has_tags);
        scene.server.set_times(has_tags);
        scene
            .server
            .order("/large", 1, WebFault::BreaksOff(100_000));
        scene.server.order("/large", 1, busy());
        let download = scene.download().any_status(true).retries(quickly(2));
        scene.run(download).await.unwrap();
        assert!(scene.is_whole());
    }
    // Where there is nothing it is what was asked for.
    scene.server.order("/large", 1, busy());
    let download = Download::new(scene.uri("/large"), scene.path("page")).any_status(true);
    scene.run(download).await.unwrap();
    assert_eq!(fs::read(scene.path("page")).unwrap(), b"busy");
}

#[tokio::test]
async fn what_has_not_been_changed_stays_and_what_points_nowhere_is_saved() {
    let scene = Scene::new();
    fs::write(scene.path("large"), "mine").unwrap();
    let says = |text: &str| WebFault::Says(text.into());
    scene
        .server
        .order("/large", 1, says("HTTP/1.1 304 Not Modified\r\n\r\n"));
    let done = scene.run(scene.download()).await.unwrap();
    assert_eq!(
        (done.status.as_u16(), done.bytes, done.transferred),
        (304, 4, 0)
    );
    assert_eq!(fs::read(scene.path("large")).unwrap(), b"mine");
    let choices = "HTTP/1.1 300 Choices\r\nContent-Length: 3\r\n\r\na b";
    scene.server.order("/large", 1, says(choices));
    scene.run(scene.download()).await.unwrap();
    assert_eq!(fs::read(scene.path("large")).unwrap(), b"a b");
}

#[tokio::test]
async fn a_client_that_repeats_does_not_repeat_what_is_repeated_here() {
    let scene = Scene::new();
    let client = Client::builder().retries(quickly(3)).build().unwrap();
    scene.server.order("/large", 9, busy());
    let download = scene.download().retries(quickly(2));
    download.run(&client, |_| {}).await.unwrap_err();
    assert_eq!(scene.server.heard().len(), 3);
}

//! Downloads against a small server: continued, begun anew, named, and never half under the real name.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use http::Uri;
use lariat_client::http::{
    Client, Download, DownloadError, Downloaded, Proxies, Retries, Step, address,
};
use lariat_testkit::{WebFault, WebServer};
use tempfile::TempDir;

/// What the server has: more than any buffer on the way.
fn content() -> Vec<u8> {
    (0..300_000_u32).map(|at| (at ^ (at >> 9)) as u8).collect()
}

struct Scene {
    server: WebServer,
    folder: TempDir,
    client: Client,
}

impl Scene {
    fn new() -> Self {
        let server = WebServer::start();
        server.put("/large", &content());
        Scene {
            server,
            folder: tempfile::tempdir().unwrap(),
            client: Client::builder().proxies(Proxies::none()).build().unwrap(),
        }
    }

    fn uri(&self, path: &str) -> Uri {
        address(&self.server.url(path)).unwrap()
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn download(&self) -> Download {
        Download::new(self.uri("/large"), self.path("large")).retries(quickly(0))
    }

    async fn run(&self, download: Download) -> Result<Downloaded, DownloadError> {
        download.run(&self.client, |_| {}).await
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap().flatten();
        let mut names: Vec<String> = entries
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// The ranges and the conditions that were asked for.
    fn asked(&self) -> Vec<(Option<String>, Option<String>)> {
        let heard = self.server.heard();
        let both = |heard: &lariat_testkit::Heard| {
            let header = |name| heard.header(name).map(str::to_owned);
            (header("range"), header("if-range"))
        };
        heard.iter().map(both).collect()
    }

    /// Has an attempt fail behind so many bytes.
    async fn breaks_off(&self, length: usize) {
        self.server.order("/large", 1, WebFault::BreaksOff(length));
        let error = self.run(self.download()).await.unwrap_err();
        assert!(error.may_pass(), "{error}");
        assert!(!self.path("large").exists());
    }

    fn is_whole(&self) -> bool {
        fs::read(self.path("large")).unwrap() == content() && self.names() == ["large"]
    }
}

fn quickly(times: u32) -> Retries {
    Retries {
        first: Duration::ZERO,
        ..Retries::times(times)
    }
}

fn range(first: usize, condition: &str) -> (Option<String>, Option<String>) {
    (Some(format!("bytes={first}-")), Some(condition.into()))
}

#[tokio::test]
async fn a_file_is_there_when_it_is_whole_with_the_time_of_the_servers() {
    let scene = Scene::new();
    let mut steps = Vec::new();
    let done = scene
        .download()
        .run(&scene.client, |step| match step {
            Step::Answered(answer) => assert_eq!(answer.status, 200),
            Step::Begun(path) => assert_eq!(path, scene.path("large")),
            Step::There { bytes, all } => {
                assert!(!scene.path("large").exists());
                steps.push((bytes, all));
            }
            step => panic!("{step:?}"),
        })
        .await
        .unwrap();
    assert_eq!((done.bytes, done.transferred), (300_000, 300_000));
    assert_eq!(
        (steps[0], steps[steps.len() - 1]),
        ((0, Some(300_000)), (300_000, Some(300_000)))
    );
    assert!(scene.is_whole());
    let changed = fs::metadata(&done.path).unwrap().modified().unwrap();
    assert_eq!(changed, UNIX_EPOCH + Duration::from_secs(1_150_565_241));
    let heard = &scene.server.heard()[0];
    assert_eq!(heard.header("accept-encoding"), Some("identity"));
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
    let done = scene.run(scene.download().resume(true)).await.unwrap();
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
async fn a_name_that_a_server_gives_stays_in_the_folder() {
    let scene = Scene::new();
    let disposition = "attachment; filename=\"../../.bashrc\"";
    scene
        .server
        .set_header("/large", "Content-Disposition", disposition);
    let named = Download::named_by_server(scene.uri("/large"), scene.folder.path());
    assert_eq!(scene.run(named).await.unwrap().path, scene.path("bashrc"));
    let by_url = Download::into_folder(scene.uri("/a/..%2f..%2flarge"), scene.folder.path());
    scene.server.put("/a/..%2f..%2flarge", b"x");
    assert_eq!(scene.run(by_url).await.unwrap().path, scene.path("large"));
    scene.server.put("/", b"x");
    let without = Download::named_by_server(scene.uri("/"), scene.folder.path());
    assert_eq!(
        scene.run(without).await.unwrap().path,
        scene.path("index.html")
    );
    assert_eq!(scene.names(), ["bashrc", "index.html", "large"]);
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
async fn what_is_no_file_is_neither_replaced_nor_asked_for() {
    let scene = Scene::new();
    for (place, words) in [
        (scene.folder.path(), "directory"),
        (Path::new("/dev/null"), "no file"),
    ] {
        let download = Download::new(scene.uri("/large"), place);
        let error = scene.run(download).await.unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
    assert!(scene.server.heard().is_empty());
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
async fn a_name_that_a_server_gives_replaces_nothing() {
    let scene = Scene::new();
    scene.server.set_header(
        "/large",
        "Content-Disposition",
        "attachment; filename=Makefile",
    );
    for taken in ["Makefile", "Makefile.part", "Makefile.part.etag"] {
        fs::write(scene.path(taken), "mine").unwrap();
        let named = Download::named_by_server(scene.uri("/large"), scene.folder.path());
        let error = scene.run(named).await.unwrap_err().to_string();
        assert!(
            error.contains(taken) && error.contains("is there already"),
            "{error}"
        );
        assert_eq!(scene.names(), [taken]);
        assert_eq!(fs::read(scene.path(taken)).unwrap(), b"mine");
        fs::remove_file(scene.path(taken)).unwrap();
    }
}

#[tokio::test]
async fn nothing_stays_that_nobody_could_go_on_with_by_its_name() {
    let scene = Scene::new();
    let disposition = "attachment; filename=named";
    scene
        .server
        .set_header("/large", "Content-Disposition", disposition);
    let named = || Download::named_by_server(scene.uri("/large"), scene.folder.path());
    let fault = WebFault::BreaksOff(100_000);
    scene.server.order("/large", 1, fault);
    let once = named().retries(Retries::default());
    once.run(&scene.client, |_| {}).await.unwrap_err();
    assert!(scene.names().is_empty(), "{:?}", scene.names());
    // What is there of it is gone on with in the same download all the same.
    scene
        .server
        .order("/large", 1, WebFault::BreaksOff(100_000));
    let done = named().retries(quickly(1)).run(&scene.client, |_| {}).await;
    let done = done.unwrap();
    assert_eq!(
        (done.path, done.status.as_u16()),
        (scene.path("named"), 206)
    );
}

fn busy() -> WebFault {
    WebFault::Says(b"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy".to_vec())
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

#[cfg(unix)]
#[tokio::test]
async fn a_link_to_a_file_stays_one() {
    let scene = Scene::new();
    fs::create_dir(scene.path("d")).unwrap();
    fs::write(scene.path("d/there"), "old").unwrap();
    std::os::unix::fs::symlink("d/there", scene.path("large")).unwrap();
    scene.run(scene.download()).await.unwrap();
    assert!(scene.path("large").is_symlink());
    assert_eq!(scene.names(), ["d", "large"]);
    assert!(fs::read(scene.path("d/there")).unwrap() == content());
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

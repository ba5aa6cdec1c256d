//! Where a file comes to be, and what it does not take the place of.

use std::fs;
use std::path::Path;

use lariat_client::http::{Download, Retries};
use lariat_testkit::WebFault;

use crate::{Scene, content, quickly};

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

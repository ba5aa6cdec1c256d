//! Downloads against a small server: continued, begun anew, named, and never half under the real name.

#![allow(clippy::unwrap_used)]

#[path = "downloads/continued.rs"]
mod continued;
#[path = "downloads/places.rs"]
mod places;
#[path = "downloads/refused.rs"]
mod refused;

use std::fs;
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

//! The FTP client, against a small server whose faults are ordered.

#[path = "ftp/asked.rs"]
mod asked;
#[path = "ftp/downloads.rs"]
mod downloads;
#[path = "ftp/faults.rs"]
mod faults;
#[path = "ftp/mirrored.rs"]
mod mirrored;
#[path = "ftp/passed_over.rs"]
mod passed_over;
#[path = "ftp/uploads.rs"]
mod uploads;

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use lariat_client::ftp::{Client, Download, Error, Login, Options, Site, Upload};
use lariat_protocol::Endpoint;
use lariat_testkit::FtpServer;
use tempfile::TempDir;

/// Shorter than by default, where nothing is to come.
const SHORT: Duration = Duration::from_millis(300);

fn endpoint(server: &FtpServer) -> Endpoint {
    Endpoint::tcp("127.0.0.1", server.address().port())
}

fn site(server: &FtpServer) -> Site {
    Site {
        endpoint: endpoint(server),
        options: Options::default(),
        login: Login::default(),
    }
}

/// A client that is logged in.
async fn client(server: &FtpServer) -> Client {
    site(server).connect().await.expect("logged in")
}

/// One that does not wait for ever, and for as long as a busy machine needs.
async fn impatient(server: &FtpServer) -> Client {
    let mut site = site(server);
    site.options.timeout = 10 * SHORT;
    site.connect().await.expect("logged in")
}

/// A file's content, by a client.
async fn fetched(client: &mut Client, path: &str) -> Result<Vec<u8>, Error> {
    let mut content = Vec::new();
    let take = |block: &[u8]| {
        content.extend_from_slice(block);
        Ok(())
    };
    client.retrbinary(path, Default::default(), take).await?;
    Ok(content)
}

/// Bytes of which no two places look alike.
fn pattern(length: usize) -> Vec<u8> {
    (0..length)
        .map(|at| (at * 31 / 7 + at / 256) as u8)
        .collect()
}

/// A server, somebody who is logged in there, and a folder.
struct Scene {
    server: FtpServer,
    client: Client,
    folder: TempDir,
}

impl Scene {
    async fn new() -> Self {
        let server = FtpServer::start();
        Scene {
            client: client(&server).await,
            server,
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).expect("there")
    }

    /// What is in the folder.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).expect("a folder");
        let names = entries.map(|entry| entry.expect("an entry").file_name());
        let mut names: Vec<String> = names
            .map(|name| name.to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// Fetches a file of this name into the folder.
    async fn download(&mut self, name: &str, how: Download) -> Result<u64, Error> {
        let place = self.folder.path().join(name);
        self.client.download(name, &place, how, |_, _| ()).await
    }

    /// Sends a file of this name from the folder.
    async fn upload(&mut self, name: &str, how: Upload) -> Result<u64, Error> {
        let place = self.folder.path().join(name);
        self.client.upload(&place, name, how, |_, _| ()).await
    }

    /// Gives a file on the server another time.
    async fn set_time(&mut self, name: &str, time: &str) {
        let time = time.parse().expect("a time");
        self.client.mfmt(name, time).await.expect("set");
    }
}

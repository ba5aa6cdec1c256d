//! The FTP client, against a small server whose faults are ordered.

#[path = "ftp/asked.rs"]
mod asked;
#[path = "ftp/faults.rs"]
mod faults;
#[path = "ftp/files.rs"]
mod files;
#[path = "ftp/mirrored.rs"]
mod mirrored;

use std::time::Duration;

use lariat_client::ftp::{Client, Error, Login, Options, Site};
use lariat_protocol::Endpoint;
use lariat_testkit::FtpServer;

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

/// One that does not wait for long.
async fn impatient(server: &FtpServer) -> Client {
    let mut site = site(server);
    site.options.timeout = SHORT;
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

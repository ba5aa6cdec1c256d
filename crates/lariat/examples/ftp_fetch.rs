//! Fetches a file by FTP: connect, log in as anybody, change directory, fetch, say goodbye.
//!
//! `cargo run -p lariat --example ftp_fetch -- tcp://ftp.example.org:21 pub/file.tar.gz` puts it into this folder.
//! There is one message for whatever can fail, and no file of that name then that is not whole.

use std::path::Path;
use std::process::ExitCode;

use lariat::Endpoint;
use lariat::client::ftp::{Client, Download, Error, Options};
use lariat::client::part::path_of;

/// Fetches the file, on a connection that is logged in already.
async fn fetch(client: &mut Client, folder: &str, file: &str) -> Result<u64, String> {
    let changed = client.cwd(folder).await;
    changed.map_err(|error| format!("cannot change to {folder}: {error}"))?;
    println!("changed to {folder}");
    let place = Path::new(file);
    let fetched = client
        .download(file, place, Download::default(), |_, _| ())
        .await;
    if !matches!(fetched, Ok(_) | Err(Error::Local { .. })) {
        // What came would be of use to whoever went on with it (`Download::resume`). It may not have been begun. What could not be
        // written here may be another program's.
        let _ = std::fs::remove_file(path_of(place));
    }
    fetched.map_err(|error| match error {
        error if error.is_unavailable() => format!("cannot read {file} there: {error}"),
        Error::Local { .. } => format!("cannot write {file} here: {error}"),
        Error::Length { .. } => format!("{file} is not what was announced: {error}"),
        error => format!("the transfer of {file} has failed: {error}"),
    })
}

async fn run(endpoint: &Endpoint, folder: &str, file: &str) -> Result<u64, String> {
    let connected = Client::connect(endpoint, Options::default()).await;
    let mut client = connected.map_err(|error| format!("cannot reach {endpoint}: {error}"))?;
    println!("connected to {endpoint}");
    let outcome = match client.login_anonymously().await {
        Ok(_) => {
            println!("logged in as anonymous");
            fetch(&mut client, folder, file).await
        }
        Err(error) => Err(format!("cannot log in anonymously: {error}")),
    };
    // On each way out. What the server says to it changes nothing.
    let _ = client.quit().await;
    outcome
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [endpoint, path] = arguments.as_slice() else {
        eprintln!("usage: ftp_fetch tcp://HOST:21 FOLDER/FILE");
        return ExitCode::from(2);
    };
    let endpoint = match endpoint.parse::<Endpoint>() {
        Ok(endpoint) => endpoint,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    let (folder, file) = match path.rsplit_once('/') {
        Some(("", file)) => ("/", file),
        Some(parts) => parts,
        None => (".", path.as_str()),
    };
    match run(&endpoint, folder, file).await {
        Ok(bytes) => {
            println!("fetched {file}: {bytes} bytes");
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

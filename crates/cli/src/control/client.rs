//! The operator's side of the control socket.

use std::io;
use std::path::{Path, PathBuf};

use lariat_net::{Connection as Stream, Error};
use lariat_protocol::Endpoint;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

use crate::control::{Reply, Request, socket};
use crate::failure::Failure;

/// A request that is being answered.
pub struct Answers {
    path: PathBuf,
    stream: BufReader<Stream>,
}

impl Answers {
    /// Asks the server that has this state directory.
    ///
    /// # Errors
    ///
    /// One line: none runs, or it belongs to somebody else.
    pub async fn to(request: &Request, state: &Path) -> Result<Self, Failure> {
        let path = socket(state);
        let endpoint = Endpoint::unix(path.clone());
        let stream = lariat_net::connect(&endpoint).await;
        let mut stream = stream.map_err(|error| unreachable_because(error, &path))?;
        let mut line = serde_json::to_vec(request).map_err(|error| Failure::from_error(&error))?;
        line.push(b'\n');
        let sent = stream.write_all(&line).await;
        sent.map_err(|error| lost(&path, Some(&error)))?;
        Ok(Answers {
            path,
            stream: BufReader::new(stream),
        })
    }

    /// The next line of the answer.
    ///
    /// # Errors
    ///
    /// When the server cannot do what it was asked for, or ends.
    pub async fn next(&mut self) -> Result<Reply, Failure> {
        let mut line = String::new();
        let read = self.stream.read_line(&mut line).await;
        let read = read.map_err(|error| lost(&self.path, Some(&error)))?;
        if read == 0 {
            return Err(lost(&self.path, None));
        }
        match serde_json::from_str(&line) {
            Ok(Reply::Error(what)) => Err(Failure::new(format!("the server says: {what}"))),
            Ok(reply) => Ok(reply),
            Err(error) => Err(unexpected(&format!("{error}"))),
        }
    }
}

/// What to say of an answer to another question.
pub fn unexpected(what: &str) -> Failure {
    Failure::new(format!(
        "the server's answer is not understood, perhaps because it is of another version: {what}"
    ))
}

fn unreachable_because(error: Error, path: &Path) -> Failure {
    let kind = match &error {
        Error::Connect { attempts, .. } => attempts.first().map(|(_, error)| error.kind()),
        _ => None,
    };
    let path = path.display();
    match kind {
        Some(io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => Failure::new(format!(
            "no server listens on {path}; start one by lariat serve, or name its state \
             directory by --state DIR"
        )),
        Some(io::ErrorKind::PermissionDenied) => Failure::new(format!(
            "no permission for {path}; it is for the user that lariat serve runs as"
        )),
        _ => error.into(),
    }
}

fn lost(path: &Path, error: Option<&io::Error>) -> Failure {
    let why = error.map_or(
        "it ended without an answer".into(),
        crate::failure::in_words,
    );
    Failure::new(format!("lost the server on {}: {why}", path.display()))
}

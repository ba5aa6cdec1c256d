//! The server's side of the control socket.
//!
//! It is listened on by a reactor of its own, of one thread, so that it answers while the one
//! that serves drains or is held up.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lariat_net::observe::ConnectionKey;
use lariat_net::{Connection as Stream, Error, Handle, Limits, ListenOptions, Reactor};
use lariat_protocol::Endpoint;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

use crate::control::stats::Stats;
use crate::control::{Connection, Drained, Ended, Killed, Reply, Request};
use crate::failure::Failure;
use crate::serve::server::Server;

/// The longest request: over a thousand connections to be ended.
const LONGEST: u64 = 64 * 1024;

/// How long those who have been answered may take to go.
const DRAIN_TIME: Duration = Duration::from_secs(1);

/// A reactor for whoever watches another one: of one thread, and with few connections, so
/// that it takes no descriptors from those who are served.
///
/// # Errors
///
/// When the system gives no thread.
pub fn reactor() -> Result<Reactor, Failure> {
    let limits = Limits {
        connections: Some(64),
        memory: Some(64 << 20),
        handshakes: Some(16),
        ..Limits::none()
    };
    let builder = Reactor::builder().threads(1).limits(limits);
    Ok(builder.drain_time(DRAIN_TIME).build()?)
}

/// Answers on the socket in the state directory, or logs why not: a server can do without.
pub fn listen(reactor: &Handle, path: &Path, server: &Arc<Server>) {
    if cfg!(not(unix)) {
        return;
    }
    let listening = endpoint(path).and_then(|endpoint| {
        let server = Arc::clone(server);
        let answer = move |stream| answer(Arc::clone(&server), stream);
        let options = ListenOptions {
            name: Some("control".into()),
            ..ListenOptions::default()
        };
        let listening = reactor.listen_with(endpoint, options, answer);
        listening.map_err(|error| match error {
            Error::Listen { error, .. } if error.kind() == io::ErrorKind::AddrInUse => {
                "another server with the same state directory has it".to_string()
            }
            Error::Listen { error, .. } => crate::failure::in_words(&error),
            error => error.to_string(),
        })
    });
    if let Err(why) = listening {
        let path = path.display();
        tracing::warn!("lariat ctl does not reach this server: {path}: {why}");
    }
}

fn endpoint(path: &Path) -> Result<Endpoint, String> {
    let folder = path.parent().unwrap_or(path);
    lariat_tls::Directory::open(folder).map_err(|error| error.to_string())?;
    let endpoint = Endpoint::unix(path.to_path_buf()).with_option("mode", "600");
    endpoint.map_err(|error| error.to_string())
}

/// Answers one request.
async fn answer(server: Arc<Server>, stream: Stream) -> io::Result<()> {
    let stopping = stream.draining().clone();
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    {
        let mut limited = (&mut stream).take(LONGEST);
        tokio::select! {
            read = limited.read_line(&mut line) => read.map(drop)?,
            () = stopping.cancelled() => return Ok(()),
        }
    }
    if line.is_empty() {
        return Ok(());
    }
    let request = serde_json::from_str(&line);
    let reply = match request {
        Err(error) => Reply::Error(format!("no request: {error}")),
        Ok(Request::Connections) => connections(&server).await,
        Ok(Request::Kill { ids }) => kill(&server, &ids).await,
        Ok(Request::Stats) => {
            let handle = server.handle();
            let draining = handle.stopping().is_cancelled();
            Reply::Stats(Box::new(Stats::of(&handle.stats(), draining)))
        }
        Ok(Request::Drain) => {
            let handle = server.handle();
            let draining = Reply::Draining(handle.connections());
            tracing::info!("asked to drain");
            handle.stop();
            say(&mut stream, &draining).await?;
            match server.drained().await {
                Some(report) => Reply::Drained(Drained::from(report)),
                None => Reply::Error("the server ended before that".into()),
            }
        }
        Ok(Request::Reload) => Reply::Reloaded(server.reload()),
    };
    say(&mut stream, &reply).await?;
    stream.shutdown().await
}

async fn say(stream: &mut BufReader<Stream>, reply: &Reply) -> io::Result<()> {
    let mut line = serde_json::to_vec(reply)?;
    line.push(b'\n');
    stream.write_all(&line).await?;
    stream.flush().await
}

async fn connections(server: &Server) -> Reply {
    let table = server.handle().connection_table().await;
    Reply::Connections(table.into_iter().map(Connection::from).collect())
}

async fn kill(server: &Server, ids: &[String]) -> Reply {
    let table = server.handle().connection_table().await;
    let mut known: HashMap<String, Connection> = table
        .into_iter()
        .map(|status| (status.key.to_string(), Connection::from(status)))
        .collect();
    let mut killed = Killed::default();
    for id in ids {
        let key = id.parse::<ConnectionKey>();
        if !key.is_ok_and(|key| server.handle().kill(key)) {
            killed.missing.push(id.clone());
            continue;
        }
        let (service, peer) = match known.remove(id) {
            Some(connection) => (Some(connection.service), Some(connection.peer)),
            None => (None, None),
        };
        tracing::info!(id, service, peer, "ended by lariat ctl");
        killed.ended.push(Ended {
            id: id.clone(),
            service,
            peer,
        });
    }
    Reply::Killed(killed)
}

//! A timestamp server as an async function, in a program that has a runtime already.
//!
//! `cargo run -p lariat --example timestamp_async` listens on port 21567; another endpoint
//! may be given, such as `unix:timestamp.sock`.

use std::error::Error;

use lariat::service::clock::local_ctime;
use lariat::{Connection, Reactor};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

/// The longest line, its end counted.
const MAXIMUM: u64 = 4096;

/// One connection, from its first line to its last.
async fn timestamp(connection: Connection) -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut stream = BufReader::new(connection);
    let mut line = Vec::new();
    // Without `take`, a peer that never ends its line would fill the memory.
    while (&mut stream)
        .take(MAXIMUM)
        .read_until(b'\n', &mut line)
        .await?
        > 0
    {
        if line.len() as u64 == MAXIMUM && !line.ends_with(b"\n") {
            return Err("a line is too long".into());
        }
        let answer = [b"[", &local_ctime()[..], b"] ", &line].concat();
        stream.write_all(&answer).await?;
        line.clear();
    }
    stream.shutdown().await?;
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let endpoint = std::env::args().nth(1);
    let endpoint = endpoint.unwrap_or_else(|| "tcp://localhost:21567".into());
    // No threads of its own: connections are tasks of this runtime.
    let reactor = Reactor::builder().attach();
    let listening = reactor.listen(endpoint, timestamp)?;
    for endpoint in listening.endpoints() {
        println!("listening on {endpoint}");
    }
    reactor.stopped().await;
    Ok(())
}

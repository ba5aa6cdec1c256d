//! The timestamp server as a tokio tutorial has it: the multi-thread runtime, a task for each
//! connection, a buffered reader and `write_all` for each line.

use std::io;

use ::lariat::service::clock::local_ctime;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::{Given, Running, lariat};

/// Starts it in a process of its own.
pub fn start(given: Given) -> io::Result<Running> {
    lariat::ourselves(given, "tokio")
}

/// Serves until the process is killed; `listening` is told where.
pub fn serve(listening: impl FnOnce(&str) -> io::Result<()>) -> io::Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        listening(&listener.local_addr()?.to_string())?;
        loop {
            // The bare loop: an error is passed over and the next accept tried at once.
            if let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(answer(socket));
            }
        }
    })
}

async fn answer(socket: TcpStream) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let (reader, mut writer) = socket.into_split();
    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    let mut reply = Vec::new();
    while reader.read_until(b'\n', &mut line).await? > 0 {
        reply.push(b'[');
        reply.extend_from_slice(&local_ctime());
        reply.extend_from_slice(b"] ");
        reply.append(&mut line);
        writer.write_all(&reply).await?;
        reply.clear();
    }
    Ok(())
}

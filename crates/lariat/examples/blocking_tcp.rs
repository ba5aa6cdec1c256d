//! A timestamp server of blocking code, over TCP: `cargo run -p lariat --example blocking_tcp`.
//! The first argument says where requests are handled, the second where it listens.

use std::io::{self, BufRead, Write};

use lariat::service::clock::local_ctime;
use lariat::socketserver::{
    Forking, HandlerResult, POLL_INTERVAL, Pooled, Sequential, Server, Strategy, StreamRequest,
    Tcp, Threading,
};

/// One connection: whatever comes is answered as it came, with a line end or without.
fn timestamp(request: &mut StreamRequest) -> HandlerResult {
    while let said @ [_, ..] = request.rfile.fill_buf()? {
        let (length, answer) = (said.len(), [b"[", &local_ctime()[..], b"] ", said].concat());
        request.wfile.write_all(&answer)?;
        request.rfile.consume(length);
    }
    Ok(())
}

fn serve<S: Strategy + Default>(address: &str) -> io::Result<()> {
    let server = Server::<Tcp, S, _>::bind(address, timestamp)?;
    println!("waiting at {}", server.server_address()?);
    server.shutdown_on_signals()?;
    server.serve_forever(POLL_INTERVAL)
}

fn main() -> io::Result<()> {
    let [strategy, address] = [1, 2].map(|at| std::env::args().nth(at));
    let address = address.unwrap_or_else(|| "localhost:21567".into());
    match strategy.as_deref().unwrap_or("threading") {
        "sequential" => serve::<Sequential>(&address),
        "threading" => serve::<Threading>(&address),
        "pooled" => serve::<Pooled>(&address),
        "forking" => serve::<Forking>(&address),
        other => Err(io::Error::other(format!("no strategy {other:?}"))),
    }
}

//! A timestamp server of blocking code, over UDP: `cargo run -p lariat --example blocking_udp`.
//! The first argument says where requests are handled, the second where it listens.

use std::io;

use lariat::service::clock::local_ctime;
use lariat::socketserver::{
    DatagramRequest, Forking, HandlerResult, POLL_INTERVAL, Pooled, Sequential, Server, Strategy,
    Threading, Udp,
};

/// One datagram.
fn timestamp(request: &mut DatagramRequest) -> HandlerResult {
    request.wfile = [b"[", &local_ctime()[..], b"] ", request.packet()].concat();
    Ok(())
}

fn serve<S: Strategy + Default>(address: &str) -> io::Result<()> {
    let server = Server::<Udp, S, _>::bind(address, timestamp)?;
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

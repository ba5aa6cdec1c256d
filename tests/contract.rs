//! The contract of a protocol, held to its hard corners: one miniature for each, small
//! enough to be read, over real connections.

mod back_pressure;
mod data_connection;
mod fan_out;
mod http_upgrade;
mod panicking;
mod ssh;
mod start_tls;

use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use lariat::{Listening, Reactor};

/// How long anything may take here before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(20);

fn reactor() -> Reactor {
    let builder = Reactor::builder().threads(2);
    let builder = builder.drain_time(Duration::from_secs(1));
    builder.build().expect("the reactor starts")
}

fn address(listening: &Listening) -> SocketAddr {
    let endpoint = listening.endpoint();
    let host = endpoint.host().and_then(|host| host.address());
    let port = endpoint.port().expect("a port");
    SocketAddr::new(host.expect("an address"), port)
}

/// A plain socket client that never waits for ever.
fn connect(listening: &Listening) -> TcpStream {
    let stream = TcpStream::connect(address(listening)).expect("connected");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    stream
        .set_write_timeout(Some(PATIENCE))
        .expect("a time-out");
    stream
}

fn read_line(reader: &mut BufReader<impl Read>) -> String {
    let mut line = String::new();
    reader.read_line(&mut line).expect("a line within the time");
    line
}

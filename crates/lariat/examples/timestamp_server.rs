//! A timestamp server, event-driven: a protocol that is told of each line.
//!
//! `cargo run -p lariat --example timestamp_server` listens on port 21567; another endpoint
//! may be given, such as `udp://localhost:21567`. Ask it with `lariat timestamp`, or with
//! `nc localhost 21567`.

use std::error::Error;

use lariat::framing::{FrameProtocol, FrameTransport, Framed, Line, Lines};
use lariat::service::clock::local_ctime;
use lariat::{Protocol, Reactor};

/// Each line comes back behind the time.
struct Timestamp;

impl FrameProtocol<Lines> for Timestamp {
    fn frame_received(&mut self, transport: &mut FrameTransport<'_, Lines>, line: Line<'_>) {
        transport.write_parts(&[b"[", &local_ctime(), b"] ", line.whole()]);
    }
}

/// One for each connection. A line longer than 4096 bytes ends it.
fn timestamp() -> impl Protocol {
    Framed::new(Lines::new(4096), Timestamp)
}

fn main() -> Result<(), Box<dyn Error>> {
    let endpoint = std::env::args().nth(1);
    let endpoint = endpoint.unwrap_or_else(|| "tcp://localhost:21567".into());
    let reactor = Reactor::builder().build()?;
    let listening = reactor.listen(endpoint, timestamp)?;
    for endpoint in listening.endpoints() {
        println!("listening on {endpoint}");
    }
    reactor.run();
    Ok(())
}

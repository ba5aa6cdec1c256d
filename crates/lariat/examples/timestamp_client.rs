//! A timestamp client, event-driven: the answer to one message is what sends the next.
//!
//! `cargo run -p lariat --example timestamp_client tcp://localhost:21567` reads lines from
//! standard input. After an empty one it closes the connection, and the connection's end
//! stops the reactor.

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use lariat::framing::{FrameProtocol, FrameTransport, Framed, Line, LineEnd, Lines};
use lariat::{ClientFactory, ConnectionInfo, Connector, Error, Protocol, Reactor, Reason};

/// Our side of the conversation.
struct Conversation;

impl Conversation {
    /// Sends the next line. Reading waits for a person and holds up the reactor's thread,
    /// which has nothing else to do in this program.
    fn next(&mut self, transport: &mut FrameTransport<'_, Lines>) {
        print!("> ");
        let mut line = String::new();
        let read = io::stdout()
            .flush()
            .and_then(|()| io::stdin().read_line(&mut line));
        match line.trim_end() {
            message if read.is_ok() && !message.is_empty() => {
                transport.write_line(message.as_bytes());
            }
            _ => transport.lose_connection(),
        }
    }
}

impl FrameProtocol<Lines> for Conversation {
    fn connection_made(&mut self, transport: &mut FrameTransport<'_, Lines>) {
        self.next(transport);
    }

    fn frame_received(&mut self, transport: &mut FrameTransport<'_, Lines>, line: Line<'_>) {
        println!("{}", String::from_utf8_lossy(line.content()));
        self.next(transport);
    }
}

/// Builds the conversation, and ends the program with it.
struct Conversations {
    failed: Arc<AtomicBool>,
}

impl Conversations {
    fn end(&self, connector: &Connector, failure: Option<String>) {
        if let Some(failure) = failure {
            eprintln!("{failure}");
            self.failed.store(true, Ordering::Relaxed);
        }
        connector.reactor().stop();
    }
}

impl ClientFactory for Conversations {
    fn build(&self, _: &ConnectionInfo) -> Option<Box<dyn Protocol>> {
        let lines = Lines::new(64 * 1024).ending_with(LineEnd::Lf);
        Some(Box::new(Framed::new(lines, Conversation)))
    }

    fn connection_failed(&self, connector: &Connector, error: &Error) {
        self.end(connector, Some(error.to_string()));
    }

    fn connection_lost(&self, connector: &Connector, reason: &Reason) {
        let closed_by_us = matches!(reason, Reason::Closed);
        self.end(connector, (!closed_by_us).then(|| reason.to_string()));
    }
}

fn run() -> Result<ExitCode, Error> {
    let endpoint = std::env::args().nth(1);
    let endpoint = endpoint.unwrap_or_else(|| "tcp://localhost:21567".into());
    let failed = Arc::new(AtomicBool::new(false));
    let factory = Conversations {
        failed: Arc::clone(&failed),
    };
    let reactor = Reactor::builder().threads(1).build()?;
    reactor.connect(endpoint, factory)?;
    reactor.run();
    Ok(ExitCode::from(u8::from(failed.load(Ordering::Relaxed))))
}

fn main() -> ExitCode {
    run().unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::FAILURE
    })
}

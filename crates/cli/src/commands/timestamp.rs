//! `lariat timestamp`: the timestamp client; each message comes back behind the server's time.

use std::ffi::OsString;
use std::time::Duration;

use lariat_client::timestamp::{ANSWER_TIMEOUT, Client};
use lariat_protocol::Endpoint;
use lariat_protocol::endpoint::Base;
use lariat_protocol::timestamp::{Answer, DEFAULT_PORT, Ending, MAXIMUM_LINE};

use crate::client::{self, seconds};
use crate::encoding::Encoding;
use crate::failure::Failure;
use crate::output::note;
use crate::screen::Screen;
use crate::signals;

/// How long the end of a pipe may lag behind the server's close before there is taken to be
/// more input that nobody will answer.
const END_OF_INPUT: Duration = Duration::from_millis(500);

/// Send messages to a timestamp server and show its answers
///
/// Without -m, messages are lines: typed at a prompt, until an empty one or ^D, or from a
/// pipe, until its end.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The server: an endpoint, or a host alone
    #[arg(value_name = "ENDPOINT|HOST", default_value = "tcp://localhost")]
    server: String,
    /// The server's port, if it is not in the endpoint
    port: Option<u16>,
    /// Send this message and read none from standard input; may be given several times
    #[arg(
        short,
        long = "message",
        value_name = "MESSAGE",
        allow_hyphen_values = true
    )]
    messages: Vec<OsString>,
    /// Open a connection for each message
    #[arg(long)]
    per_line: bool,
    /// What the server's text is encoded in
    #[arg(long, value_name = "NAME", default_value = "utf-8")]
    encoding: String,
    /// End messages with CRLF; with LF otherwise
    #[arg(long, conflicts_with = "bare")]
    crlf: bool,
    /// Send messages without a line end, as the simplest clients do
    #[arg(long)]
    bare: bool,
    /// How long connecting (30 s), and then each answer (10 s), may take
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,
    /// Say what happens, and with whom
    #[arg(short, long)]
    verbose: bool,
}

const EXAMPLES: &str = "\
The default ports are 21567 for tcp and udp, 21568 for tls, 21569 for ws and wss.

Examples:
  lariat timestamp
  lariat timestamp -m hi
  lariat timestamp example.org 21567 -m hi --crlf
  lariat timestamp 'tls://localhost:21568?ca=ca.pem' -m hi
  lariat timestamp unix:///run/timestamp.sock < messages.txt
  lariat timestamp --encoding gbk -m 你好";

/// Runs the command.
pub fn run(args: Args) -> Result<(), Failure> {
    let endpoint = endpoint(&args.server, args.port)?;
    let mut messages = Vec::new();
    for message in &args.messages {
        messages.push(one_message(&args, &endpoint, message)?);
    }
    let session = Session {
        endpoint,
        encoding: Encoding::named(&args.encoding)?,
        client: None,
        answered: false,
        args,
    };
    signals::interruptible(session.run(messages))
}

fn endpoint(server: &str, port: Option<u16>) -> Result<Endpoint, Failure> {
    let endpoint = client::endpoint_at(server, "tcp", port)?;
    let default = match endpoint.base() {
        Base::Tcp { .. } if endpoint.is_websocket() => DEFAULT_PORT + 2,
        Base::Tcp { .. } if endpoint.is_tls() => DEFAULT_PORT + 1,
        _ => DEFAULT_PORT,
    };
    Ok(endpoint.with_default_port(default))
}

/// The bytes of a `-m`, if they can be one message on this endpoint.
fn one_message(args: &Args, endpoint: &Endpoint, message: &OsString) -> Result<Vec<u8>, Failure> {
    let message = message.as_encoded_bytes();
    if !endpoint.is_message_oriented() {
        if message.contains(&b'\n') {
            return Err(Failure::usage(
                "-m: a message is one line, and this one has a line end in it; give several -m",
            ));
        }
        if message.is_empty() && args.bare {
            return Err(Failure::usage(
                "-m: an empty message without a line end is nothing at all; leave out --bare",
            ));
        }
    }
    Ok(message.to_vec())
}

/// One run of the client.
struct Session {
    endpoint: Endpoint,
    encoding: Encoding,
    /// The connection that is open, if one is.
    client: Option<Client>,
    /// Whether the server has ever answered.
    answered: bool,
    args: Args,
}

impl Session {
    async fn run(mut self, messages: Vec<Vec<u8>>) -> Result<(), Failure> {
        let mut screen = Screen::open(MAXIMUM_LINE).await?;
        let outcome = self.converse(&mut screen, messages).await;
        if let Some(client) = self.client.take() {
            // The answers are here; how the server takes our goodbye changes nothing.
            let _ = client.close().await;
        }
        // Whatever ended the conversation, the answers before it are shown first.
        let shown = screen.close().await;
        outcome.and(shown)
    }

    async fn converse(
        &mut self,
        screen: &mut Screen,
        messages: Vec<Vec<u8>>,
    ) -> Result<(), Failure> {
        if !self.args.per_line {
            // Before the first prompt: who types should know that somebody is there.
            self.connect().await?;
        }
        if !self.args.messages.is_empty() {
            for message in messages {
                self.exchange(screen, &message).await?;
            }
            return Ok(());
        }
        while let Some(message) = self.next_message(screen).await? {
            self.exchange(screen, &message).await?;
        }
        Ok(())
    }

    async fn connect(&mut self) -> Result<(), Failure> {
        let ending = match (self.args.crlf, self.args.bare) {
            (true, _) => Ending::CrLf,
            (_, true) => Ending::Bare,
            _ => Ending::Lf,
        };
        let options = client::options(self.args.timeout);
        let mut client = Client::connect_with(&self.endpoint, ending, options).await?;
        client.set_answer_timeout(self.args.timeout.unwrap_or(ANSWER_TIMEOUT));
        if self.args.verbose {
            note(&format!("...connected to: {}", client.peer()));
        }
        self.client = Some(client);
        Ok(())
    }

    /// Waits for the next line, and meanwhile for what the server does unasked.
    async fn next_message(&mut self, screen: &mut Screen) -> Result<Option<Vec<u8>>, Failure> {
        screen.prompt().await?;
        loop {
            let unasked = tokio::select! {
                biased;
                line = screen.next_line() => {
                    let line = line?;
                    let ends = screen.is_interactive();
                    return Ok(line.filter(|line| !ends || !line.is_empty()));
                }
                unasked = unasked(self.client.as_mut()) => unasked?,
            };
            match unasked {
                Some(answer) => {
                    screen.print(&self.encoding.decode(&answer.text)).await?;
                    screen.prompt().await?;
                }
                None if screen.is_interactive() => return Err(self.closed("")),
                None => {
                    let line = tokio::time::timeout(END_OF_INPUT, screen.next_line()).await;
                    return match line {
                        Ok(Ok(None)) => Ok(None),
                        Ok(Err(failure)) => Err(failure),
                        _ => Err(self.closed(" before the end of the input")),
                    };
                }
            }
        }
    }

    /// Sends a message and shows its answer.
    async fn exchange(&mut self, screen: &mut Screen, message: &[u8]) -> Result<(), Failure> {
        let encoded = self.encoding.encode(message)?;
        if self.args.per_line {
            self.connect().await?;
        }
        if self.args.verbose {
            note(&format!(
                "...sending {}...",
                String::from_utf8_lossy(message)
            ));
        }
        let Some(client) = &mut self.client else {
            return Ok(());
        };
        let Some(answer) = client.ask(&encoded).await? else {
            let failure = self.closed(" before it answered");
            let bare = matches!(self.endpoint.base(), Base::Tcp { .. })
                && self.endpoint.layers().is_empty();
            return Err(match bare && !self.answered {
                true => failure.with_advice("if it speaks TLS on this port, use tls://"),
                false => failure,
            });
        };
        if !self.answered && is_tls_alert(&answer) {
            let server = client.peer();
            return Err(Failure::new(format!(
                "{server} speaks TLS on this port; use tls://"
            )));
        }
        self.answered = true;
        screen.print(&self.encoding.decode(&answer.text)).await?;
        if self.args.per_line
            && let Some(client) = self.client.take()
        {
            client.close().await?;
        }
        Ok(())
    }

    fn closed(&self, when: &str) -> Failure {
        let server = match &self.client {
            Some(client) => client.peer().to_string(),
            None => self.endpoint.to_string(),
        };
        Failure::new(format!("{server} closed the connection{when}"))
    }
}

/// What the server sends without having been asked; never, if there is no connection.
async fn unasked(client: Option<&mut Client>) -> Result<Option<Answer>, Failure> {
    match client {
        Some(client) => Ok(client.next_answer().await?),
        None => std::future::pending().await,
    }
}

/// Whether this is how a TLS server refuses plain text: an alert record of two bytes
/// (RFC 8446, 5.1), the last of which may have been taken for a line end.
fn is_tls_alert(answer: &Answer) -> bool {
    matches!(
        answer.text[..],
        [21, 3, _, 0, 2, 2] | [21, 3, _, 0, 2, 2, _]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(server: &str, port: Option<u16>) -> String {
        match endpoint(server, port) {
            Ok(endpoint) => endpoint.to_string(),
            Err(failure) => failure.message().unwrap_or_default().to_string(),
        }
    }

    #[test]
    fn a_server_is_an_endpoint_or_a_host_and_maybe_a_port() {
        assert_eq!(read("tcp://localhost", None), "tcp://localhost:21567");
        assert_eq!(read("example.org", None), "tcp://example.org:21567");
        assert_eq!(read("example.org", Some(7)), "tcp://example.org:7");
        assert_eq!(read("::1", Some(7)), "tcp://[::1]:7");
        assert_eq!(read("[::1]:9", None), "tcp://[::1]:9");
        assert_eq!(read("udp://localhost", None), "udp://localhost:21567");
        assert_eq!(read("tls://localhost", None), "tls://localhost:21568");
        assert_eq!(read("tls://localhost", Some(443)), "tls://localhost:443");
        assert_eq!(read("ws://localhost/x", None), "ws://localhost:21569/x");
        assert_eq!(read("unix:x.sock", None), "unix:x.sock");
    }

    #[test]
    fn a_port_is_given_once_and_where_there_is_one() {
        assert!(read("localhost:1", Some(2)).contains("given twice: 1 in localhost:1, and 2"));
        assert!(read("unix:x.sock", Some(2)).contains("has no port"));
    }
}

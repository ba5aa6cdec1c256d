//! `lariat discard`: the client of RFC 863; sends, and says how much went in what time.

use std::ffi::OsString;
use std::time::{Duration, Instant};

use lariat_client::discard::Client;
use tokio::io::AsyncReadExt;

use crate::client::standard_streams;
use crate::failure::Failure;
use crate::output::print;
use crate::signals;
use crate::well_known::Server;

/// How much is sent in one piece of a stream.
const PIECE: usize = 64 * 1024;

/// How much is sent in one datagram or message: less than any network cuts up.
const DATAGRAM: usize = 1024;

/// Send standard input to a discard server (RFC 863), and say how much went in what time
///
/// On a stream the time ends when the server has taken everything. Over UDP, in datagrams of up
/// to 1024 bytes, nobody says what arrived.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    server: Server,
    /// Send this line and read none from standard input; may be given several times
    #[arg(
        short,
        long = "message",
        value_name = "MESSAGE",
        allow_hyphen_values = true
    )]
    messages: Vec<OsString>,
}

const EXAMPLES: &str = "\
The default port is that of the service discard: 9.

Examples:
  lariat discard example.org < large.iso
  lariat discard --udp example.org -m 'is anybody there?'
  head -c 1G /dev/zero | lariat discard localhost 21571";

/// Runs the command.
pub fn run(args: Args) -> Result<(), Failure> {
    print(signals::interruptible(discard(args))? + "\n")
}

async fn discard(args: Args) -> Result<String, Failure> {
    let endpoint = args.server.endpoint("discard")?;
    let client = Client::connect(&endpoint, args.server.options()).await?;
    let is_datagram = client.is_datagram();
    let mut sending = Sending {
        client,
        bytes: 0,
        pieces: 0,
    };
    let begun = Instant::now();
    if args.messages.is_empty() {
        sending.input().await?;
    }
    for message in &args.messages {
        let line = [message.as_encoded_bytes(), b"\n"].concat();
        sending.send(&line).await?;
    }
    let Sending {
        client,
        bytes,
        pieces,
    } = sending;
    client.finish().await?;
    let sent = sent(bytes, begun.elapsed());
    Ok(match is_datagram {
        true => format!("{sent} (datagrams: {pieces}; nobody says what arrived)"),
        false => sent,
    })
}

struct Sending {
    client: Client,
    bytes: u64,
    pieces: u64,
}

impl Sending {
    async fn input(&mut self) -> Result<(), Failure> {
        let mut input = standard_streams().await?;
        let mut piece = vec![0; PIECE];
        loop {
            let read = input.read(&mut piece).await;
            let read =
                read.map_err(|error| Failure::new(format!("cannot read standard input: {error}")))?;
            if read == 0 {
                return Ok(());
            }
            self.send(&piece[..read]).await?;
        }
    }

    async fn send(&mut self, data: &[u8]) -> Result<(), Failure> {
        let longest = match self.client.is_message_oriented() {
            true => DATAGRAM,
            false => PIECE,
        };
        for piece in data.chunks(longest) {
            self.client.send(piece).await?;
            self.bytes += piece.len() as u64;
            self.pieces += 1;
        }
        Ok(())
    }
}

fn sent(bytes: u64, time: Duration) -> String {
    let seconds = time.as_secs_f64();
    let rate = bytes as f64 / seconds.max(f64::MIN_POSITIVE) / 1e6;
    let s = if bytes == 1 { "" } else { "s" };
    format!("sent {bytes} byte{s} in {seconds:.3} s, {rate:.3} MB/s")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_much_is_said_and_how_fast() {
        let half = Duration::from_millis(500);
        assert_eq!(
            sent(1_000_000, half),
            "sent 1000000 bytes in 0.500 s, 2.000 MB/s"
        );
        assert_eq!(sent(1, half), "sent 1 byte in 0.500 s, 0.000 MB/s");
        assert_eq!(
            sent(0, Duration::ZERO),
            "sent 0 bytes in 0.000 s, 0.000 MB/s"
        );
    }
}

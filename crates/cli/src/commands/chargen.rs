//! `lariat chargen`: the client of RFC 864; characters until somebody has had enough.

use lariat_client::chargen::Client;
use lariat_protocol::chargen::{ChargenClient, Portion};
use tokio::io::AsyncWriteExt;

use crate::client::standard_streams;
use crate::failure::Failure;
use crate::output::shown;
use crate::signals;
use crate::well_known::Server;

/// Show what a character generator sends (RFC 864), until ^C or for as much as is asked for
///
/// Over UDP each datagram is answered by 0 to 512 characters: one answer is shown, or as many as
/// it takes. Whatever reads a pipe may close it.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    server: Server,
    /// End after so many bytes
    #[arg(short = 'n', long, value_name = "N", conflicts_with = "lines")]
    bytes: Option<u64>,
    /// End after so many lines
    #[arg(long, value_name = "N")]
    lines: Option<u64>,
}

const EXAMPLES: &str = "\
The default port is that of the service chargen: 19.

Examples:
  lariat chargen example.org --lines 10
  lariat chargen --udp example.org
  lariat chargen localhost 21572 -n 1000000000 > /dev/null";

/// Runs the command.
pub fn run(args: Args) -> Result<(), Failure> {
    signals::interruptible(generate(args))
}

async fn generate(args: Args) -> Result<(), Failure> {
    let endpoint = args.server.endpoint("chargen")?;
    let portion = match (args.bytes, args.lines) {
        (Some(bytes), _) => Portion::Bytes(bytes),
        (_, Some(lines)) => Portion::Lines(lines),
        _ => Portion::All,
    };
    let mut wanted = ChargenClient::new(portion);
    let mut client = Client::connect(&endpoint, args.server.options()).await?;
    let peer = client.peer().clone();
    let mut output = standard_streams().await?;
    while !wanted.has_enough() {
        let Some(came) = client.next().await? else {
            if portion == Portion::All {
                break;
            }
            output.flush().await?;
            return Err(Failure::new(format!(
                "{peer} closed the connection before that many characters had come"
            )));
        };
        output.write_all(&shown(wanted.take(came))).await?;
        if client.is_message_oriented() && portion == Portion::All {
            break;
        }
    }
    Ok(output.shutdown().await?)
}

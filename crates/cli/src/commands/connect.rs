//! `lariat connect`: standard input and output joined to any endpoint.

use std::io::{self, IsTerminal};
use std::time::Duration;

use crate::client::{self, seconds, standard_streams};
use crate::failure::Failure;
use crate::output::note;
use crate::relay::{self, Manner};
use crate::signals;

/// Join standard input and output to an endpoint
///
/// Bytes pass unchanged. Where an endpoint carries messages (udp, unixgram, ws, wss), each
/// line of the input is one, sent with its line end. The end of the input is passed on where
/// the endpoint can end one direction alone; elsewhere (tls, and those with messages) the
/// connection stays until the peer closes it or has been silent for --linger.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// What to connect to; a host and port alone are TCP's
    endpoint: String,
    /// Send line ends as CRLF
    #[arg(long)]
    crlf: bool,
    /// How long to wait for more once one direction has ended and its end cannot be passed on
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = seconds)]
    linger: Duration,
    /// How long connecting may take [default: 30]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,
    /// Say with whom the connection is
    #[arg(short, long)]
    verbose: bool,
}

const EXAMPLES: &str = "\
Examples:
  lariat connect localhost:21567
  printf 'HEAD / HTTP/1.0\\r\\n\\r\\n' | lariat connect tls://example.org:443
  lariat connect unix:///run/x.sock < request > reply
  lariat connect ws://localhost:21569";

/// Runs the command.
pub fn run(args: Args) -> Result<(), Failure> {
    let endpoint = client::endpoint(&args.endpoint)?;
    let manner = Manner {
        crlf: args.crlf,
        linger: args.linger,
        interactive: io::stdin().is_terminal(),
    };
    signals::interruptible(async {
        let options = client::options(args.timeout);
        let connection = lariat_net::connect_with(&endpoint, options).await?;
        if args.verbose {
            note(&format!("...connected to: {}", connection.peer()));
        }
        relay::join(connection, standard_streams().await?, manner).await
    })
}

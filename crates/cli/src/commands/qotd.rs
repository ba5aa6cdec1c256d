//! `lariat qotd`: the client of RFC 865; a server's quote of the day.

use lariat_client::qotd;

use crate::failure::Failure;
use crate::output::{print, shown};
use crate::signals;
use crate::well_known::Server;

/// Ask a server for its quote of the day (RFC 865) and show it
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    server: Server,
}

const EXAMPLES: &str = "\
The default port is that of the service qotd: 17.

Examples:
  lariat qotd example.org
  lariat qotd --udp example.org
  lariat qotd localhost 21573";

/// Runs the command.
pub fn run(args: Args) -> Result<(), Failure> {
    let endpoint = args.server.endpoint("qotd")?;
    let asking = async { Ok(qotd::ask(&endpoint, args.server.options()).await?) };
    let mut quote = signals::interruptible(asking)?;
    quote.push(b'\n');
    print(shown(&quote))
}

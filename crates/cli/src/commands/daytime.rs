//! `lariat daytime`: the client of RFC 867; the time as a server writes it.

use lariat_client::daytime;

use crate::failure::Failure;
use crate::output::{print, shown};
use crate::signals;
use crate::well_known::Server;

/// Ask a daytime server for the time (RFC 867) and show it as it comes
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    server: Server,
}

const EXAMPLES: &str = "\
The default port is that of the service daytime: 13.

Examples:
  lariat daytime example.org
  lariat daytime --udp example.org
  lariat daytime localhost 21574
  lariat daytime tls://example.org:7013";

/// Runs the command.
pub fn run(args: Args) -> Result<(), Failure> {
    let endpoint = args.server.endpoint("daytime")?;
    let asking = async { Ok(daytime::ask(&endpoint, args.server.options()).await?) };
    let mut time = signals::interruptible(asking)?;
    time.push(b'\n');
    print(shown(&time))
}

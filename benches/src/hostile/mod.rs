//! Peers that want more than they should have, and what the others notice of them.

mod endless;
mod handshakes;
mod never_reads;

use std::io;
use std::time::Duration;

use clap::ValueEnum;

use crate::platform::process;
use crate::servers::Given;

/// How often each of the others asks: together far less than a server can answer, so that it
/// is the server's time that is measured.
const PACE: Duration = Duration::from_millis(20);

/// A kind of hostile peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Peer {
    /// Sends a line that has no end.
    Endless,
    /// Asks and never reads.
    NeverReads,
    /// Begins TLS handshakes and stops.
    Handshakes,
}

/// Measures one kind, and prints its table.
type Print = fn(Given, bool) -> io::Result<()>;

/// Measures all of them, or the one that is wanted.
pub fn measure(quick: bool, only: Option<Peer>) -> io::Result<()> {
    let (for_server, for_load) = process::two_processors()?;
    process::raise_open_files()?;
    process::stay_on(for_load)?;
    let given = Given {
        processor: Some(for_server),
        ..Given::default()
    };
    let all: [(Peer, Print); 3] = [
        (Peer::Endless, endless::print),
        (Peer::NeverReads, never_reads::print),
        (Peer::Handshakes, handshakes::print),
    ];
    for (peer, print) in all {
        if only.is_none_or(|only| only == peer) {
            print(given, quick)?;
            println!();
        }
    }
    Ok(())
}

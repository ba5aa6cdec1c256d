//! `lariat names watch`: a line for each change, as it happens.

use lariat_client::names::{Watch, Watched};

use crate::commands::names::asking::lines;
use crate::commands::names::filter::Filter;
use crate::commands::names::shown::{entry_json, event_json, event_line, table};
use crate::commands::names::{Asking, Wanted};
use crate::failure::Failure;
use crate::output::{note, one_line, print};

/// Show what changes, as it happens, until ^C
///
/// Begins with what is registered. When the name server goes away it is connected to again, and
/// what has changed meanwhile is shown then.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    wanted: Wanted,
    #[command(flatten)]
    filter: Filter,
    #[command(flatten)]
    asking: Asking,
}

const EXAMPLES: &str = "\
With --json each line is an object: what is registered first, and then changes, which have \"change\"
and \"time\".

Examples:
  lariat names watch
  lariat names watch print
  lariat names watch --tag laser --json
  lariat names watch --match failing";

impl Args {
    /// Runs the command.
    pub async fn run(self) -> Result<(), Failure> {
        let query = self.wanted.query()?;
        let json = self.asking.json;
        let mut watch = Watch::begin(self.asking.client(), query).await?;
        let entries = watch.entries().cloned().collect();
        let entries = self.filter.kept(entries, entry_json)?;
        print(match json {
            true => lines(entries.iter().map(entry_json)),
            false => table(&entries),
        })?;
        loop {
            match watch.next().await? {
                Watched::Event(event) if !self.filter.keeps(&event_json(&event))? => {}
                Watched::Event(event) if json => print(lines([event_json(&event)].into_iter()))?,
                Watched::Event(event) => print(one_line(&event_line(&event)) + "\n")?,
                Watched::Lost(error) => note(&format!("{error}; connecting again")),
                _ => {}
            }
        }
    }
}

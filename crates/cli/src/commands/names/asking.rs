//! `lariat names find`, `list` and `log`: what is asked once.

use crate::commands::names::filter::Filter;
use crate::commands::names::shown::{entry_json, log_table, row_json, table};
use crate::commands::names::{Asking, Wanted};
use crate::failure::Failure;
use crate::output::{escape_json, one_line, print};

/// Look up where a service is
///
/// Prints one endpoint, chosen by chance according to the weights among those that answer, so
/// that it can stand in another command. --all prints all of them, in the order in which they are to
/// be tried.
#[derive(Debug, clap::Args)]
#[command(after_help = FIND_EXAMPLES)]
pub struct Find {
    #[command(flatten)]
    wanted: Wanted,
    /// Print all that there are, as a table
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    asking: Asking,
}

const FIND_EXAMPLES: &str = "\
Examples:
  lariat names find print
  lariat connect $(lariat names find print)
  lariat names find --tag laser --all
  lariat names find --prefix office. --scheme tls --json";

impl Find {
    /// Runs the command.
    pub async fn run(self) -> Result<(), Failure> {
        let query = self.wanted.query()?;
        if query.is_everything() {
            return Err(Failure::usage(
                "say what: a name, --prefix or --tag; lariat names list shows everything",
            ));
        }
        let mut client = self.asking.client();
        let found = match self.all {
            true => client.find_all(query).await?,
            false => vec![client.find(query).await?],
        };
        print(match (self.asking.json, self.all) {
            (true, _) => lines(found.iter().map(entry_json)),
            (false, true) => table(&found),
            (false, false) => format!("{}\n", one_line(found[0].place.as_str())),
        })
    }
}

/// List what is registered
#[derive(Debug, clap::Args)]
#[command(after_help = LIST_EXAMPLES)]
pub struct List {
    #[command(flatten)]
    wanted: Wanted,
    #[command(flatten)]
    filter: Filter,
    #[command(flatten)]
    asking: Asking,
}

const LIST_EXAMPLES: &str = "\
Examples:
  lariat names list
  lariat names list --tag laser
  lariat names list --match '(first|second) floor'
  lariat names list --prefix office. --json";

impl List {
    /// Runs the command.
    pub async fn run(self) -> Result<(), Failure> {
        let query = self.wanted.query()?;
        let all = self.asking.client().list(query).await?;
        let all = self.filter.kept(all, entry_json)?;
        print(match self.asking.json {
            true => lines(all.iter().map(entry_json)),
            false => table(&all),
        })
    }
}

/// Show who registered what, and who asked for what
///
/// The newest come last. Look-ups of the same thing by the same address are one line with a count.
#[derive(Debug, clap::Args)]
#[command(after_help = LOG_EXAMPLES)]
pub struct Log {
    /// Only what is about this name
    name: Option<String>,
    /// How many lines
    #[arg(short = 'n', long, value_name = "N", default_value = "50", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    lines: u32,
    #[command(flatten)]
    filter: Filter,
    #[command(flatten)]
    asking: Asking,
}

const LOG_EXAMPLES: &str = "\
Examples:
  lariat names log
  lariat names log print -n 1000 --json";

impl Log {
    /// Runs the command.
    pub async fn run(self) -> Result<(), Failure> {
        let name = self.name.as_deref().map(str::parse).transpose()?;
        let most = usize::try_from(self.lines).unwrap_or(usize::MAX);
        let rows = self.asking.client().log(name, most).await?;
        let mut rows = self.filter.kept(rows, row_json)?;
        rows.reverse();
        print(match self.asking.json {
            true => lines(rows.iter().map(row_json)),
            false => log_table(&rows),
        })
    }
}

/// One object a line.
pub fn lines(all: impl Iterator<Item = serde_json::Value>) -> String {
    all.map(|one| escape_json(&one.to_string()) + "\n")
        .collect()
}

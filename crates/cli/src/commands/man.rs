//! `lariat man`: manual pages, made from the same definition as `--help`.

use std::path::{Path, PathBuf};

use clap_mangen::Man;

use crate::failure::{Failure, in_words};
use crate::output::print;

/// Print the manual page of lariat or of one of its commands, or write them all
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Of which command; lariat's own if none is named
    command: Option<String>,
    /// Write a page for lariat and each command into this folder
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    dir: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  lariat man | man -l -
  lariat man cert | man -l -
  lariat man --dir ~/.local/share/man/man1";

/// Runs the command.
pub fn run(args: Args) -> Result<(), Failure> {
    let mut definition = super::definition();
    // Gives every subcommand its whole name, as `lariat-cert`.
    definition.build();
    if let Some(folder) = args.dir {
        return write_all(&definition, &folder);
    }
    let page = match args.command {
        None => page(&definition)?,
        Some(name) => {
            let found = definition.find_subcommand(&name);
            page(found.ok_or_else(|| unknown(&definition, &name))?)?
        }
    };
    print(page)
}

fn write_all(definition: &clap::Command, folder: &Path) -> Result<(), Failure> {
    let failed = |path: &Path, error: std::io::Error| {
        Failure::new(format!(
            "cannot write {}: {}",
            path.display(),
            in_words(&error)
        ))
    };
    std::fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    for command in std::iter::once(definition).chain(definition.get_subcommands()) {
        let path = folder.join(format!("{}.1", title(command)));
        std::fs::write(&path, page(command)?).map_err(|error| failed(&path, error))?;
    }
    Ok(())
}

fn page(command: &clap::Command) -> Result<Vec<u8>, Failure> {
    let mut page = Vec::new();
    let man = Man::new(command.clone()).title(title(command));
    man.render(&mut page)?;
    Ok(page)
}

fn title(command: &clap::Command) -> String {
    let name = command.get_display_name();
    name.unwrap_or_else(|| command.get_name()).to_string()
}

fn unknown(definition: &clap::Command, name: &str) -> Failure {
    let known: Vec<&str> = definition
        .get_subcommands()
        .map(clap::Command::get_name)
        .collect();
    let nearest = lariat_protocol::endpoint::nearest(name, &known);
    let hint = nearest.map_or(String::new(), |word| format!("did you mean {word}? "));
    Failure::usage(format!(
        "no command {name:?} ({hint}known: {})",
        known.join(", ")
    ))
}

//! `lariat completions`: what a shell needs in order to complete the command line.

use clap_complete::Shell;

use crate::failure::Failure;
use crate::output::print;

/// Print what a shell needs to complete lariat's command line
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Which shell
    shell: Shell,
}

const EXAMPLES: &str = "\
Examples:
  lariat completions bash > ~/.local/share/bash-completion/completions/lariat
  lariat completions zsh  > ~/.zfunc/_lariat
  lariat completions fish > ~/.config/fish/completions/lariat.fish";

/// Runs the command.
pub fn run(args: Args) -> Result<(), Failure> {
    let mut definition = super::definition();
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut definition, "lariat", &mut script);
    print(script)
}

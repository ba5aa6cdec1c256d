//! The `lariat` command: one subcommand for each file in `commands/`.
//!
//! It only reads arguments, runs one of them, and turns what went wrong into one line on
//! standard error and an exit code; what a command does is in its file.

mod bench;
mod client;
mod commands;
mod control;
mod encoding;
mod failure;
mod line_editor;
mod log;
mod login;
mod output;
mod platform;
mod progress;
mod relay;
mod screen;
mod serve;
mod shell;
mod signals;
mod table;
mod url_words;
mod well_known;
mod words;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match commands::Lariat::parse().run() {
        Ok(()) => failure::DONE.into(),
        Err(failure) => {
            if let Some(message) = failure.message() {
                output::complain(message);
            }
            failure.code().into()
        }
    }
}

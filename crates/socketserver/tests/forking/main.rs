//! The forking servers, each in a process of its own that has one thread.
//!
//! This program is its own harness: called as a test it starts itself again as the server that an
//! environment variable names, and asks that one.

mod asked;
mod served;

use std::env;
use std::process::ExitCode;

/// Names what this process is to serve.
const SERVED: &str = "LARIAT_FORKING";

fn main() -> ExitCode {
    if let Ok(scenario) = env::var(SERVED) {
        served::serve(&scenario);
        return ExitCode::SUCCESS;
    }
    // As `cargo test` and its editors ask for the list of tests.
    let arguments: Vec<String> = env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        asked::TESTS
            .iter()
            .for_each(|(name, _)| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    let filters: Vec<&String> = arguments
        .iter()
        .filter(|one| !one.starts_with('-'))
        .collect();
    for (name, test) in asked::TESTS {
        if filters.is_empty() || filters.iter().any(|filter| name.contains(filter.as_str())) {
            test();
            println!("test {name} ... ok");
        }
    }
    ExitCode::SUCCESS
}

//! The forking servers, each in a process of its own that has one thread.
//!
//! This program is its own harness: called as a test it starts itself again as the server that an
//! environment variable names, and asks that one.

mod asked;
mod served;
mod server;

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
    let filters = filters(&arguments);
    let asked_for = |name: &str| filters.iter().any(|filter| name.contains(filter));
    for (name, test) in asked::TESTS {
        if filters.is_empty() || asked_for(name) {
            test();
            println!("test {name} ... ok");
        }
    }
    ExitCode::SUCCESS
}

/// The words by which some of the tests are asked for: what is neither an option nor its value.
fn filters(arguments: &[String]) -> Vec<&str> {
    const WITH_VALUES: [&str; 4] = ["--color", "--format", "--skip", "--test-threads"];
    let mut words = arguments.iter().map(String::as_str);
    let mut filters = Vec::new();
    while let Some(word) = words.next() {
        if WITH_VALUES.contains(&word) {
            words.next();
        } else if !word.starts_with('-') {
            filters.push(word);
        }
    }
    filters
}

//! Measures Lariat against servers that a person would write by hand, and against those of
//! other worlds.
//!
//! `cargo run --release -p lariat-benches -- timestamp` prints a table that stands in
//! `benches/README.md`; how it is measured is told there, and so for the other programs.

#[cfg(target_os = "linux")]
mod chat;
#[cfg(target_os = "linux")]
mod commands;
#[cfg(target_os = "linux")]
mod drain;
#[cfg(target_os = "linux")]
mod executors;
#[cfg(target_os = "linux")]
mod hostile;
#[cfg(target_os = "linux")]
mod idle;
#[cfg(target_os = "linux")]
mod load;
#[cfg(target_os = "linux")]
mod names;
#[cfg(target_os = "linux")]
mod peers;
#[cfg(target_os = "linux")]
mod platform;
#[cfg(target_os = "linux")]
mod python;
#[cfg(target_os = "linux")]
mod queues;
#[cfg(target_os = "linux")]
mod re;
#[cfg(target_os = "linux")]
mod servers;
#[cfg(target_os = "linux")]
mod silent;
#[cfg(target_os = "linux")]
mod sleep;
#[cfg(target_os = "linux")]
mod starved;
#[cfg(target_os = "linux")]
mod timers;
#[cfg(target_os = "linux")]
mod timestamp;
#[cfg(target_os = "linux")]
mod transfers;

use std::process::ExitCode;

#[cfg(target_os = "linux")]
use commands::Engine;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    lariat::sync::worker_main(&executors::FUNCTIONS);
    match commands::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lariat-benches: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    eprintln!("lariat-benches: epoll, and so this measurement, exists on Linux only");
    ExitCode::FAILURE
}

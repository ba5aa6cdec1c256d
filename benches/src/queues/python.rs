//! Python's own queues, for the same work.

use std::io;
use std::process::Command;

use super::Effort;

/// Debian's own.
const PYTHON: &str = "/usr/bin/python3";

const SCRIPT: &str = include_str!("../../peers/queues.py");

/// Prints what the script prints: rows of the same form. It has a tenth of the items, since it needs a
/// hundred times as long.
pub fn measure(effort: Effort) -> io::Result<()> {
    super::heading("Python, threads");
    let items = (effort.items / 10).to_string();
    let script = Command::new(PYTHON).args(["-c", SCRIPT, &items]).status();
    match script {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(io::Error::other(format!("python3: {status}"))),
        Err(_) => {
            println!("not installed: python3");
            Ok(())
        }
    }
}

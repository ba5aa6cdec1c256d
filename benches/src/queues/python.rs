//! Python's own queues and semaphore, for the same work.

use std::io;

use super::Effort;
use crate::python;

const SCRIPT: &str = include_str!("../../peers/queues.py");

/// Prints what the script prints: rows of the same form. It has a tenth of the items, since it needs a
/// hundred times as long.
pub fn measure(effort: Effort) -> io::Result<()> {
    let Some(name) = python::name() else {
        println!("not installed: python3");
        return Ok(());
    };
    super::heading(&name);
    let items = (effort.items / 10).to_string();
    let status = python::command().args(["-c", SCRIPT, &items]).status()?;
    match status.success() {
        true => Ok(()),
        false => Err(io::Error::other(format!("{name}: {status}"))),
    }
}

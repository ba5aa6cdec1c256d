//! The one Python that all rows of Python's are measured with.

use std::process::Command;

/// Starts it: the first `python3` of the path.
pub fn command() -> Command {
    Command::new("python3")
}

/// Its version and where it is, for the output. None if there is none.
pub fn name() -> Option<String> {
    let script = "import platform, sys; \
        print(platform.python_implementation(), platform.python_version(), sys.executable)";
    let output = command().args(["-c", script]).output().ok()?;
    let said = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| said.trim_end().to_owned())
}

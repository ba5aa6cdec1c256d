//! What the line editor asks of the system: the terminal's modes, and files for one user.

use std::fs::OpenOptions;

/// How a terminal was.
#[cfg(unix)]
pub struct Modes(nix::sys::termios::Termios);

#[cfg(unix)]
impl Modes {
    /// How the terminal is that is standard input.
    pub fn of_standard_input() -> Option<Self> {
        nix::sys::termios::tcgetattr(std::io::stdin())
            .ok()
            .map(Modes)
    }

    /// Makes it so again.
    pub fn restore(&self) {
        use nix::sys::termios::{SetArg, tcsetattr};

        // A terminal that has gone needs nothing.
        let _ = tcsetattr(std::io::stdin(), SetArg::TCSADRAIN, &self.0);
    }
}

/// How a terminal was: the editor's library knows it alone here.
#[cfg(not(unix))]
pub struct Modes;

#[cfg(not(unix))]
impl Modes {
    /// How the terminal is that is standard input.
    pub fn of_standard_input() -> Option<Self> {
        Some(Modes)
    }

    /// Leaves it to the library.
    pub fn restore(&self) {}
}

/// Has a file that is made be the user's alone.
#[cfg(unix)]
pub fn for_the_user_alone(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt;

    options.mode(0o600);
}

/// Does nothing: a file in a user's own folder is the user's.
#[cfg(not(unix))]
pub fn for_the_user_alone(_: &mut OpenOptions) {}

/// Who may do what with a file.
#[cfg(all(test, unix))]
pub fn permissions(path: &std::path::Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;

    let metadata = std::fs::metadata(path).expect("the file");
    metadata.permissions().mode() & 0o777
}

//! The state directory: where the certificates and the Unix sockets are.

use std::path::{Path, PathBuf};

use lariat_tls::{Directory, Problem, TlsError};

use crate::failure::Failure;

/// The names that every certificate of ours is for.
pub const LOCAL_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// Where the state is: as said, else `LARIAT_STATE`, else `lariat` in the folder that the
/// XDG Base Directory Specification gives to state, `~/.local/state` by default.
///
/// # Errors
///
/// When nothing says where.
pub fn path(said: Option<PathBuf>) -> Result<PathBuf, Failure> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let home = || variable("HOME").or_else(|| variable("USERPROFILE"));
    let state = said.or_else(|| variable("LARIAT_STATE").map(PathBuf::from));
    // The specification has relative paths ignored.
    let xdg = || variable("XDG_STATE_HOME").map(PathBuf::from);
    let state = state
        .or_else(|| Some(xdg().filter(|path| path.is_absolute())?.join("lariat")))
        .or_else(|| Some(PathBuf::from(home()?).join(".local/state/lariat")));
    let Some(state) = state else {
        return Err(Failure::usage(
            "there is no home directory to keep the state in; name one by --state DIR",
        ));
    };
    Ok(std::path::absolute(state)?)
}

/// Makes sure that there is a server's certificate for this machine and these names.
///
/// # Errors
///
/// When the files cannot be made or used.
pub fn certify(directory: &Directory, others: &[String]) -> Result<(), TlsError> {
    let mut names: Vec<String> = LOCAL_NAMES.map(String::from).to_vec();
    names.extend_from_slice(others);
    let host = lariat_net::lookup::host_name().unwrap_or_default();
    if !host.is_empty() {
        let with_host: Vec<&String> = names.iter().chain([&host]).collect();
        match directory.server_identity(&with_host) {
            // What the machine is called need not be a name on a network.
            Err(TlsError::Misuse {
                problem: Problem::BadHostName,
                ..
            }) => {}
            issued => return issued.map(drop),
        }
    }
    directory.server_identity(&names).map(drop)
}

/// A path in the state directory as an endpoint writes it.
///
/// # Errors
///
/// When an endpoint, which is text, cannot write it.
pub fn text(path: &Path) -> Result<&str, Failure> {
    path.to_str().ok_or_else(|| {
        Failure::usage(format!(
            "{} is not UTF-8, as an endpoint must be; choose another folder",
            path.display()
        ))
    })
}

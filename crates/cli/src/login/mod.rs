//! Who logs in somewhere, and by which secret: from the environment, `~/.netrc`, or asked for. None of them is ever
//! shown.

pub mod netrc;

use std::io::{self, BufRead, IsTerminal, Write};

use crate::failure::Failure;
use crate::output::one_line;
use crate::platform::Unseen;

/// The secret that a variable of the environment has.
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The secret of a variable of the environment, else one that a person types without its being seen. It is called
/// by what it is: `password of anna on example.org`.
///
/// # Errors
///
/// When there is nobody to ask; then it says where else it may stand, beside the variable.
pub async fn secret(what: &str, by: &str, elsewhere: &str) -> Result<String, Failure> {
    if let Some(secret) = variable(by) {
        return Ok(secret);
    }
    // The name in it may come from a URL, which others have written.
    let what = one_line(what);
    if !io::stdin().is_terminal() {
        return Err(Failure::usage(format!(
            "there is nobody to ask for the {what}; give it by {by}{elsewhere}"
        )));
    }
    let (first, rest) = what.split_at(1);
    let prompt = format!("{}{rest}: ", first.to_uppercase());
    let unseen = Unseen::begin();
    io::stderr().lock().write_all(prompt.as_bytes())?;
    // Whoever breaks this off gets the terminal back as it was; the thread ends with the process.
    let reading = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line).map(|_| line)
    });
    let line = reading.await;
    drop(unseen);
    io::stderr().lock().write_all(b"\n")?;
    let line = line.map_err(|_| Failure::new("what is typed cannot be read"))??;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

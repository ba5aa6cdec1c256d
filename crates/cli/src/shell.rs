//! Command lines that can be copied into a shell as they are printed.

use std::path::Path;

/// A command line of these words, quoted where a shell would take them apart.
pub fn command(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    words.join(" ")
}

/// How this program is called on this command line: by its name where that finds it, else by
/// its path, as after `cargo run`.
pub fn program() -> String {
    let name = env!("CARGO_BIN_NAME");
    let Ok(program) = std::env::current_exe() else {
        return name.into();
    };
    let real = |path: &Path| path.canonicalize().ok();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(name));
    let found = found
        .filter(|path| path.is_file())
        .find_map(|path| real(&path));
    if found.is_some() && found == real(&program) {
        return name.into();
    }
    let here = std::env::current_dir().ok();
    let relative = here.and_then(|here| program.strip_prefix(here).ok());
    match relative {
        // A path of one part would be looked for in PATH.
        Some(path) if path.components().count() > 1 => path.display().to_string(),
        _ => program.display().to_string(),
    }
}

/// The word, in single quotes unless no shell sees anything special in it.
fn quoted(word: &str) -> String {
    // `~` and `=` are special at some places only, which the words here never have.
    let plain =
        |character: char| character.is_ascii_alphanumeric() || "-_./:=@%+,".contains(character);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_string();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_would_read_is_quoted() {
        let command = command(&["lariat", "timestamp", "tcp://[::1]:1", "a b", "it's", ""]);
        assert_eq!(
            command,
            r"lariat timestamp 'tcp://[::1]:1' 'a b' 'it'\''s' ''"
        );
    }
}

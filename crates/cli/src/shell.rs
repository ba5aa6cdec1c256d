//! Command lines that can be copied into a shell as they are printed.

/// A command line of these words, quoted where a shell would take them apart.
pub fn command(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    words.join(" ")
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

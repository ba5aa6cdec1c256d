//! The words of a typed line: between spaces, or between quotes, as a shell has them.

/// Takes a line apart.
///
/// # Errors
///
/// A quote that is not closed.
pub fn split(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (Some(open), closing) if open == closing => quote = None,
            (None, '\'' | '"') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None | Some('"'), '\\') => {
                let next = characters.next().unwrap_or('\\');
                word.get_or_insert_default().push(next);
            }
            (None, character) if character.is_whitespace() => words.extend(word.take()),
            (_, character) => word.get_or_insert_default().push(character),
        }
    }
    if let Some(quote) = quote {
        return Err(format!("the quote {quote} is not closed"));
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_taken_apart() {
        for (line, words) in [
            ("", &[][..]),
            ("  get  a ", &["get", "a"]),
            ("get 'a b' \"c d\"", &["get", "a b", "c d"]),
            (
                r#"get a\ b "it's \"c\"" ''"#,
                &["get", "a b", "it's \"c\"", ""],
            ),
            (r"get '\'", &["get", r"\"]),
        ] {
            assert_eq!(split(line).expect(line), words, "{line}");
        }
        assert!(split("get 'a").is_err());
    }
}

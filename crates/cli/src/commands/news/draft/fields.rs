//! Header fields as a person writes them in a draft, and as they are sent: in lines that are short enough.

use crate::commands::news::encoded;

/// The longest line of a header field that is folded, unless a word is longer.
const MAXIMUM_LINE: usize = 400;

/// The header fields of a draft, unfolded.
pub fn fields(head: &str) -> Result<Vec<(String, String)>, String> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in head.lines() {
        if line.starts_with([' ', '\t']) {
            let Some((_, value)) = fields.last_mut() else {
                return Err(
                    "the first line begins with a space; a header line is Name: value".into(),
                );
            };
            value.push(' ');
            value.push_str(line.trim());
            continue;
        }
        let is_name =
            |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
        match line.split_once(':') {
            Some((name, value)) if is_name(name) => {
                fields.push((name.to_owned(), value.trim().to_owned()));
            }
            _ => {
                let shown: String = line.chars().take(60).collect();
                return Err(format!(
                    "{shown:?} is no header line, which is Name: value; an empty line ends them"
                ));
            }
        }
    }
    Ok(fields)
}

/// A header field, in as many lines as keep each short: longer ones than 998 bytes are not taken (RFC 5536, 2.2), and
/// those with encoded words are shorter.
pub fn folded(name: &str, value: &str) -> String {
    let maximum = match value.contains("=?") {
        true => encoded::MAXIMUM_LINE,
        false => MAXIMUM_LINE,
    };
    let mut field = format!("{name}:");
    let mut length = field.len();
    let mut is_first = true;
    // A line ends before white space, so that it has none at its end, where it may get lost, and none alone.
    let mut piece = String::new();
    for word in value.split(' ') {
        piece.push(' ');
        piece.push_str(word);
        if word.trim().is_empty() {
            continue;
        }
        if !is_first && length + piece.len() > maximum {
            field.push('\n');
            length = 0;
        }
        field.push_str(&piece);
        length += piece.len();
        is_first = false;
        piece.clear();
    }
    field.push('\n');
    field
}

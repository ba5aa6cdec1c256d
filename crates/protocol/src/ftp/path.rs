//! The path in the reply to `PWD` and `MKD`: between quotes, with quotes in it doubled (RFC 959,
//! appendix II).

use crate::contract::Error;

/// The path that stands at the front of the text of a reply with the code 257.
///
/// ```
/// use lariat_protocol::ftp::parse_quoted;
///
/// assert_eq!(parse_quoted("\"/a \"\"b\"\"\" is here.")?, "/a \"b\"");
/// # Ok::<(), lariat_protocol::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::Invalid`] if no path stands there between quotes.
pub fn parse_quoted(text: &str) -> Result<String, Error> {
    let wrong = || {
        let shown: String = text.chars().take(60).collect();
        Error::invalid(format!("no path stands between quotes in {shown:?}"))
    };
    // Some servers say a word before the path.
    let start = text.find('"').ok_or_else(wrong)?;
    let mut path = String::new();
    let mut rest = &text[start + 1..];
    loop {
        let end = rest.find('"').ok_or_else(wrong)?;
        path.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('"') {
            Some(behind) => {
                path.push('"');
                rest = behind;
            }
            None if path.is_empty() => return Err(wrong()),
            None => return Ok(path),
        }
    }
}

/// The path as it stands in a reply: between quotes, its own doubled.
pub fn print_quoted(path: &str) -> String {
    format!("\"{}\"", path.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_path_comes_back(path in ".{1,30}", behind in "( [^\"]*)?") {
            let text = print_quoted(&path) + &behind;
            prop_assert_eq!(parse_quoted(&text).expect("a path"), path);
        }
    }

    #[test]
    fn what_has_no_path_is_refused() {
        for text in ["", "/a", "\"/a", "\"\"", "\"/a\"\""] {
            assert!(parse_quoted(text).is_err(), "{text}");
        }
        assert_eq!(parse_quoted("cwd=\"/a\"").expect("a path"), "/a");
    }
}

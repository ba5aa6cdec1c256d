//! What a file is to be called that comes from elsewhere: as its URL ends, or as its server says (RFC 6266), and never so
//! that it would be anywhere but in the folder that was chosen for it.

use percent_encoding::percent_decode_str;

/// What a page is called whose URL has no name.
pub const INDEX: &str = "index.html";

/// How many bytes a name may have: file systems have 255, and something may have to stand behind it.
const MAXIMUM_LENGTH: usize = 200;

/// What the last part of a URL's path calls the file, decoded; [`INDEX`] if it calls it nothing.
///
/// ```
/// use lariat_client::http::name_in_path;
///
/// assert_eq!(name_in_path("/pub/a%20file.iso"), "a file.iso");
/// assert_eq!(name_in_path("/pub/"), "index.html");
/// assert_eq!(name_in_path("/..%2F..%2F.profile"), "profile");
/// ```
pub fn name_in_path(path: &str) -> String {
    let last = path.rsplit('/').next().unwrap_or(path);
    let decoded = percent_decode_str(last).decode_utf8_lossy();
    made_safe(&decoded).unwrap_or_else(|| INDEX.to_owned())
}

/// What a `Content-Disposition` calls the file, if it does. `filename*`, which has any letters, goes before
/// `filename`.
///
/// ```
/// use lariat_client::http::name_in_disposition;
///
/// let said = "attachment; filename=\"rates.txt\"; filename*=UTF-8''%e2%82%ac%20rates.txt";
/// assert_eq!(name_in_disposition(said).as_deref(), Some("€ rates.txt"));
/// assert_eq!(name_in_disposition("attachment; filename=../.ssh/keys").as_deref(), Some("keys"));
/// assert_eq!(name_in_disposition("inline"), None);
/// ```
pub fn name_in_disposition(value: &str) -> Option<String> {
    let parameters = parameters(value);
    let find = |wanted: &str| {
        let mut found = parameters.iter().filter(|(name, _)| name == wanted);
        found.next().map(|(_, value)| value.as_str())
    };
    let extended = find("filename*").and_then(extended);
    let name = extended.or_else(|| find("filename").map(str::to_owned))?;
    made_safe(&name)
}

/// The parameters behind the first semicolon, with their names in small letters.
fn parameters(value: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = value.split_once(';').map_or("", |(_, rest)| rest);
    while let Some((name, behind)) = rest.split_once('=') {
        let (value, left) = parameter_value(behind.trim_start());
        let name = name.trim_matches([' ', '\t', ';']).to_ascii_lowercase();
        found.push((name, value));
        rest = left;
    }
    found
}

/// A token, or a text between quotes, and what stands behind its semicolon.
fn parameter_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let (token, rest) = text.split_once(';').unwrap_or((text, ""));
        return (token.trim().to_owned(), rest);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    (value, "")
}

/// `UTF-8'en'%c2%a3` (RFC 8187).
fn extended(value: &str) -> Option<String> {
    let (charset, rest) = value.split_once('\'')?;
    let (_, encoded) = rest.split_once('\'')?;
    let bytes = percent_decode_str(encoded);
    match charset.to_ascii_lowercase().as_str() {
        "utf-8" => Some(bytes.decode_utf8().ok()?.into_owned()),
        "iso-8859-1" => Some(bytes.map(char::from).collect()),
        _ => None,
    }
}

/// A name that is one file of the folder that it is put into, and not a hidden one; nothing if none is left.
fn made_safe(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).find(|part| !part.is_empty())?;
    let harmless: String = last
        .chars()
        .map(|character| match character {
            character if character.is_control() || is_invisible(character) => '_',
            // Windows has these for itself, and would write beside the file, or into a device.
            ':' | '*' | '?' | '"' | '<' | '>' | '|' if cfg!(windows) => '_',
            character => character,
        })
        .collect();
    let plain = harmless.trim_start_matches(['.', ' ']);
    let plain = plain.trim_end_matches(['.', ' ']);
    if plain.is_empty() {
        return None;
    }
    Some(shortened(&without_device(plain)))
}

/// Characters that turn around what stands behind them, as in `gpj.exe`.
fn is_invisible(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// `CON.txt` is a device on Windows, whatever stands behind the point.
fn without_device(name: &str) -> String {
    let stem = name.split('.').next().unwrap_or(name).to_ascii_uppercase();
    let is_numbered = |prefix: &str| {
        let number = stem.strip_prefix(prefix);
        number.is_some_and(|number| matches!(number.as_bytes(), [b'0'..=b'9']))
    };
    let is_device = matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL")
        || is_numbered("COM")
        || is_numbered("LPT");
    match is_device && cfg!(windows) {
        true => format!("_{name}"),
        false => name.to_owned(),
    }
}

/// The name, cut in its middle, so that it still ends with what says its type.
fn shortened(name: &str) -> String {
    if name.len() <= MAXIMUM_LENGTH {
        return name.to_owned();
    }
    let end = match name.rfind('.') {
        Some(at) if name.len() - at <= 16 => &name[at..],
        _ => "",
    };
    let most = MAXIMUM_LENGTH - end.len();
    let cut = (0..=most).rev().find(|at| name.is_char_boundary(*at));
    format!("{}{end}", &name[..cut.unwrap_or_default()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out_of_its_folder_or_hides() {
        for (said, name) in [
            ("a.txt", Some("a.txt")),
            ("/etc/passwd", Some("passwd")),
            ("..\\..\\win.ini", Some("win.ini")),
            ("a/../..", None),
            (".bashrc", Some("bashrc")),
            ("...", None),
            ("", None),
            (" . x", Some("x")),
            ("x. ", Some("x")),
            ("a\r\nb\0c\x1b[2J", Some("a__b_c_[2J")),
            ("photo\u{202e}gpj.exe", Some("photo_gpj.exe")),
            ("größe €.txt", Some("größe €.txt")),
        ] {
            assert_eq!(made_safe(said).as_deref(), name, "{said:?}");
        }
    }

    #[test]
    fn a_path_names_its_file_or_none() {
        for (path, name) in [
            ("/", INDEX),
            ("", INDEX),
            ("/a/", INDEX),
            ("/a/..", INDEX),
            ("/a%2f..%2fb", "b"),
            ("/%2e%2e", INDEX),
            ("/a%00b", "a_b"),
            ("/%ff", "\u{fffd}"),
        ] {
            assert_eq!(name_in_path(path), name, "{path}");
        }
    }

    #[test]
    fn a_disposition_is_read_however_it_is_written() {
        for (said, name) in [
            ("attachment; filename=a.txt", Some("a.txt")),
            (
                "attachment;FileName = \"a b;c.txt\" ; x=y",
                Some("a b;c.txt"),
            ),
            (r#"attachment; filename="a\"b\\c""#, Some("c")),
            (r#"attachment; filename="a\"b""#, Some("a\"b")),
            (
                "attachment; filename*=iso-8859-1'en'%A3%20rates",
                Some("£ rates"),
            ),
            ("attachment; filename*=UTF-8''%ff; filename=b", Some("b")),
            ("attachment; filename*=KOI8-R''x; filename=b", Some("b")),
            ("attachment; filename*=UTF-8''..%2f..%2f.x", Some("x")),
            ("attachment; filename=\"open", Some("open")),
            ("attachment; filename=\"\"", None),
            ("attachment; size=5", None),
            ("filename=a", None),
            ("", None),
        ] {
            assert_eq!(name_in_disposition(said).as_deref(), name, "{said}");
        }
    }

    #[test]
    fn a_long_name_keeps_what_says_its_type() {
        let long = format!("{}.tar.gz", "ü".repeat(300));
        let name = made_safe(&long).expect("a name");
        assert!(
            name.len() <= MAXIMUM_LENGTH && name.ends_with("ü.gz"),
            "{name}"
        );
        assert_eq!(
            made_safe(&"x".repeat(300)).map(|name| name.len()),
            Some(MAXIMUM_LENGTH)
        );
    }
}

//! Lines of `MLSD` and `MLST`: facts with their values, and a name (RFC 3659, 7.2).

use std::fmt::Write as _;

use crate::contract::Error;
use crate::ftp::{Entry, Kind, Precision};

/// Reads a line such as `type=file;size=7;modify=20060617172721; a name`.
///
/// ```
/// use lariat_protocol::ftp::{Kind, parse_facts};
///
/// let entry = parse_facts("Type=file;Size=7;Modify=20060617172721; a name")?;
/// assert_eq!((entry.name.as_str(), entry.kind, entry.size), ("a name", Kind::File, Some(7)));
/// # Ok::<(), lariat_protocol::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::Invalid`] if there is no name, or a fact is none. One whose value makes no sense is left out,
/// since a size or a time is not needed to fetch a file.
pub fn parse_facts(line: &str) -> Result<Entry, Error> {
    let wrong = || {
        let shown: String = line.chars().take(60).collect();
        Error::invalid(format!("{shown:?} is no line of facts and a name"))
    };
    let (facts, name) = line.split_once(' ').ok_or_else(wrong)?;
    if name.is_empty() {
        return Err(wrong());
    }
    let mut entry = Entry::named(name);
    for fact in facts.split(';').filter(|fact| !fact.is_empty()) {
        let (key, value) = fact.split_once('=').ok_or_else(wrong)?;
        match key.to_ascii_lowercase().as_str() {
            "type" => set_kind(&mut entry, value),
            "size" | "sizd" => entry.size = value.parse().ok(),
            "modify" => entry.modified = value.parse().ok(),
            "unique" => entry.unique = Some(value.to_owned()).filter(|id| !id.is_empty()),
            "unix.mode" => {
                entry.mode = u32::from_str_radix(value, 8).ok().map(|mode| mode & 0o7777)
            }
            _ => {}
        }
    }
    Ok(entry)
}

/// Writes an entry as a line of facts.
pub fn print_facts(entry: &Entry) -> String {
    let mut line = String::new();
    let kind = match entry.kind {
        Kind::File => "file",
        Kind::Directory => "dir",
        Kind::Link => "OS.unix=slink",
        Kind::This => "cdir",
        Kind::Parent => "pdir",
        Kind::Other => "OS.unix=other",
    };
    // Writing into a string cannot fail.
    let _ = write!(line, "type={kind}");
    if let (Kind::Link, Some(target)) = (entry.kind, &entry.target) {
        // A semicolon ends the fact.
        if !target.contains([';', ' ']) {
            let _ = write!(line, ":{target}");
        }
    }
    line.push(';');
    if let Some(size) = entry.size {
        let _ = write!(line, "size={size};");
    }
    if let (Some(moment), Precision::Second) = (entry.modified, entry.precision) {
        let _ = write!(line, "modify={moment};");
    }
    if let Some(mode) = entry.mode {
        let _ = write!(line, "UNIX.mode={mode:04o};");
    }
    if let Some(unique) = &entry.unique
        && !unique.contains([';', ' '])
    {
        let _ = write!(line, "unique={unique};");
    }
    let _ = write!(line, " {}", entry.name);
    line
}

fn set_kind(entry: &mut Entry, value: &str) {
    let lower = value.to_ascii_lowercase();
    entry.kind = match lower.as_str() {
        "file" => Kind::File,
        "dir" => Kind::Directory,
        "cdir" => Kind::This,
        "pdir" => Kind::Parent,
        _ if lower.starts_with("os.unix=slink") || lower.starts_with("os.unix=symlink") => {
            entry.target = value.split_once(':').map(|(_, target)| target.to_owned());
            Kind::Link
        }
        _ => Kind::Other,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_read_and_written() {
        for line in [
            "type=file;size=7;modify=20060617172721;UNIX.mode=0644;unique=8g7; a name",
            "type=dir; a=b; c",
            "type=cdir;modify=20060617172721.5; /pub",
            "type=pdir; ..",
            "type=OS.unix=slink:/else; a",
            "type=OS.unix=slink; a",
            "type=OS.unix=other; a",
            "type=file;  a",
        ] {
            let entry = parse_facts(line).expect(line);
            assert_eq!(print_facts(&entry), line);
        }
        let bare = parse_facts(" a").expect("a name alone");
        assert_eq!(bare, Entry::named("a"));
        let odd = parse_facts("TYPE=file;size=big;modify=soon;perm=adfr; a").expect("a name");
        assert_eq!(odd, Entry::named("a"));
    }

    #[test]
    fn what_has_no_name_is_refused() {
        for line in ["", "type=file;", "type=file; ", "type; a", "total 0"] {
            assert!(parse_facts(line).is_err(), "{line}");
        }
    }
}

//! `ls`: the names in a directory, confined to a root.
//!
//! No name, no symbolic link and no change on the disk leads out: the root is a directory that is open,
//! and each path is resolved below it by the system (`openat2`) or, where that cannot, step by step by
//! cap-std. Contents are not read, and links are shown, not followed, but in the path itself.

use std::ffi::OsStr;
use std::fmt::Write;
use std::io;
use std::path::Path;

use cap_std::fs::{Dir, FileType};
use lariat_protocol::command::Answer;

/// The most names that are listed: more than a person looks through.
pub const MAXIMUM_NAMES: usize = 10_000;

/// The most bytes of a listing.
pub const MAXIMUM_LISTING: usize = 1024 * 1024;

/// Lists a directory: the root itself if nothing is named. One name a line, in the order of their bytes;
/// a directory has `/` behind it and a symbolic link `@`. What would break a line or steer a
/// terminal is escaped, and so is a backslash.
pub fn list(root: &Dir, path: &str) -> Answer {
    let shown = if path.is_empty() { "." } else { path };
    if Path::new(shown).has_root() {
        return Answer::error(format!(
            "{path:?} leads out of what may be listed; name a directory below it, without a / at the front"
        ));
    }
    let entries = match root
        .open_dir(shown)
        .and_then(|directory| directory.entries())
    {
        Ok(entries) => entries,
        Err(error) => return Answer::error(explain(path, &error)),
    };
    let mut names = Vec::new();
    for entry in entries.take(MAXIMUM_NAMES + 1) {
        match entry.and_then(|entry| Ok((entry.file_name(), entry.file_type()?))) {
            Ok((name, kind)) => names.push(line(&name, kind)),
            // What has gone since is not there.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Answer::failed(explain(path, &error), names.concat()),
        }
    }
    answer(names)
}

fn answer(mut names: Vec<String>) -> Answer {
    let many = names.len() > MAXIMUM_NAMES;
    names.truncate(MAXIMUM_NAMES);
    names.sort_unstable();
    let mut text = String::new();
    let mut listed = 0;
    for name in &names {
        if text.len() + name.len() > MAXIMUM_LISTING {
            break;
        }
        text += name;
        listed += 1;
    }
    match many || listed < names.len() {
        false => Answer::ok(text),
        true => Answer::failed(
            format!("there are more names; these are {listed} of them"),
            text,
        ),
    }
}

/// What is wrong with a path. The system's own words leave out what was asked for.
fn explain(path: &str, error: &io::Error) -> String {
    // cap-std makes this error itself, so the system has no number for it.
    let leads_out =
        error.kind() == io::ErrorKind::PermissionDenied && error.raw_os_error().is_none();
    match error.kind() {
        _ if leads_out => format!("{path:?} leads out of what may be listed"),
        io::ErrorKind::NotFound => format!("no directory {path:?} here"),
        io::ErrorKind::NotADirectory => format!("{path:?} is no directory"),
        io::ErrorKind::PermissionDenied => format!("the server may not read {path:?}"),
        _ => format!(
            "{path:?} cannot be listed: {}",
            crate::command::running::in_words(error)
        ),
    }
}

fn line(name: &OsStr, kind: FileType) -> String {
    let mut line = escaped(name);
    if kind.is_dir() {
        line.push('/');
    } else if kind.is_symlink() {
        line.push('@');
    }
    line.push('\n');
    line
}

/// A name as text that can be read back: bytes that are none are `\xff`, the rest as Rust writes it.
fn escaped(name: &OsStr) -> String {
    let mut text = String::new();
    for chunk in name.as_encoded_bytes().utf8_chunks() {
        for character in chunk.valid().chars() {
            let turns = matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            if character.is_control() || turns || character == '\\' {
                // Writing into a string cannot fail.
                let _ = write!(text, "{}", character.escape_default());
            } else {
                text.push(character);
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use lariat_protocol::command::Outcome;

    use super::*;

    fn root() -> (tempfile::TempDir, Dir) {
        let folder = tempfile::tempdir().expect("a folder");
        let inside = folder.path().join("root");
        std::fs::create_dir_all(inside.join("sub/deep")).expect("folders");
        std::fs::write(inside.join("file"), "").expect("a file");
        std::fs::write(folder.path().join("secret"), "").expect("a file");
        let root = Dir::open_ambient_dir(&inside, cap_std::ambient_authority());
        (folder, root.expect("a folder"))
    }

    fn text(answer: &Answer) -> String {
        String::from_utf8(answer.text.clone()).expect("text")
    }

    fn error(root: &Dir, path: &str) -> String {
        match list(root, path).outcome {
            Outcome::Error(why) => why,
            other => panic!("{path}: {other:?}"),
        }
    }

    #[test]
    fn names_are_listed_with_what_they_are() {
        let (_folder, root) = root();
        assert_eq!(text(&list(&root, "")), "file\nsub/\n");
        assert_eq!(text(&list(&root, "sub")), "deep/\n");
        assert_eq!(text(&list(&root, "sub/../sub/")), "deep/\n");
        assert_eq!(text(&list(&root, "sub/deep")), "");
    }

    #[test]
    fn no_name_leads_out() {
        let (_folder, root) = root();
        for path in [
            "..",
            "sub/../..",
            "./../root",
            "/",
            "/etc",
            "sub/deep/../../../root",
        ] {
            let why = error(&root, path);
            assert!(
                why.contains("leads out of what may be listed"),
                "{path}: {why}"
            );
        }
        assert_eq!(error(&root, "nothing"), "no directory \"nothing\" here");
        assert_eq!(error(&root, "file"), "\"file\" is no directory");
    }

    #[test]
    fn there_is_an_end_to_a_listing() {
        let names: Vec<String> = (0..=MAXIMUM_NAMES).map(|at| format!("{at}\n")).collect();
        let many = answer(names);
        let Outcome::Failed(why) = &many.outcome else {
            panic!("{:?}", many.outcome);
        };
        assert_eq!(why, "there are more names; these are 10000 of them");
        assert_eq!(text(&many).lines().count(), MAXIMUM_NAMES);
        let long = answer(vec!["x".repeat(1000); 2000]);
        assert!(!long.is_ok() && long.text.len() <= MAXIMUM_LISTING);
    }

    #[test]
    fn a_name_stays_one_line_and_steers_nothing() {
        assert_eq!(escaped(OsStr::new("Grüße")), "Grüße");
        assert_eq!(
            escaped(OsStr::new("a\nb\x1b[2J\\\u{202e}")),
            "a\\nb\\u{1b}[2J\\\\\\u{202e}"
        );
    }

    #[cfg(unix)]
    #[test]
    fn no_link_leads_out_and_one_within_is_followed() {
        use crate::command::platform::link;

        let (folder, root) = root();
        let inside = folder.path().join("root");
        link(Path::new("sub"), &inside.join("within"));
        link(Path::new(".."), &inside.join("above"));
        link(folder.path(), &inside.join("absolute"));
        link(Path::new("loop"), &inside.join("loop"));
        assert_eq!(
            text(&list(&root, "")),
            "above@\nabsolute@\nfile\nloop@\nsub/\nwithin@\n"
        );
        assert_eq!(text(&list(&root, "within")), "deep/\n");
        for path in ["above", "absolute", "above/root", "sub/../above", "loop"] {
            assert!(!list(&root, path).is_ok(), "{path}");
            assert!(list(&root, path).text.is_empty(), "{path}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_is_swapped_meanwhile_leads_nowhere_else() {
        use std::sync::atomic::{AtomicBool, Ordering};
        use std::time::{Duration, Instant};

        use crate::command::platform::link;

        let (folder, root) = root();
        let inside = folder.path().join("root");
        let place = inside.join("swapped");
        let (other, kept) = (inside.join("other"), inside.join("kept"));
        std::fs::create_dir(&place).expect("a folder");
        link(folder.path(), &other);
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    // In the one moment a folder of its own, in the next a way out.
                    std::fs::rename(&place, &kept).expect("aside");
                    std::fs::rename(&other, &place).expect("in place");
                    std::fs::rename(&place, &other).expect("aside");
                    std::fs::rename(&kept, &place).expect("in place");
                }
            });
            let (mut listed, mut rounds) = (0, 0);
            let over = Instant::now() + Duration::from_secs(60);
            // Whether it is there at times is up to the scheduler.
            while (rounds < 3000 || listed == 0) && Instant::now() < over {
                rounds += 1;
                let answer = list(&root, "swapped");
                assert!(answer.text.is_empty(), "{:?}", text(&answer));
                listed += usize::from(answer.is_ok());
                let answer = list(&root, "swapped/root");
                assert!(!answer.is_ok(), "{:?}", text(&answer));
            }
            done.store(true, Ordering::Relaxed);
            assert!(listed > 0, "it was there at times");
        });
    }
}

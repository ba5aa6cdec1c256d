//! What was read, in the file that news readers share.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::news::{begin, command, news};
use crate::pty::Terminal;

fn text(folder: &TempDir, name: &str) -> String {
    fs::read_to_string(folder.path().join(name)).unwrap()
}

#[test]
fn an_article_whose_lines_were_shown_counts_as_read() {
    let (server, folder) = begin();
    let url = server.url("misc.test");
    // Whatever only asks remembers nothing.
    for arguments in [
        &["over"][..],
        &["article", "2"],
        &["list"],
        &["--no-newsrc", "read"],
    ] {
        let outcome = news(&folder, &[&[url.as_str()], arguments].concat());
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        assert!(!folder.path().join(".newsrc").exists(), "{arguments:?}");
    }
    assert_eq!(news(&folder, &[&url, "read"]).code, Some(0));
    assert_eq!(text(&folder, ".newsrc"), "misc.test! 2\n");
    // What others have written there stays as it is.
    let lines = "options -n\ncomp.lang.c! 1-20\nmisc.test: 2,7-9\nodd: x\n";
    fs::write(folder.path().join(".newsrc"), lines).unwrap();
    for _ in 0..2 {
        let outcome = news(&folder, &[&url, "read", "1"]);
        assert_eq!((outcome.code, outcome.errors.as_str()), (Some(0), ""));
        let expected = lines.replace("2,7-9", "1-2,7-9");
        assert_eq!(text(&folder, ".newsrc"), expected);
    }
}

#[test]
fn the_file_is_the_servers_own_or_one_that_is_named() {
    let (server, folder) = begin();
    let url = server.url("misc.test");
    let own = ".newsrc-127.0.0.1";
    fs::write(folder.path().join(own), "").unwrap();
    assert_eq!(news(&folder, &[&url, "read"]).code, Some(0));
    assert_eq!(text(&folder, own), "misc.test! 2\n");
    let named = news(&folder, &["--newsrc", "mine", &url, "read", "1"]);
    assert_eq!(named.code, Some(0));
    assert_eq!(text(&folder, "mine"), "misc.test! 1\n");
    assert!(!folder.path().join(".newsrc").exists());
    let no_folder = news(&folder, &["--newsrc", "no/where", &url, "read"]);
    assert_eq!(no_folder.code, Some(1));
    assert_eq!(
        no_folder.errors,
        "lariat: cannot write no/where.part: no such file or directory\n"
    );
    assert!(no_folder.text().contains("Subject: Re: "), "{no_folder:?}");
    let both = ["--newsrc", "mine", "--no-newsrc", &url, "read"];
    assert_eq!(news(&folder, &both).code, Some(2));
}

#[test]
fn a_usual_file_that_cannot_be_written_keeps_nobody_from_reading() {
    let (server, folder) = begin();
    fs::create_dir(folder.path().join(".newsrc")).unwrap();
    let outcome = news(&folder, &[&server.url("misc.test"), "read"]);
    assert_eq!(outcome.code, Some(0));
    assert!(
        outcome.errors.contains("what is read is not remembered"),
        "{}",
        outcome.errors
    );
    assert!(outcome.text().contains("Subject: Re: "), "{outcome:?}");
}

#[test]
fn a_reader_knows_the_next_time_what_was_read() {
    let (server, folder) = begin();
    let url = server.url("");
    let mut terminal = Terminal::run(command(&folder, &[&url]));
    terminal.wait_to_show("misc.test        2  For tests");
    terminal.type_in("/test\r\r");
    terminal.wait_to_show("* 2006-06-17 Ann                Hello");
    terminal.type_in("\r");
    terminal.wait_to_show("Hello all");
    terminal.press("\x03");
    assert_eq!(terminal.wait_for_end(), Some(0));
    assert_eq!(text(&folder, ".newsrc"), "misc.test! 1\n");
    let mut again = Terminal::run(command(&folder, &[&url]));
    again.wait_to_show("misc.test        1  For tests");
    again.type_in("/test\r\r");
    again.wait_to_show("  2006-06-17 Ann                Hello");
    again.wait_to_show("* 2006-06-18 Jürgen             └ Grüße");
    again.type_in("C");
    again.wait_to_show("all of misc.test counts as read");
    again.wait_to_show("  2006-06-18 Jürgen             └ Grüße");
    again.type_in("qq\x1bq");
    assert_eq!(again.wait_for_end(), Some(0));
    assert_eq!(text(&folder, ".newsrc"), "misc.test! 1-2\n");
    // Another group is as it was, and nothing half stays.
    let mut names: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with(".newsrc"))
        .collect();
    names.sort();
    assert_eq!(names, [".newsrc"]);
}

#[test]
fn a_named_file_that_cannot_be_read_is_told_before_anything_is_drawn() {
    let (server, folder) = begin();
    let here = Path::new(".").display().to_string();
    let url = server.url("");
    let arguments = ["--newsrc", &here, &url, "browse"];
    let mut terminal = Terminal::run(command(&folder, &arguments));
    assert_eq!(terminal.wait_for_end(), Some(1));
    let screen = terminal.screen().concat();
    assert!(screen.contains("cannot read .: is a directory"), "{screen}");
    assert!(server.heard().is_empty());
}

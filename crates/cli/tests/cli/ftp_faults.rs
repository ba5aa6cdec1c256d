//! `lariat ftp` where something fails: what is told, what is done nevertheless, and by which code it ends.

use std::fs;

use lariat_testkit::{Fault, FtpServer};

use crate::ftp::{begin, ftp, names, script};

fn says(text: &str) -> Fault {
    Fault::Says(text.as_bytes().to_vec())
}

#[test]
fn a_file_that_fails_does_not_keep_the_others() {
    let (server, folder) = begin();
    let url = server.url("pub");
    let refused = says("550 Not this one.\r\n");
    server.order("RETR", 1, refused.clone());
    let outcome = ftp(&folder, &[&url, "mget", "*.txt"]);
    assert_eq!(outcome.code, Some(1));
    assert_eq!(
        outcome.errors,
        "lariat: RETR a.txt: the server says 550 Not this one.\nb.txt -> b.txt: 11 bytes\n"
    );
    assert_eq!(names(&folder), ["b.txt"]);

    fs::write(folder.path().join("c.txt"), "c").unwrap();
    server.order("STOR", 1, refused);
    let outcome = ftp(&folder, &["-q", &url, "mput", "*.txt"]);
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.errors.starts_with("lariat: STOR b.txt.part: "));
    assert_eq!(server.get("/pub/c.txt").as_deref(), Some(&b"c"[..]));

    // Nothing can be done behind the end of the connection.
    server.order("RETR", 1, Fault::HangsUp);
    let outcome = ftp(&folder, &["-q", &url, "mget", "*.txt"]);
    assert_eq!((outcome.code, outcome.errors.lines().count()), (Some(1), 1));
}

#[test]
fn a_pattern_may_stand_in_the_root() {
    let server = FtpServer::start();
    server.put("/a.txt", b"hello\n");
    let folder = tempfile::tempdir().unwrap();
    let outcome = ftp(&folder, &[&server.url(""), "mget", "/*.txt"]);
    assert_eq!(outcome.errors, "/a.txt -> a.txt: 6 bytes\n");
    assert_eq!(names(&folder), ["a.txt"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_name_that_is_not_utf_8_is_not_sent_as_another() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let (server, folder) = begin();
    for name in [&b"a\xe8"[..], b"a\xe9", b"b"] {
        fs::write(folder.path().join(OsStr::from_bytes(name)), name).unwrap();
    }
    let outcome = ftp(&folder, &["-q", &server.url(""), "mput", "*"]);
    assert_eq!(outcome.code, Some(1));
    let refused = |name: &str| format!("lariat: \"{name}\" is not sent: its name is not UTF-8\n");
    let errors = [refused("a\\xE8"), refused("a\\xE9")].concat();
    assert_eq!(outcome.errors, errors);
    assert_eq!(server.get("/b").as_deref(), Some(&b"b"[..]));
    assert_eq!(server.paths().len(), 4);
}

#[test]
fn a_mirror_is_done_when_everything_is_there() {
    let (server, folder) = begin();
    // The session's own connection is given up while the others work.
    let idle = |server: &FtpServer| {
        server.order("CWD", 1, Fault::Awaits("CWD", 1));
        server.order("CWD", 1, says("421 Idle for 900 seconds.\r\n"));
    };
    idle(&server);
    let outcome = ftp(&folder, &[&server.url(""), "mirror", "pub/deep"]);
    assert_eq!(
        (outcome.code, outcome.errors.as_str()),
        (Some(0), "1 files, 100000 bytes\n")
    );
    // One that was not asked for is not in the way of another session's.
    let (server, folder) = begin();
    idle(&server);
    let outcome = script(&folder, &[&server.url("")], "mirror pub/deep\npwd\n");
    assert_eq!(outcome.code, Some(1));
    assert_eq!(
        outcome.errors,
        "1 files, 100000 bytes\nlariat: the server closed the connection: 421 Idle for 900 seconds.\n"
    );
}

#[test]
fn a_listing_that_is_not_understood_is_told_of() {
    let (server, folder) = begin();
    let line = "-rw-r--r-- 1 ftp ftp 5 M\u{e4}r 12 14:05 b";
    server.put("/listing", format!("{line}\r\n").as_bytes());
    server.set_features(&[]);
    let url = server.url("pub");
    let words = format!(
        "lariat: 1 of the listing's lines are in no form that is known, such as {line:?}\n"
    );
    server.order("LIST", 1, Fault::Lists("/listing".into()));
    let outcome = ftp(&folder, &["--json", &url, "ls"]);
    assert_eq!((outcome.code, &outcome.errors), (Some(0), &words));
    server.order("LIST", 1, Fault::Lists("/listing".into()));
    let outcome = ftp(&folder, &[&url, "mget", "*"]);
    assert_eq!(outcome.code, Some(1));
    assert_eq!(outcome.errors, words + "lariat: no file fits *\n");
}

#[test]
fn where_nothing_is_renamed_it_is_said_what_sends_a_file_all_the_same() {
    let (server, folder) = begin();
    fs::create_dir(folder.path().join("x")).unwrap();
    fs::write(folder.path().join("x/new"), "new").unwrap();
    for (verb, arguments, place) in [
        ("RNFR", &["put", "x/new"][..], "new.part"),
        ("RNTO", &["mirror", "-R", "x"], "x/new.part"),
    ] {
        server.order(verb, 1, says("550 Nobody renames.\r\n"));
        let outcome = ftp(&folder, &[&[server.url("").as_str()], arguments].concat());
        assert_eq!(outcome.code, Some(1));
        let advice = format!("550 Nobody renames.; it is there as {place}; --in-place sends it");
        assert!(outcome.errors.contains(&advice), "{}", outcome.errors);
        assert!(server.get(&format!("/{place}")).is_some());
    }
}

#[test]
fn what_the_server_refuses_of_a_quoted_command_has_failed() {
    let (server, folder) = begin();
    let url = server.url("");
    let outcome = script(&folder, &[&url], "quote SITE x\nrm pub/a.txt\n");
    assert_eq!(
        (
            outcome.code,
            outcome.text().as_str(),
            outcome.errors.as_str()
        ),
        (Some(1), "502 Not here.\n", "")
    );
    assert!(server.get("/pub/a.txt").is_some());
    let outcome = ftp(&folder, &[&url, "quote", "REST", "1"]);
    assert_eq!(
        (outcome.code, outcome.text().as_str()),
        (Some(0), "350 From there.\n")
    );
}

#[test]
fn advice_names_this_commands_schemes() {
    let (server, folder) = begin();
    let url = server.url("").replace("ftp://", "ftps://");
    let outcome = ftp(&folder, &[&url, "pwd"]);
    outcome.assert_failed(1, "use ftpes:// or ftp:// for this port", &[&url, "pwd"]);
}

#[test]
fn an_option_behind_the_url_is_no_file() {
    let (server, folder) = begin();
    for (path, words) in [
        ("pub", &["get", "a.txt", "-c"][..]),
        ("pub", &["ls", "--json"]),
        ("pub", &["mirror", "deep", "-R"]),
        ("pub", &["quote", "-R"]),
    ] {
        let url = server.url(path);
        let outcome = ftp(&folder, &[&[url.as_str()], words].concat());
        let code = match words[0] {
            "quote" => 1,
            _ => 2,
        };
        assert_eq!(outcome.code, Some(code), "{words:?}: {}", outcome.errors);
        assert_eq!(
            outcome.errors.contains("options stand before it"),
            code == 2
        );
        assert!(names(&folder).is_empty());
    }
    fs::write(folder.path().join("-c"), "c").unwrap();
    let outcome = ftp(&folder, &[&server.url("pub"), "put", "./-c"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.errors);
    assert_eq!(server.get("/pub/-c").as_deref(), Some(&b"c"[..]));
}

//! What is saved: under which name, when, and how it goes on.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use lariat_testkit::{WebFault, WebServer};
use nix::sys::signal::Signal;
use tempfile::TempDir;

use super::{begin, command, fetch, read_head, shown};
use crate::process::Running;

fn names(folder: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(folder.path()).unwrap();
    let names: BTreeSet<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.into_iter().collect()
}

fn large() -> (WebServer, TempDir, Vec<u8>) {
    let (server, folder) = begin();
    let content: Vec<u8> = (0..100_000_u32).map(|at| (at ^ (at >> 8)) as u8).collect();
    server.put("/large.bin", &content);
    (server, folder, content)
}

#[test]
fn a_file_is_saved_under_its_name_and_said_to_be() {
    let (server, folder) = begin();
    let url = server.url("/a.txt?x");
    let outcome = fetch(&folder, &["-O", &url]);
    assert_eq!((outcome.code, outcome.text().as_str()), (Some(0), ""));
    assert_eq!(outcome.errors, format!("{url} -> a.txt: 6 bytes\n"));
    shown(&folder, &["-q", "-o", "b", &url]);
    fs::create_dir(folder.path().join("d")).unwrap();
    shown(&folder, &["-s", "-o", "d", &url]);
    shown(&folder, &["-q", "--output-dir", "d", "-o", "c", &url]);
    server.set_header(
        "/a.txt",
        "Content-Disposition",
        "attachment; filename=../.e",
    );
    shown(&folder, &["-q", "-OJ", &url]);
    assert_eq!(names(&folder), ["a.txt", "b", "d", "e"]);
    for name in ["a.txt", "b", "d/a.txt", "d/c", "e"] {
        assert_eq!(
            fs::read(folder.path().join(name)).unwrap(),
            b"hello\n",
            "{name}"
        );
    }
}

#[test]
fn an_answer_that_says_no_is_not_saved() {
    let (server, folder) = begin();
    fs::write(folder.path().join("nothing"), "mine").unwrap();
    let outcome = fetch(&folder, &["-O", &server.url("/nothing")]);
    assert_eq!(outcome.code, Some(22));
    assert!(
        outcome
            .errors
            .ends_with("/nothing: the server says 404 Not Found\n")
    );
    assert_eq!(fs::read(folder.path().join("nothing")).unwrap(), b"mine");
    assert_eq!(names(&folder), ["nothing"]);
}

#[test]
fn what_was_broken_off_is_continued() {
    let (server, folder, content) = large();
    let url = server.url("/large.bin");
    server.order("/large.bin", 1, WebFault::BreaksOff(40_000));
    let outcome = fetch(&folder, &["--retry", "0", "-O", &url]);
    assert_eq!(outcome.code, Some(18), "{}", outcome.errors);
    assert!(
        outcome
            .errors
            .ends_with("; what came is kept, and -C goes on with it\n"),
        "{}",
        outcome.errors
    );
    assert_eq!(names(&folder), ["large.bin.part", "large.bin.part.etag"]);
    let outcome = fetch(&folder, &["-C", "-O", &url]);
    assert_eq!(outcome.errors, format!("{url} -> large.bin: 60000 bytes\n"));
    assert!(fs::read(folder.path().join("large.bin")).unwrap() == content);
    let outcome = fetch(&folder, &["-C", "-", "-O", &url]);
    assert_eq!(
        outcome.errors,
        format!("{url} -> large.bin: all of it was there\n")
    );
    assert_eq!(names(&folder), ["large.bin"]);
}

#[test]
fn a_connection_that_breaks_is_made_again() {
    let (server, folder, content) = large();
    let url = server.url("/large.bin");
    server.order("/large.bin", 1, WebFault::BreaksOff(40_000));
    let outcome = fetch(&folder, &["-O", &url]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.errors);
    assert!(
        outcome.errors.contains("; again in 1 s\n"),
        "{}",
        outcome.errors
    );
    assert!(fs::read(folder.path().join("large.bin")).unwrap() == content);
    assert_eq!(server.heard()[1].header("range"), Some("bytes=40000-"));
}

#[test]
fn an_interrupt_leaves_no_half_file_and_says_how_to_go_on() {
    let (server, folder, content) = large();
    let url = server.url("/large.bin");
    server.order("/large.bin", 1, WebFault::Stalls(40_000));
    let running = Running::spawn(&mut command(folder.path(), &["-O", &url]));
    let part = folder.path().join("large.bin.part");
    while !fs::metadata(&part).is_ok_and(|known| known.len() == 40_000) {
        std::thread::yield_now();
    }
    running.signal(Signal::SIGINT);
    let outcome = running.finish();
    assert_eq!(outcome.code, Some(130));
    assert_eq!(
        outcome.errors,
        "lariat: broken off; what came is kept, and the same with -C goes on with it\n"
    );
    assert!(!folder.path().join("large.bin").exists());
    shown(&folder, &["-q", "-C", "-O", &url]);
    assert!(fs::read(folder.path().join("large.bin")).unwrap() == content);
}

#[test]
fn several_are_fetched_at_once_and_each_failure_is_told() {
    let (server, folder) = begin();
    for name in ["/b", "/c"] {
        server.put(name, name.as_bytes());
    }
    let urls = ["/a.txt", "/b", "/nothing", "/c"].map(|path| server.url(path));
    let mut arguments = vec!["-O"];
    arguments.extend(urls.iter().map(String::as_str));
    let outcome = fetch(&folder, &arguments);
    assert_eq!(outcome.code, Some(22));
    let failure = format!("lariat: {}: the server says 404 Not Found", urls[2]);
    let lines: BTreeSet<&str> = outcome.errors.lines().collect();
    assert!(
        lines.len() == 4 && lines.contains(failure.as_str()),
        "{lines:?}"
    );
    assert_eq!(names(&folder), ["a.txt", "b", "c"]);
}

#[test]
fn as_many_are_fetched_at_once_as_was_said() {
    const MANY: usize = 12;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let urls: Vec<String> = (0..MANY)
        .map(|number| format!("http://{address}/{number}"))
        .collect();
    // Nobody is answered before all have asked.
    let serving = thread::spawn(move || {
        let asked = (0..MANY).map(|_| {
            let (mut stream, _) = listener.accept().unwrap();
            read_head(&mut stream);
            stream
        });
        for mut stream in asked.collect::<Vec<_>>() {
            let answer = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";
            stream.write_all(answer).unwrap();
        }
    });
    let mut arguments = vec!["-q", "-Z", "12", "-O"];
    arguments.extend(urls.iter().map(String::as_str));
    shown(&tempfile::tempdir().unwrap(), &arguments);
    serving.join().unwrap();
}

#[test]
fn heads_alone_go_where_they_are_to_go() {
    let (server, folder) = begin();
    let url = server.url("/a.txt");
    let code = ["-s", "-I", "-o", "/dev/null", "-w", "%{http_code}", &url];
    assert_eq!(shown(&folder, &code), "200");
    assert_eq!(shown(&folder, &["-I", "-o", "head", &url]), "");
    let head = fs::read_to_string(folder.path().join("head")).unwrap();
    assert_eq!(head, shown(&folder, &["-I", &url]));
    assert!(head.ends_with("\nContent-Length: 6\n\n"), "{head}");
    let piped = ["-s", "-I", "-o", "/dev/stdout", &url];
    assert_eq!(shown(&folder, &piped), head);
    let nothing = fetch(&folder, &["-I", "-o", "no", &server.url("/nothing")]);
    assert_eq!(nothing.code, Some(22));
    assert_eq!(names(&folder), ["head"]);
}

#[test]
fn a_device_is_written_and_not_replaced() {
    let (server, folder) = begin();
    shown(&folder, &["-o", "/dev/null", &server.url("/a.txt")]);
    let known = fs::metadata("/dev/null").unwrap();
    assert!(known.file_type().is_char_device());
}

#[test]
fn a_part_that_is_asked_for_is_saved_as_it_is() {
    let (server, folder, content) = large();
    shown(
        &folder,
        &["-q", "-r", "10-19", "-O", &server.url("/large.bin")],
    );
    assert_eq!(
        fs::read(folder.path().join("large.bin")).unwrap(),
        &content[10..20]
    );
}

#[test]
fn the_time_for_all_of_it_is_for_all_attempts() {
    let (server, folder, _) = large();
    let url = server.url("/large.bin");
    server.order("/large.bin", 9, WebFault::Stalls(40_000));
    let outcome = fetch(&folder, &["-m", "0.5", "-O", &url]);
    assert_eq!(outcome.code, Some(28), "{}", outcome.errors);
    let told = format!("lariat: {url}: it was not done within 0.5 s");
    assert!(outcome.errors.starts_with(&told), "{}", outcome.errors);
    assert_eq!(outcome.errors.lines().count(), 1, "{}", outcome.errors);
}

#[test]
fn a_name_that_a_server_gives_replaces_no_file() {
    let (server, folder) = begin();
    let disposition = "attachment; filename=Makefile";
    server.set_header("/a.txt", "Content-Disposition", disposition);
    fs::write(folder.path().join("Makefile"), "mine").unwrap();
    let outcome = fetch(&folder, &["-J", &server.url("/a.txt")]);
    assert_eq!(outcome.code, Some(23), "{}", outcome.errors);
    assert!(
        outcome.errors.contains("Makefile: it is there already"),
        "{}",
        outcome.errors
    );
    assert_eq!(fs::read(folder.path().join("Makefile")).unwrap(), b"mine");
}

#[test]
fn an_interrupt_is_heard_while_nobody_reads() {
    let (server, folder) = begin();
    server.put("/large", &vec![b'x'; 8 << 20]);
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut fetching = command(folder.path(), &["-o", "-", &server.url("/large")]);
    let running = Running::spawn(fetching.stdout(writer));
    // As soon as the first byte is there, more comes than the pipe takes.
    reader.read_exact(&mut [0]).unwrap();
    running.signal(Signal::SIGINT);
    assert_eq!(running.finish().code, Some(130));
    drop(reader);
}

#[test]
fn a_full_disk_is_told_and_what_came_is_gone_on_with() {
    let (server, folder, content) = large();
    let url = server.url("/large.bin");
    // Linux has a device that is always full.
    if Path::new("/dev/full").exists() {
        let full = fetch(&folder, &["-o", "/dev/full", &url]);
        assert_eq!(full.code, Some(23), "{}", full.errors);
        assert!(full.errors.contains("space"), "{}", full.errors);
    }
    // No file may be longer than 40 KiB; the signal that says so is ignored, as by services.
    let fetching = command(folder.path(), &["-O", &url]);
    let mut limited = Command::new("sh");
    let script = "trap '' XFSZ; ulimit -f 80 && exec \"$@\"";
    limited
        .args(["-c", script, "sh"])
        .arg(fetching.get_program())
        .args(fetching.get_args())
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    for (name, value) in fetching.get_envs() {
        match value {
            Some(value) => limited.env(name, value),
            None => limited.env_remove(name),
        };
    }
    let outcome = Running::spawn(&mut limited).finish();
    assert_eq!(outcome.code, Some(23), "{}", outcome.errors);
    assert!(
        outcome
            .errors
            .starts_with("lariat: cannot write large.bin.part: ")
            && outcome.errors.ends_with("-C goes on with it\n"),
        "{}",
        outcome.errors
    );
    assert_eq!(names(&folder), ["large.bin.part", "large.bin.part.etag"]);
    let outcome = fetch(&folder, &["-C", "-O", &url]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.errors);
    assert!(fs::read(folder.path().join("large.bin")).unwrap() == content);
    assert_ne!(server.heard().last().unwrap().header("range"), None);
}

#[test]
fn a_name_that_a_server_gives_has_its_limits() {
    let (server, folder) = begin();
    let url = server.url("/a.txt");
    let named = |name: &str| {
        let disposition = format!("attachment; filename=\"{name}\"");
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Disposition: {disposition}\r\nETag: \"1\"\r\n\
             Content-Length: 2\r\n\r\nok"
        );
        server.order("/a.txt", 1, WebFault::Says(head.into_bytes()));
        fetch(&folder, &["-q", "-J", &url])
    };
    // Neither longer than a file system takes, nor out of the folder, nor hidden, nor through a link that is there.
    let long = format!("{}.txt", "x".repeat(5000));
    for name in [&long, "..", "...profile"] {
        let outcome = named(name);
        assert_eq!(outcome.code, Some(0), "{name}: {}", outcome.errors);
    }
    let shortened = format!("{}.txt", "x".repeat(196));
    assert_eq!(names(&folder), ["a.txt", "profile", &shortened]);
    let outside = tempfile::tempdir().unwrap();
    let target = outside.path().join("target");
    std::os::unix::fs::symlink(&target, folder.path().join("link")).unwrap();
    let outcome = named("link");
    assert_eq!(outcome.code, Some(23), "{}", outcome.errors);
    assert!(!target.exists());
}

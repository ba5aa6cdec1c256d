//! What becomes of the processes of a command.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use lariat::Reactor;
use lariat::service::command::Command;

use super::{script, serve};
use crate::common::{connect, reactor, wait_until};

/// Ends a process by its number.
pub fn end(process: &str) {
    let ended = std::process::Command::new("kill")
        .args(["-9", process])
        .status();
    assert!(ended.expect("kill runs").success());
}

/// Waits for the numbers of a program and of what it has started, and gives them.
fn family(at: &Path) -> Vec<u32> {
    let mut numbers = Vec::new();
    wait_until("it has begun", || {
        let text = std::fs::read_to_string(at).unwrap_or_default();
        numbers = text
            .split_whitespace()
            .filter_map(|number| number.parse().ok())
            .collect();
        numbers.len() == 2
    });
    numbers
}

fn is_there(process: &u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // One that has ended may not have been waited for by who is there for orphans.
    !status.is_empty() && !status.contains(") Z ")
}

/// Has a program begun that starts another, and does this to the server and its client.
fn after(end: impl FnOnce(Reactor, TcpStream)) {
    let reactor = reactor();
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path().join("family");
    let wait = format!("sleep 600 & echo $$ $! > '{}'; wait", at.display());
    let listening = serve(&reactor, Command::new().with(script("wait", &wait)));
    let mut stream = connect(&listening);
    stream.write_all(b"wait\n").expect("sent");
    let family = family(&at);
    assert!(family.iter().all(is_there));
    end(reactor, stream);
    wait_until("all of them have ended", || !family.iter().any(is_there));
}

#[test]
fn a_connection_that_breaks_ends_its_program_and_all_that_it_started() {
    after(|reactor, stream| {
        let socket = socket2::SockRef::from(&stream);
        socket
            .set_linger(Some(Duration::ZERO))
            .expect("no lingering");
        drop(stream);
        wait_until("the connection is over", || {
            reactor.handle().connections() == 0
        });
        // Its runtime goes on until the processes are looked for.
        std::mem::forget(reactor);
    });
}

#[test]
fn a_server_that_goes_down_ends_its_programs_and_says_so() {
    after(|reactor, mut stream| {
        reactor.handle().stop();
        let reading = std::thread::spawn(move || {
            let mut said = String::new();
            stream.read_to_string(&mut said).map(|_| said)
        });
        let report = reactor.run();
        assert_eq!((report.said_goodbye, report.all()), (1, 1));
        let said = reading.join().expect("no panic").expect("said in time");
        assert_eq!(said, "closing the server goes down\n");
    });
}

//! What goes wrong around a name server: each has one clear answer, and the rest goes on.

use std::time::Duration;

use lariat_protocol::names::{Claim, ErrorCode, Name, Query, Refused, Token};
use lariat_protocol::{Address, ConnectionInfo};
use lariat_service::names::{Directory, Terms, Who};
use lariat_store::names::{MemoryNames, SqliteNames};
use lariat_testkit::Driven;

use crate::{Hand, registration, serve};

const DAY: Duration = Duration::from_secs(86_400);

fn add(directory: &Directory, line: &str, who: Who) -> Result<Token, Refused> {
    let done = directory.register(registration(line), who, Terms::default())?;
    Ok(done.token.unwrap())
}

fn code(result: Result<Token, Refused>) -> ErrorCode {
    result.unwrap_err().code
}

fn finds(directory: &Directory, name: &str) -> bool {
    let query = Query::name(name.parse().unwrap());
    directory.find(&query, false, Who::Local).is_ok()
}

/// A connection from an address that is not this machine's.
fn connected(directory: &Directory) -> Driven<Box<dyn lariat_protocol::Protocol>> {
    let end = |text: &str| Address::from(text.parse::<std::net::SocketAddr>().unwrap());
    let info = ConnectionInfo::stream(end("192.0.2.7:40000"), end("192.0.2.1:21579"));
    Driven::with(serve(directory, &info), info)
}

fn ask(driven: &mut Driven<Box<dyn lariat_protocol::Protocol>>, lines: &str) -> String {
    driven.receive(lines.as_bytes());
    driven.deliver_messages();
    String::from_utf8(driven.take_written()).unwrap()
}

#[test]
fn a_name_that_has_expired_is_kept_for_its_token_and_then_free() {
    let hand = Hand::default();
    let directory = hand.directory(MemoryNames::default());
    let token = add(&directory, "register a h:1 ttl=5", Who::Local).unwrap();
    hand.advance(Duration::from_millis(5_001));
    // Not found from that moment on, whenever somebody cleans up.
    assert!(!finds(&directory, "a"));
    directory.tick();
    let mut driven = connected(&directory);
    let renew = format!("renew a token={}\n", token.as_str());
    assert!(ask(&mut driven, &renew).starts_with("error expired the registration of a has ended"));
    assert_eq!(
        code(add(&directory, "register a h:1", Who::Local)),
        ErrorCode::Taken
    );
    let again = format!("register a h:1 ttl=5 token={}", token.as_str());
    add(&directory, &again, Who::Local).unwrap();
    hand.advance(Duration::from_secs(6));
    directory.tick();
    hand.advance(Duration::from_secs(601));
    directory.tick();
    assert!(ask(&mut driven, &renew).starts_with("error unknown nobody has registered a"));
    add(&directory, "register a other:1", Who::Local).unwrap();
}

#[test]
fn a_clock_that_is_set_by_a_day_changes_nothing() {
    let hand = Hand::default();
    hand.wall
        .store(2_000_000_000, std::sync::atomic::Ordering::Relaxed);
    let store = MemoryNames::default();
    let directory = hand.directory(store.clone());
    add(&directory, "register a h:1 ttl=60", Who::Local).unwrap();
    for wall in [2_000_000_000 - DAY.as_secs(), 2_000_000_000 + DAY.as_secs()] {
        hand.wall.store(wall, std::sync::atomic::Ordering::Relaxed);
        hand.advance(Duration::from_secs(20));
        directory.tick();
        assert!(finds(&directory, "a"));
        // After a restart it has its whole time again, whatever day it is.
        let restarted = hand.directory(store.clone());
        hand.advance(Duration::from_secs(1));
        restarted.tick();
        assert!(finds(&restarted, "a"));
    }
    hand.advance(Duration::from_secs(20));
    directory.tick();
    assert!(!finds(&directory, "a"));
}

#[test]
fn ten_thousand_registrations_from_one_address_are_a_thousand() {
    let directory = Hand::default().directory(MemoryNames::default());
    let mut driven = connected(&directory);
    let mut answers = String::new();
    for batch in 0..100 {
        let lines: String = (0..100)
            .map(|one| format!("register n{batch}-{one} h:1 probe=none\n"))
            .collect();
        answers += &ask(&mut driven, &lines);
    }
    assert_eq!(answers.matches("ok 0 token=").count(), 1_000);
    let refused = "error limit 192.0.2.7 has 1000 registrations, which is all it may have\n";
    assert_eq!(answers.matches(refused).count(), 9_000);
    assert_eq!(directory.places(), 1_000);
    // Others are not harmed; and names that have run out count as long as they are kept.
    add(
        &directory,
        "register other h:1",
        "192.0.2.8".parse().unwrap(),
    )
    .unwrap();
    let mine: Who = "192.0.2.7".parse().unwrap();
    assert_eq!(
        code(add(&directory, "register more h:1", mine)),
        ErrorCode::Limit
    );
}

#[test]
fn names_that_come_and_go_take_the_places_of_one_address_only() {
    let hand = Hand::default();
    let directory = hand.directory(MemoryNames::default());
    let mine: Who = "192.0.2.7".parse().unwrap();
    for round in 0..3 {
        for one in 0..400 {
            let line = format!("register r{round}-{one} h:1 ttl=5 probe=none");
            let result = add(&directory, &line, mine);
            assert_eq!(result.is_ok(), round * 400 + one < 1_000);
        }
        hand.advance(Duration::from_secs(6));
        directory.tick();
    }
    hand.advance(Duration::from_secs(700));
    directory.tick();
    add(&directory, "register again h:1", mine).unwrap();
}

#[test]
fn a_full_disk_refuses_registrations_and_nothing_else() {
    let store = MemoryNames::default();
    let directory = Hand::default().directory(store.clone());
    let token = add(&directory, "register a h:1", Who::Local).unwrap();
    store.set_full(true);
    let refused = add(&directory, "register b h:1", Who::Local).unwrap_err();
    assert_eq!(refused.code, ErrorCode::Storage);
    assert!(refused.sentence.contains("the disk is full"), "{refused}");
    let mut driven = connected(&directory);
    let said = ask(
        &mut driven,
        &format!("remove a token={}\nfind a\nfind b\n", token.as_str()),
    );
    let starts = [
        "error storage it was not kept",
        "ok 1",
        "a tcp://h:1",
        "error unknown",
    ];
    assert!(
        said.lines()
            .zip(starts)
            .all(|(line, start)| line.starts_with(start)),
        "{said}"
    );
    store.set_full(false);
    add(&directory, "register b h:1", Who::Local).unwrap();
}

#[test]
fn a_full_file_refuses_until_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("names.db");
    let store = SqliteNames::open_with_limit(&path, 80 * 1024).unwrap();
    let hand = Hand::default();
    let directory = hand.directory(store);
    let text = "x".repeat(250);
    let mut added = Vec::new();
    let refused = loop {
        let name = format!("n{}", added.len());
        let line = format!("register {name} h:1 description={text} probe=none");
        match add(&directory, &line, Who::Local) {
            Ok(token) => added.push((name, token)),
            Err(refused) => break refused,
        }
    };
    assert!(
        added.len() > 20 && refused.code == ErrorCode::Storage,
        "{refused}"
    );
    assert!(added.iter().all(|(name, _)| finds(&directory, name)));
    drop(directory);
    let directory = hand.directory(SqliteNames::open(&path).unwrap());
    assert_eq!(directory.places(), added.len());
    assert!(added.iter().all(|(name, _)| finds(&directory, name)));
}

#[test]
fn what_the_process_had_registered_itself_ends_with_it() {
    let store = MemoryNames::default();
    let hand = Hand::default();
    let directory = hand.directory(store.clone());
    add(&directory, "register echo localhost:7 ttl=5", Who::Inside).unwrap();
    add(&directory, "register echo localhost:8", Who::Inside).unwrap();
    assert_eq!(
        code(add(&directory, "register echo h:1", Who::Local)),
        ErrorCode::Taken
    );
    add(&directory, "register other h:1", Who::Local).unwrap();
    assert_eq!(
        code(add(&directory, "register other h:2", Who::Inside)),
        ErrorCode::Taken
    );
    hand.advance(DAY);
    assert!(finds(&directory, "echo"));
    let restarted = hand.directory(store.clone());
    assert!(!finds(&restarted, "echo") && finds(&restarted, "other"));
    add(&restarted, "register echo localhost:9", Who::Inside).unwrap();
    restarted.remove_inside();
    assert!(!finds(&restarted, "echo"));
    add(&restarted, "register echo h:1", Who::Local).unwrap();
}

#[test]
fn a_watcher_who_does_not_read_is_told_and_dropped() {
    let directory = Hand::default().directory(MemoryNames::default());
    let mut watcher = connected(&directory);
    assert_eq!(ask(&mut watcher, "watch prefix=a\n"), "ok 0\n");
    watcher.stop_reading();
    let mut other = connected(&directory);
    let text = "x".repeat(250);
    let token = "0123456789abcdef";
    let mut rounds = 0;
    while watcher.ended().is_none() && rounds < 3_000 {
        rounds += 1;
        let line = format!("register a h:1 description={text}{rounds} token={token}\n");
        assert!(ask(&mut other, &line).starts_with("ok 0 "));
        watcher.deliver_messages();
        if rounds % 100 == 0 && watcher.unsent() > 256 * 1024 {
            // Once it reads again, it hears how it ended.
            watcher.read_all();
            let said = watcher.take_written();
            if String::from_utf8(said)
                .unwrap()
                .contains("error slow the changes")
            {
                return;
            }
            watcher.stop_reading();
        }
    }
    panic!("nothing was said in {rounds} rounds");
}

#[test]
fn a_watcher_is_not_slow_for_the_pages_that_he_asks_for() {
    let directory = Hand::default().directory(MemoryNames::default());
    let mut other = connected(&directory);
    let text = "x".repeat(250);
    let token = "0123456789abcdef";
    for one in 0..1_000 {
        let line = format!("register n{one} h:1 description={text} token={token}\n");
        assert!(ask(&mut other, &line).starts_with("ok 0 "));
    }
    let mut watcher = connected(&directory);
    assert_eq!(ask(&mut watcher, "watch prefix=n\n"), "ok 0\n");
    watcher.stop_reading();
    watcher.receive(b"list limit=1000\nlist limit=1000\n");
    assert!(watcher.unsent() > 256 * 1024, "{}", watcher.unsent());
    for one in 0..10 {
        let line = format!("register n{one} h:1 description=changed token={token}\n");
        assert!(ask(&mut other, &line).starts_with("ok 0 "));
        watcher.deliver_messages();
    }
    watcher.read_all();
    watcher.deliver_messages();
    assert!(watcher.ended().is_none(), "{:?}", watcher.ended());
    let said = String::from_utf8(watcher.take_written()).unwrap();
    assert_eq!(said.matches("event changed ").count(), 10);
    // Two pages of a thousand with a head each, and the changes.
    assert_eq!(said.lines().count(), 2_012);
}

#[test]
fn who_takes_too_long_is_told_and_ended() {
    let directory = Hand::default().directory(MemoryNames::default());
    let mut driven = connected(&directory).deadlines(lariat_service::names::DEADLINES);
    assert_eq!(ask(&mut driven, "watch a\n"), "ok 0\n");
    driven.advance(Duration::from_secs(901));
    let said = String::from_utf8(driven.take_written()).unwrap();
    assert_eq!(said, "error late idle for too long\n");
    assert!(driven.error().is_some(), "{:?}", driven.ended());
    let mut silent = connected(&directory).deadlines(lariat_service::names::DEADLINES);
    silent.advance(Duration::from_secs(31));
    let said = String::from_utf8(silent.take_written()).unwrap();
    assert_eq!(said, "error late no first message in time\n");
}

#[test]
fn the_log_says_who_did_what_and_only_to_this_machine() {
    let directory = Hand::default().directory(MemoryNames::default());
    let mut other = connected(&directory);
    ask(&mut other, "register a h:1\nfind a\nfind a\nfind tag=t\n");
    assert!(ask(&mut other, "log\n").starts_with("error denied the log is not shown to 192.0.2.7"));
    directory.flush();
    let nobody = lariat_protocol::Transport::unconnected();
    let mut local = Driven::new(serve(&directory, nobody.info()));
    let said = ask(&mut local, "log\n");
    let mut lines: Vec<&str> = said
        .lines()
        .map(|line| line.split_once(' ').unwrap().1)
        .collect();
    lines[1..].sort_unstable();
    assert_eq!(lines[0], "3");
    let rows = [
        "time=0 what=asked who=192.0.2.7 about=\"find tag=t\" count=1",
        "time=0 what=asked who=192.0.2.7 name=a about=\"find a\" count=2",
        "time=0 what=registered who=192.0.2.7 name=a about=tcp://h:1 count=1",
    ];
    assert_eq!(lines[1..], rows);
    let page = ask(&mut local, "log a limit=1\n");
    assert!(page.starts_with("ok 1 more="), "{page}");
    let name: Name = "a".parse().unwrap();
    let claim = Claim {
        name,
        token: "0123456789abcdef".parse().unwrap(),
        place: None,
    };
    let removed = ask(
        &mut local,
        &format!("{}\n", lariat_protocol::names::Request::Remove(claim)),
    );
    assert!(removed.starts_with("error taken"), "{removed}");
}

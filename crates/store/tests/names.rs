//! Both stores of names do the same; and the file's refuses what it cannot be sure of.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use lariat_store::StoreError;
use lariat_store::names::{Kept, MemoryNames, NameRow, Names, PlaceRow, Row, SqliteNames, Write};

fn name(name: &str) -> NameRow {
    NameRow {
        name: name.into(),
        token: vec![0, 255, 7],
        registrant: "::1".into(),
    }
}

fn place(name: &str, place: &str) -> PlaceRow {
    PlaceRow {
        name: name.into(),
        place: place.into(),
        said: format!("register {name} {place}"),
        registrant: "::1".into(),
    }
}

fn row(name: Option<&str>, about: &str) -> Write {
    Write::Log(Row {
        time: 1_150_565_241,
        what: "asked".into(),
        who: "::1".into(),
        name: name.map(String::from),
        about: about.into(),
        count: 3,
    })
}

fn sorted(mut kept: Kept) -> Kept {
    kept.names.sort_by(|a, b| a.name.cmp(&b.name));
    kept.places.sort_by(|a, b| a.place.cmp(&b.place));
    kept
}

fn check(store: &dyn Names) {
    store
        .write(&[
            Write::Name(name("a")),
            Write::Place(place("a", "tcp://a:1")),
            Write::Place(place("a", "tcp://a:2")),
            Write::Name(name("b")),
            Write::Place(place("b", "tcp://b:3")),
            row(Some("a"), "one"),
        ])
        .unwrap();
    store
        .write(&[
            Write::Remove {
                name: "a".into(),
                place: "tcp://a:2".into(),
            },
            Write::Forget("b".into()),
            row(None, "two"),
            row(Some("a"), "three"),
        ])
        .unwrap();
    let kept = sorted(store.load().unwrap());
    assert_eq!(kept.names, [name("a")]);
    assert_eq!(kept.places, [place("a", "tcp://a:1")]);
    let log = |name, before, limit| {
        let rows = store.log(name, before, limit).unwrap();
        let all = rows.into_iter().map(|row| (row.number, row.row.about));
        all.collect::<Vec<_>>()
    };
    let row = |number: u64, about: &str| (number, about.to_string());
    assert_eq!(log(None, None, 2), [row(3, "three"), row(2, "two")]);
    assert_eq!(log(None, Some(2), 9), [row(1, "one")]);
    assert_eq!(log(Some("a"), None, 9), [row(3, "three"), row(1, "one")]);
}

#[test]
fn both_stores_keep_the_same() {
    check(&MemoryNames::default());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("names.db");
    let store = SqliteNames::open(&path).unwrap();
    check(&store);
    let before = sorted(store.load().unwrap());
    drop(store);
    let again = SqliteNames::open(&path).unwrap();
    assert_eq!(sorted(again.load().unwrap()), before);
    // A number is given once, whatever has been taken away.
    again.write(&[row(None, "four")]).unwrap();
    assert_eq!(again.log(None, None, 1).unwrap()[0].number, 4);
}

fn refused(path: &Path) -> StoreError {
    SqliteNames::open(path).unwrap_err()
}

#[test]
fn a_file_that_is_damaged_newer_anothers_or_in_use_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("names.db");
    let store = SqliteNames::open(&path).unwrap();
    store.write(&[Write::Name(name("a"))]).unwrap();
    assert!(matches!(refused(&path), StoreError::InUse { .. }));
    drop(store);

    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.pragma_update(None, "user_version", 99).unwrap();
    let said = refused(&path).to_string();
    assert!(said.contains("later version (its schema is 99"), "{said}");
    raw.pragma_update(None, "user_version", 1).unwrap();
    drop(raw);

    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..].fill(0x5a);
    std::fs::write(&path, &bytes).unwrap();
    assert!(matches!(refused(&path), StoreError::Damaged { .. }));
    std::fs::write(
        &path,
        b"this is no database, but a text that is long enough",
    )
    .unwrap();
    let said = refused(&path).to_string();
    assert!(
        said.contains("names.db is damaged or no file of Lariat's"),
        "{said}"
    );

    let other = folder.path().join("other.db");
    let raw = rusqlite::Connection::open(&other).unwrap();
    raw.execute_batch("CREATE TABLE cookies (a)").unwrap();
    let said = refused(&other).to_string();
    assert!(said.contains("belongs to another program"), "{said}");

    let nowhere = folder.path().join("no/such/folder/names.db");
    assert!(matches!(refused(&nowhere), StoreError::Open { .. }));
}

#[test]
fn what_finds_no_room_is_refused_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("names.db");
    let store = SqliteNames::open_with_limit(&path, 64 * 1024).unwrap();
    let mut written = 0;
    let error = loop {
        let one = name(&format!("n{written}"));
        let at = PlaceRow {
            said: "x".repeat(500),
            ..place(&one.name, "tcp://a:1")
        };
        match store.write(&[Write::Name(one), Write::Place(at)]) {
            Ok(()) => written += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, StoreError::Full), "{error}");
    let kept = store.load().unwrap();
    assert!(written > 10);
    assert_eq!((kept.names.len(), kept.places.len()), (written, written));
    // There is room again behind what is taken away.
    store
        .write(&[Write::Forget("n0".into()), Write::Forget("n1".into())])
        .unwrap();
    store.write(&[Write::Name(name("n0"))]).unwrap();
}

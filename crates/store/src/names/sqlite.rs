//! Names in an SQLite file.

use std::path::Path;

use rusqlite::{Connection, Transaction, params};

use crate::names::{Kept, NameRow, Names, NumberedRow, PlaceRow, Row, Write};
use crate::{Schema, Sqlite, StoreError};

/// The most rows of the log that are kept; at 100 bytes each, some 10 MB.
const MAXIMUM_ROWS: u64 = 100_000;

/// How many rows may be over that before the oldest are taken away, so that it is not done for
/// each.
const SLACK: u64 = 1_000;

/// The names' own file.
const SCHEMA: Schema = Schema {
    // "Lna1", so that `file` and SQLite can tell it from others.
    application: 0x4c6e_6131,
    steps: &["CREATE TABLE names (
            name TEXT PRIMARY KEY,
            token BLOB NOT NULL,
            registrant TEXT NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE places (
            name TEXT NOT NULL REFERENCES names (name),
            place TEXT NOT NULL,
            said TEXT NOT NULL,
            registrant TEXT NOT NULL,
            PRIMARY KEY (name, place)
        ) WITHOUT ROWID;
        CREATE TABLE log (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            time INTEGER NOT NULL,
            what TEXT NOT NULL,
            who TEXT NOT NULL,
            name TEXT,
            about TEXT NOT NULL,
            count INTEGER NOT NULL
        );
        CREATE INDEX log_of_name ON log (name, number);"],
};

/// Names that are on the disk when a write returns.
#[derive(Debug)]
pub struct SqliteNames(Sqlite);

impl SqliteNames {
    /// Opens the file at this path, or makes it.
    ///
    /// # Errors
    ///
    /// When it cannot be opened, is damaged, was written by a later version, or is in use.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Sqlite::open(path, SCHEMA, None).map(SqliteNames)
    }

    /// The same, of at most so many bytes, behind which writes are refused as
    /// [`StoreError::Full`].
    ///
    /// # Errors
    ///
    /// As [`SqliteNames::open`].
    pub fn open_with_limit(path: &Path, bytes: u64) -> Result<Self, StoreError> {
        Sqlite::open(path, SCHEMA, Some(bytes)).map(SqliteNames)
    }
}

impl Names for SqliteNames {
    fn load(&self) -> Result<Kept, StoreError> {
        self.0.read(|reader| {
            Ok(Kept {
                names: names(reader)?,
                places: places(reader)?,
            })
        })
    }

    fn write(&self, writes: &[Write]) -> Result<(), StoreError> {
        let mut writer = self.0.writer();
        let transaction = writer.transaction()?;
        for write in writes {
            apply(&transaction, write)?;
        }
        if writes.iter().any(|write| matches!(write, Write::Log(_))) {
            trim(&transaction)?;
        }
        transaction.commit()?;
        Ok(())
    }

    fn log(
        &self,
        name: Option<&str>,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<NumberedRow>, StoreError> {
        let before = before.and_then(|before| i64::try_from(before).ok());
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.0.read(|reader| {
            let mut select = reader.prepare_cached(
                "SELECT number, time, what, who, name, about, count FROM log
                 WHERE (?1 IS NULL OR name = ?1) AND (?2 IS NULL OR number < ?2)
                 ORDER BY number DESC LIMIT ?3",
            )?;
            let rows = select.query_map(params![name, before, limit], |row| {
                Ok(NumberedRow {
                    number: row.get(0)?,
                    row: Row {
                        time: row.get(1)?,
                        what: row.get(2)?,
                        who: row.get(3)?,
                        name: row.get(4)?,
                        about: row.get(5)?,
                        count: row.get(6)?,
                    },
                })
            })?;
            rows.collect()
        })
    }
}

fn names(reader: &Connection) -> rusqlite::Result<Vec<NameRow>> {
    let mut select = reader.prepare("SELECT name, token, registrant FROM names")?;
    let rows = select.query_map([], |row| {
        Ok(NameRow {
            name: row.get(0)?,
            token: row.get(1)?,
            registrant: row.get(2)?,
        })
    })?;
    rows.collect()
}

fn places(reader: &Connection) -> rusqlite::Result<Vec<PlaceRow>> {
    let mut select = reader.prepare("SELECT name, place, said, registrant FROM places")?;
    let rows = select.query_map([], |row| {
        Ok(PlaceRow {
            name: row.get(0)?,
            place: row.get(1)?,
            said: row.get(2)?,
            registrant: row.get(3)?,
        })
    })?;
    rows.collect()
}

fn apply(transaction: &Transaction<'_>, write: &Write) -> rusqlite::Result<()> {
    let execute = |sql: &str, values: &[&dyn rusqlite::ToSql]| {
        transaction.prepare_cached(sql)?.execute(values).map(drop)
    };
    match write {
        Write::Name(row) => execute(
            "INSERT OR REPLACE INTO names VALUES (?1, ?2, ?3)",
            &[&row.name, &row.token, &row.registrant],
        ),
        Write::Forget(name) => {
            execute("DELETE FROM places WHERE name = ?1", &[name])?;
            execute("DELETE FROM names WHERE name = ?1", &[name])
        }
        Write::Place(row) => execute(
            "INSERT OR REPLACE INTO places VALUES (?1, ?2, ?3, ?4)",
            &[&row.name, &row.place, &row.said, &row.registrant],
        ),
        Write::Remove { name, place } => execute(
            "DELETE FROM places WHERE name = ?1 AND place = ?2",
            &[name, place],
        ),
        Write::Log(row) => execute(
            "INSERT INTO log (time, what, who, name, about, count)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            &[
                &row.time, &row.what, &row.who, &row.name, &row.about, &row.count,
            ],
        ),
    }
}

/// Takes away the oldest rows of a log that is too long.
fn trim(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let ends = "SELECT coalesce(min(number), 0), coalesce(max(number), 0) FROM log";
    let (first, last): (u64, u64) =
        transaction.query_row(ends, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if last - first > MAXIMUM_ROWS + SLACK {
        let mut delete = transaction.prepare_cached("DELETE FROM log WHERE number <= ?1")?;
        delete.execute([last - MAXIMUM_ROWS])?;
    }
    Ok(())
}

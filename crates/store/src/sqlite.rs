//! An SQLite file as it is opened here: locked, checked, of a known schema, and durable.
//!
//! What is in it is said by who opens it, as a [`Schema`]. One connection writes and a few read,
//! since a reader must not wait for a page of another one.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::StoreError;

/// How long a writer and the readers wait for each other.
const BUSY: Duration = Duration::from_secs(10);

/// The most connections that are kept for readers.
const MAXIMUM_READERS: usize = 2;

/// What a file has in it.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    /// Which of the program's files it is, in SQLite's `application_id`.
    pub application: i32,
    /// The steps from an empty file to the latest version: version N is behind N steps.
    pub steps: &'static [&'static str],
}

/// An SQLite file.
///
/// What is written is on the disk when the call returns: a journal that is deleted, and
/// `synchronous=EXTRA`, which also has the folder written before a commit counts. (With FULL the
/// journal's removal can be lost when the power fails right behind a commit, and the
/// journal then undoes it.)
#[derive(Debug)]
pub struct Sqlite {
    path: PathBuf,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
    /// Held for as long as the file is open; the system lets go of it when the process ends.
    _lock: File,
}

impl Sqlite {
    /// Opens a file, which is made if it is not there, and brings it to the schema's latest
    /// version. With `maximum_bytes` it never becomes larger than that.
    ///
    /// # Errors
    ///
    /// When it cannot be opened, is damaged, was written by a later version, or is in use.
    pub fn open(
        path: &Path,
        schema: Schema,
        maximum_bytes: Option<u64>,
    ) -> Result<Self, StoreError> {
        let lock = lock(path)?;
        let writer = Self::prepared(path, schema, maximum_bytes);
        let writer = writer.map_err(|error| explain(path, error))?;
        let mut writer = writer;
        migrate(path, &mut writer, schema)?;
        Ok(Sqlite {
            path: path.to_owned(),
            writer: Mutex::new(writer),
            readers: Mutex::default(),
            _lock: lock,
        })
    }

    fn prepared(
        path: &Path,
        schema: Schema,
        maximum_bytes: Option<u64>,
    ) -> rusqlite::Result<Connection> {
        let writer = Connection::open(path)?;
        writer.busy_timeout(BUSY)?;
        // The first look into the file: whatever is no database is refused here.
        let application: i32 = pragma(&writer, "application_id")?;
        let tables: i64 =
            writer.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        let is_ours = application == schema.application || (application == 0 && tables == 0);
        if !is_ours {
            return Err(damaged("it belongs to another program"));
        }
        let health: String = pragma(&writer, "quick_check(1)")?;
        if health != "ok" {
            return Err(damaged(&health));
        }
        // Answers with the mode that it is in then.
        let mode: String = writer.query_row("PRAGMA journal_mode=DELETE", [], |row| row.get(0))?;
        debug_assert_eq!(mode, "delete");
        writer.pragma_update(None, "synchronous", "EXTRA")?;
        if let Some(bytes) = maximum_bytes {
            let size: u64 = pragma(&writer, "page_size")?;
            let pages = (bytes / size.max(1)).max(1);
            writer.query_row(&format!("PRAGMA max_page_count={pages}"), [], |_| Ok(()))?;
        }
        Ok(writer)
    }

    /// The connection that writes.
    pub(crate) fn writer(&self) -> MutexGuard<'_, Connection> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads with a connection of the pool.
    pub(crate) fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let pooled = self.readers().pop();
        let reader = match pooled {
            Some(reader) => reader,
            None => {
                let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
                let reader = Connection::open_with_flags(&self.path, flags)?;
                reader.busy_timeout(BUSY)?;
                reader
            }
        };
        let value = read(&reader)?;
        let mut readers = self.readers();
        if readers.len() < MAXIMUM_READERS {
            readers.push(reader);
        }
        Ok(value)
    }

    fn readers(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn lock(path: &Path) -> Result<File, StoreError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let open = |error: std::io::Error| StoreError::Open {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(PathBuf::from(name))
        .map_err(open)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(StoreError::InUse {
            path: path.to_owned(),
        }),
        Err(std::fs::TryLockError::Error(error)) => Err(open(error)),
    }
}

fn migrate(path: &Path, writer: &mut Connection, schema: Schema) -> Result<(), StoreError> {
    let found: i64 = pragma(writer, "user_version")?;
    let known = schema.steps.len() as i64;
    let done = usize::try_from(found).unwrap_or(usize::MAX);
    if done > schema.steps.len() {
        return Err(StoreError::Newer {
            path: path.to_owned(),
            found,
            known,
        });
    }
    if done == schema.steps.len() {
        return Ok(());
    }
    let transaction = writer.transaction()?;
    for step in &schema.steps[done..] {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "application_id", schema.application)?;
    transaction.pragma_update(None, "user_version", known)?;
    transaction.commit()?;
    Ok(())
}

fn pragma<T: rusqlite::types::FromSql>(connection: &Connection, name: &str) -> rusqlite::Result<T> {
    connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get(0))
}

fn damaged(reason: &str) -> rusqlite::Error {
    let error = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
    rusqlite::Error::SqliteFailure(error, Some(reason.to_owned()))
}

fn explain(path: &Path, error: rusqlite::Error) -> StoreError {
    let path = path.to_owned();
    let reason = error.to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            StoreError::Damaged { path, reason }
        }
        Some(ErrorCode::DiskFull) => StoreError::Full,
        _ => StoreError::Open { path, reason },
    }
}

//! Why something could not be kept or read.

use std::path::PathBuf;

use rusqlite::ErrorCode;

/// What went wrong with a store. The message is one line that says what can be done about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The file cannot be opened or made.
    #[error("cannot open {}: {reason}", path.display())]
    Open {
        /// Which one.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The file is not one of ours, or its content is damaged.
    #[error(
        "{} is damaged or no file of Lariat's ({reason}); put a copy of it in its place, or move it away \
         to begin anew",
        path.display()
    )]
    Damaged {
        /// Which one.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// A later version has written the file.
    #[error(
        "{} was written by a later version (its schema is {found}, this one knows {known}); \
         use that version",
        path.display()
    )]
    Newer {
        /// Which one.
        path: PathBuf,
        /// The version of its schema.
        found: i64,
        /// The latest version that this program knows.
        known: i64,
    },
    /// Another process has the file open.
    #[error("{} is in use by another process", path.display())]
    InUse {
        /// Which one.
        path: PathBuf,
    },
    /// There is no room left for it. Nothing of what was to be written was.
    #[error("the disk is full, or the store is as large as it may be")]
    Full,
    /// Anything else. Nothing of what was to be written was.
    #[error("the store failed: {0}")]
    Failed(String),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => StoreError::Full,
            _ => StoreError::Failed(error.to_string()),
        }
    }
}

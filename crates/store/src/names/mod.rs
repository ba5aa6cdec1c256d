//! What a name server keeps: names and whose they are, where each is, and a log.

mod memory;
mod sqlite;

pub use memory::MemoryNames;
pub use sqlite::SqliteNames;

use crate::StoreError;

/// A store of names.
///
/// ```
/// use lariat_store::names::{MemoryNames, NameRow, Names, Write};
///
/// let store = MemoryNames::default();
/// let name = NameRow {
///     name: "print".into(),
///     token: vec![7; 32],
///     registrant: "192.0.2.7".into(),
/// };
/// store.write(&[Write::Name(name.clone())])?;
/// assert_eq!(store.load()?.names, [name]);
/// # Ok::<(), lariat_store::StoreError>(())
/// ```
pub trait Names: Send + Sync + 'static {
    /// Everything but the log, in any order.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    fn load(&self) -> Result<Kept, StoreError>;

    /// Writes all of this or nothing, in order; it is on the disk when this returns.
    ///
    /// # Errors
    ///
    /// When it cannot be written; nothing has changed then.
    fn write(&self, writes: &[Write]) -> Result<(), StoreError>;

    /// Rows of the log, the newest first: at most `limit`, about one name if that is given, and
    /// older than the row `before`.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    fn log(
        &self,
        name: Option<&str>,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<NumberedRow>, StoreError>;
}

/// What a store has in it, without the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// The names.
    pub names: Vec<NameRow>,
    /// The places; each is of one of the names.
    pub places: Vec<PlaceRow>,
}

/// A name, which belongs to somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameRow {
    /// The name.
    pub name: String,
    /// The digest of its token.
    pub token: Vec<u8>,
    /// Who registered it first.
    pub registrant: String,
}

/// A place of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceRow {
    /// The name.
    pub name: String,
    /// The endpoint.
    pub place: String,
    /// The whole registration without its token, in the words of whoever reads it.
    pub said: String,
    /// Who registered it.
    pub registrant: String,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// When: seconds since 1970.
    pub time: u64,
    /// What, in a word.
    pub what: String,
    /// By whom.
    pub who: String,
    /// About which name.
    pub name: Option<String>,
    /// About what else.
    pub about: String,
    /// How often.
    pub count: u64,
}

/// A row of the log with its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberedRow {
    /// Later rows have higher ones, and none is given twice.
    pub number: u64,
    /// What happened.
    pub row: Row,
}

/// A change of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// A name is somebody's from now on.
    Name(NameRow),
    /// A name is nobody's, and has no places.
    Forget(String),
    /// A place is as this says.
    Place(PlaceRow),
    /// This name has this place no more.
    Remove {
        /// The name.
        name: String,
        /// The endpoint.
        place: String,
    },
    /// A row for the log.
    Log(Row),
}

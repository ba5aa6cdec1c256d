//! What is kept: traits in plain words, an embedded default, and one in memory for tests.
//!
//! Nothing here knows a protocol or a socket, and nothing here is asynchronous: a call returns when
//! it is done, so it is made on a thread that may wait for a disk and never on a reactor's.
//!
//! Read [`names::Names`], which is what a name server keeps, and [`StoreError`].

mod error;
pub mod names;
mod sqlite;

pub use error::StoreError;
pub use sqlite::{Schema, Sqlite};

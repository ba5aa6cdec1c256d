//! The process executor: registered functions, run in worker processes of the same program.
//!
//! What a worker does wrong (a crash, an endless loop, memory without end) is its own; the task
//! that it had fails with a clear error, another worker takes its place, and all other tasks
//! are done. A function is registered by listing it in [`worker_main`], which the program calls
//! first in its `main`:
//!
//! ```no_run
//! use lariat_sync::process::{Function, ProcessPool, worker_main};
//!
//! fn squares(numbers: Vec<u64>) -> Vec<u64> {
//!     numbers.into_iter().map(|number| number * number).collect()
//! }
//!
//! static SQUARES: Function<Vec<u64>, Vec<u64>> = Function::new("squares", squares);
//!
//! # #[allow(clippy::needless_doctest_main)]
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     worker_main(&[&SQUARES]);
//!     let pool = ProcessPool::builder().processes(2).build()?;
//!     let squares = pool.submit(&SQUARES, &vec![1, 2, 3])?;
//!     assert_eq!(squares.result()?, [1, 4, 9]);
//!     Ok(())
//! }
//! ```
//!
//! Arguments and results go over a socket pair as frames: a length of 32 bits, then the value as
//! [postcard](https://docs.rs/postcard) writes it, which needs no name of any field since both
//! ends are the same program. So types that only describe themselves as they are read
//! (`serde_json::Value`, untagged enums) cannot be sent; a `String` of JSON can.
//!
//! A worker's standard output and error are those of the program, its standard input is empty.
//! It has a process group of its own, so that ^C at a terminal is the program's to handle, and what
//! it started is killed with it. When the program ends, however it ends, its workers end too.
//!
//! There are processes on Unix only so far; elsewhere [`Builder::build`] says so.

mod builder;
mod call;
mod child;
mod error;
mod frame;
mod function;
mod limits;
mod platform;
mod pool;
mod worker;

pub use builder::Builder;
pub use error::{StartError, SubmitError, WorkerError};
pub use frame::DEFAULT_FRAME;
pub use function::{Function, Registered};
pub use limits::Limits;
pub use pool::ProcessPool;
pub use worker::worker_main;

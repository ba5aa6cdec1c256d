//! Queues, guards, timers and executors for threads: what Rust's standard library and the common
//! crates leave out of Python's `queue`, `threading` and `concurrent.futures`.
//!
//! What exists and is good is not made again: `docs/threads.md` tells for each Python name which of
//! ours, of std's or of another crate's is meant. No async runtime is named here: whatever waits
//! has a blocking form and an async one, which stand in the same line.

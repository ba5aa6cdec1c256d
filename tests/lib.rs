//! Tests of the whole engine live in `main.rs`; this library is empty.

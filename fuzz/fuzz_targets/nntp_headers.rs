//! Any header fields, overviews and lists of a news server are read without harm.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lariat_protocol::nntp::check::headers(data));

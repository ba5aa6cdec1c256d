//! Any value of a header field is decoded without harm, and what is encoded is decoded as it was.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lariat_protocol::nntp::check::words(data));

//! The name server's lines read the same when written, and a client's answers are the same cut anywhere.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lariat_protocol::names::check::names(data));

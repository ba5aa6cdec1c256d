//! Any bytes of a news client are read alike however they are cut, and each of its lines is answered once.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lariat_protocol::nntp::check::commands(data));

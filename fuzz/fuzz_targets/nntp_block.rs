//! Any block reads the same however it is cut, any text becomes a block that reads as it, no compressed stream does harm.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lariat_protocol::nntp::check::block(data));

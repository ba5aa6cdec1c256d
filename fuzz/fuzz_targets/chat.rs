//! Any line is read as a command and as an event that are written alike.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lariat_protocol::chat::check::line(data));

//! Any lines of a talk are heard as they were said, and one side has the turn.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lariat_protocol::talk::check::lines(data));

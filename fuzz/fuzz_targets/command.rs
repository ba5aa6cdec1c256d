//! Requests and answers of the command server read the same when written, and cut anywhere.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lariat_protocol::command::check::exchange(data));

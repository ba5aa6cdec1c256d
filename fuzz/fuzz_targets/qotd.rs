//! A file of quotes is refused, or all that is served of it can be sent.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lariat_protocol::qotd::check::quotes(data));

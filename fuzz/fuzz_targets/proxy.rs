//! A PROXY header is the same however it arrives, and read to its last byte and no further.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lariat_protocol::proxy::check::header(data));

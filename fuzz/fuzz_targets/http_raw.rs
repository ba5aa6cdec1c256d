//! An answer of HTTP/1.1 reads the same however it is cut.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lariat_protocol::http_raw::check::response(data));

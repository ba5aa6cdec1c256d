//! Whatever a peer sends, each line is refused in words or answered at most once.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lariat_protocol::call::check::any(data));

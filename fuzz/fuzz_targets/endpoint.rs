//! An endpoint that is read, printed and read again is the same.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| lariat_protocol::endpoint::check_round_trip(text));

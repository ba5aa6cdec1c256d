//! The timestamp server makes of any bytes what it should.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lariat_protocol::timestamp::check::server(data));

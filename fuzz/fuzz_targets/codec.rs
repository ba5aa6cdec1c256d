//! However a stream is cut on its way, the frames are the same.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lariat_protocol::framing::check::codec(data));

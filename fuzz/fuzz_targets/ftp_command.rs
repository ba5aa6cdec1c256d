//! Any bytes of an FTP client are read alike however they are cut, and each of its lines is answered once.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lariat_protocol::ftp::check::commands(data));

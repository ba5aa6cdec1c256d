//! Any lines of a listing, of Unix, DOS or facts, are read without harm.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lariat_protocol::ftp::check::listing(data));

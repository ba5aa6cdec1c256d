//! Any pattern is refused or searches any text within its limits.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lariat_re::check::any(data));

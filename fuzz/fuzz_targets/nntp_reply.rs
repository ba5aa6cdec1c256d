//! Any replies of a news server read the same however they are cut; any line is a command that is written alike.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lariat_protocol::nntp::check::replies(data));

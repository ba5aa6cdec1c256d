//! Any replies of an FTP server read the same however they are cut; any line is a command that is written alike.
#![no_main]

use lariat_protocol::ftp::check;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    check::replies(data);
    check::command(data);
});

//! What a signal does to this process.

use std::io;
use std::mem::MaybeUninit;
use std::ptr;

use nix::errno::Errno;
use nix::libc;

/// Whether a signal does what the system has it do, rather than what a program has said.
pub(crate) fn has_default_action(signal: i32) -> io::Result<bool> {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: without a new action it only asks for the one that there is, which it writes into
    // memory of that type; all of that type's bytes are numbers, of which zero is one.
    #[allow(unsafe_code)]
    let (answer, action) = unsafe {
        let answer = libc::sigaction(signal, ptr::null(), action.as_mut_ptr());
        (answer, action.assume_init())
    };
    Errno::result(answer)?;
    Ok(action.sa_sigaction == libc::SIG_DFL)
}

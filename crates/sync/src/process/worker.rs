//! The worker's side: the program started again, which runs what it is asked for.

use std::collections::HashMap;
use std::io::{self, BufReader, ErrorKind};
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use super::call;
use super::frame::{self, Frames};
use super::function::{Registered, Reply};
use super::limits::Limits;
use super::platform;
use crate::exit;

/// The one argument with which a worker is started.
pub const MARK: &str = "--lariat-sync-worker";

/// How long the first frame may be.
const SETUP: usize = 4096;

static WAS_CALLED: AtomicBool = AtomicBool::new(false);

/// The first thing that a worker is told.
#[derive(Serialize, Deserialize)]
pub struct Setup {
    pub limits: Limits,
    /// How long any later frame may be.
    pub frame: usize,
}

/// Lists the functions that a [`ProcessPool`](super::ProcessPool) of this program may run, and
/// is called first in `main`: a process that was started as a worker runs them here and ends
/// here; in any other this comes back at once.
///
/// What comes before it in `main` is done by each worker too.
///
/// # Panics
///
/// When two functions have the same name.
pub fn worker_main(functions: &[&dyn Registered]) {
    let mut known = HashMap::new();
    for function in functions {
        let before = known.insert(function.name(), *function);
        assert!(
            before.is_none(),
            "two functions are registered as {:?}",
            function.name()
        );
    }
    WAS_CALLED.store(true, Ordering::Relaxed);
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_none_or(|argument| argument != MARK) || arguments.next().is_some() {
        return;
    }
    let code = match work(&known) {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("worker process {}: {error}", std::process::id());
            1
        }
    };
    exit::run_handlers();
    std::process::exit(code);
}

/// Whether this program does what its workers need.
pub fn was_called() -> bool {
    WAS_CALLED.load(Ordering::Relaxed)
}

/// Answers calls until there are no more.
fn work(known: &HashMap<&str, &dyn Registered>) -> io::Result<()> {
    let stream = platform::take_stream().map_err(|error| {
        let message = format!("{MARK} is for processes that a ProcessPool starts: {error}");
        io::Error::new(error.kind(), message)
    })?;
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    let (mut calls, mut answer) = (Frames::default(), Vec::new());
    if !calls.read(&mut reader, SETUP)? {
        return Ok(());
    }
    let setup: Setup = postcard::from_bytes(calls.last()).map_err(io::Error::other)?;
    platform::end_with_the_program(reader.get_ref())?;
    let applied = platform::apply(&setup.limits);
    frame::begin(&mut answer);
    frame::put(&mut answer, &applied).map_err(io::Error::other)?;
    frame::finish(&mut answer, SETUP).map_err(io::Error::other)?;
    frame::write(&mut writer, &answer)?;

    while calls.read(&mut reader, setup.frame)? {
        let (count, name, arguments) = call::read(calls.last()).map_err(io::Error::other)?;
        platform::begin_task(&setup.limits)?;
        frame::begin(&mut answer);
        match known.get(name) {
            Some(function) => function.answer(count, arguments, setup.frame, &mut answer),
            None => Reply::NotRegistered.write(&mut answer),
        }
        frame::finish(&mut answer, usize::MAX).map_err(io::Error::other)?;
        match frame::write(&mut writer, &answer) {
            // The program has given it up.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
            other => other?,
        }
    }
    Ok(())
}

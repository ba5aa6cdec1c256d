//! What is done once at the end of the program: waiting for threads, and exit handlers.
//!
//! A Rust program ends when `main` comes back, whatever its threads are doing. [`run`] around
//! what `main` does makes the end an orderly one: threads that are no daemons are waited for,
//! then the handlers run, the last registered first, as Python's `atexit` has it.
//!
//! A signal that kills, `std::process::exit` and `abort` run none of it; [`exit`](exit()) is the one
//! that does.
//!
//! ```
//! use lariat_sync::{exit, thread};
//!
//! exit::run(|| {
//!     exit::at_exit(|| println!("all done"));
//!     // Nobody joins it, and its line still comes before that one.
//!     thread::Builder::new().daemon(false).spawn(|| println!("working"))?;
//!     Ok::<(), std::io::Error>(())
//! })?;
//! # Ok::<(), std::io::Error>(())
//! ```

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use crate::executor::caught;
use crate::thread::{self, Identity};

type Work = Box<dyn FnOnce() + Send>;

static HANDLERS: Mutex<Handlers> = Mutex::new(Handlers {
    next: 0,
    all: Vec::new(),
});

/// The thread that ends the process.
static EXITING: OnceLock<Identity> = OnceLock::new();

struct Handlers {
    next: u64,
    all: Vec<(u64, Work)>,
}

/// A handler that was registered, to be [cancelled](Self::cancel). Dropping it changes nothing.
#[derive(Debug)]
pub struct ExitHandler(u64);

impl ExitHandler {
    /// Takes the handler out. False if it has run already.
    pub fn cancel(self) -> bool {
        let mut handlers = handlers();
        let place = handlers
            .all
            .iter()
            .position(|(number, _)| *number == self.0);
        let work = place.map(|place| handlers.all.remove(place));
        // What it captured may do anything when it is dropped.
        drop(handlers);
        work.is_some()
    }
}

/// Registers what is to be done once at the end. A handler may register another, which then
/// runs next. One that panics ends nothing but itself.
pub fn at_exit(work: impl FnOnce() + Send + 'static) -> ExitHandler {
    let mut handlers = handlers();
    handlers.next += 1;
    let number = handlers.next;
    handlers.all.push((number, Box::new(work)));
    ExitHandler(number)
}

/// Does what `main` is to do, then waits for all threads that are no daemons, and runs the
/// handlers; also when `main` panics.
pub fn run<R>(main: impl FnOnce() -> R) -> R {
    thread::enter_main();
    let _end = End;
    main()
}

/// Ends the process with a code, after what [`run`] does at the end.
///
/// Of several threads that call it, the first ends the process, and the others come no further: nobody
/// waits for them.
pub fn exit(code: i32) -> ! {
    let own = thread::current();
    // A handler may call it too, in the thread that came first.
    if EXITING.get_or_init(|| own.clone()) != &own {
        thread::wait_for_the_end();
    }
    drop(End);
    std::process::exit(code)
}

struct End;

impl Drop for End {
    fn drop(&mut self) {
        thread::wait_for_others();
        run_handlers();
    }
}

/// Each is taken out before it runs, so none runs twice, whoever else calls this.
pub(crate) fn run_handlers() {
    loop {
        let Some((_, work)) = handlers().all.pop() else {
            return;
        };
        // The panic hook has printed it.
        let _ = caught(work);
    }
}

fn handlers() -> MutexGuard<'static, Handlers> {
    HANDLERS.lock().unwrap_or_else(PoisonError::into_inner)
}

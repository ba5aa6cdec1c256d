//! The line that a person types while other text comes in: prompt, editing, history, completion.
//!
//! A command opens a [`LineEditor`], takes what was typed from [`next`](LineEditor::next), and shows
//! what comes in by a [`Printer`], which any task or thread may have: it appears above the line
//! that is being typed, which stays as it is. Between lines nothing waits: the prompt is back at once,
//! and who types faster than lines are taken is held up after some.
//!
//! Where standard input or output is no terminal, or one that cannot move its cursor, lines are
//! read and written as they are, without prompt, history or completion, by the same calls.
//!
//! ```text
//! let settings = Settings { prompt: "> ".into(), maximum: 1024, ..Settings::default() };
//! let mut editor = LineEditor::open(settings)?;
//! let printer = editor.printer();
//! loop {
//!     tokio::select! {
//!         typed = editor.next() => match typed? {
//!             Typed::Line(line) => connection.send(&line).await?,
//!             Typed::Interrupted | Typed::End => break,
//!         },
//!         text = connection.receive() => printer.print(text?).await?,
//!     }
//! }
//! editor.close().await
//! ```
//!
//! It does not read or write sockets, and knows no command's language.

mod history;
mod plain;
mod platform;
mod printer;
mod stage;
mod typing;

use std::future::Future;
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc, oneshot};

use crate::failure::Failure;
pub use printer::Printer;
use stage::Stage;

/// How many lines may wait to be taken; who types or pastes more waits as well.
const WAITING_LINES: usize = 64;

/// How long the end waits for the editor: longer than its thread may have to wait for a core, since what was not shown then
/// never is. While it asks whether to show more completions, or searches its history, only the keyboard is heard, and
/// the next key ends it.
const CLOSING: Duration = Duration::from_secs(5);

/// What a line is typed with.
pub struct Settings {
    /// What stands before the line.
    pub prompt: String,
    /// The longest line, in bytes without its end. A longer one is not taken while it is typed, and
    /// ends the reading of a pipe.
    pub maximum: usize,
    /// The file that lines are remembered in, for this user alone; none, and they are remembered
    /// until the end of the command. A line that begins with a space is never remembered.
    pub history: Option<PathBuf>,
    /// Says of which other lines that holds, since a password is in them.
    pub is_secret: fn(&str) -> bool,
    /// Says what a word that was begun could be.
    pub complete: Complete,
}

/// Given the line up to the cursor, says what could stand there. It is called on the editor's
/// thread when the tabulator key is pressed, so it answers from memory.
pub type Complete = Box<dyn Fn(&str) -> Completion + Send>;

/// What could stand where a word was begun.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// Where the word begins, in bytes of the line.
    pub start: usize,
    /// What could stand in its place, whole words each.
    pub words: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            prompt: "> ".into(),
            maximum: 4096,
            history: None,
            is_secret: |_| false,
            complete: Box::new(|_| Completion::default()),
        }
    }
}

/// What a person did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    /// A line, without its end. Typed ones are UTF-8; those of a pipe are what they are.
    Line(Vec<u8>),
    /// ^C at the prompt, which then is empty again. Without a terminal it is a signal
    /// instead ([`crate::signals`]).
    Interrupted,
    /// ^D on an empty line, or the end of a pipe. Nothing comes behind it.
    End,
}

/// The line that is being typed.
pub struct LineEditor {
    lines: mpsc::Receiver<Result<Typed, Failure>>,
    interrupts: Arc<Notify>,
    printer: Printer,
    stage: Arc<Stage>,
    /// Told when everything has been shown.
    shown: Option<oneshot::Receiver<()>>,
    /// How the terminal was, if it is edited on.
    modes: Option<platform::Modes>,
}

impl LineEditor {
    /// Begins to read lines, on a thread of its own.
    ///
    /// # Errors
    ///
    /// When the system gives no threads, or no terminal where there is one.
    pub fn open(settings: Settings) -> Result<Self, Failure> {
        let (sender, lines) = mpsc::channel(WAITING_LINES);
        let interrupts = Arc::new(Notify::new());
        let on_terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
        let modes = on_terminal.then(platform::Modes::of_standard_input);
        let stage = Arc::new(Stage::new(settings.prompt.clone()));
        let screen = match on_terminal {
            true => typing::start(settings, &stage, sender, &interrupts)?,
            false => {
                plain::start(settings.maximum, &stage, sender)?;
                None
            }
        };
        let edited = screen.is_some();
        let (printer, shown) = Printer::start(&stage, screen)?;
        Ok(LineEditor {
            lines,
            interrupts,
            printer,
            stage,
            shown: Some(shown),
            modes: modes.flatten().filter(|_| edited),
        })
    }

    /// Whether a person types at a prompt, rather than a program into a pipe.
    pub fn is_interactive(&self) -> bool {
        self.modes.is_some()
    }

    /// What is typed next. May be dropped and called again without losing anything.
    ///
    /// # Errors
    ///
    /// When standard input cannot be read, or a line of a pipe is longer than the maximum.
    pub async fn next(&mut self) -> Result<Typed, Failure> {
        match self.lines.recv().await {
            Some(typed) => typed,
            None => Ok(Typed::End),
        }
    }

    /// Waits for ^C, also for one that stands behind lines that have not been taken: for a command that
    /// works on a line and is to be broken off.
    pub fn interrupted(&self) -> impl Future<Output = ()> + use<> {
        let interrupts = Arc::clone(&self.interrupts);
        async move { interrupts.notified().await }
    }

    /// What shows text above the line; as many as there are tasks that need one.
    pub fn printer(&self) -> Printer {
        self.printer.clone()
    }

    /// Ends: waits until everything is shown, takes the prompt away (a line that was begun stays to
    /// be seen) and leaves the terminal as it was. The same happens when the editor is dropped, but
    /// that does not wait for the reader of a pipe.
    ///
    /// # Errors
    ///
    /// When standard output could not be written.
    pub async fn close(mut self) -> Result<(), Failure> {
        self.lines.close();
        let closing = async {
            self.printer.close().await;
            if let Some(shown) = &mut self.shown {
                // An end without a word is one too.
                let _ = shown.await;
            }
        };
        match self.modes {
            Some(_) => drop(tokio::time::timeout(CLOSING, closing).await),
            None => closing.await,
        }
        self.shown = None;
        self.printer.outcome()
    }

    /// Leaves the terminal as it was, whatever the editor does.
    fn restore(&self) {
        if let Some(modes) = &self.modes
            && !self.stage.has_ended()
        {
            modes.restore();
        }
    }
}

impl Drop for LineEditor {
    fn drop(&mut self) {
        if self.shown.is_some() {
            self.lines.close();
            self.printer.close_now();
            self.stage.wait_for_end(CLOSING);
        }
        self.restore();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::thread;

    use rustyline::ExternalPrinter;

    use super::*;
    use crate::line_editor::stage::Scene;

    /// An editor that gets no core for a second, and then shows what it was given and ends.
    struct Late {
        stage: Arc<Stage>,
        shown: Arc<Mutex<Vec<String>>>,
    }

    impl ExternalPrinter for Late {
        fn print(&mut self, text: String) -> rustyline::Result<()> {
            let mut shown = self.shown.lock().expect("no panic");
            if shown.is_empty() {
                thread::sleep(Duration::from_secs(1));
                shown.push(text);
            } else {
                self.stage.set(Scene::Ended);
            }
            Ok(())
        }
    }

    #[tokio::test]
    async fn the_last_words_are_shown_however_late_the_editor_is() {
        let stage = Arc::new(Stage::new("> ".into()));
        stage.set(Scene::Editing);
        let shown = Arc::default();
        let late = Late {
            stage: Arc::clone(&stage),
            shown: Arc::clone(&shown),
        };
        let (printer, is_shown) = Printer::start(&stage, Some(Box::new(late))).expect("started");
        let editor = LineEditor {
            lines: mpsc::channel(1).1,
            interrupts: Arc::default(),
            printer: printer.clone(),
            stage: Arc::clone(&stage),
            shown: Some(is_shown),
            modes: None,
        };
        printer.print("goodbye").await.expect("taken");
        drop(editor);
        assert!(stage.has_ended());
        assert_eq!(*shown.lock().expect("no panic"), ["goodbye\n"]);
    }
}

//! The thread that edits lines on a terminal, by rustyline.

use std::borrow::Cow;
use std::io::Write;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::thread;

use rustyline::completion::Completer;
use rustyline::config::{ColorMode, CompletionType, Config};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::MemHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Editor, ExternalPrinter, Helper};
use tokio::sync::{Notify, mpsc};

use super::history::{self, History};
use super::stage::{Left, Scene, Stage};
use super::{Complete, Settings, Typed};
use crate::failure::Failure;

/// What shows text above the line that is edited.
pub type Screen = Box<dyn ExternalPrinter + Send>;

/// How many completions are listed without asking.
const LISTED_COMPLETIONS: usize = 100;

/// Starts it. Returns what shows text above the line, or nothing if the terminal cannot; then lines
/// are read and written as they are.
///
/// # Errors
///
/// When the terminal cannot be used, or the system gives no thread.
pub fn start(
    settings: Settings,
    stage: &Arc<Stage>,
    lines: mpsc::Sender<Result<Typed, Failure>>,
    interrupts: &Arc<Notify>,
) -> Result<Option<Screen>, Failure> {
    let config = Config::builder()
        .completion_type(CompletionType::List)
        // Otherwise the second press is waited for, and nothing is shown meanwhile.
        .completion_show_all_if_ambiguous(true)
        .completion_prompt_limit(LISTED_COMPLETIONS)
        // Painting is heard of by the highlighter, which exists only where there is colour.
        .color_mode(ColorMode::Forced)
        // A line pasted is a line typed.
        .bracketed_paste(false)
        .history_ignore_space(true)
        .max_history_size(history::LONGEST)
        .map_err(cannot_edit)?
        .build();
    let memory = MemHistory::with_config(&config);
    let mut editor = Editor::with_history(config, memory).map_err(cannot_edit)?;
    let Ok(screen) = editor.create_external_printer() else {
        super::plain::start(settings.maximum, stage, lines)?;
        return Ok(None);
    };
    let history = settings.history.map(History::open);
    for line in history.iter().flat_map(History::lines) {
        // It is in the file already, wherever else it cannot be kept.
        let _ = editor.add_history_entry(line);
    }
    editor.set_helper(Some(Hooks {
        stage: Arc::clone(stage),
        complete: settings.complete,
        maximum: settings.maximum,
    }));
    let typing = Typing {
        editor,
        history,
        is_secret: settings.is_secret,
        stage: Arc::clone(stage),
        lines,
        interrupts: Arc::clone(interrupts),
    };
    thread::Builder::new()
        .name("typing".into())
        .spawn(|| typing.run())?;
    Ok(Some(Box::new(screen)))
}

fn cannot_edit(error: ReadlineError) -> Failure {
    Failure::new(format!("cannot use the terminal: {error}"))
}

struct Typing {
    editor: Editor<Hooks, MemHistory>,
    history: Option<History>,
    is_secret: fn(&str) -> bool,
    stage: Arc<Stage>,
    lines: mpsc::Sender<Result<Typed, Failure>>,
    interrupts: Arc<Notify>,
}

impl Typing {
    fn run(mut self) {
        let mut begun = Left::default();
        while let Some(prompt) = self.stage.begin() {
            let initial = (begun.before.as_str(), begun.behind.as_str());
            let reading = || self.editor.readline_with_initial(&prompt, initial);
            let read = match panic::catch_unwind(AssertUnwindSafe(reading)) {
                Ok(read) => read,
                Err(cause) => match cause.downcast::<Left>() {
                    Ok(left) => {
                        begun = *left;
                        continue;
                    }
                    Err(cause) => {
                        self.stage.set(Scene::Ended);
                        panic::resume_unwind(cause);
                    }
                },
            };
            begun = Left::default();
            if !self.hand_over(read) {
                break;
            }
        }
        self.leave_behind(&begun);
        // Whoever waits for the terminal may have it when all of the editor is gone.
        let stage = Arc::clone(&self.stage);
        drop(self);
        stage.set(Scene::Ended);
    }

    /// Gives away what was read. Returns whether more is to be.
    fn hand_over(&mut self, read: Result<String, ReadlineError>) -> bool {
        let typed = match read {
            Ok(line) => {
                self.remember(&line);
                Ok(Typed::Line(line.into_bytes()))
            }
            Err(ReadlineError::Interrupted) => {
                self.interrupts.notify_one();
                Ok(Typed::Interrupted)
            }
            Err(ReadlineError::Eof) => Ok(Typed::End),
            Err(error) => Err(Failure::new(format!("cannot read the terminal: {error}"))),
        };
        let more = matches!(typed, Ok(Typed::Line(_) | Typed::Interrupted));
        match self.lines.try_send(typed) {
            Ok(()) => more,
            Err(mpsc::error::TrySendError::Closed(_)) => false,
            Err(mpsc::error::TrySendError::Full(typed)) => {
                // It may take long, and what comes in is shown meanwhile.
                self.stage.set(Scene::Free);
                let taken = self.lines.blocking_send(typed);
                taken.is_ok() && more
            }
        }
    }

    fn remember(&mut self, line: &str) {
        if (self.is_secret)(line) {
            return;
        }
        // Whether it could is for nobody to act on: history is a convenience.
        if let Ok(true) = self.editor.add_history_entry(line)
            && let Some(history) = &mut self.history
        {
            history.add(line);
        }
    }

    /// What was typed of a line that was not finished stays to be seen.
    fn leave_behind(&self, begun: &Left) {
        let Left { before, behind } = begun;
        if before.is_empty() && behind.is_empty() {
            return;
        }
        let line = format!("{}{before}{behind}\n", self.stage.prompt());
        let mut output = std::io::stdout().lock();
        // Nobody may be there to see it.
        let _ = output.write_all(line.as_bytes());
        let _ = output.flush();
    }
}

/// What rustyline asks while a line is edited.
struct Hooks {
    stage: Arc<Stage>,
    complete: Complete,
    maximum: usize,
}

impl Helper for Hooks {}

impl Hinter for Hooks {
    type Hint = String;
}

impl Highlighter for Hooks {
    fn highlight<'l>(&self, line: &'l str, cursor: usize) -> Cow<'l, str> {
        self.stage.painted(line, cursor);
        Cow::Borrowed(line)
    }
}

impl Completer for Hooks {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        cursor: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        let completion = (self.complete)(&line[..cursor]);
        Ok((completion.start.min(cursor), completion.words))
    }
}

impl Validator for Hooks {
    fn validate(&self, line: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let (length, maximum) = (line.input().len(), self.maximum);
        if length > maximum {
            let message = format!("   [{length} bytes; a line has {maximum} at most]");
            return Ok(ValidationResult::Invalid(Some(message)));
        }
        self.stage.set(Scene::Accepted);
        Ok(ValidationResult::Valid(None))
    }
}

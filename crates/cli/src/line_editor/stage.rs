//! What the thread that reads the keyboard and the one that shows text know of each other.
//!
//! rustyline shows text above the line only while it edits one, and what it was given just before a
//! line ended, it shows above the next. So text waits until a line is edited, and keeps its order; and
//! so that nothing is lost at the end, the editor is left only when it has taken everything.

use std::panic;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What is happening on the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scene {
    /// A line is about to be edited.
    Opening,
    /// A line is edited: text is shown by the editor.
    Editing,
    /// A line was accepted, and the editor tidies up.
    Accepted,
    /// Nothing is edited, now or ever: text is written as it is.
    Free,
    /// The same, and nothing is read either.
    Ended,
}

/// Why a line is left that is not finished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leave {
    /// The command ends.
    Close,
    /// There is another prompt for it.
    Prompt(String),
}

/// The line that was left, in two parts: before the cursor, and from there on.
#[derive(Debug, Default)]
pub struct Left {
    pub before: String,
    pub behind: String,
}

struct State {
    scene: Scene,
    leave: Option<Leave>,
    prompt: String,
    all_shown: bool,
}

/// What both threads know.
pub struct Stage {
    state: Mutex<State>,
    changed: Condvar,
}

impl Stage {
    /// Before the first line.
    pub fn new(prompt: String) -> Self {
        Stage {
            state: Mutex::new(State {
                scene: Scene::Opening,
                leave: None,
                prompt,
                all_shown: false,
            }),
            changed: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the scene.
    pub fn set(&self, scene: Scene) {
        self.lock().scene = scene;
        self.changed.notify_all();
    }

    /// A line is to be edited: its prompt, or nothing if the command ends.
    pub fn begin(&self) -> Option<String> {
        let mut state = self.lock();
        match state.leave.take() {
            Some(Leave::Close) => return None,
            Some(Leave::Prompt(prompt)) => state.prompt = prompt,
            None => {}
        }
        state.scene = Scene::Opening;
        Some(state.prompt.clone())
    }

    /// The prompt that stands there now.
    pub fn prompt(&self) -> String {
        self.lock().prompt.clone()
    }

    /// The editor paints the line. If it is to be left, this does so by unwinding through the editor
    /// to [`Left`], because rustyline has no other way out of a line but the keyboard; what it set up
    /// it takes down by its destructors.
    pub fn painted(&self, line: &str, cursor: usize) {
        let mut state = self.lock();
        match state.scene {
            Scene::Opening => state.scene = Scene::Editing,
            Scene::Editing => {}
            Scene::Accepted | Scene::Free | Scene::Ended => return,
        }
        self.changed.notify_all();
        if state.leave.is_some() {
            state.scene = Scene::Opening;
            drop(state);
            let (before, behind) = line.split_at(cursor);
            let (before, behind) = (before.to_string(), behind.to_string());
            panic::resume_unwind(Box::new(Left { before, behind }));
        }
    }

    /// Waits until text can be shown: true, by the editor; false, when `write` has written it.
    pub fn show(&self, write: impl FnOnce()) -> bool {
        let state = self.lock();
        let waits = |state: &mut State| matches!(state.scene, Scene::Opening | Scene::Accepted);
        let state = self.changed.wait_while(state, waits);
        let state = state.unwrap_or_else(PoisonError::into_inner);
        if state.scene == Scene::Editing {
            return true;
        }
        // The lock is held, so no line begins meanwhile.
        write();
        false
    }

    /// Asks for the line to be left when it is next painted. Returns whether one is edited.
    pub fn leave(&self, leave: Leave) -> bool {
        let mut state = self.lock();
        state.leave = Some(leave);
        state.scene == Scene::Editing
    }

    /// Whether a line is edited now.
    pub fn is_editing(&self) -> bool {
        self.lock().scene == Scene::Editing
    }

    /// Whether nothing is edited any more.
    pub fn has_ended(&self) -> bool {
        self.lock().scene == Scene::Ended
    }

    /// Everything has been shown that was to be.
    pub fn all_shown(&self) {
        self.lock().all_shown = true;
        self.changed.notify_all();
    }

    /// Waits until the editor has ended, unless it never edited, for at most so long.
    pub fn wait_for_editor(&self, longest: Duration) {
        let edits = |state: &mut State| !matches!(state.scene, Scene::Free | Scene::Ended);
        drop(self.changed.wait_timeout_while(self.lock(), longest, edits));
    }

    /// Waits until everything has been shown, for at most so long.
    pub fn wait_for_end(&self, longest: Duration) {
        let shows = |state: &mut State| !state.all_shown;
        drop(self.changed.wait_timeout_while(self.lock(), longest, shows));
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    fn painted(stage: &Stage, line: &str, cursor: usize) -> Option<(String, String)> {
        let painting = AssertUnwindSafe(|| stage.painted(line, cursor));
        let left = catch_unwind(painting).err()?.downcast::<Left>();
        let left = left.expect("the line that was left");
        Some((left.before, left.behind))
    }

    #[test]
    fn a_line_is_left_while_it_is_edited_and_with_all_that_was_typed() {
        let stage = Stage::new("> ".into());
        assert_eq!(stage.begin().as_deref(), Some("> "));
        assert_eq!(painted(&stage, "", 0), None);
        assert!(stage.leave(Leave::Prompt("# ".into())));
        assert_eq!(painted(&stage, "über", 2), Some(("ü".into(), "ber".into())));
        assert_eq!(stage.begin().as_deref(), Some("# "));
        assert_eq!(painted(&stage, "über", 2), None);
    }

    #[test]
    fn an_accepted_line_is_not_left() {
        let stage = Stage::new("> ".into());
        stage.begin();
        painted(&stage, "a", 1);
        stage.set(Scene::Accepted);
        assert!(!stage.leave(Leave::Close));
        assert_eq!(painted(&stage, "a", 1), None);
        assert_eq!(stage.begin(), None);
    }

    #[test]
    fn text_is_shown_by_the_editor_or_written_where_there_is_none() {
        let stage = Stage::new("> ".into());
        painted(&stage, "", 0);
        assert!(stage.show(|| panic!("it is edited")));
        stage.set(Scene::Free);
        let mut written = false;
        assert!(!stage.show(|| written = true));
        assert!(written);
    }
}

//! What is written in the reader: a draft comes from the editor, is looked at, and posted by a key of its own.

use ratatui::crossterm::event::KeyCode;

use super::messages::{Edited, Request, Wish};
use super::model::{Model, Screen};
use super::reading::{Kind, wrapped};
use crate::commands::news::draft;

/// An article that is to be posted.
#[derive(Clone, Debug)]
pub struct Draft {
    pub text: String,
    /// Its lines as they are shown.
    pub lines: Vec<(Kind, String)>,
    pub top: usize,
    is_sent: bool,
    /// Its name, once it was sent: the same each time, so that a server takes it once.
    id: Option<String>,
}

impl Draft {
    /// Lays its lines out anew, for another width.
    pub fn lay_out(&mut self, width: usize) {
        let lines = self.text.lines().flat_map(|line| wrapped(line, width));
        self.lines = lines.map(|line| (Kind::Text, line)).collect();
        self.top = 0;
    }

    /// It was sent, and not taken.
    pub fn take_back(&mut self) {
        self.is_sent = false;
    }
}

impl Model {
    /// A key, while a draft is looked at.
    pub(super) fn in_draft(&mut self, key: KeyCode) -> Vec<Wish> {
        let page = self.page();
        let Some(draft) = &mut self.draft else {
            self.screen = self.behind;
            return Vec::new();
        };
        if draft.is_sent {
            return self.remark("it is on its way; ^C ends without waiting");
        }
        match key {
            KeyCode::Char('y') => self.post(),
            KeyCode::Char('e') => vec![Wish::Edit(draft.text.clone())],
            KeyCode::Char('d') => {
                self.leave_draft("thrown away");
                vec![Wish::Forget]
            }
            KeyCode::Down | KeyCode::PageDown | KeyCode::Char('j' | ' ') => {
                let step = if matches!(key, KeyCode::Down | KeyCode::Char('j')) {
                    1
                } else {
                    page
                };
                draft.top = (draft.top + step).min(draft.lines.len().saturating_sub(page));
                Vec::new()
            }
            KeyCode::Up | KeyCode::PageUp | KeyCode::Char('k' | 'b') => {
                let step = if matches!(key, KeyCode::Up | KeyCode::Char('k')) {
                    1
                } else {
                    page
                };
                draft.top = draft.top.saturating_sub(step);
                Vec::new()
            }
            _ => self.remark("y posts it, e edits it again, d throws it away"),
        }
    }

    /// Asks the server to take the draft, by a name that it keeps: whoever posts it again posts the same.
    fn post(&mut self) -> Vec<Wish> {
        let width = self.width();
        let Some(draft) = &mut self.draft else {
            return Vec::new();
        };
        let id = draft.id.clone();
        let id = id.unwrap_or_else(|| draft::message_id(&draft.text));
        let named = draft::with_id(&draft.text, &id);
        let article = match draft::article(named.as_bytes()) {
            Ok(article) => article,
            Err(why) => return self.remark(&format!("not posted: {why}; e edits it")),
        };
        draft.is_sent = true;
        draft.id = Some(id);
        let mut wishes = Vec::new();
        if named != draft.text {
            draft.text.clone_from(&named);
            draft.lay_out(width);
            wishes.push(Wish::Keep(named));
        }
        wishes.push(self.ask(Request::Post(article)));
        wishes
    }

    /// Has an article of a person's own written.
    pub(super) fn write(&mut self, group: &str) -> Vec<Wish> {
        vec![Wish::Edit(draft::new(&self.reader.from, group))]
    }

    /// The editor has ended.
    pub(super) fn edited(&mut self, edited: Edited) -> Vec<Wish> {
        match edited {
            Edited::Changed(text) => {
                let mut draft = Draft {
                    text,
                    lines: Vec::new(),
                    top: 0,
                    is_sent: false,
                    id: self.draft.take().and_then(|draft| draft.id),
                };
                draft.lay_out(self.width());
                self.draft = Some(draft);
                if self.screen != Screen::Draft {
                    self.behind = self.screen;
                }
                self.screen = Screen::Draft;
                Vec::new()
            }
            Edited::Same if self.draft.is_some() => Vec::new(),
            Edited::Same => {
                self.note = Some("nothing was written".into());
                vec![Wish::Forget]
            }
            Edited::Failed(why) => self.remark(&why),
        }
    }

    /// Goes back from a draft that is no more.
    pub(super) fn leave_draft(&mut self, words: &str) {
        self.draft = None;
        match self.screen {
            Screen::Help => self.under_help = self.behind,
            _ => self.screen = self.behind,
        }
        self.note = Some(words.to_owned());
    }
}

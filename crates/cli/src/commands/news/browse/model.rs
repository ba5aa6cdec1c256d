//! What the reader shows: a plain state that is told of keys and answers, and says what it wants done.
//!
//! It opens, asks and draws nothing itself, and so is tested with keys alone. Whatever it wants to know it asks for
//! and goes on; an answer that nobody waits for any more changes nothing.

use jiff::tz::TimeZone;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::groups::Groups;
use super::listed::Listed;
use super::messages::{Answer, Edited, Input, Request, Wish};
use super::reading::{Kind, Reading, wrapped};
use crate::commands::news::draft;

/// Rows of the screen that are not the list or the text: the title, and the line for what happens.
const FRAME: u16 = 2;

/// What is on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Screen {
    Groups,
    Threads,
    Article,
    Draft,
    Help,
}

/// Who reads, and where.
#[derive(Clone, Debug)]
pub struct Reader {
    /// What the server is called.
    pub server: String,
    /// What stands behind `From:` in drafts; may be empty.
    pub from: String,
    /// In which zone times are shown.
    pub zone: TimeZone,
}

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

/// The whole state.
#[derive(Clone, Debug)]
pub struct Model {
    pub reader: Reader,
    pub screen: Screen,
    pub groups: Groups,
    pub listed: Option<Listed>,
    pub reading: Option<Reading>,
    pub draft: Option<Draft>,
    /// What happened last, in a line.
    pub note: Option<String>,
    /// What is typed after `/`.
    pub typed: Option<String>,
    /// What the server was asked, and is asked for still.
    waiting: Option<(u64, Request)>,
    /// Where to go back to.
    behind: Screen,
    size: (u16, u16),
    asked: u64,
}

impl Model {
    /// A reader that begins with a group, or with the list of all, on a terminal of so many columns and rows.
    pub fn new(reader: Reader, group: Option<String>, size: (u16, u16)) -> (Self, Vec<Wish>) {
        let mut model = Model {
            reader,
            screen: Screen::Groups,
            groups: Groups::default(),
            listed: None,
            reading: None,
            draft: None,
            note: None,
            typed: None,
            waiting: None,
            behind: Screen::Groups,
            size,
            asked: 0,
        };
        let wish = match group {
            Some(group) => model.ask(Request::Headers {
                group,
                before: None,
            }),
            None => model.ask(Request::Groups),
        };
        (model, vec![wish])
    }

    /// Takes in what happened.
    pub fn update(&mut self, input: Input) -> Vec<Wish> {
        match input {
            Input::Key(key) if key.kind != KeyEventKind::Release => self.pressed(key),
            Input::Key(_) => Vec::new(),
            Input::Resized(columns, rows) => {
                self.resized((columns, rows));
                Vec::new()
            }
            Input::Heard(number, answer) => self.heard(number, answer),
            Input::Edited(edited) => self.edited(edited),
        }
    }

    /// How many lines of a list or text are seen.
    pub fn page(&self) -> usize {
        usize::from(self.size.1.saturating_sub(FRAME)).max(1)
    }

    /// What is being waited for, in words.
    pub fn waits_for(&self) -> Option<String> {
        let (_, request) = self.waiting.as_ref()?;
        Some(match request {
            Request::Groups => "the groups".into(),
            Request::Headers {
                group,
                before: None,
            } => group.clone(),
            Request::Headers {
                before: Some(_), ..
            } => "older articles".into(),
            Request::Article { number, .. } => format!("article {number}"),
            Request::Post(_) => "the server to take it".into(),
        })
    }

    fn width(&self) -> usize {
        self.size.0.into()
    }

    fn ask(&mut self, request: Request) -> Wish {
        self.asked += 1;
        self.waiting = Some((self.asked, request.clone()));
        Wish::Ask(self.asked, request)
    }

    fn resized(&mut self, size: (u16, u16)) {
        self.size = size;
        let (page, width) = (self.page(), self.width());
        let count = self.groups.count();
        self.groups.cursor.keep(count, page);
        if let Some(listed) = &mut self.listed {
            listed.cursor.keep(listed.rows.len(), page);
        }
        if let Some(reading) = &mut self.reading {
            reading.resize(width);
        }
        if let Some(draft) = &mut self.draft {
            draft.lay_out(width);
        }
    }

    fn pressed(&mut self, key: KeyEvent) -> Vec<Wish> {
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            return match key.code {
                KeyCode::Char('c') => vec![Wish::Quit],
                KeyCode::Char('l') => vec![Wish::Redraw],
                _ => Vec::new(),
            };
        }
        self.note = None;
        if let Some(typed) = self.typed.take() {
            self.type_in(typed, key.code);
            return Vec::new();
        }
        if key.code == KeyCode::Char('?') && self.screen != Screen::Help {
            self.behind = self.screen;
            self.screen = Screen::Help;
            return Vec::new();
        }
        match self.screen {
            Screen::Groups => self.in_groups(key.code),
            Screen::Threads => self.in_threads(key.code),
            Screen::Article => self.in_article(key.code),
            Screen::Draft => self.in_draft(key.code),
            Screen::Help => {
                self.screen = self.behind;
                Vec::new()
            }
        }
    }

    /// Letters that are typed after `/`.
    fn type_in(&mut self, mut typed: String, key: KeyCode) {
        match key {
            KeyCode::Enter => return,
            KeyCode::Esc => typed.clear(),
            KeyCode::Backspace => drop(typed.pop()),
            KeyCode::Char(letter) => typed.push(letter),
            _ => {}
        }
        let page = self.page();
        self.groups.set_filter(typed.clone(), page);
        self.typed = (key != KeyCode::Esc).then_some(typed);
    }

    fn in_groups(&mut self, key: KeyCode) -> Vec<Wish> {
        let (count, page) = (self.groups.count(), self.page());
        let chosen = self.groups.chosen().map(|group| group.name.clone());
        match (key, chosen) {
            (KeyCode::Char('/'), _) => self.typed = Some(self.groups.filter().to_owned()),
            (KeyCode::Esc, _) if !self.groups.filter().is_empty() => {
                self.groups.set_filter(String::new(), page);
            }
            (KeyCode::Char('q') | KeyCode::Esc, _) => return vec![Wish::Quit],
            (KeyCode::Char('u'), _) => return vec![self.ask(Request::Groups)],
            (KeyCode::Enter | KeyCode::Right | KeyCode::Char('l' | ' '), Some(group)) => {
                return vec![self.ask(Request::Headers {
                    group,
                    before: None,
                })];
            }
            (KeyCode::Char('w'), Some(group)) => return self.write(&group),
            _ => drop(self.groups.cursor.moved(key, count, page)),
        }
        Vec::new()
    }

    fn in_threads(&mut self, key: KeyCode) -> Vec<Wish> {
        let page = self.page();
        let Some(listed) = &mut self.listed else {
            return self.show_groups();
        };
        let group = listed.group.clone();
        match key {
            KeyCode::Char('q' | 'h') | KeyCode::Esc | KeyCode::Left | KeyCode::Backspace => {
                return self.show_groups();
            }
            KeyCode::Enter | KeyCode::Right | KeyCode::Char('l' | ' ') => {
                let row = listed.cursor.at;
                return self.open(row);
            }
            KeyCode::Char('n') => match listed.next_unread(listed.cursor.at) {
                Some(row) => {
                    listed.cursor.at = row;
                    listed.cursor.keep(listed.rows.len(), page);
                }
                None => self.note = Some("all below has been read".into()),
            },
            KeyCode::Char('m') => match listed.older_before() {
                Some(before) => {
                    return vec![self.ask(Request::Headers {
                        group,
                        before: Some(before),
                    })];
                }
                None => self.note = Some("there are no older articles".into()),
            },
            KeyCode::Char('u') => {
                return vec![self.ask(Request::Headers {
                    group,
                    before: None,
                })];
            }
            KeyCode::Char('w') => return self.write(&group),
            _ => drop(listed.cursor.moved(key, listed.rows.len(), page)),
        }
        Vec::new()
    }

    fn in_article(&mut self, key: KeyCode) -> Vec<Wish> {
        let page = self.page();
        let (Some(reading), Some(listed)) = (&mut self.reading, &self.listed) else {
            self.screen = Screen::Threads;
            return Vec::new();
        };
        let (row, group) = (listed.cursor.at, listed.group.clone());
        match key {
            KeyCode::Char('q') | KeyCode::Esc | KeyCode::Left | KeyCode::Backspace => {
                self.waiting = None;
                self.screen = Screen::Threads;
                Vec::new()
            }
            KeyCode::Char(' ') if reading.is_at_end(page) => self.open(row + 1),
            KeyCode::Char('n') | KeyCode::Right => self.open(row + 1),
            KeyCode::Char('p') => match row {
                0 => self.remark("this is the first article"),
                row => self.open(row - 1),
            },
            KeyCode::Char('h') => {
                reading.turn_headers();
                Vec::new()
            }
            KeyCode::Char('w') => self.write(&group),
            KeyCode::Char('r' | 'f') => {
                match draft::answer(&self.reader.from, &group, &reading.message) {
                    Ok(text) => vec![Wish::Edit(text)],
                    Err(why) => self.remark(&why),
                }
            }
            key => {
                reading.moved(key, page);
                Vec::new()
            }
        }
    }

    fn in_draft(&mut self, key: KeyCode) -> Vec<Wish> {
        let page = self.page();
        let Some(draft) = &mut self.draft else {
            self.screen = self.behind;
            return Vec::new();
        };
        if draft.is_sent {
            return self.remark("it is on its way; ^C ends without waiting");
        }
        match key {
            KeyCode::Char('y') => match draft::article(draft.text.as_bytes()) {
                Ok(article) => {
                    draft.is_sent = true;
                    let id = draft
                        .id
                        .get_or_insert_with(|| draft::message_id(&draft.text));
                    let article = draft::with_id(article, id);
                    vec![self.ask(Request::Post(article))]
                }
                Err(why) => self.remark(&format!("not posted: {why}; e edits it")),
            },
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

    fn remark(&mut self, words: &str) -> Vec<Wish> {
        self.note = Some(words.to_owned());
        Vec::new()
    }

    /// Back to the list of groups, which is asked for if it is not known.
    fn show_groups(&mut self) -> Vec<Wish> {
        self.screen = Screen::Groups;
        self.waiting = None;
        match self.groups.is_known {
            true => Vec::new(),
            false => vec![self.ask(Request::Groups)],
        }
    }

    /// Asks for the article of a row, which is shown when it has come.
    fn open(&mut self, row: usize) -> Vec<Wish> {
        let Some(listed) = &self.listed else {
            return Vec::new();
        };
        match listed.at(row) {
            Some(entry) => {
                let (group, number) = (listed.group.clone(), entry.number);
                vec![self.ask(Request::Article { group, number })]
            }
            None if row == 0 => self.remark("there are no articles"),
            None => self.remark("this is the last article"),
        }
    }

    fn write(&mut self, group: &str) -> Vec<Wish> {
        vec![Wish::Edit(draft::new(&self.reader.from, group))]
    }

    fn edited(&mut self, edited: Edited) -> Vec<Wish> {
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

    fn leave_draft(&mut self, words: &str) {
        self.draft = None;
        self.screen = self.behind;
        self.note = Some(words.to_owned());
    }

    fn heard(&mut self, number: u64, answer: Answer) -> Vec<Wish> {
        if self
            .waiting
            .as_ref()
            .is_none_or(|(waited, _)| *waited != number)
        {
            return Vec::new();
        }
        let Some((_, request)) = self.waiting.take() else {
            return Vec::new();
        };
        let (page, width) = (self.page(), self.width());
        match (request, answer) {
            (request, Answer::Failed(why)) => {
                if let (Request::Post(_), Some(draft)) = (request, &mut self.draft) {
                    draft.is_sent = false;
                    return self.remark(&format!("not posted: {why}"));
                }
                return self.remark(&why);
            }
            (_, Answer::Unconfirmed(why)) => {
                if let Some(draft) = &mut self.draft {
                    draft.is_sent = false;
                }
                return self.remark(&why);
            }
            (_, Answer::Groups(groups)) => self.groups.set(groups, page),
            (Request::Headers { group, before }, Answer::Headers(headers)) => {
                match &mut self.listed {
                    Some(listed) if listed.group == group => listed.add(before, headers, page),
                    listed => *listed = Some(Listed::new(group, headers)),
                }
                self.show(Screen::Threads);
            }
            (Request::Article { number, .. }, Answer::Article(message)) => {
                if let Some(listed) = &mut self.listed {
                    listed.set_read(number);
                    listed.cursor.at = listed.row_of(number).unwrap_or(listed.cursor.at);
                    listed.cursor.keep(listed.rows.len(), page);
                }
                self.reading = Some(Reading::new(message, width));
                self.show(Screen::Article);
            }
            (_, Answer::Posted) => {
                self.leave_draft("posted; u asks the server for what is new");
                return vec![Wish::Forget];
            }
            _ => {}
        }
        Vec::new()
    }

    /// Shows a screen; behind the help, if somebody reads that.
    fn show(&mut self, screen: Screen) {
        match self.screen {
            Screen::Help | Screen::Draft => self.behind = screen,
            _ => self.screen = screen,
        }
    }
}

impl Draft {
    fn lay_out(&mut self, width: usize) {
        let lines = self.text.lines().flat_map(|line| wrapped(line, width));
        self.lines = lines.map(|line| (Kind::Text, line)).collect();
        self.top = 0;
    }
}

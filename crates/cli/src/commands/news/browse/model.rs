//! What the reader shows: a plain state that is told of keys and answers, and says what it wants done.
//!
//! It opens, asks and draws nothing itself, and so is tested with keys alone. Whatever it wants to know it asks for
//! and goes on; an answer that nobody waits for any more changes nothing.

use jiff::tz::TimeZone;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::drafting::Draft;
use super::groups::Groups;
use super::listed::{Listed, MAXIMUM_ENTRIES};
use super::messages::{Answer, Input, Request, Wish};
use super::reading::Reading;
use crate::commands::news::draft;
use crate::commands::news::newsrc::{Mark, Newsrc, Numbers};

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
    /// What has been read.
    pub newsrc: Newsrc,
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
    /// Where to go back to from a draft.
    pub(super) behind: Screen,
    /// Where to go back to from the help.
    pub(super) under_help: Screen,
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
            under_help: Screen::Groups,
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

    /// Whether an article is on its way to the server.
    pub fn is_posting(&self) -> bool {
        matches!(self.waiting, Some((_, Request::Post(_))))
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

    pub(super) fn width(&self) -> usize {
        self.size.0.into()
    }

    pub(super) fn ask(&mut self, request: Request) -> Wish {
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
            self.under_help = self.screen;
            self.screen = Screen::Help;
            return Vec::new();
        }
        match self.screen {
            Screen::Groups => self.in_groups(key.code),
            Screen::Threads => self.in_threads(key.code),
            Screen::Article => self.in_article(key.code),
            Screen::Draft => self.in_draft(key.code),
            Screen::Help => {
                self.screen = self.under_help;
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
        if key == KeyCode::Char('C') {
            let chosen = self.groups.chosen();
            let all = chosen.map(|group| (group.name.clone(), group.last));
            return all.map_or_else(Vec::new, |(group, last)| self.mark_all(&group, last));
        }
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
                None if listed.is_full() => {
                    return self.remark(&format!(
                        "no more than {MAXIMUM_ENTRIES} articles are listed; over shows older ones"
                    ));
                }
                None => self.note = Some("there are no older articles".into()),
            },
            KeyCode::Char('u') => {
                return vec![self.ask(Request::Headers {
                    group,
                    before: None,
                })];
            }
            KeyCode::Char('C') => {
                let last = listed.last();
                return self.mark_all(&group, last);
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

    pub(super) fn remark(&mut self, words: &str) -> Vec<Wish> {
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

    /// Takes that this was read, and has it remembered.
    fn mark(&mut self, mark: Mark) -> Vec<Wish> {
        if let Some(listed) = self.listed.as_mut().filter(|it| it.group == mark.group) {
            listed.set_read(&mark.numbers);
        }
        match self.reader.newsrc.add(&mark.group, &mark.numbers) {
            true => vec![Wish::Remember(mark)],
            false => Vec::new(),
        }
    }

    /// Takes all articles of a group for read.
    fn mark_all(&mut self, group: &str, last: u64) -> Vec<Wish> {
        self.note = Some(format!("all of {group} counts as read"));
        let numbers = Numbers::between(1, last);
        let group = group.to_owned();
        self.mark(Mark { group, numbers })
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
            (Request::Post(_), Answer::Failed(why) | Answer::Missing(why)) => {
                if let Some(draft) = &mut self.draft {
                    draft.take_back();
                }
                return self.remark(&format!("not posted: {why}"));
            }
            (_, Answer::Failed(why)) => return self.remark(&why),
            (request, Answer::Missing(why)) => return self.missed(&request, &why),
            (_, Answer::Unconfirmed(why)) => {
                if let Some(draft) = &mut self.draft {
                    draft.take_back();
                }
                return self.remark(&why);
            }
            (_, Answer::Groups(groups)) => self.groups.set(groups, page),
            (Request::Headers { group, before }, Answer::Headers(headers)) => {
                match &mut self.listed {
                    Some(listed) if listed.group == group => listed.add(before, headers, page),
                    listed => {
                        let read = self.reader.newsrc.read(&group).cloned();
                        *listed = Some(Listed::new(group, headers, read.unwrap_or_default()));
                    }
                }
                self.show(Screen::Threads);
            }
            (Request::Article { group, number }, Answer::Article(message)) => {
                if let Some(listed) = &mut self.listed {
                    listed.cursor.at = listed.row_of(number).unwrap_or(listed.cursor.at);
                    listed.cursor.keep(listed.rows.len(), page);
                }
                self.reading = Some(Reading::new(number, message, width));
                self.show(Screen::Article);
                return self.mark(Mark::of(&group, number));
            }
            (_, Answer::Posted) => {
                self.leave_draft(match self.behind {
                    Screen::Article => "posted; q goes to the list, where u asks for what is new",
                    _ => "posted; u asks the server for what is new",
                });
                return vec![Wish::Forget];
            }
            _ => {}
        }
        Vec::new()
    }

    /// What was asked for is not there, by the server's word.
    fn missed(&mut self, request: &Request, why: &str) -> Vec<Wish> {
        let page = self.page();
        match (request, &mut self.listed) {
            // Whoever goes on from there goes past it.
            (Request::Article { group, number }, Some(listed)) if listed.group == *group => {
                listed.cursor.at = listed.row_of(*number).unwrap_or(listed.cursor.at);
                listed.cursor.keep(listed.rows.len(), page);
            }
            // Whoever has named a group that there is not sees those that there are.
            (Request::Headers { .. }, _) if !self.groups.is_known => {
                self.remark(why);
                return vec![self.ask(Request::Groups)];
            }
            _ => {}
        }
        self.remark(why)
    }

    /// Shows a screen; behind the help or a draft, if somebody looks at that.
    fn show(&mut self, screen: Screen) {
        match (self.screen, self.under_help) {
            (Screen::Draft, _) | (Screen::Help, Screen::Draft) => self.behind = screen,
            (Screen::Help, _) => self.under_help = screen,
            _ => self.screen = screen,
        }
    }
}

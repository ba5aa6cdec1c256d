//! What the parts of the reader say to each other: keys and answers go into the model, wishes come out of it.

use ratatui::crossterm::event::KeyEvent;

use super::threads::Entry;
use crate::commands::news::message::Message;
use crate::commands::news::newsrc::Mark;

/// What the model is told.
#[derive(Clone, Debug)]
pub enum Input {
    /// A key was pressed.
    Key(KeyEvent),
    /// The terminal has so many columns and rows now.
    Resized(u16, u16),
    /// The server's answer to the wish of this number.
    Heard(u64, Answer),
    /// The editor has ended.
    Edited(Edited),
}

/// What the model wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Ask the server; a newer one makes one that has not begun needless, unless it posts.
    Ask(u64, Request),
    /// Have a person edit this draft.
    Edit(String),
    /// Keep the draft as it is sent, in its file.
    Keep(String),
    /// The draft is posted, or not wanted any more: its file can go.
    Forget,
    /// Write down what was read.
    Remember(Mark),
    /// Draw everything anew.
    Redraw,
    /// End.
    Quit,
}

/// What the server is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// All groups.
    Groups,
    /// What a group has: its newest articles, or those before a number.
    Headers { group: String, before: Option<u64> },
    /// An article of a group.
    Article { group: String, number: u64 },
    /// To take this article.
    Post(Vec<u8>),
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Groups(Vec<Group>),
    Headers(Headers),
    Article(Message),
    Posted,
    /// Why nothing came, in a line.
    Failed(String),
    /// The server's word that there is no such group or article, in a line.
    Missing(String),
    /// Why it is not known whether an article was taken, in a line.
    Unconfirmed(String),
}

/// A group as the server lists it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    pub name: String,
    /// Between which numbers its articles are, about.
    pub first: u64,
    pub last: u64,
    pub description: String,
}

/// Some articles of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers {
    pub entries: Vec<Entry>,
    /// The highest number that was asked for.
    pub last: u64,
    /// The lowest number that was asked for, if the group has older ones.
    pub older_before: Option<u64>,
}

/// How a draft came out of the editor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edited {
    Changed(String),
    /// Nothing was written.
    Same,
    /// There is no editor, or it failed.
    Failed(String),
}

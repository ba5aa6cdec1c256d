//! Remembers what is read while somebody reads on: a thread of its own writes the file.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

use crate::commands::news::newsrc::{Mark, NewsrcFile};
use crate::failure::Failure;
use crate::output::complain;

/// The thread that writes. Dropped, it writes what is left, and tells if it cannot.
#[derive(Debug, Default)]
pub struct Keeper {
    marks: Option<Sender<Mark>>,
    thread: Option<JoinHandle<Result<(), Failure>>>,
}

impl Keeper {
    /// One that writes into this file, or remembers nothing.
    pub fn begin(file: Option<NewsrcFile>) -> Self {
        let Some(file) = file else {
            return Keeper::default();
        };
        let (marks, heard) = channel();
        Keeper {
            marks: Some(marks),
            thread: Some(thread::spawn(move || keep(&file, &heard))),
        }
    }

    /// This was read.
    pub fn keep(&self, mark: Mark) {
        if let Some(marks) = &self.marks {
            // A thread that has panicked is told of at the end.
            let _ = marks.send(mark);
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.marks = None;
        let Some(thread) = self.thread.take() else {
            return;
        };
        let kept = thread.join();
        let kept = kept.unwrap_or_else(|_| Err(Failure::new("what was read is not remembered")));
        if let Some(why) = kept.as_ref().err().and_then(Failure::message) {
            complain(why);
        }
    }
}

/// Writes down what was read until nobody reads any more. What cannot be written is tried with the next, and at the end.
fn keep(file: &NewsrcFile, marks: &Receiver<Mark>) -> Result<(), Failure> {
    let mut waiting = Vec::new();
    while let Ok(mark) = marks.recv() {
        waiting.push(mark);
        waiting.extend(marks.try_iter());
        if file.add(&waiting).is_ok() {
            waiting.clear();
        }
    }
    match waiting.is_empty() {
        true => Ok(()),
        false => file.remember(&waiting),
    }
}

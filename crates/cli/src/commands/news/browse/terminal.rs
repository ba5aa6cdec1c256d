//! The terminal: given to the reader as a whole, and given back however the reader ends.

use std::io;
use std::sync::mpsc as blocking;
use std::thread;

use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{EnterAlternateScreen, enable_raw_mode};
use tokio::sync::mpsc;

use super::model::Model;
use super::view;
use crate::failure::Failure;
use crate::{log, signals};

/// The screen, while the reader has it. After a panic, too, the terminal is as it was before that is told.
pub struct Display(DefaultTerminal);

impl Display {
    /// Takes the terminal.
    pub fn begin() -> Result<Self, Failure> {
        let begun = ratatui::try_init();
        let terminal = begun.inspect_err(|_| ratatui::restore());
        let display = Display(terminal.map_err(Failure::from)?);
        // ^C is a key from here on, and in an editor the editor's.
        signals::leave_interrupts(true);
        log::hold();
        Ok(display)
    }

    /// How many columns and rows it has.
    pub fn size(&self) -> Result<(u16, u16), Failure> {
        let size = self.0.size()?;
        Ok((size.width, size.height))
    }

    /// Shows what there is.
    pub fn draw(&mut self, model: &Model) -> Result<(), Failure> {
        self.0.draw(|frame| view::draw(frame, model))?;
        Ok(())
    }

    /// Forgets what was shown, so that everything is drawn anew.
    pub fn forget(&mut self) -> Result<(), Failure> {
        // `Terminal::clear` would ask the terminal where its cursor is, and so read from the keyboard.
        let size = self.0.size()?;
        Ok(self.0.resize(size.into())?)
    }

    /// Gives the terminal to another program, until [`take_back`](Self::take_back).
    pub fn lend(&mut self) {
        // Each drawing hides it again. A terminal that has gone needs nothing.
        let _ = self.0.show_cursor();
        ratatui::restore();
    }

    /// Takes it back, whatever the other program has left on it.
    pub fn take_back(&mut self) -> Result<(), Failure> {
        enable_raw_mode()?;
        execute!(io::stdout(), EnterAlternateScreen)?;
        self.forget()
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        self.lend();
        signals::leave_interrupts(false);
        log::release();
    }
}

/// What is typed, read by a thread of its own: one key for each that is asked for, so that an editor has the
/// keyboard for itself meanwhile.
pub struct Keyboard {
    asking: blocking::Sender<()>,
    events: mpsc::UnboundedReceiver<io::Result<Event>>,
    is_asked: bool,
}

impl Keyboard {
    /// Starts the thread, which ends with the process.
    pub fn begin() -> Result<Self, Failure> {
        let (asking, asked) = blocking::channel::<()>();
        let (sender, events) = mpsc::unbounded_channel();
        let reading = move || {
            while asked.recv().is_ok() && sender.send(event::read()).is_ok() {}
        };
        thread::Builder::new()
            .name("keyboard".into())
            .spawn(reading)?;
        Ok(Keyboard {
            asking,
            events,
            is_asked: false,
        })
    }

    /// The next key, or another size. May be dropped and called again without losing anything.
    pub async fn next(&mut self) -> Result<Event, Failure> {
        if !self.is_asked {
            // The thread is there for as long as this is.
            let _ = self.asking.send(());
            self.is_asked = true;
        }
        let event = self.events.recv().await;
        self.is_asked = false;
        match event {
            Some(event) => Ok(event?),
            None => Err(Failure::new("the keyboard cannot be read")),
        }
    }
}

//! What shows text above the line that is being typed, from any task.

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use tokio::sync::{mpsc, oneshot};

use super::CLOSING;
use super::stage::{Leave, Stage};
use super::typing::Screen;
use crate::failure::Failure;
use crate::output::harmless;

/// How much text may wait to be shown. Whoever shows more waits too, and with it the peer that it
/// came from: so nothing grows while a terminal is stopped by ^S, or a pipe is not read.
const WAITING_TEXTS: usize = 256;

/// Makes the editor paint its line and leaves no trace: a step up, and one down, since rustyline ends
/// all that it shows by a line's end. In the screen's first row it leaves that empty.
const NOTHING: &str = "\x1b[A\n";

/// Shows text above the line that is being typed. Cheap to clone.
#[derive(Clone)]
pub struct Printer {
    orders: mpsc::Sender<Order>,
    failure: Arc<Mutex<Option<io::Error>>>,
    is_terminal: bool,
}

enum Order {
    Show(Vec<u8>),
    Prompt(String),
    Close,
}

impl Printer {
    /// Starts the thread that shows. The receiver is told when it has shown everything and ended.
    ///
    /// # Errors
    ///
    /// When the system gives no thread.
    pub(super) fn start(
        stage: &Arc<Stage>,
        screen: Option<Screen>,
    ) -> Result<(Self, oneshot::Receiver<()>), Failure> {
        let (sender, orders) = mpsc::channel(WAITING_TEXTS);
        let (shown, is_shown) = oneshot::channel();
        let failure = Arc::default();
        let showing = Showing {
            stage: Arc::clone(stage),
            screen,
            failure: Arc::clone(&failure),
        };
        thread::Builder::new()
            .name("showing".into())
            .spawn(move || {
                showing.run(orders);
                // Nobody may wait for it.
                let _ = shown.send(());
            })?;
        let printer = Printer {
            orders: sender,
            failure,
            is_terminal: io::stdout().is_terminal(),
        };
        Ok((printer, is_shown))
    }

    /// Shows text of one line or more, and ends it with a line's end. On a terminal, what could
    /// steer it is escaped; elsewhere it is written as it is. Waits while much is to be shown.
    ///
    /// # Errors
    ///
    /// When standard output cannot be written (with nothing to say if only its reader went away), or
    /// the editor was closed.
    pub async fn print(&self, text: impl AsRef<[u8]>) -> Result<(), Failure> {
        let mut text = match self.is_terminal {
            true => harmless(text.as_ref()).into_bytes(),
            false => text.as_ref().to_vec(),
        };
        text.push(b'\n');
        self.order(Order::Show(text)).await
    }

    /// Changes the prompt, behind the text that is to be shown before; the line that is being typed
    /// moves behind it.
    ///
    /// # Errors
    ///
    /// As [`print`](Self::print).
    pub async fn set_prompt(&self, prompt: impl Into<String>) -> Result<(), Failure> {
        self.order(Order::Prompt(prompt.into())).await
    }

    async fn order(&self, order: Order) -> Result<(), Failure> {
        if self.orders.send(order).await.is_ok() {
            return Ok(());
        }
        self.outcome()?;
        Err(Failure::new("the terminal was closed"))
    }

    /// Why standard output could not be written, if it could not.
    pub(super) fn outcome(&self) -> Result<(), Failure> {
        let failure = self.failure.lock();
        match failure.unwrap_or_else(PoisonError::into_inner).take() {
            Some(error) => Err(error.into()),
            None => Ok(()),
        }
    }

    /// Ends when everything ordered before has been shown.
    pub(super) async fn close(&self) {
        // It may have ended by itself.
        let _ = self.orders.send(Order::Close).await;
    }

    /// The same, unless too much is waiting.
    pub(super) fn close_now(&self) {
        // If there is no room, what is shown is stuck, and so is the end.
        let _ = self.orders.try_send(Order::Close);
    }
}

/// The thread's part.
struct Showing {
    stage: Arc<Stage>,
    screen: Option<Screen>,
    failure: Arc<Mutex<Option<io::Error>>>,
}

impl Showing {
    fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        while let Some(order) = orders.blocking_recv() {
            match order {
                Order::Show(text) => self.show(text),
                Order::Prompt(prompt) => self.leave(Leave::Prompt(prompt)),
                Order::Close => {
                    self.leave(Leave::Close);
                    self.stage.wait_for_editor(CLOSING);
                    break;
                }
            }
            let failure = self.failure.lock();
            if failure.unwrap_or_else(PoisonError::into_inner).is_some() {
                break;
            }
        }
        self.stage.all_shown();
    }

    fn show(&mut self, text: Vec<u8>) {
        let stage = Arc::clone(&self.stage);
        let by_editor = stage.show(|| {
            let mut output = io::stdout().lock();
            let written = output.write_all(&text).and_then(|()| output.flush());
            self.note(written);
        });
        if by_editor {
            // It was made of text that is UTF-8.
            self.paint(&String::from_utf8_lossy(&text));
        }
    }

    /// Has the editor show it. This returns when it has taken all that it was given before.
    fn paint(&mut self, text: &str) {
        if let Some(screen) = &mut self.screen {
            // It fails only if the editor has ended, and then nobody sees anything.
            let _ = screen.print(text.to_string());
        }
    }

    /// Has the line left, or the next one begun differently.
    fn leave(&mut self, leave: Leave) {
        // When the first has been taken in, the editor has all that was to be shown and is
        // painting it at most; the second makes it paint once more.
        if self.stage.is_editing() {
            self.paint(NOTHING);
        }
        if self.stage.leave(leave) {
            self.paint(NOTHING);
        }
    }

    fn note(&self, written: io::Result<()>) {
        if let Err(error) = written {
            let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
            failure.get_or_insert(error);
        }
    }
}

//! `lariat news browse`: a reader at the terminal, with groups, threads, articles, and an editor for answers.
//!
//! What it shows is a plain state ([`model`]), drawn by [`view`]; keys come from a thread, answers from a future
//! that has the connection to itself ([`network`]), so that no server keeps the keys waiting.

mod cursor;
mod drafting;
mod editor;
mod groups;
mod keeper;
mod listed;
mod messages;
mod model;
mod network;
mod reading;
mod terminal;
#[cfg(test)]
mod tests;
mod threads;
mod view;

use std::time::Duration;

use jiff::tz::TimeZone;
use lariat_client::nntp::Site;
use ratatui::crossterm::event::Event;
use tokio::sync::mpsc;
use tokio::time::timeout;

use self::editor::DraftFile;
use self::keeper::Keeper;
use self::messages::{Answer, Edited, Input, Request, Wish};
use self::model::{Model, Reader};
use self::network::Line;
use self::terminal::{Display, Keyboard};
pub use self::threads::base;
use crate::commands::news::UNCONFIRMED;
use crate::commands::news::newsrc::NewsrcFile;
use crate::failure::Failure;

/// How long the goodbye may take, behind an answer that does not come.
const GOODBYE: Duration = Duration::from_secs(2);

/// What is asked of the server, and what it answers, each with its number.
type Asked = (u64, Request);
type Answered = (u64, Answer);

/// Reads news at the terminal until a person ends it. What is read is remembered in a file, if there is one for it.
pub async fn run(
    site: Site,
    group: Option<String>,
    from: String,
    file: Option<NewsrcFile>,
) -> Result<(), Failure> {
    let newsrc = match &file {
        Some(file) => file.load()?,
        None => None,
    };
    // One that cannot be read is not written.
    let file = file.filter(|_| newsrc.is_some());
    let host = site.endpoint.host().map(ToString::to_string);
    let server = host.unwrap_or_default();
    let reader = Reader {
        server,
        from,
        zone: TimeZone::system(),
        newsrc: newsrc.unwrap_or_default(),
    };
    // A wrong password is told before anything is drawn.
    let line = Line::open(site).await?;
    let (asking, asked) = mpsc::unbounded_channel();
    let (answering, answers) = mpsc::unbounded_channel();
    let network = network::serve(line, asked, answering);
    tokio::pin!(network);
    let outcome = tokio::select! {
        outcome = show(reader, group, file, asking, answers) => outcome,
        // Not before the channels are closed.
        () = &mut network => return Err(Failure::new("the connection is gone")),
    };
    if outcome.is_ok() {
        // The channel is closed, so it says goodbye when the server has answered, or is dropped.
        let _ = timeout(GOODBYE, network).await;
    }
    outcome
}

/// Shows what there is, and hears keys and answers, until a person ends it.
async fn show(
    reader: Reader,
    group: Option<String>,
    newsrc: Option<NewsrcFile>,
    asking: mpsc::UnboundedSender<Asked>,
    mut answers: mpsc::UnboundedReceiver<Answered>,
) -> Result<(), Failure> {
    // Dropped in the other order: the terminal is back before it is told where a draft is, or what is not remembered.
    let keeper = Keeper::begin(newsrc);
    let mut file = DraftFile::none();
    let mut display = Display::begin()?;
    let mut keyboard = Keyboard::begin()?;
    let (mut model, mut wishes) = Model::new(reader, group, display.size()?);
    loop {
        let mut unkept = None;
        for wish in std::mem::take(&mut wishes) {
            match wish {
                // What is not kept is not sent: nobody would know what to send again.
                Wish::Ask(number, _) if unkept.is_some() => {
                    let failed = Answer::Failed(unkept.take().unwrap_or_default());
                    wishes.extend(model.update(Input::Heard(number, failed)));
                }
                // Whoever answers is there for as long as this is.
                Wish::Ask(number, request) => drop(asking.send((number, request))),
                Wish::Keep(text) => unkept = file.keep(&text).err(),
                Wish::Edit(text) => {
                    let edited;
                    (file, edited) = edit(&mut display, file, text).await?;
                    // It may have another size than before.
                    let (columns, rows) = display.size()?;
                    wishes.extend(model.update(Input::Resized(columns, rows)));
                    wishes.extend(model.update(Input::Edited(edited)));
                }
                Wish::Forget => file.remove(),
                Wish::Remember(mark) => keeper.keep(mark),
                Wish::Redraw => display.forget()?,
                Wish::Quit => {
                    drop((display, keyboard));
                    return hear_the_last(model, file, answers).await;
                }
            }
        }
        file.set_sent(model.is_posting());
        if !wishes.is_empty() {
            continue;
        }
        display.draw(&model)?;
        let input = tokio::select! {
            event = keyboard.next() => match event? {
                Event::Key(key) => Input::Key(key),
                Event::Resize(columns, rows) => Input::Resized(columns, rows),
                _ => continue,
            },
            Some((number, answer)) = answers.recv() => Input::Heard(number, answer),
        };
        wishes = model.update(input);
    }
}

/// Hears what becomes of an article that is on its way, if the server says so soon.
async fn hear_the_last(
    mut model: Model,
    mut file: DraftFile,
    mut answers: mpsc::UnboundedReceiver<Answered>,
) -> Result<(), Failure> {
    while model.is_posting() {
        let heard = timeout(GOODBYE, answers.recv()).await;
        file.set_sent(false);
        let Ok(Some((number, answer))) = heard else {
            return Err(Failure::new(UNCONFIRMED));
        };
        match model.update(Input::Heard(number, answer)).as_slice() {
            [Wish::Forget] => file.remove(),
            _ if model.is_posting() => file.set_sent(true),
            _ => return Err(Failure::new(model.note.unwrap_or_default())),
        }
    }
    Ok(())
}

/// Lends the terminal to the editor.
async fn edit(
    display: &mut Display,
    mut file: DraftFile,
    text: String,
) -> Result<(DraftFile, Edited), Failure> {
    display.lend();
    let editing = tokio::task::spawn_blocking(move || {
        let edited = file.edit(&text);
        (file, edited)
    });
    let edited = editing.await;
    display.take_back()?;
    edited.map_err(|_| Failure::new("the editor cannot be waited for"))
}

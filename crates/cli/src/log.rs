//! The log: on standard error, one line an event, nothing in it that could steer a terminal.
//!
//! `RUST_LOG` chooses what is logged; without it, clients say only what is wrong and
//! servers also who came and went badly. Colour only on a terminal, and not with `NO_COLOR`.
//! What an event says is read by [`record`], how it looks is [`text`]'s and [`json`]'s.

mod json;
mod record;
mod text;

use std::io::{self, IsTerminal, Write as _};
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record as Recorded};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry};

use crate::output::complain;
use record::{Fields, Record};

/// What is logged, unless `RUST_LOG` says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Who runs a client: only what is wrong.
    Client,
    /// Who measures: what fails, and who is trusted unseen. That callbacks wait for each other is
    /// no news on a machine that is busy on purpose.
    Measuring,
    /// Who runs a server: also what ended badly, and when.
    Server,
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// For a person: `Sat Jun 17 17:27:21 2006 warning: what happened (peer=…)`.
    #[default]
    Text,
    /// For a program: `{"time":"2006-06-17T15:27:21.000Z","level":"warn","message":…}`.
    Json,
}

impl FromStr for Form {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "text" => Ok(Form::Text),
            "json" => Ok(Form::Json),
            other => Err(format!("the log is text or json, and not {other:?}")),
        }
    }
}

/// Whether lines are JSON: chosen when the configuration has been read, which is after the
/// log has begun.
static IS_JSON: AtomicBool = AtomicBool::new(false);

/// How lines look from now on.
pub fn set_form(form: Form) {
    IS_JSON.store(form == Form::Json, Ordering::Relaxed);
}

fn form() -> Form {
    match IS_JSON.load(Ordering::Relaxed) {
        true => Form::Json,
        false => Form::Text,
    }
}

/// Starts logging.
pub fn start(audience: Audience) {
    let level = match audience {
        Audience::Client => "warn",
        Audience::Measuring => "error,lariat_net::open=warn",
        Audience::Server => "info",
    };
    let variable = std::env::var(EnvFilter::DEFAULT_ENV).unwrap_or_default();
    let filter = match variable.is_empty() {
        true => EnvFilter::new(level),
        false => EnvFilter::try_new(&variable).unwrap_or_else(|error| {
            complain(&format!(
                "RUST_LOG={variable}: {error}; write for example RUST_LOG=debug"
            ));
            EnvFilter::new(level)
        }),
    };
    let lines = Lines {
        colour: io::stderr().is_terminal()
            && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        time: audience == Audience::Server,
    };
    // Only a second start could fail, and the first one's log will do.
    let _ = Registry::default().with(filter).with(lines).try_init();
}

/// What is said beside the log, as a line of it where a program reads the lines; false where
/// they are for people.
pub fn takes(level: Level, message: &str) -> bool {
    if form() == Form::Text {
        return false;
    }
    let record = Record {
        level,
        message,
        fields: &[],
    };
    write(&json::line(&record));
    true
}

/// More lines than anybody reads behind a screen that was theirs.
const MAXIMUM_HELD: usize = 100;

/// The lines that wait, while something else has the terminal.
static HELD: Mutex<Option<Vec<String>>> = Mutex::new(None);

/// Holds the log back while a program has the whole screen, if the log would come there.
pub fn hold() {
    if io::stderr().is_terminal() {
        held().get_or_insert_default();
    }
}

/// Writes what was held back, and whatever comes from now on.
pub fn release() {
    let lines = held().take();
    for line in lines.into_iter().flatten() {
        write(&line);
    }
}

fn held() -> MutexGuard<'static, Option<Vec<String>>> {
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}

fn write(line: &str) {
    if let Some(lines) = &mut *held() {
        if lines.len() < MAXIMUM_HELD {
            lines.push(line.to_owned());
        }
        return;
    }
    // Nobody has to be there to read it.
    let _ = io::stderr().lock().write_all(line.as_bytes());
}

/// Writes each event with the fields of the spans that it happened in.
struct Lines {
    colour: bool,
    time: bool,
}

impl<S> Layer<S> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        span.extensions_mut().insert(fields);
    }

    fn on_record(&self, id: &Id, values: &Recorded<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(fields) = span.extensions_mut().get_mut::<Fields>() {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        // From the innermost span outwards.
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(outer) = span.extensions().get::<Fields>() {
                fields.add_missing(outer);
            }
        }
        let level = *event.metadata().level();
        let record = Record {
            level,
            message: &fields.message,
            fields: &fields.named,
        };
        write(&match form() {
            Form::Json => json::line(&record),
            Form::Text => text::line(
                &record,
                text::Style {
                    colour: self.colour,
                    time: self.time,
                    detailed: LevelFilter::current() >= LevelFilter::DEBUG,
                },
            ),
        });
    }
}

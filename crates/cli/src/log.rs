//! The log: on standard error, one line an event, nothing in it that could steer a terminal.
//!
//! `RUST_LOG` chooses what is logged; without it, clients say only what is wrong and
//! servers also who came and went badly. Colour only on a terminal, and not with `NO_COLOR`.

use std::fmt::{self, Write as _};
use std::io::{self, IsTerminal};

use lariat_service::clock::local_ctime;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use crate::output::{complain, one_line};

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
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        // It would be printed by a macro that panics when standard error is closed.
        .log_internal_errors(false)
        .event_format(Lines {
            colour: io::stderr().is_terminal()
                && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
            time: audience == Audience::Server,
        })
        .finish();
    // Only a second start could fail, and the first one's log will do.
    let _ = subscriber.try_init();
}

/// `Sat Jun 17 17:27:21 2006 warning: what happened (peer=…, service=…)`
struct Lines {
    colour: bool,
    time: bool,
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        if self.time {
            let time = local_ctime();
            write!(writer, "{} ", String::from_utf8_lossy(&time))?;
        }
        let (word, colour) = word(*event.metadata().level());
        match self.colour {
            true => write!(writer, "\x1b[{colour}m{word}\x1b[0m: ")?,
            false => write!(writer, "{word}: ")?,
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        write!(writer, "{}", one_line(&fields.message))?;
        if !fields.rest.is_empty() {
            write!(writer, " ({})", one_line(&fields.rest))?;
        }
        writeln!(writer)
    }
}

/// A level as people call it, and the number of its colour.
fn word(level: Level) -> (&'static str, u8) {
    match level {
        Level::ERROR => ("error", 31),
        Level::WARN => ("warning", 33),
        Level::INFO => ("info", 32),
        Level::DEBUG => ("debug", 34),
        Level::TRACE => ("trace", 35),
    }
}

/// The message of an event, and its other fields as `name=value`.
#[derive(Default)]
struct Fields {
    message: String,
    rest: String,
}

impl Fields {
    fn add(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        let text = match field.name() {
            "message" => &mut self.message,
            // What the `log` crate's events say about themselves.
            name if name.starts_with("log.") => return,
            name => {
                if !self.rest.is_empty() {
                    self.rest.push_str(", ");
                }
                self.rest.push_str(name);
                self.rest.push('=');
                &mut self.rest
            }
        };
        // Writing into a string cannot fail.
        let _ = text.write_fmt(value);
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, format_args!("{value:?}"));
    }
}

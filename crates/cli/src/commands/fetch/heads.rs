//! What happens on the way of a request, as `-v` shows it on standard error: each head that is sent behind `>`, each that is
//! received behind `<`, and the rest behind `*`. `-i` and `-I` show the heads of answers on standard output.

use std::borrow::Cow;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http::{HeaderMap, Method, StatusCode, Uri, Version};
use lariat_client::http::{Event, Witness};
use lariat_client::part::Part;

use super::args::Args;
use super::exit::{cannot_write, not_saved};
use super::plan::{Job, Place};
use super::secrets::shown_value;
use super::way::Way;
use crate::failure::Failure;
use crate::output::{note, print, shown};
use crate::progress::Bars;

/// What is seen on the way of one URL.
pub struct Seen {
    bars: Bars,
    /// Which of the URLs it is, from the second on: several may be on their way at once.
    number: String,
    is_verbose: bool,
    is_quiet: bool,
    heads: Heads,
    begun: Instant,
    notes: Mutex<Notes>,
}

/// What becomes of the heads of answers, beside what `-v` shows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Heads {
    Ignored,
    /// They go to standard output.
    Shown,
    /// They are for a file, or what is like one.
    Kept,
}

impl Heads {
    fn of(args: &Args, job: &Job) -> Self {
        match &job.place {
            Place::Heads(_) => Heads::Kept,
            Place::Device(_) if args.head => Heads::Kept,
            _ if args.include || args.head => Heads::Shown,
            _ => Heads::Ignored,
        }
    }
}

/// What is remembered of it.
#[derive(Default)]
struct Notes {
    kept: Vec<u8>,
    /// How much of that is of answers that pointed elsewhere.
    kept_on_the_way: usize,
    way: Way,
    /// Why heads could not be shown.
    failure: Option<Failure>,
}

impl Seen {
    /// Begins to look at a URL, as the arguments say.
    pub fn begin(args: &Args, bars: &Bars, job: &Job) -> Arc<Self> {
        Arc::new(Seen {
            bars: bars.clone(),
            number: match job.number {
                1 => String::new(),
                number => number.to_string(),
            },
            is_verbose: args.verbose,
            is_quiet: args.quiet,
            heads: Heads::of(args, job),
            begun: Instant::now(),
            notes: Mutex::default(),
        })
    }

    /// What a request tells it by.
    pub fn witness(self: &Arc<Self>) -> Witness {
        let seen = Arc::clone(self);
        Witness::new(move |event| seen.see(event))
    }

    /// How long it has taken until now.
    pub fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// The way until now.
    pub fn way(&self) -> Way {
        self.notes().way.clone()
    }

    /// All of it is asked for once more.
    pub fn again(&self) {
        self.notes().way.begin_again();
    }

    /// Saves the heads in their file.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn save_heads(&self, path: &Path) -> Result<(), Failure> {
        let mut part = Part::begin(path).map_err(not_saved)?;
        let written = part.write(&self.kept());
        let written = written.map_err(|error| cannot_write(path, &error));
        written.and_then(|()| part.keep(None).map_err(not_saved))
    }

    /// The heads that are for a file.
    pub fn kept(&self) -> Vec<u8> {
        self.notes().kept.clone()
    }

    /// Whether all heads could be shown.
    ///
    /// # Errors
    ///
    /// When standard output did not take one.
    pub fn check(&self) -> Result<(), Failure> {
        self.notes().failure.take().map_or(Ok(()), Err)
    }

    fn see(&self, event: &Event<'_>) {
        let is_proxy = self.remember(event);
        let shown = match self.is_verbose {
            true => lines(event),
            false => Vec::new(),
        };
        if !shown.is_empty() {
            let number = &self.number;
            self.bars.above(|| {
                for line in &shown {
                    note(&format!("{number}{line}"));
                }
            });
        }
        if let (Event::Again { .. }, false) = (event, self.is_verbose || self.is_quiet) {
            let lines = lines(event);
            self.bars.above(|| {
                lines
                    .iter()
                    .for_each(|line| note(line.trim_start_matches("* ")))
            });
        }
        if self.heads != Heads::Ignored
            && !is_proxy
            && let Some(head) = answer(event)
        {
            self.take((head.join("\n") + "\n\n").as_bytes());
        }
    }

    /// Shows a head, or keeps it for its file.
    fn take(&self, head: &[u8]) {
        if self.heads == Heads::Kept {
            self.notes().kept.extend_from_slice(head);
            return;
        }
        let mut shown_now = Ok(());
        self.bars.above(|| shown_now = print(shown(head)));
        if let Err(failure) = shown_now {
            self.notes().failure.get_or_insert(failure);
        }
    }

    /// Notes what is asked for later. Gives whether it is a proxy that was asked last, for a connection.
    fn remember(&self, event: &Event<'_>) -> bool {
        let now = self.elapsed();
        let mut notes = self.notes();
        notes.way.go_on(event, now);
        match event {
            Event::Redirected { .. } => notes.kept_on_the_way = notes.kept.len(),
            // Another answer will take the place of this one.
            Event::Again { .. } => {
                let on_the_way = notes.kept_on_the_way;
                notes.kept.truncate(on_the_way);
            }
            _ => {}
        }
        notes.way.is_at_proxy
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is shown of an event to whoever wants to see everything but secrets.
fn lines(event: &Event<'_>) -> Vec<String> {
    match event {
        Event::Resolved {
            host, addresses, ..
        } => {
            let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            vec![format!("* {host} is at {}", addresses.join(", "))]
        }
        Event::Connected { peer, proxy, .. } => vec![match proxy {
            Some(proxy) => format!("* connected to {peer}, the proxy {proxy}"),
            None => format!("* connected to {peer}"),
        }],
        Event::Secured { tls, .. } => {
            let mut line = format!("* {}, {}", tls.version, tls.cipher);
            if let Some(alpn) = &tls.alpn {
                line.push_str(&format!(", {}", String::from_utf8_lossy(alpn)));
            }
            vec![line]
        }
        Event::Reused { peer, .. } => vec![format!("* the connection to {peer} is used again")],
        Event::Asked {
            method,
            uri,
            version,
            headers,
            ..
        } => {
            let mut lines = question(method, uri, *version);
            lines.extend(fields(headers, *version, Secrets::Hidden));
            behind('>', lines)
        }
        Event::Answered {
            version,
            status,
            reason,
            headers,
            ..
        } => {
            let mut lines = vec![status_line(*version, *status, reason)];
            lines.extend(fields(headers, *version, Secrets::Hidden));
            behind('<', lines)
        }
        Event::Redirected { to, .. } => vec![format!("* it points to {to}")],
        Event::Again { error, after, .. } => {
            let after = after.as_secs_f32().ceil();
            vec![match error {
                Some(error) => format!("* {error}; again in {after} s"),
                None => format!("* again in {after} s"),
            }]
        }
        _ => Vec::new(),
    }
}

/// Each line behind where it goes, and the empty one that ends a head.
fn behind(direction: char, lines: Vec<String>) -> Vec<String> {
    let mut behind: Vec<String> = lines
        .iter()
        .map(|line| format!("{direction} {line}"))
        .collect();
    behind.push(direction.to_string());
    behind
}

/// The lines of an answer's head, if that is what has come.
fn answer(event: &Event<'_>) -> Option<Vec<String>> {
    let Event::Answered {
        version,
        status,
        reason,
        headers,
        ..
    } = event
    else {
        return None;
    };
    let mut lines = vec![status_line(*version, *status, reason)];
    lines.extend(fields(headers, *version, Secrets::Shown));
    Some(lines)
}

/// The first line of a request; over version 2, which has the host in it, as over version 1.1.
fn question(method: &Method, uri: &Uri, version: Version) -> Vec<String> {
    if version < Version::HTTP_2 {
        return vec![format!("{method} {uri} {version:?}")];
    }
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let host = uri.authority().map_or("", |authority| authority.as_str());
    vec![
        format!("{method} {path} {version:?}"),
        format!("host: {host}"),
    ]
}

fn status_line(version: Version, status: StatusCode, reason: &str) -> String {
    let line = format!("{version:?} {} {reason}", status.as_u16());
    line.trim_end().to_owned()
}

/// Whether values are shown that let in whoever has them.
#[derive(Clone, Copy)]
enum Secrets {
    Shown,
    Hidden,
}

/// The lines of a head behind the first one.
fn fields(headers: &HeaderMap, version: Version, secrets: Secrets) -> impl Iterator<Item = String> {
    headers.iter().map(move |(name, value)| {
        let name = name.as_str();
        let value = match secrets {
            Secrets::Shown => String::from_utf8_lossy(value.as_bytes()),
            Secrets::Hidden => shown_value(name, value.as_bytes()),
        };
        let name = match version < Version::HTTP_2 {
            true => Cow::Owned(title_case(name)),
            false => Cow::Borrowed(name),
        };
        format!("{name}: {value}")
    })
}

/// `Content-Type`, as people write it, and as it is sent over version 1.1; of what is received the letters are not kept.
fn title_case(name: &str) -> String {
    let words = name.split('-').map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_ascii_uppercase() + rest
    });
    words.collect::<Vec<_>>().join("-")
}

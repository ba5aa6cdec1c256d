//! The name server's protocol: services register where they are, clients find them, in lines.
//!
//! ```text
//! C: register print tcp://print:9100 ttl=60 tags=laser description="second floor"\n
//! S: ok 0 token=6f0e3c8a… ttl=60\n
//! C: find print\n
//! S: ok 1\n
//! S: print tcp://print:9100 ttl=58 state=up weight=100 tags=laser description="second floor"\n
//! C: find scan\n
//! S: error unknown nobody offers scan\n
//! ```
//!
//! # Lines
//!
//! A request is one line of at most [`MAXIMUM_LINE`] bytes of UTF-8, ended by LF or CRLF; the server
//! writes LF. A line is words with spaces between them: a verb, what it is about, and
//! `key=value` in any order. A value with spaces stands in quotes (`description="second floor"`), within
//! which `\"`, `\\`, `\r`, `\n`, `\t` and `\xNN` are escapes. `help` lists the requests.
//!
//! An answer is either one line `error CODE SENTENCE` ([`Refused`]) or a line `ok COUNT …` ([`Head`])
//! and exactly COUNT lines behind it. Any number of requests may be sent at once
//! and are answered in order, each as if it had been sent when the ones before it were answered: a
//! `find` behind a `register` finds that. A connection that has asked to `watch` is also sent lines
//! `event CHANGE ENTRY` ([`Event`]), between answers and never within one. A request that is wrong is
//! refused and the connection goes on; only a line that is too long ends it. Keys in an answer
//! that a client does not know are to be passed over.
//!
//! On a WebSocket a message holds whole lines, in either direction, and never half an answer.
//!
//! # Requests
//!
//! | request | answer |
//! |---|---|
//! | `register NAME ENDPOINT …` | `ok 0 token=T ttl=SECONDS`, once it is on the disk |
//! | `renew NAME token=T [endpoint=E]` | `ok 0 ttl=SECONDS` |
//! | `remove NAME token=T [endpoint=E]` | `ok 0`, once that is on the disk |
//! | `find NAME`, `find prefix=P`, `find tag=T` | `ok 1` and the [entry](Entry) chosen |
//! | the same with `all` | `ok N` and at most [`MAXIMUM_PAGE`] entries |
//! | `list` | `ok N [more=NAME]` and a page of entries, by name |
//! | `watch …`, `unwatch` | `ok 0`, and events from then on |
//! | `log [NAME]` | `ok N [more=ROW]` and a page of [rows](LogRow), the newest first |
//! | `ping`, `quit` | `ok 0` |
//! | `help` | `ok N` and as many lines |
//!
//! - **A name belongs to a token.** Whoever registers a name that nobody has is given one, or
//!   brings one. The same token registers further places of the name, changes, renews and
//!   removes them; without it that is refused as `taken`. A place of a name is one registration:
//!   to register it again changes it. When the last place of a name has expired or was dropped, the
//!   name is kept for its token for some time, in which renewing is refused as `expired` and
//!   registering again with that token works; after that, and after `remove`, anybody may have it.
//! - **A registration ends** when it is not renewed within its time to live, is removed, or does not
//!   answer for long enough. A client renews at a third of the time to live, and registers again
//!   (with its token) when that is refused as `expired` or `unknown`. After a restart of
//!   the server every registration has its whole time to live before it.
//! - **Which one is found** is chance by [`Weight`], among those that answer if there are any.
//!   `all` has all of them in the order in which they are to be tried: one that is chosen so is first, those
//!   that fail are last. Nothing found is refused as `unknown`. A `scheme=` leaves out what a client
//!   cannot speak.
//! - **An answer may be kept** for the `ttl` of its entry, in seconds.
//! - **Pages**: `more=` says that there is more, and is what `after=` or `before=` is to be for it.
//!   Pages of `list` end at a whole name, so they may be some longer than `limit=`.
//! - **To follow everything**: `watch`, then `list` to the end, and put each event over what was
//!   listed. An event has its whole entry, so none is needed twice. A connection that only watches
//!   says `ping` every minute or so, since idle ones are ended. Whoever does not read its events is
//!   told `error slow …` and dropped; whoever has used up the time of his connection, `error late …`.
//! - **Probes** are on unless `probe=none`; see [`Probe`]. What is asked for where the server does
//!   not probe is refused as `denied`.
//!
//! # The two sides
//!
//! A client writes [`Request`]s (`to_string`, and a line end) and reads with [`NamesClient`].
//! A server reads a [`Request`] from each line and keeps its answers in [`Ordering`].

mod answer;
#[doc(hidden)]
pub mod check;
mod client;
mod field;
mod kind;
mod ordering;
mod probe;
mod query;
mod registration;
mod request;
mod words;

pub use answer::{Entry, Event, FirstLine, Head, LogRow, Refused};
pub use client::{Incoming, NamesClient, Reply};
pub use field::{
    Description, FieldError, MAXIMUM_DESCRIPTION, MAXIMUM_NAME, MAXIMUM_PLACE, MAXIMUM_TAG,
    MAXIMUM_WEIGHT, Name, Place, Prefix, TTL_SECONDS, Tag, Token, Ttl, Weight,
};
pub use kind::{Change, ErrorCode, LogKind, State};
pub use ordering::{Ordering, Ticket};
pub use probe::{INTERVAL_SECONDS, MAXIMUM_PROBE_TEXT, Probe, Way};
pub use query::{Query, Scheme};
pub use registration::{Claim, MAXIMUM_TAGS, Registration};
pub use request::{DEFAULT_PAGE, MAXIMUM_PAGE, Request};

use field::number;

/// The port that a name server is at unless it is said otherwise.
pub const PORT: u16 = 21579;

/// The longest line in either direction, in bytes, its end not counted. The longest registration
/// fits, with every byte of its probe escaped.
pub const MAXIMUM_LINE: usize = 4096;

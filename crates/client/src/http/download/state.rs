//! How far a file is: what there is of it, whose it is, and what may be asked for.

use http::header::{CONTENT_DISPOSITION, CONTENT_ENCODING, RANGE};
use http::{HeaderValue, StatusCode, Uri, response};

use super::{Download, Downloaded, Place};
use crate::http::kept::{Kept, whole_file};
use crate::http::range::{ContentRange, Version};
use crate::http::{Body, DownloadError, name_in_disposition, name_in_path};
use crate::part::check_place;

/// What is there of a file, and what the rest of it must fit.
pub(super) struct Rest {
    pub(super) first: u64,
    pub(super) version: Version,
    pub(super) condition: HeaderValue,
}

/// Where what comes ends in the file, and how long the file is; as far as they are known.
pub(super) struct Arrived {
    pub(super) end: Option<u64>,
    pub(super) all: Option<u64>,
}

impl Rest {
    /// What an answer brings of the rest; nothing if it does not fit.
    pub(super) fn continued_by(&self, answer: &response::Parts) -> Option<Arrived> {
        let Some(ContentRange::Part { first, last, all }) = ContentRange::of(&answer.headers)
        else {
            return None;
        };
        let is_other = self.version.is_other(&Version::of(&answer.headers));
        let fits =
            first == self.first && !is_other && !answer.headers.contains_key(CONTENT_ENCODING);
        fits.then_some(Arrived {
            end: Some(last + 1),
            all,
        })
    }

    /// The whole file that was there, and is the server's still.
    pub(super) fn there_already(self, download: &Download, status: StatusCode) -> Downloaded {
        Downloaded {
            path: download.place.path(),
            bytes: self.first,
            transferred: 0,
            status,
            changed: self.version.changed,
        }
    }

    /// Whether an answer says that there is no more than what is there.
    pub(super) fn is_all(&self, answer: &response::Parts) -> bool {
        let all = ContentRange::of(&answer.headers);
        let is_other = self.version.is_other(&Version::of(&answer.headers));
        all == Some(ContentRange::Nothing { all: self.first }) && !is_other
    }
}

/// How far it is.
pub(super) struct State {
    /// What is kept of the file; nothing before its name is known, or before there is something to keep.
    pub(super) kept: Option<Kept>,
    /// A whole file of an earlier time, which may be the server's still: how long it is, and its version.
    pub(super) earlier: Option<(u64, Version)>,
    pub(super) can_continue: bool,
    pub(super) was_answered: bool,
    /// An answer was the file, or a part of it, so that one that says no is not.
    pub(super) has_begun: bool,
    pub(super) transferred: u64,
}

impl State {
    pub(super) fn new(download: &Download) -> Result<Self, DownloadError> {
        let mut state = State {
            kept: None,
            earlier: None,
            can_continue: download.is_of_a_file(),
            was_answered: false,
            has_begun: false,
            transferred: 0,
        };
        let Place::File(whole) = &download.place else {
            return Ok(state);
        };
        check_place(whole)?;
        if download.resume && state.can_continue {
            state.kept = Kept::left(whole)?;
            if state.kept.is_none() {
                state.earlier = whole_file(whole);
            }
        }
        Ok(state)
    }

    /// What to ask for the rest of, if there is a beginning of which it can be said whose it is.
    pub(super) fn rest(&self) -> Option<Rest> {
        let (first, version) = match (&self.kept, &self.earlier) {
            _ if !self.can_continue => return None,
            (Some(kept), _) => (kept.there(), kept.version()),
            (None, Some((length, version))) => (*length, version),
            (None, None) => return None,
        };
        let condition = version.condition().filter(|_| first > 0)?;
        Some(Rest {
            first,
            condition,
            version: version.clone(),
        })
    }

    /// What is there is of another file.
    pub(super) fn forget(
        &mut self,
        kept: Option<Kept>,
    ) -> Result<Option<(Kept, Arrived)>, DownloadError> {
        self.earlier = None;
        self.has_begun = true;
        self.transferred = 0;
        self.kept = kept;
        if let Some(kept) = &mut self.kept {
            kept.restart(Version::default())?;
        }
        Ok(None)
    }

    /// The file comes from its beginning on.
    pub(super) fn anew(
        &mut self,
        download: &Download,
        answer: &response::Parts,
        body: &Body,
    ) -> Result<(Kept, Arrived), DownloadError> {
        self.earlier = None;
        self.transferred = 0;
        // What was unpacked on its way has other places than the server's file.
        let is_packed = answer.headers.contains_key(CONTENT_ENCODING);
        let mut version = Version::of(&answer.headers);
        if !self.can_continue || is_packed {
            (version.tag, version.is_settled) = (None, false);
        }
        let kept = match (self.kept.take(), &download.place) {
            (Some(mut kept), _) => {
                kept.restart(version)?;
                kept
            }
            (None, Place::File(whole)) => Kept::begin(whole, version)?,
            (None, Place::Named { folder }) => {
                let name = name_of(answer, download.request.uri());
                Kept::begin_named(&folder.join(name), version)?
            }
        };
        let length = body.length();
        let arrived = match ContentRange::of(&answer.headers) {
            Some(ContentRange::Part { last, all, .. }) if is_unasked_part(download, answer) => {
                Arrived {
                    end: Some(last + 1),
                    all,
                }
            }
            _ => Arrived {
                end: length,
                all: length,
            },
        };
        Ok((kept, arrived))
    }

    pub(super) fn done(&self, kept: Kept, status: StatusCode) -> Result<Downloaded, DownloadError> {
        let done = Downloaded {
            path: kept.whole().to_owned(),
            bytes: kept.there(),
            transferred: self.transferred,
            status,
            changed: kept.version().changed,
        };
        kept.keep()?;
        Ok(done)
    }
}

/// Whether an answer is a part that nobody has asked for.
pub(super) fn is_unasked_part(download: &Download, answer: &response::Parts) -> bool {
    answer.status == StatusCode::PARTIAL_CONTENT && !download.request.headers().contains_key(RANGE)
}

/// What the server calls the file, or else its URL.
fn name_of(answer: &response::Parts, uri: &Uri) -> String {
    let said = answer.headers.get(CONTENT_DISPOSITION);
    let said = said.map(|value| String::from_utf8_lossy(value.as_bytes()));
    let named = said.and_then(|value| name_in_disposition(&value));
    named.unwrap_or_else(|| name_in_path(uri.path()))
}
